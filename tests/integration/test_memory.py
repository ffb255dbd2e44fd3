"""Refusing a dangerous file costs next to no memory: measured in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.files import (
    pdf_that_unpacks_to,
    pdf_with_picture_of_size,
    png_of_size,
    tiff_of_tiles,
    webp_of_size,
)

ROOT = Path(__file__).parents[2]
PEAK_MIB = 100
_MEASURE = """
import json, resource, sys
from pathlib import Path
from recognizer.errors import BadInput
from recognizer.images import open_pages

def peak_mib():
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024

data, before = sys.stdin.buffer.read(), peak_mib()
try:
    refused = "" if list(open_pages(data, name="bomb")) else "no page"
except BadInput as error:
    refused = type(error).__name__
print(json.dumps({"refused": refused, "grown_mib": peak_mib() - before}))
"""


@pytest.mark.parametrize(
    "make",
    [
        lambda: png_of_size(13_000, 13_000),
        lambda: png_of_size(30_000, 30_000),
        lambda: webp_of_size(16_383, 16_383),
        lambda: tiff_of_tiles(60_000),
        lambda: pdf_with_picture_of_size(30_000, 30_000),
        lambda: pdf_that_unpacks_to(1000),
    ],
    ids=["png", "larger png", "webp", "tiff tiles", "picture in a pdf", "packed pdf"],
)
def test_a_bomb_is_refused_without_its_memory(make: Callable[[], bytes]) -> None:
    command = [sys.executable, "-W", "error", "-c", _MEASURE]
    answer = json.loads(subprocess.run(command, input=make(), cwd=ROOT, capture_output=True, check=True).stdout)
    assert answer["refused"] == "ImageTooLarge"
    assert answer["grown_mib"] < PEAK_MIB

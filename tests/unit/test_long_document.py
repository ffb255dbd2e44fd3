"""The benchmark of a long document notices what it is there to notice."""

import io
import os
import subprocess
import sys
from typing import Any

import pypdf
import pytest

from benchmarks.long_document import BOUND_MIB, Memory, long_pdf, markdown, resident_mib, troubles

GOOD: dict[str, Any] = {
    "date": "2026-11-25",
    "commit": "abc",
    "hardware": {"cores": 2, "processor": "a processor", "load_at_start": 0.1},
    "pages": [1, 2, 3],
    "lines": 40,
    "first_page_share": 0.1,
    "longest_gap_share": 0.2,
    "seconds_per_page": 1.5,
    "start_mib": 500,
    "reading_peak_mib": 900,
    "exporting_peak_mib": 700,
}


def test_a_good_record_has_no_trouble_and_reads_well() -> None:
    assert troubles(GOOD, 3) == []
    assert "| at most while reading | 900 MiB |" in markdown(GOOD)


@pytest.mark.parametrize(
    ("spoilt", "told"),
    [
        ({"pages": [1, 3, 2]}, "Pages [1, 3, 2] came, not 1 to 3 in order."),
        ({"first_page_share": 0.9}, "The first page came late: the document is not read page by page."),
        ({"exporting_peak_mib": BOUND_MIB + 1}, f"The server took {BOUND_MIB + 1} MiB, more than {BOUND_MIB}."),
    ],
)
def test_each_trouble_is_told(spoilt: dict[str, Any], told: str) -> None:
    assert troubles({**GOOD, **spoilt}, 3) == [told]


def test_the_document_has_its_pages_each_of_its_own() -> None:
    reader = pypdf.PdfReader(io.BytesIO(long_pdf(5)))
    assert [page.extract_text().strip() for page in reader.pages] == [f"page {number}" for number in range(1, 6)]


def test_children_count_as_the_server_does() -> None:
    alone = resident_mib(os.getpid())
    holder = "import sys; held = bytearray(100_000_000); print(1, flush=True); sys.stdin.read()"
    child = subprocess.Popen([sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None and child.stdin is not None
    child.stdout.readline()
    memory = Memory(os.getpid())
    with memory.watched():
        child.stdin.close()
        child.wait()
    child.stdout.close()
    assert memory.samples_mib[0] > alone + 80

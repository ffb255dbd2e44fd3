"""A benchmark's record: one JSON file for programs, one Markdown table for people, the same figures in both."""

import json
import os
import platform
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
LIBRARIES = ("numpy", "onnxruntime", "opencv-python-headless", "rapidocr", "torch")


def commit() -> str:
    """The commit that was measured; ``+changes`` where the code differed from it."""
    git = ["git", "-C", str(RESULTS.parent)]
    head = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False)
    changes = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=False)
    return (head.stdout.strip() or "no commit") + ("+changes" if changes.stdout.strip() else "")


def hardware(cores: int) -> dict[str, Any]:
    """The processor, how much of it was used, and how busy it was with other work when this was asked."""
    cpu_file = Path("/proc/cpuinfo")
    cpu_lines = cpu_file.read_text(encoding="utf-8").splitlines() if cpu_file.exists() else []
    names = [line.partition(": ")[2] for line in cpu_lines if line.startswith("model name")]
    load = round(os.getloadavg()[0], 2)
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": cores,
        "load_at_start": load,
        "python": platform.python_version(),
        "libraries": {library: version(library) for library in LIBRARIES},
    }


def write(
    record: dict[str, Any], *, name: str, tell: Callable[[dict[str, Any]], str], folder: Path = RESULTS
) -> list[Path]:
    """Keep a record as ``name``.json and, as ``tell`` puts it, ``name``.md, in place of its predecessor.

    Git remembers that one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.json", folder / f"{name}.md"]
    paths[0].write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    paths[1].write_text(tell(record), encoding="utf-8")
    return paths


def markdown(record: dict[str, Any]) -> str:
    """The record as a page: what was measured on what, and a table per set of samples."""
    machine = record["hardware"]
    sections = [
        f"# Reading, {record['date']}, commit `{record['commit']}`",
        f"{machine['cores']} cores of {machine['processor']}; load {machine['load_at_start']} when the run began. "
        f"Data: {record['data']}. Ratios are against {record['peer']} in the same run; in brackets the slowest and "
        "the fastest round. Timed from the first file opened to the last text decoded, after one warm-up batch.",
    ]
    sections += [table(kind, rows) for kind, rows in record["scores"].items() if rows]
    sections += [f"{engine} took no part: {why}." for engine, why in record["absent"].items()]
    return "\n\n".join(sections) + "\n"


def table(kind: str, rows: list[dict[str, Any]]) -> str:
    """One Markdown table."""
    head = f"| {kind} ({rows[0]['images']}) | CER | WER | per second | speed ratio | CER ratio |"
    return "\n".join([head, "|---" * 6 + "|", *(row_text(row) for row in rows)])


def row_text(row: dict[str, Any]) -> str:
    """One engine's row."""
    low, high = row["speed_ratio_of_rounds"]
    cer_ratio = "" if row["cer_ratio"] is None else f"{row['cer_ratio']:.2f}"
    speed = f"{row['speed_ratio']:.2f} ({low:.2f}–{high:.2f})"
    return (
        f"| {row['engine']} | {row['cer']:.3f} | {row['wer']:.3f} | {row['per_second']:.2f} | {speed} | {cer_ratio} |"
    )

"""Does a long document arrive page by page, and does the server stay small meanwhile?

    make benchmark-document

Starts ``python app.py`` on a store of its own, sends it a PDF of 30 pages made of the examples, notes when each page
arrives and how much memory the server and its children take, then asks for the whole as a searchable PDF. The record
goes to ``benchmarks/results``; it fails where pages come late or the memory goes over the bound.
"""

import argparse
import io
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle, islice, pairwise
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from benchmarks import records
from benchmarks.app_process import running_app

BOUND_MIB = 2048
FIRST_PAGE_SHARE = 0.3  # of the whole time; a document that is read before any of it is sent takes all of it
SAMPLE_SECONDS = 0.1
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
SCAN_WIDTH_PX = 2480  # of A4 at 300 dots per inch


@dataclass
class Memory:
    """What a process and its children take, sampled in the background; shared pages count for each of them.

    Attributes:
        pid: of the process.
        samples_mib: in the order they were taken.
    """

    pid: int
    samples_mib: list[float] = field(default_factory=list)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Sample until the end of the block."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(SAMPLE_SECONDS):
                self.samples_mib.append(resident_mib(self.pid))

        thread = threading.Thread(target=watch)
        self.samples_mib.append(resident_mib(self.pid))
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def resident_mib(pid: int) -> float:
    """Resident memory of a process and all that it started."""
    total = 0
    for process in family(pid):
        try:
            total += int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE_BYTES
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
    return total / 2**20


def family(pid: int) -> Iterator[int]:
    """A process and all that it started."""
    yield pid
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = tasks.read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for child in children:
            yield from family(int(child))


def long_pdf(pages: int) -> bytes:
    """A PDF of that many A4 pages, the example pages in turn, as large as a scanner makes them, and numbered."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    from demo.examples_list import FOLDER, examples

    width, height = A4
    packed = io.BytesIO()
    canvas = Canvas(packed, pagesize=A4)
    pictures = [ImageReader(_as_scanned(FOLDER / example["name"])) for example in examples()]
    for number, picture in enumerate(islice(cycle(pictures), pages), start=1):
        across, down = picture.getSize()
        scale = min((width - 40) / across, (height - 60) / down)
        canvas.drawImage(picture, 20, height - 20 - down * scale, across * scale, down * scale)
        canvas.drawString(20, 12, f"page {number}")
        canvas.showPage()
    canvas.save()
    return packed.getvalue()


def _as_scanned(path: Path) -> io.BytesIO:
    picture = Image.open(path).convert("RGB")
    picture = picture.resize((SCAN_WIDTH_PX, round(picture.height * SCAN_WIDTH_PX / picture.width)))
    packed = io.BytesIO()
    picture.save(packed, "JPEG", quality=85)
    return packed


def read(url: str, document: bytes) -> Iterator[dict[str, Any]]:
    """Send a document; its pages as they arrive, each with the ``seconds`` since it was sent."""
    files, headers = {"file": ("long.pdf", document)}, {"Accept": "application/x-ndjson"}
    started = time.perf_counter()
    with httpx.stream("POST", f"{url}/api/v1/read", files=files, headers=headers, timeout=None) as answer:
        answer.raise_for_status()
        for row in answer.iter_lines():
            page = json.loads(row)
            if "error" in page:
                raise SystemExit(page["error"]["message"])
            yield {**page, "seconds": time.perf_counter() - started}


def measure(pages: int) -> dict[str, Any]:
    """Read a long document and export it; the record."""
    machine, document = records.hardware(os.cpu_count() or 1), long_pdf(pages)
    with tempfile.TemporaryDirectory() as folder, running_app(Path(folder)) as (url, pid):
        reading, exporting = Memory(pid), Memory(pid)
        with reading.watched():
            arrived = list(read(url, document))
        with exporting.watched():
            exported = httpx.get(f"{url}/api/v1/documents/{arrived[0]['document']['id']}/export/pdf", timeout=None)
            exported.raise_for_status()
    gaps = [after["seconds"] - before["seconds"] for before, after in pairwise(arrived)]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": records.commit(),
        "hardware": machine,
        "document_mib": round(len(document) / 2**20, 2),
        "pages": [page["page"] for page in arrived],
        "lines": sum(len(page["lines"]) for page in arrived),
        "first_page_share": round(arrived[0]["seconds"] / arrived[-1]["seconds"], 3),
        "longest_gap_share": round(max(gaps) / arrived[-1]["seconds"], 3),
        "seconds_per_page": round(arrived[-1]["seconds"] / len(arrived), 2),
        "start_mib": round(reading.samples_mib[0]),
        "reading_peak_mib": round(max(reading.samples_mib)),
        "exporting_peak_mib": round(max(exporting.samples_mib)),
        "exported_mib": round(len(exported.content) / 2**20, 2),
    }


def troubles(record: dict[str, Any], pages: int) -> list[str]:
    """What is wrong with a record, each as a sentence."""
    peak = max(record["reading_peak_mib"], record["exporting_peak_mib"])
    found = {
        f"Pages {record['pages']} came, not 1 to {pages} in order.": record["pages"] != [*range(1, pages + 1)],
        "The first page came late: the document is not read page by page.": (
            record["first_page_share"] > FIRST_PAGE_SHARE
        ),
        f"The server took {peak} MiB, more than {BOUND_MIB}.": peak > BOUND_MIB,
    }
    return [sentence for sentence, holds in found.items() if holds]


def markdown(record: dict[str, Any]) -> str:
    """The record as a page."""
    machine = record["hardware"]
    rows = {
        "Memory of the server and its children at the start": f"{record['start_mib']} MiB",
        "at most while reading": f"{record['reading_peak_mib']} MiB",
        "at most while exporting a searchable PDF": f"{record['exporting_peak_mib']} MiB",
        "First page after": f"{record['first_page_share']:.1%} of the whole time",
        "Longest wait between two pages": f"{record['longest_gap_share']:.1%} of the whole time",
        "Seconds per page": str(record["seconds_per_page"]),
    }
    head = (
        f"# A document of {len(record['pages'])} pages, {record['date']}, commit `{record['commit']}`\n\n"
        f"{machine['cores']} cores of {machine['processor']}; load {machine['load_at_start']} when the run began. "
        f"{record['lines']} lines; the pages arrived one by one, in order."
    )
    return (
        "\n".join([head, "", "| what | measured |", "|---|---|", *(f"| {k} | {v} |" for k, v in rows.items())]) + "\n"
    )


def main() -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.long_document", description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=30, help="pages of the document (30)")
    pages = parser.parse_args().pages
    record = measure(pages)
    print(markdown(record))
    wrong = troubles(record, pages)
    if not wrong:
        paths = records.write(record, name="long-document", tell=markdown)
        print("Kept in", ", ".join(str(path) for path in paths), file=sys.stderr)
    print(*wrong, sep="\n", end="", file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())

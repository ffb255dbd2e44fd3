"""How well are pages read that somebody photographed? The val pages of DATA through a camera of ours, in turns.

    make benchmark-photographs DATA=folder       pages.jsonl, split val

Each page lies on a desk and is taken under every condition, once; what the camera does is known, so that the true
outlines of the lines are too. Line F1 is ours alone: peers' boxes are no outlines of handwritten lines.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import records, samples
from benchmarks.camera import Conditions, take
from benchmarks.reading import use_cores

if TYPE_CHECKING:
    from benchmarks.engines import Engine
    from recognizer.corpora import PageTruth
    from recognizer.line_reader import LineReader

CONDITIONS = {
    "on a desk": Conditions(),
    "tilted": Conditions(tilt=1),
    "curled": Conditions(curl=1),
    "dark": Conditions(dark=1),
    "all of it, half as bad": Conditions(tilt=0.5, curl=0.5, dark=0.5, hand=True),
    "all of it": Conditions(tilt=1, curl=1, dark=1, hand=True),
}
AS_SCANNED = "as scanned"


def photographed(pages: Sequence["PageTruth"], conditions: Conditions, folder: Path) -> Iterator["PageTruth"]:
    """Photos of pages, the same ones at each call, as files in ``folder``, with their lines."""
    import cv2

    from recognizer.corpora import PageTruth, TrueLine

    for number, page in enumerate(pages):
        grey = np.asarray(cv2.imread(str(page.image), cv2.IMREAD_GRAYSCALE), np.uint8)
        photo = take(grey, conditions, np.random.default_rng(number))
        file = folder / f"{number:04d}.jpg"
        cv2.imwrite(str(file), photo.grey, [cv2.IMWRITE_JPEG_QUALITY, 95])
        lines = tuple(
            TrueLine(line.text, tuple(map(tuple, photo.outline(np.array(line.polygon)).tolist())), None)
            for line in page.lines
        )
        height, width = photo.grey.shape
        yield PageTruth(file, width, height, lines)


def score(pages: Sequence["PageTruth"], reader: "LineReader", peers: Sequence["Engine"]) -> dict[str, Any]:
    """Line F1 and page CER of ours, page CER of each peer."""
    from recognizer.evaluation import evaluate_pages
    from recognizer.metrics import cer

    ours = evaluate_pages(reader, pages)
    theirs = {peer.name: round(cer((page.text, peer.read_page(page.image)) for page in pages), 4) for peer in peers}
    return {"line_f1": round(ours.line_f1, 4), "page_cer": round(ours.page_cer, 4), "peers": theirs}


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Take and read every photo; returns the record."""
    from benchmarks.engines import RapidOcr
    from recognizer.corpora import read_page_manifest
    from recognizer.line_reader import LineReader

    machine = records.hardware(arguments.cores)
    chosen = [page for page in read_page_manifest(arguments.data / "pages.jsonl") if page.extra["split"] == "val"]
    chosen = chosen[: arguments.pages]
    reader = LineReader.load(arguments.model)
    peers = [] if arguments.no_peer else [RapidOcr(arguments.cores)]
    scores = {AS_SCANNED: score(chosen, reader, peers)}
    for name, conditions in CONDITIONS.items():
        with tempfile.TemporaryDirectory(prefix="inkloop-photographs-") as folder:
            scores[name] = score(list(photographed(chosen, conditions, Path(folder))), reader, peers)
        print(name, scores[name], file=sys.stderr, flush=True)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": records.commit(),
        "hardware": machine,
        "manifests_sha256": samples.digest(arguments.data / "pages.jsonl"),
        "model": reader.version,
        "pages": len(chosen),
        "scores": scores,
    }


def page(record: dict[str, Any]) -> str:
    """The record for people."""
    peers = list(next(iter(record["scores"].values()))["peers"])
    heads = ["pages", "line F1", f"page CER, {record['model']}", *(f"page CER, {peer}" for peer in peers)]
    rows = [
        " | ".join(
            [name, f"{row['line_f1']:.3f}", f"{row['page_cer']:.3f}", *(f"{cer:.3f}" for cer in row["peers"].values())]
        )
        for name, row in record["scores"].items()
    ]
    return "\n".join(
        [
            f"# Photographs, {record['date']}, commit `{record['commit']}`",
            "",
            f"{record['pages']} val pages, each taken once under every condition by `benchmarks/camera.py`, which no "
            "training has seen; nothing here was chosen by these figures.",
            "",
            f"| {' | '.join(heads)} |",
            "|---" * len(heads) + "|",
            *(f"| {row} |" for row in rows),
            "",
        ]
    )


def main() -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.photographs", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with pages.jsonl")
    parser.add_argument("--model", type=Path, help="folder of a model; else the shipped one")
    parser.add_argument("--cores", type=int, default=2, help="(2)")
    parser.add_argument("--pages", type=int, help="only so many")
    parser.add_argument("--no-peer", action="store_true", help="without RapidOCR")
    arguments = parser.parse_args()
    use_cores(arguments.cores)
    record = measure(arguments)
    paths = records.write(record, name="photographs", tell=page)
    print(page(record))
    print("Kept in", ", ".join(str(path) for path in paths), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

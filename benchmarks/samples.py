"""What the engines read: real lines and pages where a data folder has them, else handwriting made on the spot."""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2

from recognizer.corpora import read_manifest, read_page_manifest

SENTENCES = (
    "The letter came by the morning post and nobody opened it.",
    "Il faut que je vous écrive encore une fois avant l’été.",
    "We walked along the river until the lamps were lit.",
    "La récolte fut bonne, malgré les pluies du mois d’août.",
)


@dataclass(frozen=True)
class Sample:
    """One image file and what it says."""

    image: Path
    text: str


@dataclass(frozen=True)
class Samples:
    """What one run reads.

    Attributes:
        name: goes into the record's file name.
        lines: cropped lines.
        pages: whole pages, the text of one being its lines joined by newlines in reading order.
        identity: file name → SHA-256 of the manifests, so that two records can be known to compare like with like.
    """

    name: str
    lines: list[Sample]
    pages: list[Sample]
    identity: dict[str, str]


def real(data: Path) -> Samples:
    """``lines_val.jsonl`` and the ``val`` pages of ``pages.jsonl``, those with flags left out."""
    lines_file, pages_file = data / "lines_val.jsonl", data / "pages.jsonl"
    lines = [Sample(truth.image, truth.text) for truth in read_manifest(lines_file) if not truth.flags]
    pages = [
        Sample(truth.image, "\n".join(line.text for line in truth.lines))
        for truth in read_page_manifest(pages_file)
        if truth.extra.get("split") == "val"
    ]
    return Samples("real", lines, pages, digest(lines_file) | digest(pages_file))


def digest(manifest: Path) -> dict[str, str]:
    """A manifest's name with its SHA-256."""
    return {manifest.name: hashlib.sha256(manifest.read_bytes()).hexdigest()}


def synthetic(folder: Path | None = None) -> Samples:
    """Lines and pages in strokes of Hershey's faces: enough to try the benchmark, not to judge a reader by."""
    from tests.handwriting import write_line, write_page

    folder = folder or Path(tempfile.mkdtemp(prefix="inkloop-benchmark-"))
    lines, pages = [], []
    for seed in range(32):
        text = SENTENCES[seed % len(SENTENCES)]
        lines.append(Sample(_keep(folder / f"line-{seed}.png", write_line(text, seed=seed)), text))
    for seed in range(2):
        page = write_page(SENTENCES, seed=seed)
        pages.append(Sample(_keep(folder / f"page-{seed}.png", page.image), "\n".join(SENTENCES)))
    return Samples("synthetic", lines, pages, {})


def _keep(path: Path, image: cv2.typing.MatLike) -> Path:
    cv2.imwrite(str(path), image)
    return path

"""Handwritten lines for tests of the reader: images, and manifests of them."""

import json
from collections.abc import Sequence
from pathlib import Path

import cv2

from recognizer.corpora import LineTruth, read_manifest
from tests.handwriting import write_line

TEXTS = (
    "the quick brown fox",
    "Bonjour, ma chère",
    "12 rue du Port",
    "never again",
    "a",
    "Où êtes-vous ?",
    "No 7",
    "if",
)


def write_manifest(folder: Path, texts: Sequence[str] = TEXTS, *, name: str = "lines.jsonl") -> Path:
    """Texts written out as images, with a line manifest; a page per four lines."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for index, text in enumerate(texts):
        image = f"{Path(name).stem}-{index}.png"
        cv2.imwrite(str(folder / image), write_line(text, seed=index))
        rows.append({"image": image, "text": text, "page": f"page-{index // 4}", "writer": f"writer-{index % 3}"})
    manifest = folder / name
    manifest.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return manifest


def written_lines(folder: Path, texts: Sequence[str] = TEXTS) -> list[LineTruth]:
    """The rows of `write_manifest`."""
    return list(read_manifest(write_manifest(folder, texts)))

"""A snapshot as files other programs take: line images with a manifest, PAGE XML, a Hugging Face ``datasets`` folder.

Trainings read the first: what was written before is left, so a second training of the same lines begins at once.
"""

import io
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from flywheel.snapshots import FrozenLine
from flywheel.splits import SPLITS
from flywheel.store import Store
from recognizer.corpora import LineTruth
from recognizer.export import render
from recognizer.finding.reading_order import reading_order
from recognizer.images import open_pages
from recognizer.line_crops import crop_line
from recognizer.page import Line, Outline, Page, Reading

MANIFEST = "lines.jsonl"
FEATURES = {
    "image": {"_type": "Image"},
    **{name: {"_type": "Value", "dtype": "string"} for name in ("text", "writer", "collection", "page", "line")},
}


def write_lines(store: Store, lines: Sequence[FrozenLine], folder: Path) -> list[LineTruth]:
    """Cut every line out of its page into ``folder``; rows for training, each with its line, page and split.

    Raises:
        BrokenBlob: a page image is missing or altered.
        NotAnImage: a page image cannot be opened.
        OSError: the folder cannot be written.
    """
    for page_id, of_page in _by_page(lines).items():
        missing = [line for line in of_page if not _place(folder, line).exists()]
        if missing:
            grey = next(iter(open_pages(store.blobs.get(missing[0].image_sha256), name=f"page {page_id}"))).grey
        for line in missing:
            path = _place(folder, line)
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = path.with_suffix(".part")
            Image.fromarray(crop_line(grey, line.polygon, line.baseline)).save(unfinished, "WEBP", lossless=True)
            unfinished.replace(path)
    return [LineTruth(_place(folder, line), line.text, extra=_facts(line)) for line in lines]


def export_manifest(store: Store, lines: Sequence[FrozenLine], folder: Path) -> Path:
    """Line images and ``lines.jsonl``, a line manifest."""
    rows = [
        {"image": str(row.image.relative_to(folder)), "text": row.text, **row.extra}
        for row in write_lines(store, lines, folder)
    ]
    manifest = folder / MANIFEST
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    manifest.write_text(text, encoding="utf-8", newline="\n")
    return manifest


def export_page_xml(store: Store, lines: Sequence[FrozenLine], folder: Path) -> Path:
    """Page images, each with a PAGE XML file beside it, in a folder per split."""
    for page_id, of_page in _by_page(lines).items():
        first = of_page[0]
        place = folder / first.split
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{page_id}.webp").write_bytes(store.blobs.get(first.image_sha256))
        ordered = [of_page[index] for index in reading_order([x.polygon for x in of_page], [_foot(x) for x in of_page])]
        read = tuple(Line(line.polygon, line.baseline, Reading(line.text, 1.0, (), ())) for line in ordered)
        page = Page(f"{page_id}.webp", 1, first.page_width, first.page_height, read, "ground truth")
        (place / f"{page_id}.xml").write_bytes(render([page], [], "page")[".xml"])
    return folder


def export_datasets(store: Store, lines: Sequence[FrozenLine], folder: Path) -> Path:
    """A folder that ``datasets.load_dataset`` opens: a Parquet file per split, images inside."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line, row in zip(lines, write_lines(store, lines, folder / ".images"), strict=True):
        rows[line.split].append(
            {
                "image": {"bytes": row.image.read_bytes(), "path": f"{line.line_id}.webp"},
                "text": line.text,
                "writer": line.writer,
                "collection": line.collection,
                "page": line.page_id,
                "line": line.line_id,
            }
        )
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    columns = [(name, image if name == "image" else pa.string()) for name in FEATURES]
    schema = pa.schema(columns, metadata={"huggingface": json.dumps({"info": {"features": FEATURES}})})
    for split in SPLITS:
        if rows[split]:
            packed = io.BytesIO()
            pq.write_table(pa.Table.from_pylist(rows[split], schema), packed, compression="zstd")
            (folder / "data" / f"{split}-00000-of-00001.parquet").write_bytes(packed.getvalue())
    return folder


Export = Callable[[Store, Sequence[FrozenLine], Path], Path]
EXPORTS: dict[str, Export] = {"lines": export_manifest, "page": export_page_xml, "datasets": export_datasets}
"""The forms a snapshot can leave in."""


def _by_page(lines: Sequence[FrozenLine]) -> dict[str, list[FrozenLine]]:
    pages: dict[str, list[FrozenLine]] = defaultdict(list)
    for line in lines:
        pages[line.page_id].append(line)
    return pages


def _place(folder: Path, line: FrozenLine) -> Path:
    return folder / "lines" / line.page_id / f"{line.line_id}.webp"


def _facts(line: FrozenLine) -> dict[str, Any]:
    facts = {"page": line.page_id, "line": line.line_id, "split": line.split, "source": "inkloop"}
    known = {"writer": line.writer, "collection": line.collection}
    return facts | {name: value for name, value in known.items() if value}


def _foot(line: FrozenLine) -> Outline:
    """The baseline, or the lower edge of the line's box where there is none."""
    xs, ys = zip(*line.polygon, strict=True)
    return line.baseline or ((min(xs), max(ys)), (max(xs), max(ys)))

"""A data folder made small: what a training of the reader reads, to carry to a machine with a GPU."""

import io
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from recognizer.corpora import read_rows
from recognizer.errors import BadInput, BadManifest, NotAnImage
from recognizer.line_images import open_line, to_height

if TYPE_CHECKING:
    import pyarrow as pa

LINES, PAGES, INK, FONTS, TEXTS = "lines_train.jsonl", "pages.jsonl", "unipen_text.parquet", "fonts", "texts"
CLOSE = 0.97  # of the room, so that a smaller table, which compresses a little worse, still fits
WEBP_QUALITY = 75
RAREST = 100  # samples of pen strokes; fewer are left out


@dataclass(frozen=True, slots=True)
class Packed:
    """What a packed folder holds.

    Attributes:
        lines: real lines, all that there were.
        pages: that lines are cut from anew; of those to train on, all or none.
        ink: samples of pen strokes.
        ink_left_out: how many more there were.
        bytes: of all files.
    """

    lines: int
    pages: int
    ink: int
    ink_left_out: int
    bytes: int

    def to_json(self) -> dict[str, int]:
        """As the command prints it."""
        return asdict(self)


def pack(
    data: Path, output: Path, *, most_bytes: int, height_px: int | None = None, with_pages: bool = False
) -> Packed:
    """Copy what `recognizer.training.line_training.find_corpora` finds in ``data`` into an empty folder.

    Real lines, fonts and prose are copied whole, and where they are wanted the pages of the training split; of the pen
    strokes that split too, and of it as many samples, drawn at random, as there is room for.

    Args:
        data: folder with ``lines_train.jsonl``; ink, fonts and texts where they are there.
        output: new folder.
        most_bytes: of all its files together.
        height_px: to which line images are made smaller and squeezed; None: they are copied as they are.
        with_pages: also those of ``pages.jsonl``, as they are.

    Raises:
        BadManifest: the manifest is missing or breaks its format, or an image is missing.
        BadInput: the output folder holds something, or what is copied whole is more than ``most_bytes``.
    """
    if output.exists() and any(output.iterdir()):
        raise BadInput(f"{output} is not empty. Give a new folder, or empty this one.")
    output.mkdir(parents=True, exist_ok=True)
    try:
        lines = _copy_lines(data / LINES, output, height_px)
        pages = _copy_pages(data / PAGES, output) if with_pages else 0
    except BadManifest:
        shutil.rmtree(output)
        raise
    for name in (FONTS, TEXTS):
        for file in sorted(found for found in (data / name).rglob("*") if found.is_file()):
            target = output / file.relative_to(data)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)  # without its rights, which may be to read alone
    size = _size(output)
    if size > most_bytes:
        shutil.rmtree(output)
        raise BadInput(
            f"What is copied whole from {data} is {size / 1e6:.1f} MB, more than the {most_bytes / 1e6:.1f} MB "
            "allowed. Allow more, make lines smaller, or leave pages out."
        )
    ink, left_out = _copy_ink(data / INK, output / INK, most_bytes - size) if (data / INK).exists() else (0, 0)
    return Packed(lines, pages, ink, left_out, _size(output))


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _copy_lines(manifest: Path, output: Path, height_px: int | None) -> int:
    """The lines of a manifest; returns how many."""

    def copy(source: Path, target: Path) -> None:
        if height_px is None:
            shutil.copyfile(source, target)
        else:
            _squeeze(source, target, height_px)

    return _copy_rows(manifest, list(read_rows(manifest)), output, copy, suffix=None if height_px is None else ".webp")


def _copy_pages(manifest: Path, output: Path) -> int:
    """The pages of a manifest that may be trained on; returns how many."""
    rows = [(number, row) for number, row in read_rows(manifest) if row.get("split", "train") == "train"]
    return _copy_rows(manifest, rows, output, shutil.copyfile, suffix=None)


def _copy_rows(
    manifest: Path,
    rows: Sequence[tuple[int, dict[str, Any]]],
    output: Path,
    copy: Callable[[Path, Path], Any],
    *,
    suffix: str | None,
) -> int:
    """Rows of a manifest with their images, under new names, so that rows may point anywhere; returns how many."""
    folder = manifest.stem.split("_")[0]
    (output / folder).mkdir()
    copied = []
    for number, row in rows:
        source = manifest.parent / str(row.get("image"))
        name = f"{folder}/{number:06d}{suffix or source.suffix}"
        try:
            copy(source, output / name)
        except (OSError, NotAnImage) as error:
            raise BadManifest(f"{manifest}, line {number}: its image cannot be copied. {error}") from error
        copied.append(json.dumps(row | {"image": name}, ensure_ascii=False) + "\n")
    (output / manifest.name).write_text("".join(copied), encoding="utf-8")
    return len(copied)


def _squeeze(source: Path, target: Path, height_px: int) -> None:
    image = open_line(source)
    image = to_height(image, height_px) if image.shape[0] > height_px else image
    cv2.imwrite(str(target), image, [cv2.IMWRITE_WEBP_QUALITY, WEBP_QUALITY])


def _copy_ink(table: Path, output: Path, room: int) -> tuple[int, int]:
    """As many training rows as fit; returns how many those are, and how many do not fit."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    rows = pq.read_table(table)
    rows = rows.filter(pc.equal(rows["split"], "train"))
    order = np.random.default_rng(1).permutation(len(rows))
    kept = len(rows)
    content = _compressed(rows)
    while len(content) > room and kept >= RAREST:
        kept = int(kept * CLOSE * room / len(content))
        content = _compressed(rows.take(np.sort(order[:kept])))
    if len(content) > room:
        return 0, len(rows)
    output.write_bytes(content)
    return kept, len(rows) - kept


def _compressed(rows: "pa.Table") -> bytes:
    import pyarrow.parquet as pq

    content = io.BytesIO()
    apart = dict.fromkeys(("dx.list.element", "dy.list.element"), "BYTE_STREAM_SPLIT")  # an eighth smaller
    named = ["text", "writer"]
    pq.write_table(rows, content, compression="zstd", compression_level=12, use_dictionary=named, column_encoding=apart)
    return content.getvalue()

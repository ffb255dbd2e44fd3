"""Ground truth as files hold it: line manifests and page manifests (JSONL)."""

import json
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any

from recognizer.errors import BadManifest
from recognizer.page import Outline


@dataclass(frozen=True, slots=True)
class LineTruth:
    """One row of a line manifest; ``image`` is absolute, ``extra`` keeps the optional keys."""

    image: Path
    text: str
    flags: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def writer(self) -> str:
        """Whose hand it is; the page, else the file's folder, where the manifest names no writer."""
        return str(self.extra.get("writer") or self.extra.get("page") or self.image.parent.name)

    @property
    def page(self) -> Hashable | None:
        """Names the page that it stands on; None where the manifest does not."""
        name = self.extra.get("page")
        return None if name is None else tuple(str(self.extra.get(key)) for key in ("collection", "writer", "page"))


def read_manifest(path: Path, *, unread: bool = False) -> Iterator[LineTruth]:
    """The rows of a line manifest (JSONL; paths relative to the file).

    Args:
        path: of the manifest.
        unread: rows may lack ``text``, which is empty then.

    Raises:
        BadManifest: the file is missing, or a row is not an object with ``image`` and ``text``.
    """
    for number, row in read_rows(path):
        image, text = row.get("image"), row.get("text", "" if unread else None)
        if not isinstance(image, str) or not image or not isinstance(text, str):
            raise BadManifest(f'{path}, line {number}: a row needs "image" and "text", both strings.')
        extra = {key: value for key, value in row.items() if key not in ("image", "text", "flags")}
        yield LineTruth(path.parent / image, text, _flags(row.get("flags"), f"{path}, line {number}"), extra)


def _flags(value: Any, where: str) -> tuple[str, ...]:
    flags = [value] if isinstance(value, str) else value or []
    if not isinstance(flags, list) or not all(isinstance(flag, str) for flag in flags):
        raise BadManifest(f'{where}: "flags" is {value!r}. Give a list of strings, or leave it out.')
    return tuple(flags)


@dataclass(frozen=True, slots=True)
class TrueLine:
    """One line of a page manifest, in pixels of the page."""

    text: str
    polygon: Outline
    baseline: Outline | None


@dataclass(frozen=True, slots=True)
class PageTruth:
    """One row of a page manifest; ``image`` is absolute, ``lines`` stand in reading order."""

    image: Path
    width: int
    height: int
    lines: tuple[TrueLine, ...]
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The lines' texts joined by newlines."""
        return "\n".join(line.text for line in self.lines)


def read_page_manifest(path: Path) -> Iterator[PageTruth]:
    """The rows of a page manifest (JSONL; paths relative to the file).

    Raises:
        BadManifest: the file is missing, or a row breaks the format.
    """
    for number, row in read_rows(path):
        try:
            lines = tuple(_line(line) for line in row["lines"])
            truth = PageTruth(path.parent / row["image"], _side(row["width"]), _side(row["height"]), lines)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise BadManifest(
                f"{path}, line {number}: {error!r}. A page needs image, width, height and lines; "
                "a line needs text, polygon and baseline (which may be null)."
            ) from error
        extra = {key: value for key, value in row.items() if key not in ("image", "width", "height", "lines")}
        yield replace(truth, extra=extra)


def _line(line: Any) -> TrueLine:
    if not isinstance(line["text"], str):
        raise TypeError(f"the text of a line is {line['text']!r}")
    return TrueLine(line["text"], _outline(line["polygon"]), _outline(line.get("baseline")) or None)


def _side(pixels: Any) -> int:
    if int(pixels) < 1:
        raise ValueError(f"a page is {pixels} pixels wide or high")
    return int(pixels)


def _outline(points: Any) -> Outline:
    outline = tuple((float(x), float(y)) for x, y in points or ())
    if not all(isfinite(number) for point in outline for number in point):
        raise ValueError(f"the outline {points} is not finite")
    return outline


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of a JSONL file with their line numbers, from 1; blank lines are passed over.

    Raises:
        BadManifest: the file is missing, not UTF-8, or a line is not a JSON object.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadManifest(f"{path} cannot be read ({error}). Give a JSONL file in UTF-8.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadManifest(f"{path}, line {number}: not JSON ({error}).") from error
        if not isinstance(row, dict):
            raise BadManifest(f"{path}, line {number}: not a JSON object.")
        yield number, row

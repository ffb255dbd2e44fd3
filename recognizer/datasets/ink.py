"""Pen strokes (UNIPEN) → line images: words of one writer joined on a common baseline, drawn with any pen."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from recognizer.errors import BadManifest
from recognizer.line_images import Grey, to_height

Points = NDArray[np.float32]

WITH_ASCENDER = set("bdfhkltABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!?()[]{}|/\\\"'&%$#@")
WITH_DESCENDER = set("gjpqy(),;[]{}|Q/$@")


@dataclass(frozen=True, slots=True)
class Ink:
    """One written text: strokes of (N, 2) points, x to the right, y down, in units of the x-height.

    The baseline is y = 0 and the ink begins at x = 0.
    """

    text: str
    strokes: tuple[Points, ...]

    @property
    def width(self) -> float:
        """How far the ink reaches to the right, in x-heights."""
        return float(max(stroke[:, 0].max() for stroke in self.strokes))


class InkBook:
    """A UNIPEN table in memory, by writer."""

    def __init__(self, path: Path, *, split: str) -> None:
        import pandas as pd

        table = pd.read_parquet(path)
        table = table[table["split"] == split]
        self._rows = list(zip(table["text"], table["stroke_lengths"], table["dx"], table["dy"], strict=True))
        self.by_writer: dict[str, list[int]] = defaultdict(list)
        for index, writer in enumerate(table["writer"]):
            self.by_writer[str(writer)].append(index)
        self._hands = sorted(self.by_writer)
        sizes = np.array([len(self.by_writer[hand]) for hand in self._hands], float)
        self._share = np.sqrt(sizes) / np.sqrt(sizes).sum()

    def __len__(self) -> int:
        return len(self._rows)

    def ink(self, index: int) -> Ink:
        """The sample at ``index`` of the split, scaled by the shape of its text to an x-height of 1."""
        text, lengths, dx, dy = self._rows[index]
        points = np.stack([np.cumsum(dx, dtype=np.float32), np.cumsum(dy, dtype=np.float32)], axis=1)
        low, high = points.min(axis=0), points.max(axis=0)
        above, below = _reach(text)
        unit = max(float(high[1] - low[1]) / (above + below), float(high[0] - low[0]) / (2.0 * len(text)), 1.0)
        origin = np.array([low[0], high[1] - below * unit], np.float32)
        return Ink(text, tuple(np.split((points - origin) / unit, np.cumsum(lengths)[:-1])))

    def line(self, rng: np.random.Generator, *, characters: int) -> Ink:
        """Samples of one writer, side by side, until about ``characters`` are written."""
        hand = self._hands[rng.choice(len(self._hands), p=self._share)]
        gap, words, written = float(rng.uniform(0.6, 2.0)), [], 0
        while written < characters:
            word = self.ink(int(rng.choice(self.by_writer[hand])))
            words.append(word)
            written += len(word.text) + 1
        return join(words, gap=gap, rng=rng)


def _reach(text: str) -> tuple[float, float]:
    """How far a text reaches above and below its baseline, in x-heights."""
    above = 2.0 if WITH_ASCENDER & set(text) else 1.25 if set(text) & set("ij") else 1.0
    if not set(text) - set(".,_-"):
        above = 0.3 if "-" not in text else 0.6
    return above, 0.9 if WITH_DESCENDER & set(text) else 0.0


def join(words: Sequence[Ink], *, gap: float, rng: np.random.Generator) -> Ink:
    """Words side by side with spaces of about ``gap`` x-heights, each a little off the baseline."""
    strokes: list[Points] = []
    x = 0.0
    for word in words:
        shift = np.array([x, rng.normal(0, 0.06)], np.float32)
        size = np.float32(rng.normal(1, 0.04))
        strokes += [stroke * size + shift for stroke in word.strokes]
        x += word.width * float(size) + gap * float(rng.uniform(0.8, 1.25))
    return Ink(" ".join(word.text for word in words), tuple(strokes))


def draw(
    ink: Ink, *, x_height_px: float, pen_px: float, margin_px: int = 6, slant: float = 0.0, shade: int = 30
) -> Grey:
    """Ink on white paper, anti-aliased, cropped to the ink plus a margin.

    Args:
        ink: what to draw.
        x_height_px: size of the x-height in the image.
        pen_px: stroke width.
        margin_px: paper left on each side.
        slant: horizontal shift per unit of height; positive leans to the right.
        shade: grey of the ink, 0 black.
    """
    strokes = [np.stack([s[:, 0] - slant * s[:, 1], s[:, 1]], axis=1) * x_height_px for s in ink.strokes]
    everything = np.concatenate(strokes)
    low = everything.min(axis=0) - margin_px
    width, height = np.ceil(everything.max(axis=0) - low + margin_px).astype(int) + 1
    image = np.full((int(height), int(width)), 255, np.uint8)
    thickness = max(1, round(pen_px))
    lines = [np.round((stroke - low) * 16).astype(np.int32).reshape(-1, 1, 2) for stroke in strokes]
    cv2.polylines(image, lines, False, shade, thickness=thickness, lineType=cv2.LINE_AA, shift=4)
    return image


def render_split(table: Path, split: str, output: Path) -> dict[str, int]:
    """Every sample of a split drawn with one plain pen, as line images: what ink is scored on.

    Args:
        table: UNIPEN table (Parquet).
        split: its rows to draw.
        output: folder for ``lines/`` and the manifests ``words.jsonl`` and ``sentences.jsonl`` (texts with spaces).

    Returns:
        The manifests' names and how many lines each has.

    Raises:
        BadManifest: the table is missing or has no such rows.
    """
    try:
        book = InkBook(table, split=split)
    except (OSError, ValueError) as error:
        raise BadManifest(f"{table} cannot be read ({error}). Give a UNIPEN table (Parquet).") from error
    if not len(book):
        raise BadManifest(f'{table} has no rows of the split "{split}".')
    (output / "lines").mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[str]] = {"words.jsonl": [], "sentences.jsonl": []}
    for index in range(len(book)):
        ink = book.ink(index)
        name = f"lines/{index:05d}.webp"
        cv2.imwrite(str(output / name), to_height(draw(ink, x_height_px=24, pen_px=3), 64))
        manifest = "sentences.jsonl" if " " in ink.text else "words.jsonl"
        rows[manifest].append(json.dumps({"image": name, "text": ink.text}, ensure_ascii=False))
    for name, lines in rows.items():
        (output / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return {name: len(lines) for name, lines in rows.items()}

"""Read pages for the tests of exports, without any reader."""

import math
from collections.abc import Collection, Sequence
from dataclasses import replace

from recognizer.page import Line, Page, Reading, Word

HOSTILE = [
    "<b>&amp; ]]> \"quoted\" 'single' </Unicode>",
    "bell \x07 null \x00 escape \x1b not a character \ufffe",
    "right to left \u200f\u202e mark",
    "half a pair \ud800",
    "   ",
    "",
    "œuf € « ſ » 𝒜 e\u0301",
]


def read_page(
    texts: Sequence[str],
    *,
    number: int = 1,
    slope_degrees: float = 0.0,
    with_baselines: bool = True,
) -> Page:
    """A page of 900 × 700 pixels with a line every 80 pixels, each word 0.8 sure, each line 0.9."""
    lines = tuple(_line(text, row, slope_degrees, with_baselines) for row, text in enumerate(texts))
    return Page(f"letters/page <{number}>.jpg", number, 900, 700, lines, "inkloop-2026-11-23-ab12cd34")


def checked(page: Page, *, verified: Collection[int], illegible: Collection[int] = ()) -> Page:
    """The page after a person confirmed some lines and found others illegible; lines are counted from 0."""
    lines = list(page.lines)
    for row in verified:
        lines[row] = replace(lines[row], verified=True)
    for row in illegible:
        lines[row] = replace(lines[row], verified=True, legible=False, reading=Reading("", 1.0, (), ()))
    return replace(page, lines=tuple(lines))


def _line(text: str, row: int, slope_degrees: float, with_baseline: bool) -> Line:
    angle = math.radians(slope_degrees)
    along, across = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))
    left = 60.4 if slope_degrees == 0 else 260.4
    x, y = left - 80 * row * math.sin(angle), 100.6 + 80 * row * math.cos(angle)
    length = 18 * max(1, len(text))

    def point(right: float, down: float) -> tuple[float, float]:
        return x + right * along[0] + down * across[0], y + right * along[1] + down * across[1]

    polygon = (point(0, -36), point(length, -36), point(length, 12), point(0, 12))
    baseline = (point(0, 0), point(length / 2, 0), point(length, 0)) if with_baseline else None
    words = tuple(Word(word, 0.8) for word in text.split())
    return Line(polygon, baseline, Reading(text, 0.9, (f"{text}?", f"{text}!"), words))

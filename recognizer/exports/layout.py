"""What every export needs of a page: text that its format may hold, whole pixels in the page, places of words.

The reader knows where lines are, not words. Words are laid along their line's baseline in proportion to the usual
widths of their letters, which finds them well enough to search and to highlight.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognizer.page import Line, Outline, Page, Point, Word

Box = tuple[int, int, int, int]  # left, top, right, bottom

_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_ILLEGAL = re.compile("[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NARROW, _WIDE = frozenset("ijlftrI.,;:!|'’`()[] "), frozenset("mwMWœŒæÆ—…@%")
_DESCENT = 0.25  # of a line's height, where no baseline is known


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word and about where it stands, in pixels.

    Attributes:
        text: what XML may hold of it.
        confidence: as the reader gave it.
        start: where it begins on the baseline.
        end: where it ends on the baseline.
        box: around it.
    """

    text: str
    confidence: float
    start: Point
    end: Point
    box: Box


def clean(text: str) -> str:
    """Text as one line that XML and PDF may hold: breaks become spaces, forbidden characters U+FFFD."""
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", _BREAKS.sub(" ", text))


def measure(text: str) -> float:
    """How wide a text is in most hands, in widths of an n."""
    return sum(0.5 if c in _NARROW else 1.5 if c in _WIDE else 1.25 if c.isupper() else 1.0 for c in text)


def whole_points(outline: Outline, page: Page) -> list[tuple[int, int]]:
    """The outline in whole pixels inside the page, without repeated points."""
    points: list[tuple[int, int]] = []
    for x, y in outline:
        point = (_within(x, page.width - 1), _within(y, page.height - 1))
        if not points or points[-1] != point:
            points.append(point)
    return points


def box_around(outline: Outline, page: Page) -> Box:
    """The smallest upright box around an outline, in whole pixels inside the page, at least one pixel each way."""
    points = whole_points(outline, page)
    left, top = (min(values) for values in zip(*points, strict=True))
    right, bottom = (max(values) for values in zip(*points, strict=True))
    return left, top, max(right, left + 1), max(bottom, top + 1)


def polygon_of(line: Line, page: Page) -> list[tuple[int, int]]:
    """The line's polygon in whole pixels; its box where fewer than three corners are left of it."""
    points = whole_points(line.polygon, page)
    if len(set(points)) >= 3:
        return points
    left, top, right, bottom = box_around(line.polygon, page)
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def place_words(line: Line, page: Page) -> list[PlacedWord]:
    """The line's words in order, laid along its baseline."""
    words = _words_of(line)
    if not words:
        return []
    baseline = trace_baseline(line)
    polygon = np.array(line.polygon, float)
    above, below = _extents(polygon, baseline)
    lengths = np.array([measure(word.text) for word in words])
    ends = np.cumsum(lengths + measure(" ")) - measure(" ")
    placed = []
    for word, start, end in zip(words, (ends - lengths) / ends[-1], ends / ends[-1], strict=True):
        first, last = _point_at(baseline, start), _point_at(baseline, end)
        corners = tuple((x, y + shift) for x, y in (first, last) for shift in (-above, below))
        placed.append(PlacedWord(word.text, word.confidence, first, last, box_around(corners, page)))
    return placed


def trace_baseline(line: Line) -> NDArray[np.float64]:
    """(N, 2): the baseline, lengthened to the polygon's ends; guessed from the polygon where none is known."""
    polygon = np.array(line.polygon, float)
    if line.baseline is None or len(set(line.baseline)) < 2:
        left, right = polygon[:, 0].min(), polygon[:, 0].max()
        y = polygon[:, 1].max() - _DESCENT * np.ptp(polygon[:, 1])
        return np.array([[left, y], [right, y]])
    points = np.array(list(dict.fromkeys(line.baseline)), float)
    start = _lengthen(points[0], away_from=points[1], polygon=polygon)
    return np.concatenate([[start], points[1:-1], [_lengthen(points[-1], away_from=points[-2], polygon=polygon)]])


def height_of(line: Line) -> float:
    """From the top of the tallest letter to the bottom of the deepest, across the baseline."""
    above, below = _extents(np.array(line.polygon, float), trace_baseline(line))
    return above + below


def _lengthen(
    end: NDArray[np.float64], *, away_from: NDArray[np.float64], polygon: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The baseline's end, moved on along its last stretch as far as the polygon reaches."""
    stretch = end - away_from
    direction: NDArray[np.float64] = stretch / max(1e-6, float(np.hypot(*stretch)))
    return end + direction * max(0.0, float(((polygon - end) @ direction).max()))


def _words_of(line: Line) -> list[Word]:
    parts = clean(line.reading.text).split()
    confidences = [word.confidence for word in line.reading.words]
    if len(confidences) != len(parts):
        confidences = [line.reading.confidence] * len(parts)
    return [Word(text, confidence) for text, confidence in zip(parts, confidences, strict=True)]


def _extents(
    polygon: NDArray[np.float64],
    baseline: NDArray[np.float64],
) -> tuple[float, float]:
    """How far the polygon reaches above and below the baseline, at least a pixel each."""
    dx, dy = baseline[-1] - baseline[0]
    length = max(1e-6, float(np.hypot(dx, dy)))
    depth = ((polygon - baseline[0]) @ np.array([-dy, dx])) / length
    return max(1.0, -float(depth.min())), max(1.0, float(depth.max()))


def _point_at(baseline: NDArray[np.float64], share: float) -> Point:
    """The point after that share of the baseline's length."""
    walked = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(baseline, axis=0).T))])
    x, y = (float(np.interp(share * walked[-1], walked, baseline[:, axis])) for axis in (0, 1))
    return x, y


def _within(value: float, most: int) -> int:
    return min(max(round(value), 0), max(most, 0))

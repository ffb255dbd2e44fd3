"""The order in which a person reads the lines of a page.

Lines are turned level by the page's own slope. Then the largest run of lines, from top to bottom, that falls apart
into columns is read column by column, and what stands above and below it before and after, each by the same rule.
Without columns, lines are read from top to bottom, and those at one height from left to right. Lines that run another
way than the page (notes up the margin) come first where they stand to its left, like a column there, else last.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recognizer.page import Outline

DEEPEST_CROSSING = 1.5  # no line reaches farther across a gap between columns, in line heights
SMALL_CROSSING, CROSSING_SHARE = 0.3, 0.25  # and at most this share of them farther than this
SAME_HEIGHT = 0.5  # lines whose middles are closer than this, in line heights, stand side by side
LEAST_LINES = 2  # of a column
QUARTER = np.pi / 4 + 1e-6  # every direction belongs to at least one of four ways to hold a sheet
LEANS = (0.0, 0.05, -0.05, 0.12, -0.12)  # a gap between columns may lean: x per y, tried in this order

Floats = NDArray[np.float64]


def reading_order(polygons: Sequence[Outline], baselines: Sequence[Outline]) -> list[int]:
    """Indices of the lines in reading order.

    Args:
        polygons: outlines of the lines of one page.
        baselines: as many, each in writing direction.
    """
    if not polygons:
        return []
    chords = np.array([np.subtract(line[-1], line[0]) for line in baselines], np.float64)
    angles = np.arctan2(chords[:, 1], chords[:, 0])
    lengths = np.hypot(*chords.T)
    remaining = list(range(len(polygons)))
    order: list[int] = []
    page: _Level | None = None
    while remaining:
        main = _prevailing(angles[remaining], lengths[remaining])
        group = [i for i in remaining if abs(_turn(angles[i] - main)) <= QUARTER]
        slope = main + _weighted_median(_turn(angles[group] - main), lengths[group])
        level = _Level([np.asarray(polygons[i]) for i in group], [np.asarray(baselines[i]) for i in group], slope)
        inside = [group[k] for k in _ordered(level, np.argsort(level.middle, kind="stable").tolist())]
        page = page or level
        order = inside + order if page.is_right_of([np.asarray(baselines[i]) for i in group]) else order + inside
        remaining = [i for i in remaining if i not in set(group)]
    return order


def _turn(angle: Floats) -> Floats:
    """Angles brought to (−π, π]."""
    return np.asarray(np.pi - (np.pi - angle) % (2 * np.pi))


def _prevailing(angles: Floats, lengths: Floats) -> float:
    """Of the four ways to hold the sheet, the one in which most writing runs to the right."""
    ways = np.arange(4) * np.pi / 2
    shares = [(lengths + 1)[np.abs(_turn(angles - way)) <= QUARTER].sum() for way in ways]
    return float(ways[int(np.argmax(shares))])


def _weighted_median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order] + 1e-6)
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


class _Level:
    """Lines turned level: their extents, and their baselines for comparing two of them where they meet."""

    def __init__(self, outlines: list[Floats], baselines: list[Floats], slope: float) -> None:
        cos, sin = np.cos(slope), np.sin(slope)
        self._turn = np.array([[cos, -sin], [sin, cos]])
        turned = [points @ self._turn for points in outlines]
        self.base = [points @ self._turn for points in baselines]
        self.left, self.right = (np.array([f(p[:, 0]) for p in turned]) for f in (np.min, np.max))
        self.middle = np.array([float(np.median(p[:, 1])) for p in self.base])
        self.height = max(float(np.median([np.ptp(p[:, 1]) for p in turned])), 1.0)

    def drop(self, a: int, b: int) -> float:
        """How far line ``b`` lies below line ``a``, in line heights, seen where they meet or come nearest."""
        left, right = max(self.left[a], self.left[b]), min(self.right[a], self.right[b])
        at = (left + right) / 2
        y_a, y_b = (float(np.interp(at, *self._rising(self.base[k]))) for k in (a, b))
        return (y_b - y_a) / self.height

    def is_right_of(self, others: list[Floats]) -> bool:
        """Whether most of these lines begin to the right of all of the ``others``."""
        farthest = max(float((points @ self._turn)[:, 0].max()) for points in others)
        return farthest < float(np.median(self.left)) + self.height

    @staticmethod
    def _rising(points: Floats) -> tuple[Floats, Floats]:
        order = np.argsort(points[:, 0], kind="stable")
        return points[order, 0], points[order, 1]


def _ordered(level: _Level, rows: list[int]) -> list[int]:
    """``rows``, indices sorted from top to bottom, in reading order."""
    run = _columned_run(level, rows)
    if run is None:
        return _by_height(level, rows)
    start, end, sides = run
    inside = [index for side in sides for index in _ordered(level, side)]
    return _ordered(level, rows[:start]) + inside + _ordered(level, rows[end:])


def _columned_run(level: _Level, rows: list[int]) -> tuple[int, int, tuple[list[int], list[int]]] | None:
    """The longest run of rows that a gap splits in two columns: its bounds and the columns. The gap may lean."""
    chosen = np.array(rows, int)
    best: tuple[int, int, tuple[list[int], list[int]]] | None = None
    for lean in LEANS if len(rows) >= 2 * LEAST_LINES else ():
        shift = lean * (level.middle[chosen] - level.middle[chosen].mean())
        left, right = (level.left[chosen] - shift) / level.height, (level.right[chosen] - shift) / level.height
        for cut in np.unique(left)[1:]:
            into = np.minimum(cut - left, right - cut)  # how far a line reaches across the cut
            for start, end in _runs(into <= DEEPEST_CROSSING):
                if end - start <= (best[1] - best[0] if best else 0):
                    continue
                run, first = chosen[start:end], ((left + right) / 2 < cut)[start:end]
                shallow = (into[start:end] > SMALL_CROSSING).mean() <= CROSSING_SHARE
                if shallow and _side_by_side(level.middle[run[first]], level.middle[run[~first]]):
                    best = (start, end, (run[first].tolist(), run[~first].tolist()))
    return best


def _runs(allowed: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Bounds of the longest stretches in which all is allowed."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], allowed, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _side_by_side(first: Floats, second: Floats) -> bool:
    """Whether two groups of lines, sorted downwards, share at least half of the shorter one's height."""
    if min(len(first), len(second)) < LEAST_LINES:
        return False
    shared = min(first[-1], second[-1]) - max(first[0], second[0])
    return bool(shared >= 0.5 * min(first[-1] - first[0], second[-1] - second[0]))


def _by_height(level: _Level, rows: list[int]) -> list[int]:
    """From top to bottom; lines at one height from left to right."""

    def compare(a: int, b: int) -> float:
        drop = level.drop(a, b)
        apart = max(level.left[a], level.left[b]) > min(level.right[a], level.right[b]) - level.height
        return float(level.left[a] - level.left[b]) if apart and abs(drop) < SAME_HEIGHT else -drop

    order: list[int] = []
    for index in rows:  # insertion, from below: who stands beside whom is no transitive order
        place = len(order)
        while place and compare(order[place - 1], index) > 0:
            place -= 1
        order.insert(place, index)
    return order

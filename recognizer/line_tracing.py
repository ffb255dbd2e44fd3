"""From the network's maps to lines: which cells belong together, and what outline they vote for.

Every cell of a middle band says where its baseline is, how high and how low the writing reaches, and which way it
runs. Cells that touch and agree are one piece of a line; pieces that continue each other are one line.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recognizer.baseline_frame import Floats
from recognizer.line_tracks import BAND_INSET
from recognizer.models.line_finder import GEOMETRY_STRIDE, GEOMETRY_UNIT_PX


@dataclass(frozen=True)
class TracingRules:
    """Thresholds, chosen on training pages that training did not see.

    Attributes:
        cell: least text probability of a cell that belongs to a line.
        line: least mean probability of a line's cells.
        disagreement: neighbouring cells whose baselines differ by more (in line heights) belong to different lines.
        length: shortest line, in line heights.
        gap: widest gap between two pieces of one line, in line heights.
        step: largest jump of the baseline between two pieces of one line, in line heights.
    """

    cell: float = 0.4
    line: float = 0.5
    disagreement: float = 0.45
    length: float = 0.5
    gap: float = 1.0
    step: float = 0.3


@dataclass(frozen=True, eq=False)
class Votes:
    """What M cells say; pixels of the network's input.

    Attributes:
        centre: (M, 2) of the cells themselves.
        baseline: (M, 2) the nearest point of their baseline.
        along: (M, 2) unit vectors of the writing direction.
        above: (M,) height of the writing above the baseline.
        below: (M,) and below it.
        probability: (M,) of being text.
    """

    centre: Floats
    baseline: Floats
    along: Floats
    above: Floats
    below: Floats
    probability: Floats

    def of(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> "Votes":
        """Some of the votes."""
        fields = (self.centre, self.baseline, self.along, self.above, self.below, self.probability)
        return Votes(*(values[chosen] for values in fields))

    @staticmethod
    def joined(parts: "Sequence[Votes]") -> "Votes":
        """All votes of several pieces."""
        names = ("centre", "baseline", "along", "above", "below", "probability")
        return Votes(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    @property
    def height(self) -> float:
        """The line height that these cells agree on."""
        return float(np.median(self.above + self.below))


@dataclass(frozen=True, eq=False)
class TracedLine:
    """A line in pixels of the network's input: corresponding points in writing direction, each (N, 2)."""

    baseline: Floats
    top: Floats
    bottom: Floats
    height: float
    confidence: float

    @property
    def outline(self) -> Floats:
        """(2N, 2) polygon."""
        return np.concatenate([self.top, self.bottom[::-1]])


def trace_lines(
    text: NDArray[np.float32], geometry: NDArray[np.float32], rules: TracingRules | None = None
) -> list[TracedLine]:
    """Lines of one page, in no particular order.

    Args:
        text: (H, W) probabilities.
        geometry: (5, H / 4, W / 4) as ``FinderMaps.geometry``.
        rules: thresholds; None means the defaults.
    """
    rules = rules or TracingRules()
    cells = cv2.resize(text, geometry.shape[:0:-1], interpolation=cv2.INTER_AREA)
    inside = np.asarray(cells > rules.cell)
    if not inside.any():
        return []
    votes = _votes(np.asarray(cells, np.float32), geometry)
    agreed = inside & ~_quarrels(inside, votes, rules.disagreement)
    count, labels = cv2.connectedComponents(agreed.astype(np.uint8), connectivity=8)
    order = np.argsort(labels, axis=None, kind="stable")
    bounds = np.searchsorted(labels.ravel()[order], np.arange(count + 1))
    pieces = [votes.of(order[start:end]) for start, end in itertools.pairwise(bounds[1:])]
    joined = _join([piece for piece in pieces if len(piece.above) > 2], rules)
    lines = [_trace(piece) for piece in joined if float(piece.probability.mean()) >= rules.line]
    return [line for line in lines if _length(line.baseline) >= rules.length * line.height]


def _votes(cells: NDArray[np.float32], geometry: NDArray[np.float32]) -> Votes:
    """The votes of all cells, row by row."""
    rows, columns = cells.shape
    y, x = np.mgrid[0:rows, 0:columns].reshape(2, -1)
    centre = (np.stack([x, y], axis=1) + 0.5) * GEOMETRY_STRIDE
    drop, above, below = geometry[:3].reshape(3, -1).astype(np.float64) * GEOMETRY_UNIT_PX
    along = geometry[3:].reshape(2, -1).T.astype(np.float64)
    along /= np.maximum(np.hypot(*along.T), 1e-6)[:, None]
    baseline = centre + drop[:, None] * _away(along)
    return Votes(centre, baseline, along, np.maximum(above, 1), np.maximum(below, 1), cells.ravel().astype(np.float64))


def _quarrels(inside: NDArray[np.bool_], votes: Votes, limit: float) -> NDArray[np.bool_]:
    """(rows, columns): cells with a neighbour to the right or below that votes for another baseline."""
    rows, columns = inside.shape
    baseline = votes.baseline.reshape(rows, columns, 2)
    away = _away(votes.along).reshape(rows, columns, 2)
    height = (votes.above + votes.below).reshape(rows, columns)
    quarrel = np.zeros_like(inside)
    for here, there in (((slice(-1), slice(None)), (slice(1, None), slice(None))),
                        ((slice(None), slice(-1)), (slice(None), slice(1, None)))):  # fmt: skip
        apart = np.abs(((baseline[here] - baseline[there]) * away[here]).sum(axis=2))
        differ = inside[here] & inside[there] & (apart > limit * np.minimum(height[here], height[there]))
        quarrel[here] |= differ
        quarrel[there] |= differ
    return quarrel


def _join(pieces: list[Votes], rules: TracingRules) -> list[Votes]:
    """Put pieces together that continue each other, nearest ends first."""
    ends = [_trace(piece) for piece in pieces]
    firsts, lasts = (np.array([line.baseline[k] for line in ends]).reshape(-1, 2) for k in (0, -1))
    reach = (rules.gap + 0.5) * np.array([line.height for line in ends])
    near = np.hypot(*np.moveaxis(firsts[None] - lasts[:, None], 2, 0)) <= np.maximum(reach[:, None], reach[None])
    pairs = []
    for a, b in np.argwhere(near & ~np.eye(len(ends), dtype=bool)).tolist():
        gap = _gap(ends[a], ends[b], rules)
        if gap is not None:
            pairs.append((gap, a, b))
    after: dict[int, int] = {}
    before: dict[int, int] = {}
    for _, a, b in sorted(pairs):
        if a not in after and b not in before and _last(after, b) != a:
            after[a], before[b] = b, a
    chains = []
    for first in range(len(pieces)):
        if first not in before:
            chain = [first]
            while chain[-1] in after:
                chain.append(after[chain[-1]])
            chains.append(Votes.joined([pieces[index] for index in chain]))
    return chains


def _last(after: dict[int, int], index: int) -> int:
    while index in after:
        index = after[index]
    return index


def _gap(a: TracedLine, b: TracedLine, rules: TracingRules) -> float | None:
    """How far ``b`` begins behind the end of ``a``, in line heights; None where it does not continue ``a``."""
    height = max(a.height, b.height)
    if min(a.height, b.height) < 0.5 * height:
        return None
    jump = b.baseline[0] - a.baseline[-1]
    a_along, b_along = _direction(a), _direction(b)
    if a_along @ b_along < 0.9:
        return None
    along = (a_along + b_along) / np.hypot(*(a_along + b_along))
    gap, step = float(jump @ along) / height, abs(float(jump @ _away(along))) / height
    return gap if -0.5 < gap < rules.gap and step < rules.step else None


def _trace(votes: Votes) -> TracedLine:
    """The outline that a line's cells vote for, column by column along its own axis."""
    along = _axis(votes)
    away = _away(along)
    height = votes.height
    s, t = votes.baseline @ along, votes.baseline @ away
    reach = votes.centre @ along
    inset = BAND_INSET * float(np.median(votes.above)) + GEOMETRY_STRIDE / 2
    start, end = float(reach.min()) - inset, float(reach.max()) + inset
    steps = max(round((end - start) / max(0.4 * height, GEOMETRY_STRIDE)), 1)
    knots = np.linspace(start, end, steps + 1)
    radius = 0.75 * (knots[1] - knots[0])
    near = [chosen if (chosen := np.abs(s - knot) <= radius).any() else None for knot in knots]
    filled = [index for index, chosen in enumerate(near) if chosen is not None] or [0]
    profile = [
        np.interp(knots, knots[filled], [float(np.median(values[near[index]])) for index in filled])
        for values in (t, votes.above, votes.below)
    ]
    level, above, below = (_smooth(values) for values in profile)
    points = [knots[:, None] * along + values[:, None] * away for values in (level, level - above, level + below)]
    return TracedLine(points[0], points[1], points[2], height, float(votes.probability.mean()))


def _axis(votes: Votes) -> Floats:
    """The direction of a line: of its shape where that is long enough to show one, else what its cells say."""
    said = votes.along.mean(axis=0)
    said = np.asarray(said / max(float(np.hypot(*said)), 1e-6), np.float64)
    spread = votes.baseline - votes.baseline.mean(axis=0)
    _, lengths, axes = np.linalg.svd(spread, full_matrices=False)
    if len(lengths) < 2 or lengths[0] < 2 * np.sqrt(len(spread)) * votes.height / 3:
        return said
    axis = np.asarray(axes[0], np.float64)
    return axis if axis @ said >= 0 else -axis


def _direction(line: TracedLine) -> Floats:
    chord = line.baseline[-1] - line.baseline[0]
    return np.asarray(chord / max(float(np.hypot(*chord)), 1e-6))


def _smooth(values: Floats) -> Floats:
    """A running mean over three knots; the ends stay."""
    padded = np.concatenate([values[:1], values, values[-1:]])
    return np.asarray((padded[:-2] + padded[1:-1] + padded[2:]) / 3)


def _length(points: Floats) -> float:
    return float(np.hypot(*np.diff(points, axis=0).T).sum())


def _away(along: Floats) -> Floats:
    """Across the writing direction, downwards for writing that runs to the right."""
    return np.stack([-along[..., 1], along[..., 0]], axis=-1)

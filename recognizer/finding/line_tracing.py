"""From the network's maps to lines: which cells belong together.

Cells that touch and agree about their baseline are one piece of a line; pieces that continue each other are one line.
"""

import itertools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recognizer.finding.line_joining import join_pieces
from recognizer.finding.line_votes import TracedLine, Votes, across
from recognizer.models.line_finder import GEOMETRY_STRIDE, GEOMETRY_UNIT_PX


@dataclass(frozen=True)
class TracingRules:
    """Thresholds, chosen on training pages that training did not see.

    Attributes:
        cell: least text probability of a cell that belongs to a line.
        line: least confidence of a line.
        word: least confidence of a line shorter than two line heights, which has few cells that could be sure.
        disagreement: neighbouring cells whose baselines differ by more (in line heights) belong to different lines.
        length: shortest line, in line heights.
    """

    cell: float = 0.4
    line: float = 0.77
    word: float = 0.65
    disagreement: float = 0.45
    length: float = 0.35

    def accept(self, line: TracedLine) -> bool:
        """Whether this is taken for a line."""
        if line.length < self.length * line.height:
            return False
        return line.confidence >= (self.word if line.length < 2 * line.height else self.line)


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
    lines = join_pieces([piece for piece in pieces if len(piece.above) > 2])
    return [line for line in lines if rules.accept(line)]


def _votes(cells: NDArray[np.float32], geometry: NDArray[np.float32]) -> Votes:
    """The votes of all cells, row by row."""
    rows, columns = cells.shape
    y, x = np.mgrid[0:rows, 0:columns].reshape(2, -1)
    centre = (np.stack([x, y], axis=1) + 0.5) * GEOMETRY_STRIDE
    drop, above, below = geometry[:3].reshape(3, -1).astype(np.float64) * GEOMETRY_UNIT_PX
    along = geometry[3:].reshape(2, -1).T.astype(np.float64)
    along /= np.maximum(np.hypot(*along.T), 1e-6)[:, None]
    baseline = centre + drop[:, None] * across(along)
    return Votes(centre, baseline, along, np.maximum(above, 1), np.maximum(below, 1), cells.ravel().astype(np.float64))


def _quarrels(inside: NDArray[np.bool_], votes: Votes, limit: float) -> NDArray[np.bool_]:
    """(rows, columns): cells with a neighbour to the right or below that votes for another baseline."""
    rows, columns = inside.shape
    baseline = votes.baseline.reshape(rows, columns, 2)
    away = across(votes.along).reshape(rows, columns, 2)
    height = (votes.above + votes.below).reshape(rows, columns)
    quarrel = np.zeros_like(inside)
    for here, there in (((slice(-1), slice(None)), (slice(1, None), slice(None))),
                        ((slice(None), slice(-1)), (slice(None), slice(1, None)))):  # fmt: skip
        apart = np.abs(((baseline[here] - baseline[there]) * away[here]).sum(axis=2))
        differ = inside[here] & inside[there] & (apart > limit * np.minimum(height[here], height[there]))
        quarrel[here] |= differ
        quarrel[there] |= differ
    return quarrel

"""What the cells of a line say about it, and the outline that follows.

Every cell of a line's middle band votes: where the baseline is, how high and how low the writing reaches, which way it
runs. A line's outline is the mean of its cells' votes, place by place along its own axis.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognizer.finding.baseline_frame import Floats
from recognizer.finding.line_tracks import BAND_INSET
from recognizer.models.line_finder import GEOMETRY_STRIDE


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

    @property
    def along(self) -> Floats:
        """Unit vector from the first to the last point of the baseline."""
        chord = self.baseline[-1] - self.baseline[0]
        return np.asarray(chord / max(float(np.hypot(*chord)), 1e-6))

    @property
    def length(self) -> float:
        """Of the baseline."""
        return float(np.hypot(*np.diff(self.baseline, axis=0).T).sum())


def trace(votes: Votes) -> TracedLine:
    """The line that these cells vote for."""
    along = _axis(votes)
    away = across(along)
    height = votes.height
    s, t = votes.baseline @ along, votes.baseline @ away
    reach = votes.centre @ along
    inset = BAND_INSET * float(np.median(votes.above)) + GEOMETRY_STRIDE / 2
    start, end = float(reach.min()) - inset, float(reach.max()) + inset
    steps = max(round((end - start) / max(0.4 * height, GEOMETRY_STRIDE)), 1)
    knots = np.linspace(start, end, steps + 1)
    radius = 2 * (knots[1] - knots[0])
    shares = np.maximum(1 - np.abs(s[None] - knots[:, None]) / radius, 0) * votes.probability  # (knots, cells)
    total = shares.sum(axis=1)
    known = total > 1e-3
    level, above, below = (
        np.interp(knots, knots[known], (shares[known] @ values) / total[known])
        if known.any()
        else np.full(len(knots), float(np.median(values)))
        for values in (t, votes.above, votes.below)
    )
    points = [knots[:, None] * along + values[:, None] * away for values in (level, level - above, level + below)]
    # A band's border cells are half paper and never sure: sure cells count more, or short words would seem doubtful.
    confidence = float(np.average(votes.probability, weights=votes.probability**2))
    return TracedLine(points[0], points[1], points[2], height, confidence)


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


def across(along: Floats) -> Floats:
    """Unit vectors across the writing direction, downwards for writing that runs to the right."""
    return np.stack([-along[..., 1], along[..., 0]], axis=-1)

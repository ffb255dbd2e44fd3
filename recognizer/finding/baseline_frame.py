"""Coordinates along a line of writing: one axis runs with the baseline, the other away from it.

Cropping a line, learning its height and drawing its outline all need the same change of coordinates, so it lives here.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BaselineFrame:
    """Coordinates s, t of a gently bent baseline, in pixels: s along its chord, t away from it (downwards).

    Attributes:
        origin: (2,), where s = t = 0.
        along: (2,), unit vector of the writing direction.
        bend: coefficients of the baseline's own t over s before it is subtracted, highest power first.
        reach: the range of s that the baseline covers; beyond it the bend continues straight.
    """

    origin: Floats
    along: Floats
    bend: Floats
    reach: tuple[float, float]

    @classmethod
    def fit(cls, baseline: Floats) -> "BaselineFrame":
        """Fit chord and bend; a polyline's corners are its tracer's, not the writer's.

        Args:
            baseline: (N, 2) page points in writing direction, N ≥ 1.
        """
        points = densify(baseline, closed=False)
        chord = points[-1] - points[0]
        length = float(np.hypot(*chord))
        along = chord / length if length > 1 else np.array([1.0, 0.0])
        s, t = (points - points[0]) @ along, (points - points[0]) @ np.array([-along[1], along[0]])
        unit = max(float(np.ptp(s)), 1.0)  # powers of s / length stay well conditioned
        degree = 0 if np.ptp(s) < 1 else 1 if np.abs(t).max() < 1 else 3
        bend = np.polyfit(s / unit, t, degree) / unit ** np.arange(degree, -1, -1)
        return cls(points[0], along, bend, (float(s.min()), float(s.max())))

    def from_page(self, points: Floats) -> Floats:
        """(N, 2) page points to (N, 2) coordinates s, t."""
        s = (points - self.origin) @ self.along
        return np.stack([s, (points - self.origin) @ self._away - self._offset(s)], axis=1)

    def to_page(self, s: Floats, t: Floats) -> tuple[Floats, Floats]:
        """Coordinates s, t of one shape to page x, y of that shape."""
        t = t + self._offset(s)
        x, y = (self.origin[axis] + s * self.along[axis] + t * self._away[axis] for axis in (0, 1))
        return x, y

    @property
    def _away(self) -> Floats:
        return np.array([-self.along[1], self.along[0]])

    def _offset(self, s: Floats) -> Floats:
        """How far the baseline lies from its chord at ``s``."""
        inside = np.clip(s, *self.reach)
        return np.asarray(np.polyval(self.bend, inside) + np.polyval(np.polyder(self.bend), inside) * (s - inside))


def densify(points: Floats, *, closed: bool) -> Floats:
    """The same outline with 200 points more, evenly spread: a bend must not fall between two of them.

    Args:
        points: (N, 2).
        closed: whether the last point joins the first.
    """
    ring = np.vstack([points, points[:1]]) if closed else points
    steps = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(ring, axis=0).T))])
    if steps[-1] == 0:
        return points
    at = np.union1d(np.linspace(0, steps[-1], 200), steps)
    return np.stack([np.interp(at, steps, ring[:, axis]) for axis in (0, 1)], axis=1)

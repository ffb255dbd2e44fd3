"""A line's course over a page: baseline, upper and lower edge, point by point; and what the network should say there.

Ground truth gives a polygon and a baseline. The finder learns three things from them: the line's middle band (so that
words join and neighbouring lines stay apart), how far the baseline is, and how high and low the writing reaches.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recognizer.finding.baseline_frame import BaselineFrame, Floats, densify
from recognizer.models.line_finder import GEOMETRY_STRIDE, GEOMETRY_UNIT_PX

BAND = 0.5  # the middle band reaches from the baseline to this share of the height above it
BAND_INSET = 0.2  # and begins and ends this share of that height inside the line
ENVELOPE = 0.75  # a letter's height speaks for its neighbourhood, in line heights to either side
STEP = 0.3  # distance of a track's points, in line heights
MIN_REACH_PX = 2.0  # above and below; a tracing that touches its baseline still has ink

_SUBPIXEL_BITS = 4

PointMap = Callable[[Floats], Floats]


@dataclass(frozen=True, eq=False)
class LineTrack:
    """Corresponding points along a line, in writing direction: each (N, 2) page pixels, N ≥ 2."""

    baseline: Floats
    top: Floats
    bottom: Floats

    def moved(self, move: PointMap) -> "LineTrack":
        """The track after the page was warped."""
        return LineTrack(move(self.baseline), move(self.top), move(self.bottom))

    def band(self) -> Floats:
        """(2N, 2) outline of the middle band."""
        upper = self.baseline + BAND * (self.top - self.baseline)
        inset = BAND_INSET * float(np.median(np.hypot(*(self.top - self.baseline).T)))
        return np.concatenate([_shortened(upper, inset), _shortened(self.baseline, inset)[::-1]])


def track_line(polygon: Floats, baseline: Floats) -> LineTrack:
    """Follow a ground-truth line.

    Args:
        polygon: (N, 2) page points around the writing.
        baseline: (N, 2) page points in writing direction.
    """
    frame = BaselineFrame.fit(baseline)
    outline = frame.from_page(densify(polygon, closed=True))
    height = max(float(np.subtract(*np.percentile(outline[:, 1], [95, 5]))), 2 * MIN_REACH_PX)
    start, end = float(outline[:, 0].min()), float(outline[:, 0].max())
    s = np.linspace(start, end, max(int((end - start) / (STEP * height)), 1) + 1).astype(np.float64)
    near = np.abs(outline[None, :, 0] - s[:, None]) <= max(ENVELOPE * height, 1.01 * (s[1] - s[0]))
    top = np.where(near, outline[None, :, 1], np.inf).min(axis=1)
    bottom = np.where(near, outline[None, :, 1], -np.inf).max(axis=1)
    edges = (np.zeros_like(s), np.minimum(top, -MIN_REACH_PX), np.maximum(bottom, MIN_REACH_PX))
    return LineTrack(*(np.stack(frame.to_page(s, t), axis=1) for t in edges))


@dataclass(frozen=True, eq=False)
class FinderTargets:
    """What the network should say about one image.

    Attributes:
        text: (H, W) uint8, 1 in the middle bands.
        geometry: (5, H / 4, W / 4) float32, as ``FinderMaps.geometry`` with a normalised direction.
        inside: (H / 4, W / 4) bool: where ``geometry`` means something.
    """

    text: NDArray[np.uint8]
    geometry: NDArray[np.float32]
    inside: NDArray[np.bool_]


def draw_targets(tracks: Sequence[LineTrack], size: tuple[int, int]) -> FinderTargets:
    """Draw the targets of an image of ``size`` (H, W), multiples of 4, whose lines run along ``tracks``."""
    text = np.zeros(size, np.uint8)
    owner = np.full((size[0] // GEOMETRY_STRIDE, size[1] // GEOMETRY_STRIDE), -1, np.int32)
    pieces = [_pieces(track) for track in tracks]
    for track in tracks:
        cv2.fillPoly(text, [_fixed_point(track.band())], 1, shift=_SUBPIXEL_BITS)
    for number, quad in enumerate(quad for quads, _ in pieces for quad in quads):
        cv2.fillConvexPoly(owner, _fixed_point(quad / GEOMETRY_STRIDE), number, shift=_SUBPIXEL_BITS)
    half = GEOMETRY_STRIDE // 2
    inside = (owner >= 0) & (text[half::GEOMETRY_STRIDE, half::GEOMETRY_STRIDE] > 0)
    geometry = np.zeros((5, *owner.shape), np.float32)
    if inside.any():
        facts = np.concatenate([facts for _, facts in pieces])[owner[inside]]
        y, x = np.nonzero(inside)
        centres = (np.stack([x, y]).astype(np.float64) + 0.5) * GEOMETRY_STRIDE
        geometry[:, inside] = _describe(centres, facts)
    return FinderTargets(text, geometry, inside)


def _describe(centres: Floats, facts: Floats) -> Floats:
    """(5, M) geometry of M cells with ``centres`` (2, M) from the (M, 6) facts of the pieces they lie in."""
    x, y = centres
    start_x, start_y, cos, sin, above, below = facts.T
    drop = -((y - start_y) * cos - (x - start_x) * sin)
    return np.stack([drop / GEOMETRY_UNIT_PX, above / GEOMETRY_UNIT_PX, below / GEOMETRY_UNIT_PX, cos, sin])


def _pieces(track: LineTrack) -> tuple[Floats, Floats]:
    """A track cut at its points: quads (N - 1, 4, 2) around its band; facts (N - 1, 6): start, direction, heights."""
    baseline, middle = track.baseline, track.baseline + 1.5 * BAND * (track.top - track.baseline)
    under = track.baseline + 0.5 * (track.bottom - track.baseline)
    quads = np.stack([under[:-1], under[1:], middle[1:], middle[:-1]], axis=1)
    along = np.diff(baseline, axis=0)
    along /= np.maximum(np.hypot(*along.T), 1e-6)[:, None]
    above, below = (np.hypot(*(edge - baseline).T) for edge in (track.top, track.bottom))
    heights = np.stack([(edge[:-1] + edge[1:]) / 2 for edge in (above, below)], axis=1)
    return quads, np.concatenate([baseline[:-1], along, heights], axis=1)


def _shortened(points: Floats, inset: float) -> Floats:
    """A polyline without its first and last ``inset`` pixels; at most half of it goes."""
    steps = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    inset = min(inset, float(steps[-1]) / 4)
    at = np.linspace(inset, float(steps[-1]) - inset, len(points))
    return np.stack([np.interp(at, steps, points[:, axis]) for axis in (0, 1)], axis=1)


def _fixed_point(points: Floats) -> NDArray[np.int32]:
    """Page points to OpenCV's pixel-centred fixed-point coordinates."""
    return np.round((points - 0.5) * (1 << _SUBPIXEL_BITS)).astype(np.int32)

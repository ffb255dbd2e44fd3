"""Cut one line out of a page, straight and alone, the way the reader was trained to see it.

A line on paper rises, sinks and bends, and its neighbours reach into it. The crop follows the baseline: columns run
along it, rows away from it, so the writing ends up level whatever the slope of the page. Pixels outside the line's
polygon take the colour of the paper beside them.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from recognizer.finding.baseline_frame import BaselineFrame, Floats, densify
from recognizer.page import Outline

MARGIN = 0.05  # paper kept around the writing, in crop heights
SMALLEST_EXTENT_PX = 4.0  # of a line on the page; thinner outlines are grown to it
WIDEST_CROP = 64  # in crop heights; a longer strip is squeezed: it is no line of writing

Greys = NDArray[np.uint8]


def crop_line(grey: Greys, polygon: Outline, baseline: Outline | None, *, height_px: int = 64) -> Greys:
    """The line inside ``polygon``, level on its baseline, on plain paper.

    Args:
        grey: (H, W), dark ink on light paper.
        polygon: the line's outline in pixels of ``grey``; may reach over the page's edge.
        baseline: points in writing direction; None means the polygon's own long axis.
        height_px: rows of the result.

    Returns:
        (height_px, W) uint8. W follows from the polygon's proportions and is at least 1.
    """
    outline = densify(np.asarray(polygon, np.float64).reshape(-1, 2), closed=True)
    frame = BaselineFrame.fit(np.asarray(baseline or _long_axis(outline), np.float64).reshape(-1, 2))
    local = frame.from_page(outline)
    (left, top), (right, bottom) = _extent(local)
    margin = MARGIN * (bottom - top)
    scale = height_px / (bottom - top + 2 * margin)
    width_px = int(np.clip(round((right - left + 2 * margin) * scale), 1, WIDEST_CROP * height_px))
    s, t = np.meshgrid(
        left - margin + (np.arange(width_px) + 0.5) / width_px * (right - left + 2 * margin),
        top - margin + (np.arange(height_px) + 0.5) / scale,
    )
    pixels = _sample(grey, *frame.to_page(s, t), scale=scale)
    corners = (local - (left - margin, top - margin)) * (width_px / (right - left + 2 * margin), scale)
    return _on_paper(pixels, _fill(corners, pixels.shape))


def _long_axis(outline: Floats) -> Outline:
    """A stand-in for a missing baseline: the middle of the smallest rectangle around the outline, left to right."""
    (x, y), (width, height), angle = cv2.minAreaRect(outline.astype(np.float32))
    if width < height:
        width, angle = height, angle - 90
    angle = np.deg2rad((angle + 90) % 180 - 90)
    step = width / 2 * np.array([np.cos(angle), np.sin(angle)])
    return (x - step[0], y - step[1]), (x + step[0], y + step[1])


def _extent(local: Floats) -> tuple[Floats, Floats]:
    low, high = local.min(axis=0), local.max(axis=0)
    grow = np.maximum(SMALLEST_EXTENT_PX - (high - low), 0) / 2
    return low - grow, high + grow


def _sample(grey: Greys, x: Floats, y: Floats, *, scale: float) -> Greys:
    """Pixels of ``grey`` at (x, y), averaged first where the crop is smaller than the page."""
    pad = 2 + int(1 / scale)
    left, top = max(int(x.min()) - pad, 0), max(int(y.min()) - pad, 0)
    part = grey[top : int(y.max()) + pad + 1, left : int(x.max()) + pad + 1]
    if part.size == 0:
        return np.full(x.shape, 255, np.uint8)
    shrink = min(scale * 1.5, 1.0)
    if shrink < 1:
        size = max(round(part.shape[1] * shrink), 1), max(round(part.shape[0] * shrink), 1)
        shrunk = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    else:
        shrunk = part
    ratio_x, ratio_y = shrunk.shape[1] / part.shape[1], shrunk.shape[0] / part.shape[0]
    map_x = ((x - left + 0.5) * ratio_x - 0.5).astype(np.float32)
    map_y = ((y - top + 0.5) * ratio_y - 0.5).astype(np.float32)
    sampled = cv2.remap(shrunk, map_x, map_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(sampled, np.uint8)


def _fill(corners: Floats, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.round(corners - 0.5).astype(np.int32)], 1)
    return mask.astype(bool)


def _on_paper(pixels: Greys, inside: NDArray[np.bool_]) -> Greys:
    """Replace what is outside the line by the paper's colour, which may change along the line (shadow, stain)."""
    if not inside.any():
        return pixels
    height, width = pixels.shape
    centres = np.linspace(0, width - 1, max(round(width / (3 * height)), 1) + 1)
    everywhere = float(np.median(pixels[inside]))
    paper = np.empty(len(centres))
    for index, centre in enumerate(centres):
        near = slice(max(int(centre - 1.5 * height), 0), int(centre + 1.5 * height) + 1)
        here = pixels[:, near][inside[:, near]]
        paper[index] = np.median(here) if here.size > height * height / 2 else everywhere
    colour = np.interp(np.arange(width), centres, paper)
    return np.where(inside, pixels, np.round(colour)[None, :].astype(np.uint8))

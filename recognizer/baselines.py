"""Where writing stands in an outline that somebody drew without saying so.

A person's box is a rectangle around the writing, not along it: its middle runs as the writing does, and letters stand
about three quarters down.
"""

import cv2
import numpy as np

from recognizer.page import Outline

DEPTH = 0.75  # of the outline above the baseline, as in the line finder's own outlines
POINTS = 9
UPRIGHT = 2.0  # how many times as high as wide an outline must be to hold writing that runs up the page
GRID_PX = 256  # the outline is measured on a grid of this many columns


def level_baseline(polygon: Outline) -> Outline:
    """A baseline for an outline, left to right; bottom to top where the outline is much higher than wide.

    Args:
        polygon: at least three points, of some extent.
    """
    points = np.asarray(polygon, np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    if high[1] - low[1] > UPRIGHT * (high[0] - low[0]):
        turned = level_baseline(tuple((-y, x) for x, y in polygon))
        return tuple((y, -x) for x, y in turned)
    size = np.maximum(high - low, 1e-6)
    rows = int(np.clip(round(GRID_PX * size[1] / size[0]), 8, 2 * GRID_PX))
    grid = (points - low) / size * (GRID_PX - 1, rows - 1)
    mask = np.zeros((rows, GRID_PX), np.uint8)
    cv2.fillPoly(mask, [np.round(grid).astype(np.int32)], 1)
    columns = np.round(np.linspace(0, GRID_PX - 1, POINTS)).astype(int)
    tops, bottoms = mask.argmax(axis=0), rows - 1 - mask[::-1].argmax(axis=0)
    x = low[0] + columns / (GRID_PX - 1) * size[0]
    y = low[1] + (tops + DEPTH * (bottoms - tops))[columns] / (rows - 1) * size[1]
    return tuple((round(float(a), 1), round(float(b), 1)) for a, b in zip(x, y, strict=True))

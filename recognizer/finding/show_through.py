"""Take back what shines through a sheet: writing much fainter than the page's own would be found as lines of it.

Source: contrast against the local paper is what bleed-through removal thresholds, e.g. Gatos et al. 2006,
https://doi.org/10.1016/j.patcog.2005.09.010; here it is faded instead of cut, so that pencil beside ink stays.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

INK = 0.12  # of the paper's brightness: darker than the paper by more than this is ink of some kind
FADED, KEPT = 0.15, 0.35  # of the contrast of the page's own ink: fainter is gone, stronger is left as it was
FEWEST_PX = 200  # of ink, to say how dark the page's own is
PAPER_SHRINK, PAPER_PX = 4, 9  # the paper is looked at smaller, and is the brightest within so many pixels

Grey = NDArray[np.uint8]


def fade(grey: Grey) -> Grey:
    """A page (H, W), dark on light, without what is much fainter than the writing; any light, any paper."""
    paper = _paper(grey)
    contrast = np.clip(1 - grey / np.maximum(paper, 1), 0, 1)
    ink = contrast[contrast > INK]
    if ink.size < FEWEST_PX:
        return grey
    share = np.clip((contrast / np.percentile(ink, 90) - FADED) / (KEPT - FADED), 0, 1)
    left = share * share * (3 - 2 * share)
    return np.asarray(np.clip(paper - np.maximum(paper - grey, 0) * left, 0, 255), np.uint8)


def _paper(grey: Grey) -> NDArray[np.float32]:
    """The brightness of the paper around each pixel."""
    height, width = grey.shape
    size = max(width // PAPER_SHRINK, 1), max(height // PAPER_SHRINK, 1)
    small = cv2.dilate(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.ones((PAPER_PX, PAPER_PX), np.uint8))
    paper = cv2.resize(cv2.medianBlur(small, PAPER_PX), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(paper, np.float32)

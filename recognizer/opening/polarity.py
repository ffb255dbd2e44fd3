"""Tell chalk on a blackboard from ink on paper, so that networks always see dark writing on light ground.

Brightness alone misleads: a photo of a white letter on a dark table is mostly dark. Writing is thin, tables are not;
so only what differs from its own surroundings counts, and the rims of large things are left out.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

_LOOKED_AT_PX = 800
_RIM_CONTRAST = 40  # a step of the ground itself, as from paper to table
_STROKE_CONTRAST = 20
_PREPONDERANCE = 1.3
_DARK_GROUND = 160


def is_light_on_dark(grey: NDArray[np.uint8]) -> bool:
    """Whether the writing is lighter than the ground it stands on.

    Args:
        grey: (H, W), as the file has it.
    """
    small = _shrink(grey)
    window = max(3, min(61, min(small.shape) // 4)) | 1
    ground = np.asarray(cv2.medianBlur(small, window), np.uint8)
    difference = small.astype(np.int16) - ground
    inside = ~_find_rims(ground, window)
    light, dark = (inside & (sign * difference > _STROKE_CONTRAST) for sign in (1, -1))
    lightness, darkness = (float(np.abs(difference[strokes]).sum()) for strokes in (light, dark))
    if lightness <= _PREPONDERANCE * darkness:
        return False
    return float(ground[light].mean()) < _DARK_GROUND


def _shrink(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    scale = _LOOKED_AT_PX / max(grey.shape)
    if scale >= 1:
        return grey
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def _find_rims(ground: NDArray[np.uint8], window: int) -> NDArray[np.bool_]:
    """Where the ground itself steps within reach of the window: the median is wrong at corners there."""
    reach = np.ones((window, window), np.uint8)
    step = cv2.subtract(cv2.dilate(ground, reach), cv2.erode(ground, reach))
    rims: NDArray[np.bool_] = np.asarray(step > _RIM_CONTRAST)
    return rims if not rims.all() else np.zeros_like(rims)

"""Line crops as networks see them: one height, a bucketed width, ink -1 to paper 1.

A line is padded to the bucket that its own width decides, never to its neighbours' width: its reading is the same
alone and in any batch. Training takes wide buckets, which spare a CPU from compiling kernels
for every new width; reading, whose runtime compiles none, takes narrow ones.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recognizer.errors import NotAnImage
from recognizer.images import is_plain, open_pages

Grey = NDArray[np.uint8]

BUCKET_PX = 96
MAX_WIDTH_PX = 2304


def bucket_width(width_px: int, *, step_px: int = BUCKET_PX) -> int:
    """The padded width of a line that is ``width_px`` wide: a multiple of ``step_px``, at least one."""
    return max(step_px, -(-width_px // step_px) * step_px)


def open_line(path: Path) -> Grey:
    """One cropped line from a file, as (H, W) grey.

    OpenCV opens plain pictures, in a fraction of the time; what is transparent, of 16 bits, HEIC or a PDF
    is opened as a page is.

    Raises:
        NotAnImage: the file is missing or no image.
        BadInput: as `recognizer.images.open_pages`.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        problem = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
        raise NotAnImage(f"{path} {problem}. Correct the path or replace the file.") from error
    if is_plain(data, name=str(path)):
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
        if image is not None and image.size:
            return image.astype(np.uint8, copy=False)
    return next(open_pages(data, name=str(path))).grey


def to_height(image: Grey, height_px: int, *, wider: float = 1.0) -> Grey:
    """``image`` scaled to ``height_px``, ``wider`` than its proportions, up to the widest line that networks read."""
    height, width = image.shape
    scaled = min(MAX_WIDTH_PX, max(height_px // 3, round(width * height_px / height * wider)))
    if (height, width) == (height_px, scaled):
        return image
    shrinking = height > height_px
    resized = cv2.resize(image, (scaled, height_px), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)
    return resized.astype(np.uint8, copy=False)


def stretch(image: Grey, factor: float) -> Grey:
    """``image`` made wider by ``factor``, up to the widest line that networks read."""
    height, width = image.shape
    wider = cv2.resize(image, (min(MAX_WIDTH_PX, round(width * factor)), height), interpolation=cv2.INTER_LINEAR)
    return wider.astype(np.uint8, copy=False)


def stack(images: Sequence[Grey], *, step_px: int = BUCKET_PX) -> Tensor:
    """Images of one height as (B, 1, H, W) float32, -1 to 1, padded on the right with 0 to the widest's bucket."""
    width = bucket_width(max(image.shape[1] for image in images), step_px=step_px)
    batch = np.zeros((len(images), 1, images[0].shape[0], width), np.float32)
    for row, image in zip(batch, images, strict=True):
        row[0, :, : image.shape[1]] = image.astype(np.float32) / 127.5 - 1
    return torch.from_numpy(batch)

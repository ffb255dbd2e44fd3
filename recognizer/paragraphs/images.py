"""Paragraphs as the paragraph network sees them: of bounded size, padded to buckets; and pages cut into such.

As with lines, an image is padded to the buckets that its own size decides: its reading is the same alone and in any
batch.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recognizer.line_images import Grey, bucket_width
from recognizer.models.paragraph_transformer import ParagraphShape

WIDTH_STEP_PX, HEIGHT_STEP_PX = 96, 64
LINE_PX = 34  # height of a line alone
INK = 45  # how much darker than the paper around it ink is, at least
LEAST_INK_PX = 2  # inked pixels, on the page as the network sees it, that make a row or column one with writing
MARGIN = 0.02  # around the writing, of its width
OVERLAP_PX = 2  # of two bands, on the page as the network sees it
Bounds = tuple[int, int]


def resize(image: Grey, scale: float) -> Grey:
    """``image`` enlarged or made smaller, at least a pixel."""
    height, width = (max(1, round(side * scale)) for side in image.shape)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=how), np.uint8)


def fit_line(image: Grey, shape: ParagraphShape) -> Grey:
    """A cropped line at the height of a line in a paragraph, or lower where it is too long for that."""
    height, width = image.shape
    return resize(image, min(LINE_PX / height, shape.image_width_px / width))


def fit_paragraph(image: Grey, shape: ParagraphShape) -> Grey:
    """A paragraph made small enough to be read at once."""
    height, width = image.shape
    return resize(image, min(1.0, shape.image_width_px / width, shape.image_height_px / height))


def bucket(image: Grey) -> tuple[int, int]:
    """The padded height and width of an image."""
    height, width = image.shape
    return bucket_width(height, step_px=HEIGHT_STEP_PX), bucket_width(width, step_px=WIDTH_STEP_PX)


def stack(images: Sequence[Grey]) -> Tensor:
    """Images as (B, 1, H, W) float32, -1 to 1, padded on the right and below with 0 to the largest bucket."""
    height, width = (max(sides) for sides in zip(*(bucket(image) for image in images), strict=True))
    batch = np.zeros((len(images), 1, height, width), np.float32)
    for row, image in zip(batch, images, strict=True):
        row[0, : image.shape[0], : image.shape[1]] = image.astype(np.float32) / 127.5 - 1
    return torch.from_numpy(batch)


def cut_bands(page: Grey, shape: ParagraphShape) -> list[tuple[Bounds, Bounds]]:
    """Parts of a page, top and bottom, left and right, that are each no larger than what a network reads at once.

    All have the width of the page's writing. Where that is higher than the network reads, it is cut where there is
    least ink; what holds no ink is no part.
    """
    small = resize(page, min(1.0, shape.image_width_px / page.shape[1]))
    inked = _ink_of(small)
    columns = np.flatnonzero(inked.sum(axis=0) >= LEAST_INK_PX)
    rows = np.flatnonzero(inked.sum(axis=1) >= LEAST_INK_PX)
    if not len(columns) or not len(rows):
        return []
    scale = page.shape[1] / small.shape[1]
    margin = MARGIN * (columns[-1] + 1 - columns[0])
    left = max(0, round((columns[0] - margin) * scale))
    right = min(page.shape[1], round((columns[-1] + 1 + margin) * scale))
    most = int(shape.image_height_px * max(1.0, (right - left) / shape.image_width_px) / scale - 2 * margin)
    profile = inked.sum(axis=1)
    bands = []
    for top, bottom in _cut(profile, (int(rows[0]), int(rows[-1]) + 1), most=max(1, most)):
        written = top + np.flatnonzero(profile[top:bottom] >= LEAST_INK_PX)
        if len(written):
            # Little of what is beyond a cut comes in: it would be read twice.
            first = max(written[0] - margin, top - (OVERLAP_PX if top > rows[0] else margin))
            last = min(written[-1] + 1 + margin, bottom + (OVERLAP_PX if bottom <= rows[-1] else margin))
            bands.append(((max(0, round(first * scale)), min(page.shape[0], round(last * scale))), (left, right)))
    return bands


def _cut(profile: NDArray[np.int64], whole: Bounds, *, most: int) -> list[Bounds]:
    """Parts of at most ``most`` rows, cut in the lower half of each at the row with least ink around it."""
    smooth = np.convolve(profile, np.ones(5), mode="same")
    parts: list[Bounds] = []
    top, bottom = whole
    while bottom - top > most:
        low = smooth[top + most // 2 + 1 : top + most + 1]
        cut = top + most // 2 + 1 + int(np.flatnonzero(low == low.min())[-1])
        parts.append((top, cut))
        top = cut
    return [*parts, (top, bottom)]


def _ink_of(image: Grey) -> NDArray[np.bool_]:
    """Where it is much darker than the paper around it."""
    paper = cv2.medianBlur(cv2.dilate(image, np.ones((9, 9), np.uint8)), 21)
    return np.asarray(paper.astype(np.int16) - image > INK)

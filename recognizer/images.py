"""Open whatever a person may have of a handwritten page, and refuse what is dangerous before it costs memory.

A 21 kB PNG can ask for 1.5 GB. So the kind of file comes from its bytes, each kind is opened by its own Pillow class
(not by ``Image.open``, whose checks are process-wide switches that any library may flip), and width, height and number
of pages are held against the limits while they are still numbers in a header.
"""

import contextlib
import io
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from pillow_heif import HeifImageFile

from recognizer.errors import ImageTooLarge, NotAnImage
from recognizer.opening.file_kinds import recognise_kind
from recognizer.opening.pdf_pages import OpenPdf, open_pdf
from recognizer.opening.pixels import DECODING_ERRORS, to_upright_rgb
from recognizer.opening.polarity import is_light_on_dark

LONGEST_SIDE_PX = 4000

_OPENERS: dict[str, Callable[[io.BytesIO], Image.Image]] = {
    "jpeg": JpegImagePlugin.JpegImageFile,
    "png": PngImagePlugin.PngImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
    "gif": GifImagePlugin.GifImageFile,
    "bmp": BmpImagePlugin.BmpImageFile,
    "tiff": TiffImagePlugin.TiffImageFile,
    "avif": AvifImagePlugin.AvifImageFile,
    "heif": HeifImageFile,
}
_PLAIN_FORMATS, _PLAIN_MODES = ("JPEG", "PNG", "WEBP", "BMP"), ("1", "L", "P", "RGB")
_NEW_SUBFILE_TYPE, _TILE_TAGS = 254, (322, 323)
_BIG_PX = 16_000_000
_COSTLY = {"webp": 3}  # decoders that take several times the memory of others per pixel
_one_big_image = threading.Lock()  # of many large pages sent at once, one at a time is decoded


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file may hold; all are checked before pixels are decoded.

    Attributes:
        bytes: of the file.
        pixels: of one page, or of one picture inside a PDF; a third of it for WebP, whose decoder takes the memory.
        pages: of a TIFF or a PDF.
    """

    bytes: int = 64 * 1024 * 1024
    pixels: int = 100_000_000
    pages: int = 200


@dataclass(frozen=True, slots=True, eq=False)
class PageImage:
    """One upright page, as people see it and as networks see it.

    Attributes:
        number: its number within the file, from 1.
        colour: RGB, 8 bit, turned by EXIF, transparent parts white, no side longer than ``LONGEST_SIDE_PX``.
        grey: (H, W), uint8, the same size: dark ink on light paper, whatever the file held.
    """

    number: int
    colour: Image.Image
    grey: NDArray[np.uint8]


def open_pages(data: bytes, *, name: str, limits: Limits = Limits()) -> Iterator[PageImage]:
    """The pages of a file, one at a time, in order.

    JPEG, PNG, WebP, GIF, BMP, HEIC and AVIF hold one page (of an animation, the first picture), TIFF and PDF many.

    Args:
        data: the file's bytes.
        name: the file as the person knows it, for messages.
        limits: what is refused.

    Raises:
        BadInput: one of its subclasses says what is wrong with the file and what to do.
    """
    for number, colour in enumerate(_decode(data, name=name, limits=limits), start=1):
        grey = np.array(colour.convert("L"))
        yield PageImage(number, colour, ~grey if is_light_on_dark(grey) else grey)


def is_plain(data: bytes, *, name: str, limits: Limits = Limits()) -> bool:
    """Whether any decoder sees in a file what people see: one opaque picture of 8 bits a channel. No pixel is decoded.

    Raises:
        BadInput: as ``open_pages``.
    """
    if _check_kind(data, name=name, limits=limits) == "pdf":
        return False
    image = _open_image(data, name=name, limits=limits)
    return image.format in _PLAIN_FORMATS and image.mode in _PLAIN_MODES and "transparency" not in image.info


def count_pages(data: bytes, *, name: str, limits: Limits = Limits()) -> int:
    """How many pages a file holds, without decoding any.

    Raises:
        BadInput: as ``open_pages``.
    """
    if _check_kind(data, name=name, limits=limits) == "pdf":
        with _open_pdf(data, name=name, limits=limits) as pdf:
            return pdf.pages
    return len(_list_frames(_open_image(data, name=name, limits=limits), name=name, limits=limits))


def _decode(data: bytes, *, name: str, limits: Limits) -> Iterator[Image.Image]:
    if _check_kind(data, name=name, limits=limits) == "pdf":
        with _open_pdf(data, name=name, limits=limits) as pdf:
            yield from pdf
        return
    frames = _list_frames(_open_image(data, name=name, limits=limits), name=name, limits=limits)
    for number, frame in enumerate(frames, start=1):
        where = f'"{name}"' if len(frames) == 1 else f'"{name}", page {number},'
        image = _open_image(data, name=name, limits=limits)
        with _explained(where):
            if frame:
                image.seek(frame)
            _check_size(image, where=where, pixels=limits.pixels)
            with _one_big_image if image.width * image.height > _BIG_PX else contextlib.nullcontext():
                upright = to_upright_rgb(image, longest_side_px=LONGEST_SIDE_PX)
        yield upright


def _check_kind(data: bytes, *, name: str, limits: Limits) -> str:
    if len(data) > limits.bytes:
        raise ImageTooLarge(
            f'"{name}" has {len(data) / 2**20:.0f} MiB; at most {limits.bytes / 2**20:.0f} are read. '
            "Save it smaller, or split it into several files."
        )
    return recognise_kind(data, name=name)


@contextlib.contextmanager
def _open_pdf(data: bytes, *, name: str, limits: Limits) -> Iterator[OpenPdf]:
    with open_pdf(data, name=name, pixels=limits.pixels, longest_side_px=LONGEST_SIDE_PX) as pdf:
        if pdf.pages == 0:
            raise NotAnImage(
                f'"{name}" is a PDF without pages. Print it to a new PDF, or upload a picture of the page.'
            )
        _check_pages(pdf.pages, name=name, limits=limits)
        yield pdf


def _open_image(data: bytes, *, name: str, limits: Limits) -> Image.Image:
    """Opened by its header; no pixel is decoded."""
    with _explained(f'"{name}"'):
        kind = recognise_kind(data, name=name)
        image = _OPENERS[kind](io.BytesIO(data))
        _check_size(image, where=f'"{name}"', pixels=limits.pixels // _COSTLY.get(kind, 1))
    return image


def _list_frames(image: Image.Image, *, name: str, limits: Limits) -> list[int]:
    """Which pictures of the file are pages: of a TIFF all but its thumbnails, of other kinds the first."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return [0]
    pages: list[int] = []
    frames = 0
    with _explained(f'"{name}"'), contextlib.suppress(EOFError):
        for frame in range(limits.pages + 1):  # and no further: to count a hostile file's millions takes minutes
            image.seek(frame)
            frames += 1
            if not image.tag_v2.get(_NEW_SUBFILE_TYPE, 0) & 1:
                pages.append(frame)
    _check_pages(frames, name=name, limits=limits)
    return pages or list(range(frames))


def _check_pages(pages: int, *, name: str, limits: Limits) -> None:
    if pages > limits.pages:
        raise ImageTooLarge(f'"{name}" has more than {limits.pages} pages. Split it into several files.')


def _check_size(image: Image.Image, *, where: str, pixels: int) -> None:
    if image.width < 1 or image.height < 1:
        raise NotAnImage(f"{where} has no pixels ({image.width} × {image.height}). Take or export the picture again.")
    width, height = image.size
    if isinstance(image, TiffImagePlugin.TiffImageFile):  # its decoder makes room for a whole tile
        width, height = (max(side, image.tag_v2.get(tag, 0)) for side, tag in zip(image.size, _TILE_TAGS, strict=True))
    if width * height > pixels:
        raise ImageTooLarge(
            f"{where} has {width} × {height} pixels, {width * height / 1e6:.0f} million; "
            f"at most {pixels / 1e6:.0f} million are read. Save it smaller: 4000 pixels across are plenty."
        )


@contextlib.contextmanager
def _explained(where: str) -> Iterator[None]:
    """Pillow's many ways to fail, as one sentence."""
    try:
        yield
    except (Image.DecompressionBombError, MemoryError) as error:
        raise ImageTooLarge(f"{where} takes too much memory to decode. Save it smaller.") from error
    except DECODING_ERRORS as error:
        if str(error) == "not identified by this driver":  # Pillow's word for it
            raise NotAnImage(f"{where} has no pixels. Take or export the picture again.") from error
        raise NotAnImage(f"{where} is damaged or incomplete. Copy it again, or save it as JPEG or PNG.") from error

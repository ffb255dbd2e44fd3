"""Any of Pillow's pixel formats → upright 8-bit RGB of a bounded size, with nothing hidden left in it."""

import contextlib
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

# What Pillow's decoders raise on damaged bytes; each format's code has its own way to stumble.
DECODING_ERRORS = (
    ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, SyntaxError, TypeError, ValueError,
    struct.error, zlib.error,
)  # fmt: skip
_ORIENTATION = 0x0112
_PHOTOMETRIC = 262
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SCALABLE_MODES = {"L", "LA", "RGB", "RGBA", "CMYK", "YCbCr"}


def to_upright_rgb(image: Image.Image, *, longest_side_px: int) -> Image.Image:
    """Decode an image into plain RGB: turned by EXIF, transparency on white, 8 bit, bounded, without metadata.

    Args:
        image: opened, perhaps not yet decoded; it is used up.
        longest_side_px: larger images are scaled down to it.

    Raises:
        one of ``DECODING_ERRORS``: the bytes are damaged.
    """
    box = (longest_side_px, longest_side_px)
    if image.mode in _SCALABLE_MODES and "transparency" not in image.info:
        image.thumbnail(box, reducing_gap=1.0)  # before anything else: a JPEG then decodes at a fraction of its size
    image.load()
    turn = _TURNS.get(_read_orientation(image))
    upright = _flatten(image)
    upright.thumbnail(box, reducing_gap=1.0)
    if turn is not None:
        upright = upright.transpose(turn)
    upright.info = {}  # saved again, an orientation would turn the page twice, and a place would leak
    return upright


def _read_orientation(image: Image.Image) -> int:
    with contextlib.suppress(*DECODING_ERRORS):
        return int(image.getexif().get(_ORIENTATION, 1))
    return 1


def _flatten(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_to_8_bit(image)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    opaque = Image.new("RGB", image.size, "white")
    see_through = image.convert("RGBA")
    opaque.paste(see_through, mask=see_through.getchannel("A"))
    return opaque


def _to_8_bit(image: Image.Image) -> NDArray[np.uint8]:
    """Scale by the number of bits in use: scanners store 10 or 12 bits in 16, floats may end at 1."""
    values = np.asarray(image)
    if values.dtype.kind == "f":
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
        values = (values * (65535 if values.max() <= 1 else 1)).clip(0, 2**31 - 1).astype(np.uint32)
    values = values.clip(0, None)
    bits = max(8, int(values.max()).bit_length())
    shallow = (values >> (bits - 8)).astype(np.uint8)
    white_is_zero = isinstance(image, TiffImagePlugin.TiffImageFile) and image.tag_v2.get(_PHOTOMETRIC) == 0
    return ~shallow if white_is_zero else shallow

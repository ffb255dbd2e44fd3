"""Files as people have them, and as nobody should: written in memory for the tests of what is opened."""

import io
import struct
import zlib
from collections.abc import Sequence

import pillow_heif
from PIL import Image
from reportlab.pdfgen.canvas import Canvas


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    """The image as a file of that kind; options are Pillow's."""
    buffer = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.from_pillow(image).save(buffer, quality=-1, **options)
    else:
        image.save(buffer, kind, **options)
    return buffer.getvalue()


def encode_pdf(
    pages: Sequence[Image.Image] = (),
    *,
    texts: Sequence[str] = (),
    password: str | None = None,
    size_points: tuple[float, float] = (595, 842),
) -> bytes:
    """A PDF with one page per picture, then one per text."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=size_points, encrypt=password)
    for page in pages:
        canvas.drawInlineImage(page, 0, 0, *size_points)
        canvas.showPage()
    for text in texts:
        canvas.setFontSize(40)
        canvas.drawString(50, size_points[1] / 2, text)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """A few bytes that claim any number of pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def webp_of_size(width: int, height: int) -> bytes:
    """A lossless WebP's header before bytes that are no picture."""
    bits = (width - 1) | (height - 1) << 14
    body = b"\x2f" + struct.pack("<I", bits) + bytes(95)
    chunk = b"VP8L" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def tiff_of_tiles(side: int) -> bytes:
    """A TIFF of 10 × 10 pixels, packed in one tile that claims any size."""
    tags = {256: 10, 257: 10, 258: 8, 259: 5, 262: 1, 277: 1, 322: side, 323: side, 324: 200, 325: 50}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return (b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)).ljust(250, b"\0")


def pdf_with_picture_of_size(width: int, height: int) -> bytes:
    """A small PDF whose one picture claims any number of pixels."""
    dictionary = b"/Type/XObject/Subtype/Image/ColorSpace/DeviceGray/BitsPerComponent 8"
    return _pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>",
        _stream(b"", b"q 600 0 0 800 0 0 cm /I Do Q"),
        _stream(dictionary + b"/Width %d/Height %d" % (width, height), bytes(100_000)),
    )


def pdf_that_unpacks_to(mebibytes: int) -> bytes:
    """A small PDF whose page description is that long once it is unpacked."""
    block, packer = b" " * 2**20, zlib.compressobj()
    head = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = head + head[2:] * (mebibytes - 1) + packer.flush()
    return _pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R>>",
        _packed_stream(b"", packed),
    )


def _stream(dictionary: bytes, content: bytes) -> bytes:
    return _packed_stream(dictionary, zlib.compress(content))


def _packed_stream(dictionary: bytes, packed: bytes) -> bytes:
    return b"<<%s/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream" % (dictionary, len(packed), packed)


def _pdf(*objects: bytes) -> bytes:
    file, starts = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, start=1):
        starts.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer <</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(file))
    return file + head + table + tail

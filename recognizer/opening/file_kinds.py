"""What kind of file some bytes are, told by their content: names and media types lie.

Known pictures and PDFs get a word for their kind; everything else gets a sentence that says what it seems to be and
how to make it readable, for a person who does not know why a Word file is not a photo.
"""

import re

from recognizer.errors import NotAnImage

_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
_SIGNATURES = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"BM", "bmp"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
)
_FOREIGN = (
    (b"PK\x03\x04", "a ZIP archive or an office document", "Unpack it, or export its pages as a PDF."),
    (b"PK\x05\x06", "an empty ZIP archive", "Upload the picture itself."),
    (b"\x1f\x8b", "a compressed archive", "Unpack it and upload the pictures inside."),
    (b"7z\xbc\xaf", "a compressed archive", "Unpack it and upload the pictures inside."),
    (b"Rar!", "a compressed archive", "Unpack it and upload the pictures inside."),
    (b"\xd0\xcf\x11\xe0", "an office document", "Export its pages as a PDF."),
    (b"8BPS", "a Photoshop file", "Save the picture as JPEG or PNG."),
    (b"%!PS", "a PostScript file", "Convert it to a PDF."),
    (b"\xff\x0a", "a JPEG XL picture", "Save it as JPEG or PNG."),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture", "Save it as JPEG or PNG."),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture", "Save it as JPEG or PNG."),
    (b"\0\0\1\0", "an icon", "Upload a photo or a scan of the page."),
    (b"ID3", "a sound recording", "Upload a photo or a scan of the page."),
)
_KNOWN = "JPEG, PNG, WebP, HEIC, AVIF, GIF, BMP, TIFF or PDF"


def recognise_kind(data: bytes, *, name: str) -> str:
    """``jpeg``, ``png``, ``webp``, ``gif``, ``bmp``, ``tiff``, ``heif``, ``avif`` or ``pdf``.

    Raises:
        NotAnImage: it is something else; the message says what it looks like and what to do.
    """
    if not data:
        raise NotAnImage(f'"{name}" is empty (0 bytes). Copy or download it again, then upload it.')
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        return _recognise_brand(data, name=name)
    if b"%PDF-" in data[:1024]:
        return "pdf"
    raise NotAnImage(_describe_foreign(data, name=name))


def _recognise_brand(data: bytes, *, name: str) -> str:
    """HEIF and AVIF share their container with videos: the brands in its first box tell them apart."""
    size = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, size, 4))}
    if data[8:12] in _AVIF_BRANDS or (brands & _AVIF_BRANDS and data[8:12] not in _HEIF_BRANDS - {b"mif1", b"msf1"}):
        return "avif"
    if brands & _HEIF_BRANDS:
        return "heif"
    raise NotAnImage(f'"{name}" is a video or a camera\'s raw file, not a picture. Save the page as {_KNOWN}.')


def _describe_foreign(data: bytes, *, name: str) -> str:
    for signature, what, remedy in _FOREIGN:
        if data.startswith(signature):
            return f'"{name}" is {what}, not a picture. {remedy}'
    start = data[:4096].lower()
    if b"<svg" in start:
        return f'"{name}" is an SVG drawing, not a picture made of pixels. Export it as PNG.'
    if b"<html" in start or b"<!doctype html" in start:
        return f'"{name}" is a web page, not a picture. Save the picture itself and upload that.'
    if not re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", start):
        return f'"{name}" is a text file, not a picture of handwriting. Upload a photo or a scan of the page.'
    return f'"{name}" is no picture that Inkloop knows. Save it as {_KNOWN} and upload that.'

"""A searchable PDF: the picture of each page, and in its place, invisible, the text that was read."""

import io
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath

import numpy as np
from PIL import Image

from recognizer.exports.layout import clean, height_of, place_words
from recognizer.exports.pdf_writer import Document, EmptyFont, text_string
from recognizer.page import Line, Page, Point

_LONGEST_SIDE_POINTS = 842  # of A4
_JPEG_QUALITY = 80
_INVISIBLE = 3
_LEVEL = 0.5  # of a line's height, that its baseline may rise or fall and still be set as one piece


def render_pdf(pages: Sequence[Page], images: Iterable[Image.Image]) -> bytes:
    """All pages of a file as one PDF.

    Args:
        pages: as read.
        images: one picture per page, upright, of any size; taken one at a time.
    """
    document = Document()
    font = EmptyFont(document, {character for page in pages for character in _text_of(page)})
    tree = document.reserve()
    kids = [_add_page(document, page, image, font, tree) for page, image in zip(pages, images, strict=True)]
    references = " ".join(f"{kid} 0 R" for kid in kids)
    document.fill(tree, f"<</Type/Pages/Count {len(kids)}/Kids[{references}]>>".encode())
    catalog = document.add(f"<</Type/Catalog/Pages {tree} 0 R>>".encode())
    return document.finish(catalog=catalog, information=document.add(_describe(pages)))


def _text_of(page: Page) -> str:
    return " " + "".join(_drop_marks(clean(line.reading.text)) for line in page.lines)


def _drop_marks(text: str) -> str:
    """Without what has no width and no shape, such as marks of direction: here they would break words apart."""
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


def _add_page(document: Document, page: Page, image: Image.Image, font: EmptyFont, tree: int) -> int:
    scale = _LONGEST_SIDE_POINTS / max(page.width, page.height)
    width, height = page.width * scale, page.height * scale
    jpeg = io.BytesIO()
    image.convert("RGB").save(jpeg, "JPEG", quality=_JPEG_QUALITY)
    picture = document.add_stream(
        jpeg.getvalue(),
        f"/Type/XObject/Subtype/Image/Width {image.width}/Height {image.height}"
        "/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode",
    )
    drawing = [f"q {width:.3f} 0 0 {height:.3f} 0 0 cm /Page Do Q", f"BT {_INVISIBLE} Tr"]
    for line in page.lines:
        drawing += [_set_piece(piece, font, scale=scale, page_height=height) for piece in _cut(line, page)]
    content = document.add_stream("\n".join([*drawing, "ET"]).encode())
    return document.add(
        f"<</Type/Page/Parent {tree} 0 R/MediaBox[0 0 {width:.3f} {height:.3f}]/Contents {content} 0 R"
        f"/Resources<</XObject<</Page {picture} 0 R>>/Font<</Empty {font.number} 0 R>>>>>>".encode()
    )


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text to set in one go: where it begins, how far and in which of the four directions it runs, in pixels."""

    text: str
    start: Point
    length: float
    direction: tuple[int, int]
    size: float


def _cut(line: Line, page: Page) -> list[_Piece]:
    """A line that is nearly level (or upright) as one piece, a slanted one word by word.

    Programs that take text out of a PDF break text at any other angle apart, down to single letters. So each piece is
    set level, on the middle of its part of the baseline.
    """
    words = place_words(line, page)
    if not words:
        return []
    size = height_of(line)
    run = np.array(words[-1].end) - words[0].start
    axis = int(np.argmax(np.abs(run)))
    if abs(run[1 - axis]) <= _LEVEL * size:
        whole = " ".join(word.text for word in words)
        return [_level(whole, words[0].start, words[-1].end, axis=axis, size=size)]
    # The space parts the words for those who copy them, and PDFium loses a single letter without one.
    return [_level(f"{word.text} ", word.start, word.end, axis=axis, size=size) for word in words]


def _level(text: str, start: Point, end: Point, *, axis: int, size: float) -> _Piece:
    forth = 1 if end[axis] >= start[axis] else -1
    middle = (start[1 - axis] + end[1 - axis]) / 2
    return _Piece(
        text=_drop_marks(text),
        start=(start[0], middle) if axis == 0 else (middle, start[1]),
        length=max(1e-3, abs(end[axis] - start[axis])),
        direction=(forth, 0) if axis == 0 else (0, forth),
        size=size,
    )


def _set_piece(piece: _Piece, font: EmptyFont, *, scale: float, page_height: float) -> str:
    """Stretched to its length; a page's y grows upwards."""
    size = piece.size * scale
    stretch = 100 * piece.length * scale / (size * max(0.01, font.measure(piece.text.rstrip())))
    cosine, sine = piece.direction[0], -piece.direction[1]
    x, y = piece.start[0] * scale, page_height - piece.start[1] * scale
    place = f"{cosine} {sine} {-sine} {cosine} {x:.3f} {y:.3f} Tm"
    return f"/Empty {size:.3f} Tf {stretch:.3f} Tz {place} <{font.encode(piece.text)}> Tj"


def _describe(pages: Sequence[Page]) -> bytes:
    title = clean(PurePath(pages[0].path).name) if pages else ""
    creator = " ".join(["Inkloop", *sorted({clean(page.model) for page in pages})])
    date = datetime.now(UTC).strftime("(D:%Y%m%d%H%M%SZ)")
    lines = [line for page in pages for line in page.lines]
    subject = f"{sum(line.verified for line in lines)} of {len(lines)} lines verified by a person"
    texts = {"Title": title, "Creator": creator, "Subject": subject, "VerifiedLines": _list_verified(pages)}
    entries = {**{key: text_string(text) for key, text in texts.items()}, "CreationDate": date}
    return ("<<" + "".join(f"/{key}{value}" for key, value in entries.items()) + ">>").encode()


def _list_verified(pages: Sequence[Page]) -> str:
    """Such as ``1: 1 2 5; 3: 4`` for three lines of the first page and one of the third."""
    listed = []
    for page in pages:
        numbers = [str(number) for number, line in enumerate(page.lines, start=1) if line.verified]
        if numbers:
            listed.append(f"{page.page}: {' '.join(numbers)}")
    return "; ".join(listed)

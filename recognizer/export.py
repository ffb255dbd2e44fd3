"""A read file → what other programs take: text, JSON, PAGE XML, ALTO, hOCR, a searchable PDF.

All formats but PAGE, whose schema wants one page per file, hold all pages of a file. All but plain text name the model
that read, and the lines that a person has verified.
"""

import json
from collections.abc import Iterable, Sequence

from PIL import Image

from recognizer.exports.layout import clean
from recognizer.page import Line, Page

FORMATS = ("txt", "json", "page", "alto", "hocr", "pdf")
ILLEGIBLE = "[illegible]"
"""Stands in plain text for a line that a person found unreadable; the other formats say it in their own way."""

_SUFFIXES = {"page": ".xml", "alto": ".xml"}


def suffix(format: str) -> str:  # noqa: A002 - the contract's word
    """How the names of a format's files end, such as ``.xml``."""
    return _SUFFIXES.get(format, f".{format}")


def render(pages: Sequence[Page], images: Iterable[Image.Image], format: str) -> dict[str, bytes]:  # noqa: A002
    """The files that hold a read file in a format.

    Args:
        pages: of one file, in order.
        images: their upright pictures, in order; only ``pdf`` takes them, one at a time.
        format: one of ``FORMATS``.

    Returns:
        What to append to the file's name → the bytes: one entry such as ``.txt``; for ``page`` of a file with several
        pages one entry per page, such as ``-0002.xml``.
    """
    match format:
        case "txt":
            return {".txt": _render_text(pages).encode()}
        case "json":
            return {".json": _render_json(pages)}
        case "page":
            return _render_page_xml(pages)
        case "alto":
            from recognizer.exports.alto import render_alto

            return {".xml": render_alto(pages)}
        case "hocr":
            from recognizer.exports.hocr import render_hocr

            return {".hocr": render_hocr(pages)}
        case "pdf":
            from recognizer.exports.pdf import render_pdf

            return {".pdf": render_pdf(pages, images)}
    raise ValueError(f'No format "{format}". Choose one of {", ".join(FORMATS)}.')


def _render_text(pages: Sequence[Page]) -> str:
    """A line per line; a form feed between pages, as pdftotext has it."""
    return "\f".join("".join(f"{_plain(line)}\n" for line in page.lines) for page in pages)


def _plain(line: Line) -> str:
    return clean(line.reading.text) if line.legible else ILLEGIBLE


def _render_json(pages: Sequence[Page]) -> bytes:
    rows = json.dumps([page.to_json() for page in pages], ensure_ascii=False, indent=1)
    return rows.encode(errors="backslashreplace")  # half a surrogate pair stays readable, and stays JSON


def _render_page_xml(pages: Sequence[Page]) -> dict[str, bytes]:
    from recognizer.exports.page_xml import render_page_xml

    if len(pages) == 1:
        return {".xml": render_page_xml(pages[0])}
    return {f"-{page.page:04d}.xml": render_page_xml(page) for page in pages}

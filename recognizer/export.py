"""A read file → what other programs take: text, JSON, PAGE XML, ALTO, hOCR, a searchable PDF.

Text, JSON, hOCR and PDF hold all pages of a file; PAGE and ALTO hold one page per file, as their schemas want. All but
plain text name the model that read.
"""

import json
from collections.abc import Iterable, Sequence

from PIL import Image

from recognizer.export_layout import clean
from recognizer.page import Page

FORMATS = ("txt", "json", "page", "alto", "hocr", "pdf")
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
        What to append to the file's name → the bytes: one entry such as ``.txt``; for ``page`` and ``alto`` of a file
        with several pages one entry per page, such as ``-0002.xml``.
    """
    match format:
        case "txt":
            return {".txt": _render_text(pages).encode()}
        case "json":
            return {".json": _render_json(pages)}
        case "page" | "alto":
            return _render_xml(pages, format)
        case "hocr":
            from recognizer.export_hocr import render_hocr

            return {".hocr": render_hocr(pages)}
        case "pdf":
            from recognizer.export_pdf import render_pdf

            return {".pdf": render_pdf(pages, images)}
    raise ValueError(f'No format "{format}". Choose one of {", ".join(FORMATS)}.')


def _render_text(pages: Sequence[Page]) -> str:
    """A line per line; a form feed between pages, as pdftotext has it."""
    return "\f".join("".join(f"{clean(line.reading.text)}\n" for line in page.lines) for page in pages)


def _render_json(pages: Sequence[Page]) -> bytes:
    rows = json.dumps([page.to_json() for page in pages], ensure_ascii=False, indent=1)
    return rows.encode(errors="backslashreplace")  # half a surrogate pair stays readable, and stays JSON


def _render_xml(pages: Sequence[Page], format: str) -> dict[str, bytes]:  # noqa: A002
    from recognizer.export_alto import render_alto
    from recognizer.export_page import render_page_xml

    write = render_alto if format == "alto" else render_page_xml
    if len(pages) == 1:
        return {".xml": write(pages[0])}
    return {f"-{page.page:04d}.xml": write(page) for page in pages}

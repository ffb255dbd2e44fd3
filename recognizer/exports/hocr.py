"""hOCR, version 1.2: a web page that carries where its text stands, for tools that overlay text on scans.

Specification: https://kba.github.io/hocr-spec/1.2/
"""

from collections.abc import Sequence
from pathlib import PurePath

from lxml import etree

from recognizer.exports.layout import Box, box_around, clean, place_words, polygon_of, trace_baseline
from recognizer.page import Line, Page

NAMESPACE = "http://www.w3.org/1999/xhtml"
_DOCTYPE = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
    '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">'
)


def render_hocr(pages: Sequence[Page]) -> bytes:
    """All pages of a file as one XHTML document; where words stand is estimated."""
    root = etree.Element(f"{{{NAMESPACE}}}html", nsmap={None: NAMESPACE})
    head = _add(root, "head")
    _add(head, "title").text = clean(PurePath(pages[0].path).name) if pages else "No pages"
    _add(head, "meta", {"http-equiv": "Content-Type", "content": "text/html;charset=utf-8"})
    models = sorted({clean(page.model) for page in pages})
    _add(head, "meta", {"name": "ocr-system", "content": " ".join(["Inkloop", *models])})
    _add(head, "meta", {"name": "ocr-capabilities", "content": "ocr_page ocr_line ocrx_word"})
    lines = [line for page in pages for line in page.lines]
    told = f"{sum(line.verified for line in lines)} of {len(lines)}; they have x_verified 1 in their title"
    _add(head, "meta", {"name": "inkloop-verified-lines", "content": told})
    body = _add(root, "body")
    for page in pages:
        _add_page(body, page)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", doctype=_DOCTYPE, pretty_print=True)
    return written


def _add_page(body: etree._Element, page: Page) -> None:
    image = clean(PurePath(page.path).name).replace('"', "'")
    title = f'image "{image}"; bbox 0 0 {page.width} {page.height}; ppageno {page.page - 1}'
    sheet = _add(body, "div", {"class": "ocr_page", "id": f"page_{page.page}", "title": title})
    for number, line in enumerate(page.lines, start=1):
        identity = f"{page.page}_{number}"
        element = _add(sheet, "span", {"class": "ocr_line", "id": f"line_{identity}", "title": _describe(line, page)})
        for index, word in enumerate(place_words(line, page), start=1):
            title = f"{_format_box(word.box)}; x_wconf {round(100 * word.confidence)}"
            attributes = {"class": "ocrx_word", "id": f"word_{identity}_{index}", "title": title}
            span = _add(element, "span", attributes)
            span.text, span.tail = word.text, " "


def _describe(line: Line, page: Page) -> str:
    """The line's box, its polygon, its baseline as slope and offset from the box's bottom left corner; who vouches."""
    box = box_around(line.polygon, page)
    (x0, y0), (x1, y1) = trace_baseline(line)[[0, -1]]
    slope = (y1 - y0) / (x1 - x0) if x1 > x0 else 0.0
    offset = y0 + slope * (box[0] - x0) - box[3]
    polygon = " ".join(f"{x} {y}" for x, y in polygon_of(line, page))
    vouched = f"x_verified {int(line.verified)}" + ("" if line.legible else "; x_illegible 1")
    return f"{_format_box(box)}; baseline {slope:.4f} {offset:.0f}; poly {polygon}; {vouched}"


def _format_box(box: Box) -> str:
    return "bbox " + " ".join(map(str, box))


def _add(parent: etree._Element, tag: str, attributes: dict[str, str] | None = None) -> etree._Element:
    return etree.SubElement(parent, f"{{{NAMESPACE}}}{tag}", attributes or {})

"""ALTO XML, version 4.4: what libraries keep beside their scans.

Schema: https://www.loc.gov/standards/alto/v4/alto-4-4.xsd
"""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import PurePath

from lxml import etree

from recognizer.export_layout import Box, PlacedWord, box_around, clean, place_words, polygon_of, whole_points
from recognizer.page import Line, Page

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
_LOCATION = f"{NAMESPACE} http://www.loc.gov/standards/alto/v4/alto-4-4.xsd"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


def render_alto(page: Page) -> bytes:
    """One page as ALTO: a text block whose lines hold words and spaces; where words stand is estimated."""
    root = etree.Element(
        f"{{{NAMESPACE}}}alto",
        {f"{{{_XSI}}}schemaLocation": _LOCATION, "SCHEMAVERSION": "4.4"},
        nsmap={None: NAMESPACE, "xsi": _XSI},
    )
    _describe(root, page)
    layout = _add(root, "Layout")
    size = {"WIDTH": str(page.width), "HEIGHT": str(page.height)}
    sheet = _add(layout, "Page", {"ID": "page-1", "PHYSICAL_IMG_NR": str(page.page), **size})
    space = _add(sheet, "PrintSpace", {"HPOS": "0", "VPOS": "0", **size})
    if page.lines:
        whole = tuple(point for line in page.lines for point in line.polygon)
        block = _add(space, "TextBlock", {"ID": "block-1", **_place(box_around(whole, page))})
        for number, line in enumerate(page.lines, start=1):
            _add_line(block, line, page, number=number)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _describe(root: etree._Element, page: Page) -> None:
    description = _add(root, "Description")
    _add(description, "MeasurementUnit").text = "pixel"
    _add(_add(description, "sourceImageInformation"), "fileName").text = clean(PurePath(page.path).name)
    step = _add(description, "Processing", {"ID": "reading"})
    _add(step, "processingCategory").text = "contentGeneration"
    _add(step, "processingDateTime").text = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    _add(step, "processingStepDescription").text = "handwritten text recognition"
    software = _add(step, "processingSoftware")
    _add(software, "softwareName").text = "Inkloop"
    _add(software, "softwareVersion").text = clean(page.model)


def _add_line(block: etree._Element, line: Line, page: Page, *, number: int) -> None:
    box = box_around(line.polygon, page)
    attributes = {"ID": f"line-{number}", **_place(box)}
    baseline = whole_points(line.baseline or (), page)
    if len(baseline) > 1:
        attributes["BASELINE"] = _format_points(baseline)
    element = _add(block, "TextLine", attributes)
    shape = _add(element, "Shape")
    _add(shape, "Polygon", {"POINTS": _format_points(polygon_of(line, page))})
    # A line without words still needs a String.
    words = place_words(line, page) or [PlacedWord("", line.reading.confidence, (0, 0), (0, 0), box)]
    _add_word(element, words[0], ID=f"word-{number}-1")
    for index, (before, word) in enumerate(pairwise(words), start=2):
        gap = max(0, word.box[0] - before.box[2])
        _add(element, "SP", {"HPOS": str(before.box[2]), "VPOS": str(before.box[1]), "WIDTH": str(gap)})
        _add_word(element, word, ID=f"word-{number}-{index}")


def _add_word(element: etree._Element, word: PlacedWord, **identity: str) -> None:
    _add(element, "String", {**identity, **_place(word.box), "CONTENT": word.text, "WC": f"{word.confidence:.4f}"})


def _place(box: Box) -> dict[str, str]:
    left, top, right, bottom = box
    return {"HPOS": str(left), "VPOS": str(top), "WIDTH": str(right - left), "HEIGHT": str(bottom - top)}


def _add(parent: etree._Element, tag: str, attributes: dict[str, str] | None = None) -> etree._Element:
    return etree.SubElement(parent, f"{{{NAMESPACE}}}{tag}", attributes or {})


def _format_points(points: list[tuple[int, int]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)

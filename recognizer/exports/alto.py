"""ALTO XML, version 4.4: what libraries keep beside their scans.

Schema: https://www.loc.gov/standards/alto/v4/alto-4-4.xsd
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import PurePath

from lxml import etree

from recognizer.exports.layout import Box, PlacedWord, box_around, clean, place_words, polygon_of, whole_points
from recognizer.page import Line, Page

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
_LOCATION = f"{NAMESPACE} http://www.loc.gov/standards/alto/v4/alto-4-4.xsd"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_VERIFICATION = "verification"
_TAGS = {"verified": "verified by a person", "illegible": "found illegible by a person"}


def render_alto(pages: Sequence[Page]) -> bytes:
    """All pages of a file as ALTO: per page a text block whose lines hold words and spaces.

    Where words stand is estimated. Lines that a person has verified have the correction status ``CS``, a tag, and the
    step of verification beside the step of reading.
    """
    root = etree.Element(
        f"{{{NAMESPACE}}}alto",
        {f"{{{_XSI}}}schemaLocation": _LOCATION, "SCHEMAVERSION": "4.4"},
        nsmap={None: NAMESPACE, "xsi": _XSI},
    )
    steps = {model: f"reading-{number}" for number, model in enumerate(sorted({page.model for page in pages}), start=1)}
    _describe(root, pages, steps)
    tags = _add(root, "Tags")
    for identity, label in _TAGS.items():
        _add(tags, "OtherTag", {"ID": identity, "TYPE": _VERIFICATION, "LABEL": label})
    layout = _add(root, "Layout")
    for page in pages:
        _add_page(layout, page, steps[page.model])
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _describe(root: etree._Element, pages: Sequence[Page], steps: dict[str, str]) -> None:
    description = _add(root, "Description")
    _add(description, "MeasurementUnit").text = "pixel"
    name = clean(PurePath(pages[0].path).name) if pages else ""
    _add(_add(description, "sourceImageInformation"), "fileName").text = name
    for model, identity in steps.items():
        step = _add_step(description, identity, "contentGeneration", "handwritten text recognition")
        software = _add(step, "processingSoftware")
        _add(software, "softwareName").text = "Inkloop"
        _add(software, "softwareVersion").text = clean(model)
    if any(line.verified for page in pages for line in page.lines):
        _add_step(description, _VERIFICATION, "contentModification", "transcription or confirmation by a person")


def _add_step(description: etree._Element, identity: str, category: str, what: str) -> etree._Element:
    step = _add(description, "Processing", {"ID": identity})
    _add(step, "processingCategory").text = category
    _add(step, "processingDateTime").text = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    _add(step, "processingStepDescription").text = what
    return step


def _add_page(layout: etree._Element, page: Page, step: str) -> None:
    size = {"WIDTH": str(page.width), "HEIGHT": str(page.height)}
    identity = {"ID": f"page-{page.page}", "PROCESSINGREFS": step, "PHYSICAL_IMG_NR": str(page.page)}
    space = _add(_add(layout, "Page", {**identity, **size}), "PrintSpace", {"HPOS": "0", "VPOS": "0", **size})
    if page.lines:
        whole = tuple(point for line in page.lines for point in line.polygon)
        block = _add(space, "TextBlock", {"ID": f"block-{page.page}", **_place(box_around(whole, page))})
        for number, line in enumerate(page.lines, start=1):
            _add_line(block, line, page, number=number, step=step)


def _add_line(block: etree._Element, line: Line, page: Page, *, number: int, step: str) -> None:
    box, identity = box_around(line.polygon, page), f"{page.page}-{number}"
    attributes = {"ID": f"line-{identity}", **_verification(line, step), **_place(box)}
    baseline = whole_points(line.baseline or (), page)
    if len(baseline) > 1:
        attributes["BASELINE"] = _format_points(baseline)
    element = _add(block, "TextLine", attributes)
    shape = _add(element, "Shape")
    _add(shape, "Polygon", {"POINTS": _format_points(polygon_of(line, page))})
    # A line without words still needs a String.
    words = place_words(line, page) or [PlacedWord("", line.reading.confidence, (0, 0), (0, 0), box)]
    _add_word(element, words[0], ID=f"word-{identity}-1")
    for index, (before, word) in enumerate(pairwise(words), start=2):
        gap = max(0, word.box[0] - before.box[2])
        _add(element, "SP", {"HPOS": str(before.box[2]), "VPOS": str(before.box[1]), "WIDTH": str(gap)})
        _add_word(element, word, ID=f"word-{identity}-{index}")


def _verification(line: Line, step: str) -> dict[str, str]:
    tags = ["verified"] * line.verified + ["illegible"] * (not line.legible)
    told = {"PROCESSINGREFS": f"{step} {_VERIFICATION}", "CS": "true"} if line.verified else {}
    return {"TAGREFS": " ".join(tags), **told} if tags else told


def _add_word(element: etree._Element, word: PlacedWord, **identity: str) -> None:
    _add(element, "String", {**identity, **_place(word.box), "CONTENT": word.text, "WC": f"{word.confidence:.4f}"})


def _place(box: Box) -> dict[str, str]:
    left, top, right, bottom = box
    return {"HPOS": str(left), "VPOS": str(top), "WIDTH": str(right - left), "HEIGHT": str(bottom - top)}


def _add(parent: etree._Element, tag: str, attributes: dict[str, str] | None = None) -> etree._Element:
    return etree.SubElement(parent, f"{{{NAMESPACE}}}{tag}", attributes or {})


def _format_points(points: list[tuple[int, int]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)

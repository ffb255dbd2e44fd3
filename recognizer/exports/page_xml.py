"""PAGE XML, version 2019-07-15: what Transkribus, eScriptorium and most tools for historical handwriting exchange.

Schema: https://www.primaresearch.org/schema/PAGE/gts/pagecontent/2019-07-15/pagecontent.xsd
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import PurePath

from lxml import etree

from recognizer.exports.layout import clean, polygon_of, whole_points
from recognizer.page import Line, Page

NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
_LOCATION = f"{NAMESPACE} {NAMESPACE}/pagecontent.xsd"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


def render_page_xml(page: Page) -> bytes:
    """One page as PAGE XML: a text region with its lines in reading order, the alternatives after each reading.

    Each line tells in its user-defined attributes whether a person has verified it.
    """
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    root = etree.Element(
        f"{{{NAMESPACE}}}PcGts",
        {f"{{{_XSI}}}schemaLocation": _LOCATION, "pcGtsId": f"page-{page.page}"},
        nsmap={None: NAMESPACE, "xsi": _XSI},
    )
    metadata = _add(root, "Metadata")
    _add(metadata, "Creator").text = "Inkloop"
    _add(metadata, "Created").text = now
    _add(metadata, "LastChange").text = now
    model = clean(page.model)
    _add(metadata, "MetadataItem", type="processingStep", name="text recognition model", value=model, date=now)
    _add(metadata, "MetadataItem", type="other", name="page of the file", value=str(page.page))
    verified = f"{sum(line.verified for line in page.lines)} of {len(page.lines)}"
    _add(metadata, "MetadataItem", type="processingStep", name="lines verified by a person", value=verified, date=now)
    sheet = _add(
        root,
        "Page",
        imageFilename=clean(PurePath(page.path).name),
        imageWidth=str(page.width),
        imageHeight=str(page.height),
    )
    if page.lines:
        _add_region(sheet, page)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _add_region(sheet: etree._Element, page: Page) -> None:
    order = _add(_add(sheet, "ReadingOrder"), "OrderedGroup", id="order")
    _add(order, "RegionRefIndexed", index="0", regionRef="region-1")
    region = _add(sheet, "TextRegion", id="region-1", type="paragraph")
    polygons = [polygon_of(line, page) for line in page.lines]
    xs, ys = zip(*(point for polygon in polygons for point in polygon), strict=True)
    corners = [(min(xs), min(ys)), (max(xs), min(ys)), (max(xs), max(ys)), (min(xs), max(ys))]
    _add(region, "Coords", points=_format_points(corners))
    for number, (line, polygon) in enumerate(zip(page.lines, polygons, strict=True), start=1):
        element = _add(region, "TextLine", id=f"line-{number}")
        _add(element, "Coords", points=_format_points(polygon))
        _fill_line(element, line, page)
    _add(_add(region, "TextEquiv"), "Unicode").text = "\n".join(clean(line.reading.text) for line in page.lines)


def _fill_line(element: etree._Element, line: Line, page: Page) -> None:
    baseline = whole_points(line.baseline or (), page)
    if len(baseline) > 1:
        _add(element, "Baseline", points=_format_points(baseline))
    main = _add(element, "TextEquiv", index="0", conf=f"{line.reading.confidence:.4f}")
    _add(main, "Unicode").text = clean(line.reading.text)
    for index, alternative in enumerate(line.reading.alternatives, start=1):
        _add(_add(element, "TextEquiv", index=str(index)), "Unicode").text = clean(alternative)
    said = _add(element, "UserDefined")
    _add_fact(said, "verified", line.verified, "a person has transcribed or confirmed the line")
    if not line.legible:
        _add_fact(said, "legible", line.legible, "a person found that the line cannot be read")


def _add_fact(said: etree._Element, name: str, holds: bool, meaning: str) -> None:
    _add(said, "UserAttribute", name=name, description=meaning, type="xsd:boolean", value=str(holds).lower())


def _add(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{NAMESPACE}}}{tag}", attributes)


def _format_points(points: Iterable[tuple[int, int]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)

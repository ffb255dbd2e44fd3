"""PAGE, ALTO and hOCR keep the rules of their schemas, whatever was read."""

import re
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from recognizer.export import render
from recognizer.exports.layout import place_words
from recognizer.page import Line, Page, Reading
from tests.read_pages import HOSTILE, checked, read_page

PAGE = "{http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15}"
ALTO = "{http://www.loc.gov/standards/alto/ns-v4#}"
HTML = "{http://www.w3.org/1999/xhtml}"
TEXTS = ["Été, où l’élève", "reçut dix «œufs»", "à 3 €"]
BELL = "bell \N{REPLACEMENT CHARACTER} null \N{REPLACEMENT CHARACTER} escape \N{REPLACEMENT CHARACTER}"

SCHEMAS = Path(__file__).parent / "schemas"


def parse(page: Page, format: str) -> etree._Element:  # noqa: A002
    (content,) = render([page], [], format).values()
    return etree.fromstring(content)


def name(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def assert_valid(root: etree._Element, schema: str) -> None:
    """Keeps the rules of the published schema, as ``schemas/`` repeats them; every reference has its target."""
    rules = etree.XMLSchema(etree.parse(SCHEMAS / f"{schema}.xsd"))
    rules.assertValid(without_schema_location(root))
    ids = {value for element in root.iter() for key, value in element.items() if key in ("id", "ID")}
    for element in root.iter():
        for key in ("regionRef", "TAGREFS", "PROCESSINGREFS"):
            assert set(element.get(key, "").split()) <= ids, key


def without_schema_location(root: etree._Element) -> etree._Element:
    """XML Schema lets every document carry the hint, but lxml does not."""
    bare = deepcopy(root)
    bare.attrib.pop("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation", None)
    return bare


def assert_ids_are_unique(root: etree._Element, attribute: str) -> None:
    ids = [element.get(attribute) for element in root.iter() if element.get(attribute)]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", identity) for identity in ids)


def beyond_the_page() -> Page:
    """Lines that reach over every rim, and one that shrank to a point."""
    outlines = [((-40.0, -9.7), (990.0, -9.7), (990.0, 720.0), (-40.0, 720.0)), ((5.2, 5.2), (5.3, 5.2), (5.3, 5.3))]
    lines = tuple(Line(outline, outline[:2], Reading("out", 1.0, (), ())) for outline in outlines)
    return Page("x.png", 1, 900, 700, lines, "m")


PAGES = [
    read_page(TEXTS),
    read_page(TEXTS, slope_degrees=7),
    read_page(TEXTS, with_baselines=False),
    read_page(HOSTILE),
    read_page([]),
    read_page([""]),
    beyond_the_page(),
    checked(read_page(TEXTS), verified={1}, illegible={2}),
]


@pytest.mark.parametrize("page", PAGES)
def test_page_xml_keeps_the_rules_of_its_schema(page: Page) -> None:
    root = parse(page, "page")
    assert root.tag == f"{PAGE}PcGts" and re.fullmatch(r"[A-Za-z_][\w.-]*", root.get("pcGtsId") or "")
    assert_valid(root, "page")
    assert_ids_are_unique(root, "id")
    for stamp in (root.findtext(f"{PAGE}Metadata/{PAGE}{tag}") for tag in ("Created", "LastChange")):
        assert abs((datetime.now(UTC) - datetime.fromisoformat(stamp or "")).total_seconds()) < 60
    sheet = root.find(f"{PAGE}Page")
    assert sheet is not None
    assert (sheet.get("imageFilename"), sheet.get("imageWidth"), sheet.get("imageHeight")) == (
        page.path.rpartition("/")[2],
        "900",
        "700",
    )
    for element in root.iter(f"{PAGE}Coords", f"{PAGE}Baseline"):
        assert_points_lie_within(element.get("points"), least=3 if name(element) == "Coords" else 2)
    regions = [region.get("id") for region in root.iter(f"{PAGE}TextRegion")]
    assert [reference.get("regionRef") for reference in root.iter(f"{PAGE}RegionRefIndexed")] == regions
    assert len(regions) == bool(page.lines)
    for equivalent in root.iter(f"{PAGE}TextEquiv"):
        assert [name(child) for child in equivalent] == ["Unicode"]
        assert 0 <= float(equivalent.get("conf", 0)) <= 1


def assert_points_lie_within(points: str | None, *, least: int) -> None:
    assert points is not None and re.fullmatch(r"([0-9]+,[0-9]+ )+([0-9]+,[0-9]+)", points)
    pairs = [tuple(map(int, pair.split(","))) for pair in points.split()]
    assert len(set(pairs)) >= least
    assert all(0 <= x <= 900 and 0 <= y <= 700 for x, y in pairs)


def test_page_xml_holds_lines_in_order_with_alternatives_and_confidence() -> None:
    root = parse(read_page(TEXTS), "page")
    lines = list(root.iter(f"{PAGE}TextLine"))
    assert [line.findtext(f"{PAGE}TextEquiv/{PAGE}Unicode") for line in lines] == TEXTS
    equivalents = lines[0].findall(f"{PAGE}TextEquiv")
    assert [(each.get("index"), each.get("conf")) for each in equivalents] == [
        ("0", "0.9000"),
        ("1", None),
        ("2", None),
    ]
    assert lines[0].find(f"{PAGE}Baseline").get("points") == "60,101 195,101 330,101"
    assert root.findtext(f"{PAGE}Page/{PAGE}TextRegion/{PAGE}TextEquiv/{PAGE}Unicode") == "\n".join(TEXTS)


def test_page_xml_regions_enclose_their_lines() -> None:
    root = parse(read_page(TEXTS, slope_degrees=7), "page")
    outer, *inner = ([tuple(map(int, pair.split(","))) for pair in (coords.get("points") or "").split()]
                     for coords in root.iter(f"{PAGE}Coords"))  # fmt: skip
    for axis in (0, 1):
        values = [point[axis] for polygon in inner for point in polygon]
        assert (min(point[axis] for point in outer), max(point[axis] for point in outer)) == (min(values), max(values))


@pytest.mark.parametrize("page", PAGES)
def test_alto_keeps_the_rules_of_its_schema(page: Page) -> None:
    root = parse(page, "alto")
    assert root.tag == f"{ALTO}alto" and root.get("SCHEMAVERSION") == "4.4"
    assert_valid(root, "alto")
    assert_ids_are_unique(root, "ID")
    assert root.findtext(f"{ALTO}Description/{ALTO}MeasurementUnit") == "pixel"
    sheet = root.find(f"{ALTO}Layout/{ALTO}Page")
    assert sheet is not None
    assert {key: sheet.get(key) for key in ("ID", "PHYSICAL_IMG_NR", "WIDTH", "HEIGHT")} == {
        "ID": "page-1",
        "PHYSICAL_IMG_NR": "1",
        "WIDTH": "900",
        "HEIGHT": "700",
    }
    assert len(list(root.iter(f"{ALTO}TextBlock"))) == bool(page.lines)
    for element in root.iter(f"{ALTO}TextBlock", f"{ALTO}TextLine", f"{ALTO}String"):
        left, top, width, height = (int(element.get(key) or "") for key in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
        assert left >= 0 and top >= 0 and width > 0 and height > 0
        assert left + width <= 900 and top + height <= 700
    for line in root.iter(f"{ALTO}TextLine"):
        shape, *parts = (name(child) for child in line)
        assert shape == "Shape"
        assert parts == (["String", "SP"] * len(parts))[: len(parts)] and len(parts) % 2 == 1
    for string in root.iter(f"{ALTO}String"):
        assert string.get("CONTENT") is not None and 0 <= float(string.get("WC") or "") <= 1


def test_alto_holds_the_words_and_where_they_stand() -> None:
    lines = list(parse(read_page(TEXTS), "alto").iter(f"{ALTO}TextLine"))
    assert [" ".join(str(s.get("CONTENT")) for s in line.iter(f"{ALTO}String")) for line in lines] == TEXTS
    assert lines[0].get("BASELINE") == "60,101 195,101 330,101"
    strings = list(lines[0].iter(f"{ALTO}String"))
    assert [string.get("WC") for string in strings] == ["0.8000"] * 3
    starts = [int(string.get("HPOS") or "") for string in strings]
    ends = [start + int(string.get("WIDTH") or "") for start, string in zip(starts, strings, strict=True)]
    assert starts[0] == 60 and ends[-1] == 330
    assert all(end < start for end, start in zip(ends[:-1], starts[1:], strict=True))


@pytest.mark.parametrize("page", PAGES)
def test_hocr_holds_pages_lines_and_words_with_their_boxes(page: Page) -> None:
    root = parse(page, "hocr")
    assert root.tag == f"{HTML}html"
    assert_ids_are_unique(root, "id")
    metas = {meta.get("name"): meta.get("content") for meta in root.iter(f"{HTML}meta")}
    assert metas["ocr-system"] == f"Inkloop {page.model}" and metas["ocr-capabilities"] == "ocr_page ocr_line ocrx_word"
    (sheet,) = root.iter(f"{HTML}div")
    assert str(sheet.get("title")).endswith('"; bbox 0 0 900 700; ppageno 0')
    lines = [span for span in root.iter(f"{HTML}span") if span.get("class") == "ocr_line"]
    assert len(lines) == len(page.lines)
    for line in lines:
        assert re.fullmatch(
            r"bbox( \d+){4}; baseline -?\d\.\d{4} -?\d+; poly( \d+)+; x_verified [01](; x_illegible 1)?",
            line.get("title") or "",
        )
    for word in (span for span in root.iter(f"{HTML}span") if span.get("class") == "ocrx_word"):
        assert re.fullmatch(r"bbox( \d+){4}; x_wconf \d{1,3}", word.get("title") or "")


def test_hocr_holds_all_pages_in_one_document() -> None:
    (content,) = render([read_page(TEXTS), read_page(["fin"], number=2)], [], "hocr").values()
    root = etree.fromstring(content)
    texts = [
        " ".join("".join(line.itertext()).split())
        for line in root.iter(f"{HTML}span")
        if line.get("class") == "ocr_line"
    ]
    assert texts == [*TEXTS, "fin"]
    assert [sheet.get("id") for sheet in root.iter(f"{HTML}div")] == ["page_1", "page_2"]


def test_hocr_baselines_are_measured_from_the_bottom_left_corner() -> None:
    line = next(span for span in parse(read_page(["level"]), "hocr").iter(f"{HTML}span"))
    assert "bbox 60 65 150 113; baseline 0.0000 -12;" in str(line.get("title"))


@pytest.mark.parametrize("format", ["page", "alto", "hocr"])
def test_hostile_text_stays_text(format: str) -> None:  # noqa: A002
    root = parse(read_page(HOSTILE), format)
    found = " ".join([*root.itertext(), *(str(string.get("CONTENT")) for string in root.iter(f"{ALTO}String"))])
    found = " ".join(found.split())
    for text in ("<b>&amp; ]]> \"quoted\" 'single' </Unicode>", BELL, "\u200f\u202e", "œuf € « ſ » 𝒜 e\u0301"):
        assert text in found
    assert {name(element) for element in root.iter()}.isdisjoint({"b"})


def test_words_lie_along_a_bent_baseline() -> None:
    bent = ((100.0, 100.0), (300.0, 100.0), (500.0, 200.0))
    polygon = ((100.0, 70.0), (300.0, 70.0), (500.0, 170.0), (500.0, 210.0), (300.0, 110.0), (100.0, 110.0))
    line = Line(polygon, bent, Reading("here there", 1.0, (), ()))
    here, there = place_words(line, Page("x", 1, 900, 700, (line,), "m"))
    assert here.start == (100.0, 100.0) and here.end[1] == pytest.approx(100, abs=1)
    assert there.end == pytest.approx((500, 200), abs=5) and there.start[0] > here.end[0]


def test_page_xml_tells_which_lines_a_person_verified() -> None:
    root = parse(checked(read_page(TEXTS), verified={1}, illegible={2}), "page")
    told = [
        {said.get("name"): said.get("value") for said in line.iter(f"{PAGE}UserAttribute")}
        for line in root.iter(f"{PAGE}TextLine")
    ]
    assert told == [{"verified": "false"}, {"verified": "true"}, {"verified": "true", "legible": "false"}]
    items = {item.get("name"): item.get("value") for item in root.iter(f"{PAGE}MetadataItem")}
    assert items["text recognition model"] == "inkloop-2026-11-23-ab12cd34"
    assert items["lines verified by a person"] == "2 of 3"


def test_alto_tells_which_lines_a_person_verified() -> None:
    root = parse(checked(read_page(TEXTS), verified={1}, illegible={2}), "alto")
    told = [[line.get(key) for key in ("CS", "TAGREFS", "PROCESSINGREFS")] for line in root.iter(f"{ALTO}TextLine")]
    steps = "reading-1 verification"
    assert told == [[None, None, None], ["true", "verified", steps], ["true", "verified illegible", steps]]
    assert [step.get("ID") for step in root.iter(f"{ALTO}Processing")] == ["reading-1", "verification"]
    assert [*root.iter(f"{ALTO}TextLine")][2].find(f"{ALTO}String").get("CONTENT") == ""


def test_alto_holds_pages_of_several_models_in_one_document() -> None:
    pages = [read_page(TEXTS), replace(read_page(["fin"], number=2), model="newer-2")]
    (content,) = render(pages, [], "alto").values()
    root = etree.fromstring(content)
    assert_valid(root, "alto")
    steps = {step.get("ID"): step.findtext(f".//{ALTO}softwareVersion") for step in root.iter(f"{ALTO}Processing")}
    assert [steps[sheet.get("PROCESSINGREFS")] for sheet in root.iter(f"{ALTO}Page")] == [pages[0].model, "newer-2"]


def test_hocr_tells_which_lines_a_person_verified() -> None:
    root = parse(checked(read_page(TEXTS), verified={1}, illegible={2}), "hocr")
    titles = [str(span.get("title")) for span in root.iter(f"{HTML}span") if span.get("class") == "ocr_line"]
    assert [title.partition("; x_")[2] for title in titles] == ["verified 0", "verified 1", "verified 1; x_illegible 1"]
    metas = {meta.get("name"): str(meta.get("content")) for meta in root.iter(f"{HTML}meta")}
    assert metas["inkloop-verified-lines"].startswith("2 of 3;")


@pytest.mark.parametrize("broken", ["order", "missing", "value", "double"])
@pytest.mark.parametrize("format", ["page", "alto"])
def test_the_rules_notice_what_breaks_them(format: str, broken: str) -> None:  # noqa: A002
    root = parse(read_page(TEXTS), format)
    lines = list(root.iter(f"{PAGE}TextLine", f"{ALTO}TextLine"))
    match broken:
        case "order":
            lines[0].append(lines[0][0])
        case "missing":
            lines[0].remove(lines[0].find(f"{PAGE}Coords" if format == "page" else f"{ALTO}String"))
        case "value":
            lines[0].find(f"{PAGE}TextEquiv" if format == "page" else f"{ALTO}String").attrib.update(
                {"conf": "7"} if format == "page" else {"WC": "7"}
            )
        case "double":
            key = "id" if format == "page" else "ID"
            lines[0].set(key, lines[1].get(key))
    with pytest.raises(etree.DocumentInvalid):
        assert_valid(root, format)

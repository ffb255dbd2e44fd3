"""A searchable PDF shows the page, and its text is found where it stands."""

import io
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pypdf
import pypdfium2
import pytest
from PIL import Image

from recognizer.export import render
from recognizer.exports.layout import place_words
from recognizer.page import Page
from tests.handwriting import write_page
from tests.read_pages import HOSTILE, checked, read_page

TEXTS = ["Été, où l’élève", "reçut dix «œufs» à 3 €", "ſtraße “quoted” – 𝒜", "the wild garden grows"]
IMAGE = Image.fromarray(write_page(["Hello"], seed=2, width=900, height=700).image)


def write(tmp_path: Path, *pages: Page) -> Path:
    path = tmp_path / "read.pdf"
    path.write_bytes(render(pages, [IMAGE] * len(pages), "pdf")[".pdf"])
    return path


def pdftotext(path: Path, *options: str) -> str:
    if shutil.which("pdftotext") is None:
        pytest.fail("pdftotext is missing. Install it: apt-get install poppler-utils")
    told = subprocess.run(["pdftotext", *options, str(path), "-"], capture_output=True, text=True, check=True)
    assert told.stderr == ""
    return told.stdout


@pytest.mark.parametrize("slope_degrees", [0, 1, -1])
def test_lines_are_found_in_order_by_poppler_pypdf_and_pdfium(tmp_path: Path, slope_degrees: float) -> None:
    path = write(tmp_path, read_page(TEXTS, slope_degrees=slope_degrees))
    assert pdftotext(path).split("\n")[:4] == TEXTS
    assert pypdf.PdfReader(path, strict=True).pages[0].extract_text().split("\n") == TEXTS
    document = pypdfium2.PdfDocument(path)
    assert document[0].get_textpage().get_text_range().splitlines() == TEXTS
    document.close()


@pytest.mark.parametrize("slope_degrees", [4, -9, 20, 90])
def test_words_of_slanted_lines_stay_whole(tmp_path: Path, slope_degrees: float) -> None:
    page = read_page(["reçut dix «œufs»", "the garden grows"], slope_degrees=slope_degrees)
    found = pdftotext(write(tmp_path, page)).split()
    assert {"reçut", "dix", "«œufs»", "the", "garden", "grows"} <= set(found)


@pytest.mark.parametrize("slope_degrees", [0, -9, 20])
def test_words_stand_where_they_were_read(tmp_path: Path, slope_degrees: float) -> None:
    page = read_page(TEXTS, slope_degrees=slope_degrees)
    boxes = word_boxes(write(tmp_path, page))
    scale = 842 / 900
    for line in page.lines:
        for word in place_words(line, page):
            left, right, middle = boxes[word.text]
            assert left == pytest.approx(word.start[0] * scale, abs=3)
            assert right == pytest.approx(word.end[0] * scale, abs=3)
            top, bottom = word.box[1] * scale, word.box[3] * scale
            assert top < middle < bottom


def word_boxes(path: Path) -> dict[str, tuple[float, float, float]]:
    """Each word's left and right end and the middle of its height, from the top left corner in points."""
    tree = ElementTree.fromstring(pdftotext(path, "-bbox"))
    found = {}
    for word in tree.iter("{http://www.w3.org/1999/xhtml}word"):
        left, top, right, bottom = (float(word.get(key) or "") for key in ("xMin", "yMin", "xMax", "yMax"))
        found[str(word.text)] = (left, right, (top + bottom) / 2)
    return found


def test_the_page_looks_like_its_picture_and_the_text_is_invisible(tmp_path: Path) -> None:
    document = pypdfium2.PdfDocument(write(tmp_path, read_page(TEXTS)))
    drawn = document[0].render(scale=900 / 842).to_pil().convert("L").resize(IMAGE.size)
    document.close()
    assert float(np.abs(np.asarray(drawn, float) - np.asarray(IMAGE, float)).mean()) < 3


def test_every_page_has_its_own_text(tmp_path: Path) -> None:
    reader = pypdf.PdfReader(
        write(tmp_path, read_page(["one"]), read_page([], number=2), read_page(["three"], number=3))
    )
    assert [page.extract_text() for page in reader.pages] == ["one", "", "three"]


def test_the_model_and_the_file_are_named(tmp_path: Path) -> None:
    information = pypdf.PdfReader(write(tmp_path, read_page(TEXTS))).metadata
    assert information is not None
    assert information.creator == "Inkloop inkloop-2026-11-23-ab12cd34"
    assert information.title == "page <1>.jpg"


def test_verified_lines_are_listed(tmp_path: Path) -> None:
    pages = [
        checked(read_page(TEXTS), verified={0, 2}),
        checked(read_page(["x", "y"], number=3), verified=[], illegible={1}),
    ]
    information = pypdf.PdfReader(write(tmp_path, *pages)).metadata
    assert information is not None
    assert information["/VerifiedLines"] == "1: 1 3; 3: 2"
    assert information.subject == "3 of 6 lines verified by a person"


def test_hostile_text_neither_breaks_the_file_nor_hides_its_neighbours(tmp_path: Path) -> None:
    found = " ".join(pdftotext(write(tmp_path, read_page(HOSTILE))).split())
    for text in ("<b>&amp; ]]>", "bell", "right to left mark", "half a pair", "œuf € « ſ »"):
        assert text in found


def test_text_needs_no_typeface_and_little_room(tmp_path: Path) -> None:
    content = render([read_page(TEXTS)], [Image.new("L", (9, 7))], "pdf")[".pdf"]
    fonts = pypdf.PdfReader(io.BytesIO(content)).pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    assert list(fonts) == ["/Empty"]
    assert len(content) < 6000
    assert re.search(rb"/FontFile2 \d+ 0 R", content)


def test_one_picture_per_page_is_asked_for() -> None:
    with pytest.raises(ValueError, match="zip"):
        render([read_page(TEXTS)], [], "pdf")

"""The shipped reader reads the boxes that a person drew, and nothing else."""

import numpy as np
import pytest
from PIL import Image

from recognizer.images import PageImage, open_pages
from recognizer.line_reader import LineReader
from tests.files import encode
from tests.handwriting import Grey, WrittenPage, write_page

TEXTS = ["Dear Margaret,", "the roses are out", "at last."]


def opened(image: Grey) -> PageImage:
    (page,) = open_pages(encode(Image.fromarray(image), "PNG"), name="letter.png")
    return page


@pytest.fixture(scope="module")
def reader() -> LineReader:
    return LineReader.load()


@pytest.fixture(scope="module")
def written() -> WrittenPage:
    return write_page(TEXTS, seed=3, width=900, height=600)


@pytest.fixture(scope="module")
def page(written: WrittenPage) -> PageImage:
    return opened(written.image)


def test_a_drawn_line_reads_as_it_does_in_its_page(reader: LineReader, page: PageImage) -> None:
    found = reader.read_page(page, path="letter.png").lines
    assert len(found) == 3
    for wanted in (found[:1], found[::-1]):  # alone, and among others
        assert reader.read_outlines(page, [(line.polygon, line.baseline) for line in wanted]) == list(wanted)


def test_a_box_without_a_baseline_reads_what_stands_in_it(
    reader: LineReader, page: PageImage, written: WrittenPage
) -> None:
    (left, right), (top, bottom) = [(min(axis), max(axis)) for axis in zip(*written.lines[1].polygon, strict=True)]
    box = ((left, top), (right, top), (right, bottom), (left, bottom))
    (line,) = reader.read_outlines(page, [(box, None)])
    (known,) = reader.read_outlines(page, [(written.lines[1].polygon, written.lines[1].baseline)])
    assert line.polygon == box
    assert line.reading.text == known.reading.text != ""
    assert line.baseline is not None and line.baseline[0][0] < line.baseline[-1][0]


def test_a_box_on_a_page_that_stands_on_its_head_is_read_the_other_way(
    reader: LineReader, written: WrittenPage
) -> None:
    turned = opened(np.ascontiguousarray(written.image[::-1, ::-1]))
    height, width = written.image.shape
    upright = written.lines[1]
    polygon = tuple((width - x, height - y) for x, y in upright.polygon)
    (line,) = reader.read_outlines(turned, [(polygon, None)])
    assert line.baseline is not None and line.baseline[0][0] > line.baseline[-1][0]


def test_a_box_without_writing_stays_a_line(reader: LineReader, page: PageImage) -> None:
    corner = ((1.0, 1.0), (40.0, 1.0), (40.0, 20.0), (1.0, 20.0))
    (line,) = reader.read_outlines(page, [(corner, None)])
    assert line.polygon == corner
    assert reader.read_outlines(page, []) == []

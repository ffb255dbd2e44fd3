"""A reader is warmed up with what the web will ask of it, and nothing is left of that."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from demo.warming import PAGE_PX, warm_up, warm_up_beside
from recognizer.images import PageImage
from recognizer.line_reader import LineReader
from recognizer.page import Line, Outline, Page
from tests.fake_reader import FakeReader


class AskedReader(FakeReader):
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def read_page(self, page: PageImage, *, path: str) -> Page:
        self.asked.append("page")
        return super().read_page(page, path=path)

    def read_outlines(self, page: PageImage, outlines: Sequence[tuple[Outline, Outline | None]]) -> list[Line]:
        self.asked.append("lines")
        return super().read_outlines(page, outlines)


def test_warming_up_runs_both_networks_beside_the_start() -> None:
    reader = AskedReader()
    warm_up_beside(reader).join()
    assert reader.asked == ["page", "lines"]


def test_the_shipped_reader_reads_an_empty_page_without_complaint() -> None:
    reader = LineReader.load()
    warm_up(reader)
    page = PageImage(1, Image.new("RGB", PAGE_PX, "white"), np.full(PAGE_PX[::-1], 255, np.uint8))
    assert reader.read_page(page, path="empty.png").lines == ()

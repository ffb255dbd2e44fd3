"""How often a page is read: once where it is clear enough which way up it lies."""

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from recognizer.charset import LATIN_V1
from recognizer.images import PageImage
from recognizer.line_finder import FoundLine
from recognizer.line_images import Grey
from recognizer.line_reader import PROBED_LINES, LineReader
from recognizer.page import Reading, Word

PITCH_PX = 60


class Finder:
    """Finds lines of one length, one under the other."""

    def __init__(self, lines: int) -> None:
        self._lines = lines

    def find(self, grey: Grey) -> list[FoundLine]:
        tops = [10.0 + PITCH_PX * line for line in range(self._lines)]
        return [
            FoundLine(((10, top), (390, top), (390, top + 40), (10, top + 40)), ((10, top + 32), (390, top + 32)), 1.0)
            for top in tops
        ]


class Reader:
    """As sure of the first lines it is given as it is told, and surer of whatever is read after them."""

    charset = LATIN_V1

    def __init__(self, sure: float) -> None:
        self._sure = sure
        self.asked: list[int] = []

    def read(self, images: Sequence[Grey], pages: object = None) -> list[Reading]:
        sure = min(1.0, self._sure + 0.2 * bool(self.asked))
        self.asked.append(len(images))
        return [Reading("word", sure, (), (Word("word", sure),)) for _ in images]


@pytest.mark.parametrize(
    ("lines", "sure", "asked"),
    [
        (18, 0.75, [18]),  # a hard hand
        (18, 0.5, [18, 6, 18]),  # upside down, and read again as a whole
        (PROBED_LINES, 0.75, [6, 6, 6]),  # a few lines tell less
        (PROBED_LINES, 0.9, [6]),
        (0, 0.5, [0]),
    ],
)
def test_a_page_is_tried_the_other_way_up_only_where_it_may_lie_so(lines: int, sure: float, asked: list[int]) -> None:
    reader = Reader(sure)
    grey = np.full((PITCH_PX * 20, 400), 230, np.uint8)
    page = LineReader(Finder(lines), reader, version="v").read_page(  # type: ignore[arg-type]
        PageImage(1, Image.fromarray(grey).convert("RGB"), grey), path="p.png"
    )
    assert reader.asked == asked
    assert len(page.lines) == lines

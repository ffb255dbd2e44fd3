"""A reader that knows by heart what is written on the pages it is shown: tests of the web need exact texts.

It does no guessing and needs no weights, but it is a reader like any other: pages in, lines with confidences out.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from recognizer.images import PageImage
from recognizer.page import Line, Outline, Page, Reading, Word
from tests.handwriting import Grey, WrittenPage

DOUBTFUL = 0.3
SURE = 0.97
LOOK_PX = 64
UNLIKE = 4.0  # grey levels; the same page, packed and unpacked, differs by less than 1


class FakeReader:
    """Reads what it was taught, in any size; a page it does not know holds no writing."""

    version = "fake-1"

    def __init__(self) -> None:
        self._known: list[tuple[WrittenPage, frozenset[str]]] = []

    def teach(self, page: WrittenPage, *, doubtful: Sequence[str] = ()) -> None:
        """Remember what is written on a page, and which of its words to doubt."""
        self._known.append((page, frozenset(doubtful)))

    def read_page(self, page: PageImage, *, path: str) -> Page:
        """The lines of a page that was taught."""
        height, width = page.grey.shape
        return Page(path, page.number, width, height, self._lines(page.grey), self.version)

    def unknown_characters(self, text: str) -> Sequence[str]:
        """Everything beyond Latin-1, each once, in order."""
        return list(dict.fromkeys(character for character in text if ord(character) > 0xFF))

    def _lines(self, grey: Grey) -> tuple[Line, ...]:
        unlike = [_difference(grey, page.image) for page, _ in self._known]
        if not unlike or min(unlike) > UNLIKE:
            return ()
        page, doubtful = self._known[unlike.index(min(unlike))]
        scale = grey.shape[1] / page.image.shape[1]
        return tuple(
            Line(_scaled(line.polygon, scale), _scaled(line.baseline, scale), _reading(line.text, doubtful))
            for line in page.lines
        )


def _reading(text: str, doubtful: frozenset[str]) -> Reading:
    words = tuple(Word(word, DOUBTFUL if word in doubtful else SURE) for word in text.split())
    return Reading(text, float(np.prod([word.confidence for word in words])), (), words)


def _difference(one: Grey, other: Grey) -> float:
    return float(np.abs(_look(one) - _look(other)).mean())


def _look(grey: Grey) -> NDArray[np.float32]:
    return cv2.resize(grey, (LOOK_PX, LOOK_PX), interpolation=cv2.INTER_AREA).astype(np.float32)


def _scaled(outline: Outline, scale: float) -> Outline:
    return tuple((x * scale, y * scale) for x, y in outline)

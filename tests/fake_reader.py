"""A reader that knows by heart what is written on the pages it is shown: tests of the web need exact texts.

It does no guessing and needs no weights, but it is a reader like any other: pages in, lines with confidences out.
"""

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recognizer.images import PageImage
from recognizer.page import Line, Page, Reading, Word
from tests.handwriting import WrittenPage

DOUBTFUL = 0.4
SURE = 0.97


class FakeReader:
    """Reads what it was taught; a page it does not know holds no writing.

    Words between question marks, such as ``?cat?``, are read without them and with little confidence.
    """

    version = "fake-1"

    def __init__(self) -> None:
        self._known: dict[str, WrittenPage] = {}

    def teach(self, page: WrittenPage) -> None:
        """Remember what is written on a page."""
        self._known[_fingerprint(page.image)] = page

    def read_page(self, page: PageImage, *, path: str) -> Page:
        """The lines of a page that was taught."""
        known = self._known.get(_fingerprint(page.grey))
        written = known.lines if known else ()
        lines = tuple(Line(line.polygon, line.baseline, _reading(line.text)) for line in written)
        height, width = page.grey.shape
        return Page(path, page.number, width, height, lines, self.version)

    def unknown_characters(self, text: str) -> Sequence[str]:
        """Everything beyond Latin-1, each once, in order."""
        return list(dict.fromkeys(character for character in text if ord(character) > 0xFF))


def _reading(text: str) -> Reading:
    words = tuple(Word(word.strip("?"), DOUBTFUL if re.fullmatch(r"\?.+\?", word) else SURE) for word in text.split())
    confidence = float(np.prod([word.confidence for word in words])) if words else SURE
    return Reading(" ".join(word.text for word in words), confidence, (), words)


def _fingerprint(grey: NDArray[np.uint8]) -> str:
    return hashlib.sha256(grey.tobytes()).hexdigest()

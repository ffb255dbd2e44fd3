"""A reader that knows by heart what is written on the pages it is shown: tests of the web need exact texts.

It does no guessing and needs no weights, but it is a reader like any other: pages in, lines with confidences out.
"""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from recognizer.baselines import level_baseline
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
        self._alternatives: dict[str, tuple[str, ...]] = {}

    def teach(
        self,
        page: WrittenPage,
        *,
        doubtful: Sequence[str] = (),
        alternatives: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Remember what is written on a page, which of its words to doubt, and what else its lines may say."""
        self._known.append((page, frozenset(doubtful)))
        self._alternatives |= {text: tuple(others) for text, others in (alternatives or {}).items()}

    def become(self, version: str, *pages: WrittenPage) -> None:
        """Another model takes this one's place: it knows these pages alone."""
        self.version = version
        self._known = [(page, frozenset()) for page in pages]

    def read_page(self, page: PageImage, *, path: str) -> Page:
        """The lines of a page that was taught."""
        height, width = page.grey.shape
        return Page(path, page.number, width, height, self._lines(page.grey), self.version)

    def read_outlines(self, page: PageImage, outlines: Sequence[tuple[Outline, Outline | None]]) -> list[Line]:
        """Of each outline, the words of the taught line it covers most; a box over half a line holds half its words."""
        known, doubtful = self._lines(page.grey), self._doubtful(page.grey)
        return [
            Line(polygon, baseline or level_baseline(polygon), self._reading(_covered(polygon, known), doubtful))
            for polygon, baseline in outlines
        ]

    def plausibility(self, images: Sequence[Grey], texts: Sequence[str]) -> list[float]:
        """1 where a text shares a word with what was taught, or is empty; else -1."""
        words = {word for page, _ in self._known for line in page.lines for word in line.text.split()}
        return [1.0 if words.intersection(text.split()) or not text.split() else -1.0 for text in texts]

    def unknown_characters(self, text: str) -> Sequence[str]:
        """Everything beyond Latin-1, each once, in order."""
        return list(dict.fromkeys(character for character in text if ord(character) > 0xFF))

    def _doubtful(self, grey: Grey) -> frozenset[str]:
        found = self._recognise(grey)
        return frozenset() if found is None else found[1]

    def _recognise(self, grey: Grey) -> tuple[WrittenPage, frozenset[str]] | None:
        unlike = [_difference(grey, page.image) for page, _ in self._known]
        if not unlike or min(unlike) > UNLIKE:
            return None
        return self._known[unlike.index(min(unlike))]

    def _lines(self, grey: Grey) -> tuple[Line, ...]:
        found = self._recognise(grey)
        if found is None:
            return ()
        page, doubtful = found
        scale = grey.shape[1] / page.image.shape[1]
        return tuple(
            Line(_scaled(line.polygon, scale), _scaled(line.baseline, scale), self._reading(line.text, doubtful))
            for line in page.lines
        )

    def _reading(self, text: str, doubtful: frozenset[str]) -> Reading:
        words = tuple(Word(word, DOUBTFUL if word in doubtful else SURE) for word in text.split())
        sure = float(np.prod([word.confidence for word in words]))
        return Reading(text, sure, self._alternatives.get(text, ()), words)


def _covered(polygon: Outline, lines: Sequence[Line]) -> str:
    """The words of the line that the polygon covers most, as far as it covers them."""
    (left, right), (top, bottom) = _extent(polygon)
    best, text = 0.0, ""
    for line in lines:
        (line_left, line_right), (line_top, line_bottom) = _extent(line.polygon)
        width = min(right, line_right) - max(left, line_left)
        height = min(bottom, line_bottom) - max(top, line_top)
        if width > 0 and height > 0 and width * height > best:
            best = width * height
            pitch = (line_right - line_left) / max(len(line.reading.text), 1)
            text = _between((left - line_left) / pitch, (right - line_left) / pitch, line.reading.text)
    return text


def _between(start: float, end: float, text: str) -> str:
    """The words of a text whose middle lies between two places, counted in characters."""
    kept, at = [], 0
    for word in text.split(" "):
        if start <= at + len(word) / 2 <= end:
            kept.append(word)
        at += len(word) + 1
    return " ".join(kept)


def _extent(polygon: Outline) -> list[tuple[float, float]]:
    return [(min(axis), max(axis)) for axis in zip(*polygon, strict=True)]


def _difference(one: Grey, other: Grey) -> float:
    return float(np.abs(_look(one) - _look(other)).mean())


def _look(grey: Grey) -> NDArray[np.float32]:
    return cv2.resize(grey, (LOOK_PX, LOOK_PX), interpolation=cv2.INTER_AREA).astype(np.float32)


def _scaled(outline: Outline, scale: float) -> Outline:
    return tuple((x * scale, y * scale) for x, y in outline)

"""What the recognizer hands out: a read page, its lines and their words.

These objects cross the border to the store, the exports and the screen, so they hold plain numbers and strings:
no pixels, no tensors.
"""

from dataclasses import dataclass, replace
from typing import Any

Point = tuple[float, float]
Outline = tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a line, between spaces, with the probability in [0, 1] that it is right."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model says one line image holds.

    Attributes:
        text: the most probable transcription, NFC.
        confidence: calibrated probability in [0, 1] that the whole line is right.
        alternatives: other transcriptions, most probable first, without ``text`` itself.
        words: the words of ``text`` in order.
    """

    text: str
    confidence: float
    alternatives: tuple[str, ...]
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page: where it is (pixels of the upright page) and what it says.

    Attributes:
        polygon: around it.
        baseline: what the writing stands on, or None.
        reading: what it says.
        verified: a person has transcribed or confirmed it.
        legible: False where a person found that it cannot be read; the reading then is empty.
    """

    polygon: Outline
    baseline: Outline | None
    reading: Reading
    verified: bool = False
    legible: bool = True

    def to_json(self) -> dict[str, Any]:
        """The line as the ``read`` contract prints it."""
        return {
            "polygon": [list(point) for point in self.polygon],
            "baseline": None if self.baseline is None else [list(point) for point in self.baseline],
            "text": self.reading.text,
            "confidence": round(self.reading.confidence, 4),
            "alternatives": list(self.reading.alternatives),
            "words": [{"text": w.text, "confidence": round(w.confidence, 4)} for w in self.reading.words],
            "verified": self.verified,
            "legible": self.legible,
        }


@dataclass(frozen=True, slots=True)
class Page:
    """One read page; ``lines`` stand in reading order.

    Attributes:
        path: the file as the caller named it.
        page: its number within that file, from 1.
        width: pixels of the upright page.
        height: pixels of the upright page.
        lines: in reading order.
        model: the version of the model that read it.
    """

    path: str
    page: int
    width: int
    height: int
    lines: tuple[Line, ...]
    model: str

    def scaled(self, width: int, height: int) -> "Page":
        """The same page in the pixels of an image of another size."""
        x, y = width / self.width, height / self.height

        def move(outline: Outline) -> Outline:
            return tuple((px * x, py * y) for px, py in outline)

        lines = tuple(
            replace(line, polygon=move(line.polygon), baseline=None if line.baseline is None else move(line.baseline))
            for line in self.lines
        )
        return replace(self, width=width, height=height, lines=lines)

    @property
    def text(self) -> str:
        """The lines' texts joined by newlines."""
        return "\n".join(line.reading.text for line in self.lines)

    def to_json(self) -> dict[str, Any]:
        """The page as the ``read`` contract prints it."""
        return {
            "path": self.path,
            "page": self.page,
            "width": self.width,
            "height": self.height,
            "text": self.text,
            "lines": [line.to_json() for line in self.lines],
            "model": self.model,
        }

"""What goes into the store and what comes out of it: plain frozen objects, no database rows.

They outlive the session that made them, so a tab or a route may keep them as long as it likes.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from recognizer.page import Line, Outline, Page, Reading, Word


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as a person gave it; ``data`` is kept byte for byte."""

    name: str
    data: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True)
class NewCorrection:
    """What a person says a line holds; the same text as before is a confirmation and is kept too.

    Attributes:
        line_id: the line.
        text: exactly as typed.
        seconds: time the person spent on the line; None: not measured.
        keystrokes: keys pressed in the line; None: not measured.
        unknown_characters: characters of ``text`` that the model's charset lacks.
        prediction_id: the prediction that was on the screen; None: the line's newest.
    """

    line_id: UUID
    text: str
    seconds: float | None = None
    keystrokes: int | None = None
    unknown_characters: tuple[str, ...] = ()
    prediction_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class StoredPrediction:
    """A line's transcription by one model version."""

    id: UUID
    model: str
    text: str
    confidence: float
    alternatives: tuple[str, ...]
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class StoredCorrection:
    """A line's transcription by a person; ``revision`` counts those of one line from 1."""

    id: UUID
    line_id: UUID
    contributor_id: UUID
    prediction_id: UUID | None
    revision: int
    text: str
    seconds: float | None
    keystrokes: int | None
    unknown_characters: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoredLine:
    """One line of a stored page.

    Attributes:
        id: names the line in a correction.
        position: place in reading order, from 0.
        polygon: outline in pixels of the page image.
        baseline: what the writing stands on, or None.
        prediction: the newest one.
        correction: the newest one, or None.
    """

    id: UUID
    position: int
    polygon: Outline
    baseline: Outline | None
    prediction: StoredPrediction
    correction: StoredCorrection | None

    @property
    def corrected(self) -> bool:
        """Whether a person has transcribed or confirmed the line."""
        return self.correction is not None

    @property
    def text(self) -> str:
        """The newest correction, or else the prediction."""
        return self.prediction.text if self.correction is None else self.correction.text

    def as_line(self) -> Line:
        """The line for an export; a corrected line is certain and has no alternatives."""
        said = self.prediction
        if self.correction is None:
            reading = Reading(said.text, said.confidence, said.alternatives, said.words)
        else:
            words = tuple(Word(word, 1.0) for word in self.text.split())
            reading = Reading(self.text, 1.0, (), words)
        return Line(self.polygon, self.baseline, reading, verified=self.corrected)


@dataclass(frozen=True, slots=True)
class StoredPage:
    """One stored page with its newest reading.

    Attributes:
        id: names the page image.
        number: its place in the document, from 1.
        width: pixels of the page image.
        height: pixels of the page image.
        model: the version of the model that read it.
        seconds: how long that reading took.
        lines: in reading order.
    """

    id: UUID
    number: int
    width: int
    height: int
    model: str
    seconds: float
    lines: tuple[StoredLine, ...]

    @property
    def text(self) -> str:
        """The lines' texts, corrections included, joined by newlines."""
        return "\n".join(line.text for line in self.lines)

    def as_page(self, path: str) -> Page:
        """The page, corrections included, for an export; ``path`` is the name it goes by there."""
        lines = tuple(line.as_line() for line in self.lines)
        return Page(path, self.number, self.width, self.height, lines, self.model)


@dataclass(frozen=True, slots=True)
class Document:
    """One upload of one contributor.

    Attributes:
        id: names the document.
        name: the file as the person named it.
        media_type: of the original file.
        sha256: of the original file; two uploads of one file share it.
        created_at: UTC.
        page_count: the pages the original has.
        pages: those kept so far, by number.
    """

    id: UUID
    name: str
    media_type: str
    sha256: str
    created_at: datetime
    page_count: int
    pages: tuple[StoredPage, ...]

    @property
    def complete(self) -> bool:
        """Whether every page of the original is kept; False while reading, or after a crash."""
        return len(self.pages) == self.page_count


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """One row of a contributor's list of documents.

    Attributes:
        id: names the document.
        name: the file as the person named it.
        created_at: UTC.
        page_count: the pages the original has.
        pages_kept: those kept so far.
        lines: on the kept pages.
        corrected: lines with at least one correction.
    """

    id: UUID
    name: str
    created_at: datetime
    page_count: int
    pages_kept: int
    lines: int
    corrected: int

    @property
    def complete(self) -> bool:
        """Whether every page of the original is kept."""
        return self.pages_kept == self.page_count


@dataclass(frozen=True, slots=True)
class CorrectedPage:
    """The corrected lines of one page, for ground truth; lines nobody has transcribed are left out.

    Attributes:
        id: names the page image.
        contributor_id: whose page it is.
        name: the file it came in.
        number: its place in that file, from 1.
        lines: in reading order.
    """

    id: UUID
    contributor_id: UUID
    name: str
    number: int
    lines: tuple[StoredLine, ...]


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A model that has read something: how much, and how many corrections answered it."""

    name: str
    first_used: datetime
    predictions: int
    corrections: int

"""What goes into the store and what comes out of it: plain frozen objects, no database rows.

They outlive the session that made them, so a tab or a route may keep them as long as it likes.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from recognizer.page import Line, Outline, Page, Reading, Word

Verdict = Literal["text", "illegible", "not_text"]
"""What a person says of a line: its text is what stands there; nobody can read it; there is no writing."""

Origin = Literal["model", "person"]
"""Who said that there is a line: a model found it, or a person drew it."""

DOUBTFUL_BELOW = 0.6
"""A word that is right with less than this probability is worth a person's look.

On lines_val, 1289 words of hard hands, 70 % of the words below are wrong, and 73 % of the wrong ones are below: fewer
marks would miss more than they spare. On the shipped example pages it marks 13 of 297 words; 0.75 marked 19.
"""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as a person gave it; ``data`` is kept byte for byte.

    Attributes:
        name: as the person named the file.
        data: its bytes.
        media_type: as the name suggests.
        writer: whose hand it shows, or None where nobody said.
        collection: what it belongs to, or None where nobody said.
    """

    name: str
    data: bytes = field(repr=False)
    media_type: str
    writer: str | None = None
    collection: str | None = None


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
        verdict: only a line whose verdict is "text" can become ground truth.
        base_revision: the line's revision that the person saw; a newer one in the store refuses the correction.
            None: not asked.
    """

    line_id: UUID
    text: str
    seconds: float | None = None
    keystrokes: int | None = None
    unknown_characters: tuple[str, ...] = ()
    prediction_id: UUID | None = None
    verdict: Verdict = "text"
    base_revision: int | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person has typed in a line and not submitted yet.

    Attributes:
        line_id: the line.
        text: exactly as typed.
        verdict: as it would be submitted.
        seconds: time spent on the line since the last submit; None: not measured.
        keystrokes: keys pressed in the line since then; None: not measured.
    """

    line_id: UUID
    text: str
    verdict: Verdict = "text"
    seconds: float | None = None
    keystrokes: int | None = None


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
    """What a person says of a line; ``revision`` counts those of one line from 1."""

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
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class StoredLine:
    """One line of a stored page.

    Attributes:
        id: names the line in a correction.
        position: place in reading order, from 0.
        polygon: outline in pixels of the page image.
        baseline: what the writing stands on, or None.
        prediction: the page's newest model's or, where that has not read the line, the newest one.
        correction: the newest one, or None.
        draft: what whoever asks has not submitted yet, or None.
        origin: who said that there is a line.
    """

    id: UUID
    position: int
    polygon: Outline
    baseline: Outline | None
    prediction: StoredPrediction
    correction: StoredCorrection | None
    draft: Draft | None = None
    origin: Origin = "model"

    @property
    def corrected(self) -> bool:
        """Whether a person has transcribed or confirmed the line."""
        return self.correction is not None

    @property
    def revision(self) -> int:
        """How many corrections the line has."""
        return 0 if self.correction is None else self.correction.revision

    @property
    def verdict(self) -> Verdict:
        """What the newest correction says of the line; what nobody has corrected counts as text."""
        return "text" if self.correction is None else self.correction.verdict

    @property
    def text(self) -> str:
        """The newest correction, or else the prediction."""
        return self.prediction.text if self.correction is None else self.correction.text

    def as_line(self) -> Line:
        """The line for an export; a corrected line is certain and has no alternatives."""
        said = self.prediction
        if self.correction is None:
            reading = Reading(said.text, said.confidence, said.alternatives, said.words)
        elif self.verdict == "illegible":
            reading = Reading("", 1.0, (), ())
        else:
            words = tuple(Word(word, 1.0) for word in self.text.split())
            reading = Reading(self.text, 1.0, (), words)
        legible = self.verdict != "illegible"
        return Line(self.polygon, self.baseline, reading, verified=self.corrected, legible=legible)


@dataclass(frozen=True, slots=True)
class StoredPage:
    """One stored page with its newest reading.

    Attributes:
        id: names the page image.
        number: its place in the document, from 1.
        width: pixels of the page image.
        height: pixels of the page image.
        model: the version of the model that read it last.
        seconds: how long that reading took.
        lines: those that nobody has retired, in reading order, whichever reading found them.
    """

    id: UUID
    number: int
    width: int
    height: int
    model: str
    seconds: float
    lines: tuple[StoredLine, ...]

    @property
    def writing(self) -> tuple[StoredLine, ...]:
        """The lines without those that a person called no writing."""
        return tuple(line for line in self.lines if line.verdict != "not_text")

    @property
    def text(self) -> str:
        """The texts of what is writing, corrections included, joined by newlines."""
        return "\n".join(line.text for line in self.writing)

    def as_page(self, path: str) -> Page:
        """What is writing on the page, corrections included, for an export; ``path`` is the name it goes by there."""
        lines = tuple(line.as_line() for line in self.writing)
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
        writer: whose hand it shows, or None.
        collection: what it belongs to, or None.
    """

    id: UUID
    name: str
    media_type: str
    sha256: str
    created_at: datetime
    page_count: int
    pages: tuple[StoredPage, ...]
    writer: str | None = None
    collection: str | None = None

    @property
    def complete(self) -> bool:
        """Whether every page of the original is kept; False while reading, or after a crash."""
        return len(self.pages) == self.page_count


@dataclass(frozen=True, slots=True)
class CorrectedPage:
    """The transcribed lines of one page, for ground truth; lines retired, illegible or no writing are left out.

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

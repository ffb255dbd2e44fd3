"""Stored pages as the API answers them and the correction screen shows them: one shape for both.

A page is what the ``read`` contract prints, and beside it the ids that corrections and pictures are asked for with.
"""

from uuid import UUID

from pydantic import BaseModel, Field

from flywheel.records import Document, StoredLine, StoredPage, StoredPrediction

DOUBTFUL_BELOW = 0.75
"""A word that is right with less than this probability is marked for the person."""

POOR_BELOW = 0.4
"""A page whose words have less confidence than this on average is probably upside down or out of focus.

Pages of six hands had 0.44 to 0.95; turned round, 0.12 to 0.35.
"""

NO_WRITING = (
    "No writing was found on this page. If there is some, take the photo again: straight from above, sharp, "
    "in even light, with the lines running from left to right."
)
POOR = (
    "Little on this page could be read with confidence. If it is upside down or blurred, "
    "turn it or take the photo again, and read it once more."
)


class WordAnswer(BaseModel):
    """One word as the model read it."""

    text: str
    confidence: float = Field(description="probability that the word is right")
    doubtful: bool = Field(description="worth a person's look")


class LineAnswer(BaseModel):
    """One line: where it is and what it says."""

    id: UUID = Field(description="names the line in a correction")
    prediction_id: UUID = Field(description="the model's transcription that this answer shows")
    polygon: list[tuple[float, float]] = Field(description="pixels of the page image")
    baseline: list[tuple[float, float]] | None
    text: str = Field(description="the newest correction, or else what the model read")
    confidence: float = Field(description="probability that what the model read is right as a whole")
    alternatives: list[str]
    words: list[WordAnswer] = Field(description="of what the model read")
    corrected: bool = Field(description="a person has corrected or confirmed the line")
    unknown_characters: list[str] = Field(description="of the correction: those the model's charset lacks")


class DocumentHead(BaseModel):
    """The upload that a page belongs to."""

    id: UUID
    name: str
    page_count: int


class PageAnswer(BaseModel):
    """One read page."""

    path: str
    page: int
    width: int
    height: int
    text: str
    lines: list[LineAnswer]
    model: str
    id: UUID
    image: str = Field(description="address of the upright page image")
    note: str | None = Field(description="what a person should know about this page")
    document: DocumentHead


class DocumentAnswer(DocumentHead):
    """A whole document, as far as it has been read."""

    pages: list[PageAnswer]


def page_answer(document: Document, page: StoredPage) -> PageAnswer:
    """One page of a document."""
    return PageAnswer(
        path=document.name,
        page=page.number,
        width=page.width,
        height=page.height,
        text=page.text,
        lines=[_line_answer(line) for line in page.lines],
        model=page.model,
        id=page.id,
        image=f"/media/{page.id}",
        note=note(page),
        document=DocumentHead(id=document.id, name=document.name, page_count=document.page_count),
    )


def document_answer(document: Document) -> DocumentAnswer:
    """A whole document."""
    return DocumentAnswer(
        id=document.id,
        name=document.name,
        page_count=document.page_count,
        pages=[page_answer(document, page) for page in document.pages],
    )


def note(page: StoredPage) -> str | None:
    """What a person should know about a page, or None."""
    words = [word.confidence for line in page.lines for word in line.prediction.words]
    if not page.lines:
        return NO_WRITING
    if words and sum(words) / len(words) < POOR_BELOW:
        return POOR
    return None


def _line_answer(line: StoredLine) -> LineAnswer:
    said = line.prediction
    return LineAnswer(
        id=line.id,
        prediction_id=said.id,
        polygon=list(line.polygon),
        baseline=None if line.baseline is None else list(line.baseline),
        text=line.text,
        confidence=round(said.confidence, 4),
        alternatives=list(said.alternatives),
        words=_words(said),
        corrected=line.corrected,
        unknown_characters=[] if line.correction is None else list(line.correction.unknown_characters),
    )


def _words(said: StoredPrediction) -> list[WordAnswer]:
    return [
        WordAnswer(text=word.text, confidence=round(word.confidence, 4), doubtful=word.confidence < DOUBTFUL_BELOW)
        for word in said.words
    ]

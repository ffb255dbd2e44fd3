"""Stored pages as the API answers them and the correction screen shows them: one shape for both.

A page is what the ``read`` contract prints, and beside it the ids that corrections and pictures are asked for with.
"""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from flywheel.records import (
    DOUBTFUL_BELOW,
    Document,
    Draft,
    Origin,
    StoredLine,
    StoredPage,
    StoredPrediction,
    Verdict,
)

POOR_BELOW = 0.35
"""A page whose words have less confidence than this on average is probably upside down or out of focus.

Twenty pages by as many hands had 0.41 to 0.96; turned round, 0.14 to 0.27.
"""

NO_WRITING = (
    "No writing was found on this page. If there is some, take the photo again: straight from above, sharp, "
    "in even light, with the lines running from left to right."
)
BY_HAND = "Or add its lines by hand: draw a box around each, and it is read."
POOR = (
    "Little on this page could be read with confidence. If it is upside down or blurred, "
    "turn it or take the photo again, and read it once more."
)


class WordAnswer(BaseModel):
    """One word as the model read it."""

    text: str
    confidence: float = Field(description="probability that the word is right")
    doubtful: bool = Field(description="worth a person's look")


class DraftAnswer(BaseModel):
    """What the asker typed in a line and has not submitted yet."""

    text: str
    verdict: Verdict
    seconds: float | None
    keystrokes: int | None


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
    revision: int = Field(description="how many corrections the line has; send it back as base_revision")
    verdict: Verdict = Field(description="what the newest correction says the line is")
    draft: DraftAnswer | None = Field(description="what the asker has not submitted yet")
    origin: Origin = Field(description="whether a model found the line or a person drew it")
    reading: str = Field(description="what the model read")


class DocumentHead(BaseModel):
    """The upload that a page belongs to."""

    id: UUID
    name: str
    page_count: int
    writer: str | None = Field(description="whose hand it shows, where somebody said")
    collection: str | None = Field(description="what it belongs to, where somebody said")


class PageAnswer(BaseModel):
    """One read page."""

    path: str
    page: int
    width: int
    height: int
    text: str
    lines: list[LineAnswer]
    model: str = Field(description="the version that read the page last")
    newer_model: str | None = Field(description="the version that reads now, where it is another")
    id: UUID
    image: str = Field(description="address of the upright page image")
    note: str | None = Field(description="what a person should know about this page")
    document: DocumentHead


class DocumentAnswer(DocumentHead):
    """A whole document, as far as it has been read."""

    pages: list[PageAnswer]


def page_answer(document: Document, page: StoredPage, *, serving: str) -> PageAnswer:
    """One page of a document; ``serving`` is the version of the model that reads now."""
    return PageAnswer(
        path=document.name,
        page=page.number,
        width=page.width,
        height=page.height,
        text=page.text,
        lines=[_line_answer(line) for line in page.lines],
        model=page.model,
        newer_model=None if serving == page.model else serving,
        id=page.id,
        image=f"/media/{page.id}",
        note=note(page),
        document=DocumentHead(**_head(document)),
    )


def document_answer(document: Document, *, serving: str) -> DocumentAnswer:
    """A whole document; ``serving`` is the version of the model that reads now."""
    return DocumentAnswer(
        **_head(document), pages=[page_answer(document, page, serving=serving) for page in document.pages]
    )


def note(page: StoredPage) -> str | None:
    """What a person should know about a page, or None."""
    words = [word.confidence for line in page.lines for word in line.prediction.words]
    if not page.lines:
        return f"{NO_WRITING} {BY_HAND}"
    if words and sum(words) / len(words) < POOR_BELOW:
        return POOR
    return None


def _head(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "name": document.name,
        "page_count": document.page_count,
        "writer": document.writer,
        "collection": document.collection,
    }


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
        revision=line.revision,
        verdict=line.verdict,
        draft=None if line.draft is None else _draft_answer(line.draft),
        origin=line.origin,
        reading=said.text,
    )


def _draft_answer(draft: Draft) -> DraftAnswer:
    return DraftAnswer(text=draft.text, verdict=draft.verdict, seconds=draft.seconds, keystrokes=draft.keystrokes)


def _words(said: StoredPrediction) -> list[WordAnswer]:
    return [
        WordAnswer(text=word.text, confidence=round(word.confidence, 4), doubtful=word.confidence < DOUBTFUL_BELOW)
        for word in said.words
    ]

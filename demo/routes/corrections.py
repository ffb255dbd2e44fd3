"""What a person types in lines: drafts while they work, corrections once they submit."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import AfterValidator, BaseModel, Field

from demo.asker import contributor_of
from demo.judging_desk import JudgingDesk
from demo.metrics import Metrics
from demo.problems import REFUSALS
from demo.services import Services
from flywheel.drafts import keep_drafts
from flywheel.records import Draft, NewCorrection, StoredCorrection, Verdict

LONGEST_TEXT = 10_000
MOST_LINES = 10_000


def _one_line(text: str) -> str:
    if "\n" in text or "\r" in text:
        raise ValueError("a line has no line breaks; send each line on its own")
    return text


LineText = Annotated[str, AfterValidator(_one_line), Field(max_length=LONGEST_TEXT)]
"""What one line of a page can hold."""


class EffortIn(BaseModel):
    """What a person did to a line."""

    line_id: UUID
    verdict: Verdict = Field("text", description="whether the text stands there, or the line is illegible or no text")
    seconds: float | None = Field(None, ge=0, allow_inf_nan=False, description="time spent on the line")
    keystrokes: int | None = Field(None, ge=0, description="keys pressed in the line")


class CorrectionIn(EffortIn):
    """What a person says a line holds; the text as it was is a confirmation."""

    text: LineText = Field(description="kept as typed")
    prediction_id: UUID | None = Field(None, description="the transcription that was shown; default: the newest")
    base_revision: int | None = Field(
        None, ge=0, description="the line's revision that was shown; 409 where the line has another by now"
    )


class CorrectionsIn(BaseModel):
    """Corrections that are stored all together or not at all."""

    corrections: list[CorrectionIn] = Field(min_length=1, max_length=MOST_LINES)


class CorrectionOut(BaseModel):
    """A stored correction; ``revision`` counts those of one line from 1."""

    id: UUID
    line_id: UUID
    revision: int
    text: str
    verdict: Verdict
    seconds: float | None
    keystrokes: int | None
    unknown_characters: list[str] = Field(description="those the model's charset lacks; kept all the same")


class CorrectionsOut(BaseModel):
    """The stored corrections, in the order they were sent."""

    corrections: list[CorrectionOut]


class DraftIn(EffortIn):
    """What stands in a line and is not submitted yet."""

    text: LineText | None = Field(description="kept as typed; null removes the draft")


class DraftsIn(BaseModel):
    """Drafts that are saved all together or not at all; the last one of a line counts."""

    drafts: list[DraftIn] = Field(min_length=1, max_length=MOST_LINES)


class DraftsOut(BaseModel):
    """How many lines' drafts are now as they were sent."""

    saved: int


def router(services: Services, judging: JudgingDesk, metrics: Metrics) -> APIRouter:
    """The addresses that take what people type."""
    routes = APIRouter(prefix="/api/v1", tags=["correcting"], responses=REFUSALS)

    @routes.post("/corrections")
    def correct(request: Request, sent: CorrectionsIn) -> CorrectionsOut:
        """Store what a person typed, exactly as typed; earlier corrections of a line stay beside it.

        The person's drafts of these lines end. Where another tab was quicker, nothing is stored.
        """
        contributor = contributor_of(request, services)
        new = [_new_correction(correction, services) for correction in sent.corrections]
        stored = services.store.keep_corrections(new, contributor=contributor)
        judging.wake()
        metrics.corrections.inc(len(stored))
        metrics.unknown_characters.inc(sum(len(row.unknown_characters) for row in stored))
        return CorrectionsOut(corrections=[_correction_out(row) for row in stored])

    @routes.put("/drafts")
    def draft(request: Request, sent: DraftsIn) -> DraftsOut:
        """Save what stands in lines before it is submitted, so that a closed tab loses nothing."""
        newest = {row.line_id: row for row in sent.drafts}
        drafts = [
            Draft(row.line_id, row.text, row.verdict, row.seconds, row.keystrokes)
            for row in newest.values()
            if row.text is not None
        ]
        dropped = [line_id for line_id, row in newest.items() if row.text is None]
        keep_drafts(services.store, drafts, dropped=dropped, contributor=contributor_of(request, services))
        metrics.drafts.inc(len(drafts))
        return DraftsOut(saved=len(newest))

    return routes


def _new_correction(sent: CorrectionIn, services: Services) -> NewCorrection:
    return NewCorrection(
        line_id=sent.line_id,
        text=sent.text,
        seconds=sent.seconds,
        keystrokes=sent.keystrokes,
        unknown_characters=tuple(services.reader.unknown_characters(sent.text)),
        prediction_id=sent.prediction_id,
        verdict=sent.verdict,
        base_revision=sent.base_revision,
    )


def _correction_out(row: StoredCorrection) -> CorrectionOut:
    return CorrectionOut(
        id=row.id,
        line_id=row.line_id,
        revision=row.revision,
        text=row.text,
        verdict=row.verdict,
        seconds=row.seconds,
        keystrokes=row.keystrokes,
        unknown_characters=list(row.unknown_characters),
    )

"""What programs use, and the page's own script too: read a file, store corrections."""

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, UploadFile
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import AfterValidator, BaseModel, Field
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool

from demo.answers import NO_WRITING, DocumentAnswer, PageAnswer, document_answer, page_answer
from demo.asker import contributor_of
from demo.errors import NoSuchAddress, NoWriting
from demo.metrics import Metrics
from demo.problems import OURS, ProblemAnswer, answer
from demo.reading_desk import ReadingDesk
from demo.services import Services
from flywheel.records import NewCorrection, StoredCorrection

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
ROWS = "application/x-ndjson"
LONGEST_TEXT = 10_000
MOST_CORRECTIONS = 10_000
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemAnswer, "description": description}
    for status, description in {
        404: "No such line, or not yours",
        413: "More bytes, pixels or pages than allowed",
        422: "What was sent cannot be used; the message says why",
        503: "Busy, or the store is not ready: try again after Retry-After seconds",
    }.items()
}


def _one_line(text: str) -> str:
    if "\n" in text or "\r" in text:
        raise ValueError("a line has no line breaks; send one correction per line")
    return text


class CorrectionIn(BaseModel):
    """What a person says a line holds; the text as it was is a confirmation."""

    line_id: UUID
    text: Annotated[str, AfterValidator(_one_line)] = Field(max_length=LONGEST_TEXT, description="kept as typed")
    seconds: float | None = Field(None, ge=0, allow_inf_nan=False, description="time spent on the line")
    keystrokes: int | None = Field(None, ge=0, description="keys pressed in the line")
    prediction_id: UUID | None = Field(None, description="the transcription that was shown; default: the newest")


class CorrectionsIn(BaseModel):
    """Corrections that are stored all together or not at all."""

    corrections: list[CorrectionIn] = Field(min_length=1, max_length=MOST_CORRECTIONS)


class CorrectionOut(BaseModel):
    """A stored correction; ``revision`` counts those of one line from 1."""

    id: UUID
    line_id: UUID
    revision: int
    text: str
    seconds: float | None
    keystrokes: int | None
    unknown_characters: list[str] = Field(description="those the model's charset lacks; kept all the same")


class CorrectionsOut(BaseModel):
    """The stored corrections, in the order they were sent."""

    corrections: list[CorrectionOut]


def router(services: Services, desk: ReadingDesk, metrics: Metrics) -> APIRouter:
    """The addresses under ``/api``."""
    routes = APIRouter(prefix="/api")

    @routes.post("/v1/read", response_model=list[PageAnswer], responses=REFUSALS, tags=["reading"])
    async def read(request: Request, file: UploadFile) -> Any:
        """Read a photo, a scan or a PDF and keep it, with what was read.

        The answer lists the pages. With `Accept: application/x-ndjson` each page is a row of its own, sent as soon as
        it is read; a row `{"error": …}` ends a file that turned out to be broken further on.
        """
        contributor = await run_in_threadpool(contributor_of, request, services)
        name = (file.filename or "upload").strip()[:200] or "upload"
        pages = _pages(desk, await file.read(), name=name, contributor=contributor)
        if ROWS in request.headers.get("accept", ""):
            first = await run_in_threadpool(next, pages, None)
            return StreamingResponse(iterate_in_threadpool(_rows(first, pages)), media_type=ROWS)
        return JSONResponse(await run_in_threadpool(_whole, pages))

    @routes.post("/v1/corrections", response_model=CorrectionsOut, responses=REFUSALS, tags=["reading"])
    def correct(request: Request, sent: CorrectionsIn) -> CorrectionsOut:
        """Store what a person typed, exactly as typed; earlier corrections of a line stay beside it."""
        contributor = contributor_of(request, services)
        new = [_new_correction(correction, services) for correction in sent.corrections]
        stored = services.store.keep_corrections(new, contributor=contributor)
        metrics.corrections.inc(len(stored))
        metrics.unknown_characters.inc(sum(len(row.unknown_characters) for row in stored))
        return CorrectionsOut(corrections=[_correction_out(row) for row in stored])

    @routes.get("/v1/documents/{document_id}", responses=REFUSALS, tags=["reading"])
    def document(request: Request, document_id: UUID) -> DocumentAnswer:
        """One of the asker's own documents: its pages so far, with the newest corrections."""
        return document_answer(services.store.document(document_id, contributor_of(request, services)))

    @routes.api_route("", methods=METHODS, include_in_schema=False)
    @routes.api_route("/{rest:path}", methods=METHODS, include_in_schema=False)
    def nothing(request: Request) -> None:
        raise NoSuchAddress(f"There is no {request.method} {request.url.path}. See /docs for what there is.")

    return routes


def _pages(desk: ReadingDesk, data: bytes, *, name: str, contributor: UUID) -> Iterator[PageAnswer]:
    for document, page in desk.read(data, name=name, contributor=contributor):
        yield page_answer(document, page)


def _whole(pages: Iterator[PageAnswer]) -> list[dict[str, Any]]:
    read = [page.model_dump(mode="json") for page in pages]
    if not any(page["lines"] for page in read):
        raise NoWriting(NO_WRITING)
    return read


def _rows(first: PageAnswer | None, rest: Iterator[PageAnswer]) -> Iterator[bytes]:
    """The pages as they come; what goes wrong after the first can no longer change the status."""
    try:
        if first is not None:
            yield first.model_dump_json().encode() + b"\n"
        for page in rest:
            yield page.model_dump_json().encode() + b"\n"
    except OURS as error:
        yield bytes(answer(error).body) + b"\n"


def _new_correction(sent: CorrectionIn, services: Services) -> NewCorrection:
    return NewCorrection(
        line_id=sent.line_id,
        text=sent.text,
        seconds=sent.seconds,
        keystrokes=sent.keystrokes,
        unknown_characters=tuple(services.reader.unknown_characters(sent.text)),
        prediction_id=sent.prediction_id,
    )


def _correction_out(row: StoredCorrection) -> CorrectionOut:
    return CorrectionOut(
        id=row.id,
        line_id=row.line_id,
        revision=row.revision,
        text=row.text,
        seconds=row.seconds,
        keystrokes=row.keystrokes,
        unknown_characters=list(row.unknown_characters),
    )

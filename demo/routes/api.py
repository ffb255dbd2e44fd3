"""What programs use, and the page's own script too: read a file. And what is answered where nothing is served."""

import mimetypes
from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool

from demo.answers import NO_WRITING, PageAnswer, page_answer
from demo.asker import contributor_of
from demo.errors import NoSuchAddress, NoWriting
from demo.problems import OURS, REFUSALS, answer
from demo.reading_desk import ReadingDesk
from demo.services import Services
from flywheel.records import Upload

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
ROWS = "application/x-ndjson"
LONGEST_LABEL = 200
Label = Annotated[str | None, Form(max_length=LONGEST_LABEL)]


def router(services: Services, desk: ReadingDesk) -> APIRouter:
    """The addresses under ``/api`` that no other router has; must come last."""
    routes = APIRouter(prefix="/api")

    @routes.post("/v1/read", response_model=list[PageAnswer], responses=REFUSALS, tags=["reading"])
    async def read(request: Request, file: UploadFile, writer: Label = None, collection: Label = None) -> Any:
        """Read a photo, a scan or a PDF and keep it, with what was read.

        `writer` says whose hand it shows, `collection` what it belongs to; both may be left out.

        The answer lists the pages. With `Accept: application/x-ndjson` each page is a row of its own, sent as soon as
        it is read; a row `{"error": …}` ends a file that turned out to be broken further on.
        """
        contributor = await run_in_threadpool(contributor_of, request, services)
        name = (file.filename or "upload").strip()[:200] or "upload"
        upload = Upload(name, await file.read(), _media_type(name), _label(writer), _label(collection))
        serving = await run_in_threadpool(services.version_for, upload)
        pages = _pages(desk, upload, contributor=contributor, serving=serving)
        if ROWS in request.headers.get("accept", ""):
            first = await run_in_threadpool(next, pages, None)
            return StreamingResponse(iterate_in_threadpool(_rows(first, pages)), media_type=ROWS)
        return JSONResponse(await run_in_threadpool(_whole, pages))

    @routes.api_route("", methods=METHODS, include_in_schema=False)
    @routes.api_route("/{rest:path}", methods=METHODS, include_in_schema=False)
    def nothing(request: Request) -> None:
        raise NoSuchAddress(f"There is no {request.method} {request.url.path}. See /docs for what there is.")

    return routes


def _media_type(name: str) -> str:
    return mimetypes.guess_type(name, strict=False)[0] or "application/octet-stream"


def _label(text: str | None) -> str | None:
    """A field left empty in a form says nothing."""
    return (text or "").strip() or None


def _pages(desk: ReadingDesk, upload: Upload, *, contributor: UUID, serving: str) -> Iterator[PageAnswer]:
    for document, page in desk.read(upload, contributor=contributor):
        yield page_answer(document, page, serving=serving)


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

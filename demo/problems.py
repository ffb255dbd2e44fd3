"""Turns whatever goes wrong into one JSON shape, ``{"error": {"code", "message"}}``, with the fitting status."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from demo.errors import BadRequest, BodyTooLarge, Busy, DemoError, Forbidden, NoSuchAddress, NotLoggedIn, NoWriting
from demo.metrics import Metrics
from flywheel.errors import (
    BadAccount,
    BadLogin,
    BadOutline,
    BrokenBlob,
    FlywheelError,
    LabelStudioError,
    NotFound,
    StaleDocument,
    StoreUnavailable,
    TooManyLogins,
    Unstorable,
    WheelStopped,
)
from recognizer.errors import BadInput, EncryptedPdf, ImageTooLarge, NotAnImage, RecognizerError

# The first class that fits decides, so subclasses stand above their bases.
STATUSES: tuple[tuple[type[Exception], int, str], ...] = (
    (BadRequest, 422, "bad_request"),
    (BodyTooLarge, 413, "too_large"),
    (Busy, 503, "busy"),
    (NoSuchAddress, 404, "not_found"),
    (NotLoggedIn, 401, "not_logged_in"),
    (BadAccount, 422, "bad_account"),
    (BadLogin, 401, "bad_login"),
    (Forbidden, 403, "forbidden"),
    (TooManyLogins, 429, "too_many_logins"),
    (NoWriting, 422, "no_writing"),
    (NotAnImage, 422, "not_an_image"),
    (ImageTooLarge, 413, "too_large"),
    (EncryptedPdf, 422, "encrypted_pdf"),
    (BadInput, 422, "bad_input"),
    (NotFound, 404, "not_found"),
    (StaleDocument, 409, "stale_document"),
    (WheelStopped, 409, "wheel_stopped"),
    (BadOutline, 422, "bad_outline"),
    (Unstorable, 422, "unstorable"),
    (StoreUnavailable, 503, "store_unavailable"),
    (BrokenBlob, 500, "broken_blob"),
    (LabelStudioError, 502, "label_studio"),
)
HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
OURS = (DemoError, RecognizerError, FlywheelError)
RETRY_AFTER_SECONDS = 5
BROKEN = "Something broke inside Inkloop; nothing of this request was kept. Try again, or look at the server's log."


class Problem(BaseModel):
    """What went wrong, where, and what to do."""

    code: str
    message: str


class ProblemAnswer(BaseModel):
    """The body of every answer that is an error."""

    error: Problem


REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemAnswer, "description": description}
    for status, description in {
        404: "No such thing, or not yours",
        409: "It has changed since you loaded it",
        413: "More bytes, pixels or pages than allowed",
        422: "What was sent cannot be used; the message says why",
        503: "Busy, or the store is not ready: try again after Retry-After seconds",
    }.items()
}
"""How a route's errors are documented."""


def answer(error: Exception) -> JSONResponse:
    """The answer that tells an error."""
    status, code = _status(error)
    told = ProblemAnswer(error=Problem(code=code, message=_sentence(error)))
    return JSONResponse(told.model_dump(), status, headers_of(error))


def install(app: FastAPI, metrics: Metrics) -> None:
    """Let an app answer every error this way, and count them."""

    def tell(request: Request, error: Exception) -> JSONResponse:
        metrics.refused.labels(_status(error)[1]).inc()
        return answer(error)

    for kind in (*OURS, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, tell)


def status_of(error: Exception) -> int:
    """The HTTP status that fits an error."""
    return _status(error)[0]


def code_of(error: Exception) -> str:
    """The word by which programs tell an error."""
    return _status(error)[1]


def headers_of(error: Exception) -> dict[str, str]:
    """The headers that tell a program when or how to ask again."""
    if isinstance(error, TooManyLogins):
        return {"Retry-After": str(error.seconds)}
    status = status_of(error)
    return {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": str(RETRY_AFTER_SECONDS)}}.get(status, {})


def _status(error: Exception) -> tuple[int, str]:
    if isinstance(error, RequestValidationError):
        in_address = any(problem["loc"][0] == "path" for problem in error.errors())
        return (404, "not_found") if in_address else (422, "bad_request")
    if isinstance(error, HTTPException):
        return error.status_code, HTTP_CODES.get(error.status_code, "bad_request")
    return next(((status, code) for kind, status, code in STATUSES if isinstance(error, kind)), (500, "broken"))


def _sentence(error: Exception) -> str:
    if isinstance(error, RequestValidationError):
        return f"{'; '.join(_complaint(problem) for problem in error.errors()[:3])}. Nothing was stored; see /docs."
    if isinstance(error, HTTPException):
        return error.detail if error.detail.endswith(".") else f"{error.detail}. See /docs for what there is."
    return str(error) if isinstance(error, OURS) else BROKEN


def _complaint(problem: dict[str, object]) -> str:
    loc = problem["loc"]
    place = ".".join(str(part) for part in loc[1:]) if isinstance(loc, tuple | list) and len(loc) > 1 else "the body"
    return f"{place}: {problem['msg']}"

"""Logging in and out, for people in a browser; programs bring a token instead."""

from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from demo.doorkeeper import cookie_name, refuse_other_sites, session_token
from demo.errors import BadRequest
from demo.login_page import HEADERS, login_page
from demo.problems import headers_of, status_of
from demo.services import Services
from flywheel.accesses import SESSION_LASTS, end_session, find_asker
from flywheel.errors import BadLogin, TooManyLogins
from flywheel.login import log_in

LONGEST_FORM = 8192  # bytes: a name, a password and an address, however they are encoded


def router(services: Services) -> APIRouter:
    """The addresses of the login."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/login")
    def ask(request: Request) -> Response:
        """The page where people log in; whoever has done so goes on."""
        next_path = own_path(request.query_params.get("next", ""))
        token = session_token(request)
        if token and find_asker(services.store, token, kind="session"):
            return RedirectResponse(next_path, 303)
        return HTMLResponse(login_page(next_path=next_path), headers=HEADERS)

    @routes.post("/login")
    async def answer_form(request: Request) -> Response:
        """A session for a name and a password, or the page again, with what is wrong."""
        refuse_other_sites(request)
        form = await _form(request)
        return await run_in_threadpool(_let_in, services, request, form)

    @routes.post("/logout")
    def leave(request: Request) -> Response:
        """End the session, here and in the store."""
        token = session_token(request)
        if token:
            end_session(services.store, token)
        # The pages that this browser has kept are the account's, not of whoever uses it next.
        gone = RedirectResponse("/login", 303, {"Clear-Site-Data": '"cache"'})
        gone.delete_cookie(cookie_name(request), secure=request.url.scheme == "https", httponly=True)
        return gone

    return routes


def own_path(asked: str) -> str:
    """Where to go after the login: the path that was asked for if it is surely one of ours, else the start."""
    ours = asked.startswith("/") and not asked.startswith("//") and asked.isprintable() and "\\" not in asked
    return asked if ours else "/"


def _let_in(services: Services, request: Request, form: dict[str, str]) -> Response:
    name, next_path = form.get("name", ""), own_path(form.get("next", ""))
    address = request.client.host if request.client else ""
    try:
        token = log_in(services.store, name, form.get("password", ""), address=address)
    except (BadLogin, TooManyLogins) as error:
        page = login_page(next_path=next_path, name=name, trouble=str(error))
        return HTMLResponse(page, status_of(error), headers={**HEADERS, **headers_of(error)})
    before = session_token(request)
    if before:
        end_session(services.store, before)
    answered = RedirectResponse(next_path, 303)
    answered.set_cookie(
        cookie_name(request),
        token,
        max_age=int(SESSION_LASTS.total_seconds()),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return answered


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form that a browser sent, each once.

    Raises:
        BadRequest: it is longer than any form of ours, or none.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_FORM:
            raise BadRequest("This is more than a name and a password. Log in with the page at /login.")
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=8, errors="strict")
    except ValueError as error:
        raise BadRequest("This is no form with a name and a password. Log in with the page at /login.") from error
    return {field: values[-1] for field, values in fields.items()}

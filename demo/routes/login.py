"""Logging in and out and another password, for people in a browser; programs bring a token instead."""

from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from demo.asker import asker
from demo.doorkeeper import cookie_name, refuse_other_sites, session_token
from demo.errors import BadRequest
from demo.login_page import HEADERS, login_page, password_page
from demo.problems import headers_of, status_of
from demo.services import Services
from flywheel.accesses import SESSION_LASTS, end_session, find_asker
from flywheel.accounts import change_password
from flywheel.errors import BadAccount, BadLogin, TooManyLogins
from flywheel.login import log_in
from flywheel.passwords import refuse_bad_password

WRONG = "The password until now is another one. Nothing was changed."
CHANGED = "The password is changed. Every other browser is logged out."
LONGEST_FORM = 8192  # bytes: a name, passwords and an address, however they are encoded


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

    @routes.get("/password")
    def ask_for_another(request: Request) -> Response:
        """The page where people change their own password."""
        return HTMLResponse(password_page(name=asker(request, services).name), headers=HEADERS)

    @routes.post("/password")
    async def change(request: Request) -> Response:
        """Another password for whoever knows the one until now; every other browser is logged out."""
        return await run_in_threadpool(_changed, services, request, await _form(request))

    return routes


def own_path(asked: str) -> str:
    """Where to go after the login: the path that was asked for if it is surely one of ours, else the start."""
    ours = asked.startswith("/") and not asked.startswith("//") and asked.isprintable() and "\\" not in asked
    return asked if ours else "/"


def _let_in(services: Services, request: Request, form: dict[str, str]) -> Response:
    name, next_path = form.get("name", ""), own_path(form.get("next", ""))
    try:
        token = log_in(services.store, name, form.get("password", ""), address=_address(request))
    except (BadLogin, TooManyLogins) as error:
        page = login_page(next_path=next_path, name=name, trouble=str(error))
        return HTMLResponse(page, status_of(error), headers={**HEADERS, **headers_of(error)})
    before = session_token(request)
    if before:
        end_session(services.store, before)
    return _with_session(RedirectResponse(next_path, 303), request, token)


def _changed(services: Services, request: Request, form: dict[str, str]) -> Response:
    name, new = asker(request, services).name, form.get("new", "")
    try:
        if new != form.get("again", ""):
            raise BadAccount("The two new passwords differ. Type the same twice; nothing was changed.")
        refuse_bad_password(new)
        log_in(services.store, name, form.get("password", ""), address=_address(request))
        change_password(services.store, name, new)
        token = log_in(services.store, name, new, address=_address(request))
    except (BadAccount, BadLogin, TooManyLogins) as error:
        trouble = WRONG if isinstance(error, BadLogin) else str(error)
        page = password_page(name=name, trouble=trouble)
        return HTMLResponse(page, status_of(error), headers={**HEADERS, **headers_of(error)})
    return _with_session(HTMLResponse(password_page(name=name, done=CHANGED), headers=HEADERS), request, token)


def _with_session(answered: Response, request: Request, token: str) -> Response:
    answered.set_cookie(
        cookie_name(request),
        token,
        max_age=int(SESSION_LASTS.total_seconds()),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return answered


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


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

"""Who comes in, where people log in: every address but a few needs an account, and some need more than being one.

It stands before our own routes and Gradio's alike, so that none can be forgotten: what is not named here is closed.
Tabs ask for more themselves (``asker.require``), because all of Gradio's events come through the same few addresses.
"""

import base64
import binascii
import re
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.asker import Asker, Role
from demo.errors import BadRequest, DemoError, Forbidden, NotLoggedIn
from demo.metrics import Metrics
from demo.problems import answer, code_of
from demo.services import Services
from flywheel.accesses import find_asker
from flywheel.errors import FlywheelError

COOKIE = "inkloop_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

OPEN = re.compile(r"/(healthz|readyz|login|favicon\.ico|robots\.txt|ui/.*|assets/.*|static/.*)")
"""Served to everybody: signs of life, the login, and files that are the same for all and hold nobody's pages."""

NEEDED: tuple[tuple[frozenset[str], re.Pattern[str], Role], ...] = (
    (frozenset({"GET", "HEAD"}), re.compile(r"/metrics"), Role.OPERATOR),
    (frozenset({"POST"}), re.compile(r"/api/v1/read|/api/v1/documents/[^/]+/read-again"), Role.READER),
    (frozenset({"DELETE"}), re.compile(r"/api/v1/documents/[^/]+"), Role.READER),
    (frozenset({"POST", "PUT", "PATCH", "DELETE"}), re.compile(r"/(api|label-studio)/.*"), Role.ANNOTATOR),
)
"""The least role for an address; the first that fits decides. Elsewhere it is enough to be logged in."""


class Doorkeeper:
    """ASGI middleware: lets nobody in who is not logged in, and says in the request's state who is.

    Args:
        app: what is behind the door.
        services: the store that knows the accounts.
        metrics: where refusals are counted.
    """

    def __init__(self, app: ASGIApp, *, services: Services, metrics: Metrics) -> None:
        self._app, self._services, self._metrics = app, services, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, show a browser the login, or refuse."""
        if scope["type"] == "lifespan" or OPEN.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            found = await run_in_threadpool(self._admitted, HTTPConnection(scope))
        except (DemoError, FlywheelError) as error:
            self._metrics.refused.labels(code_of(error)).inc()
            await _refusal(error, scope)(scope, receive, send)
            return
        scope.setdefault("state", {})["asker"] = found
        await self._app(scope, receive, send)

    def _admitted(self, asked: HTTPConnection) -> Asker:
        found = self._known(asked)
        if found is None:
            raise NotLoggedIn
        role = least_role(asked.scope.get("method", "GET"), asked.url.path)
        if not found.role.includes(role):
            raise Forbidden(role=role, name=found.name, has=found.role)
        return found

    def _known(self, asked: HTTPConnection) -> Asker | None:
        """Whoever a token belongs to: a program's where it sends one, else the browser's session."""
        store = self._services.store
        if "authorization" in asked.headers:
            token = _program_token(asked.headers["authorization"])
            return None if token is None else find_asker(store, token, kind="program")
        token = session_token(asked)
        found = None if token is None else find_asker(store, token, kind="session")
        if found is not None and asked.scope.get("method") not in SAFE_METHODS:
            refuse_other_sites(asked)
        return found


def least_role(method: str, path: str) -> Role:
    """What somebody must at least be to ask for this."""
    return next(
        (role for methods, pattern, role in NEEDED if method in methods and pattern.fullmatch(path)), Role.READER
    )


def session_token(asked: HTTPConnection) -> str | None:
    """The token that a browser holds, if it holds one."""
    return asked.cookies.get(cookie_name(asked))


def cookie_name(asked: HTTPConnection) -> str:
    """The session's cookie; over https one that no neighbouring host and no plain connection can set."""
    return f"__Host-{COOKIE}" if asked.url.scheme in ("https", "wss") else COOKIE


def refuse_other_sites(asked: HTTPConnection) -> None:
    """Return if the page that makes a browser send this is one of ours.

    Browsers say so themselves; over plain http to other machines they leave out ``Sec-Fetch-Site``. A program that
    says neither is no browser, and nobody made it do it.

    Raises:
        BadRequest: it is another's.
    """
    fetched_from, origin = asked.headers.get("sec-fetch-site"), asked.headers.get("origin")
    if fetched_from is not None:
        ours = fetched_from in ("same-origin", "none")
    else:
        ours = origin is None or urlsplit(origin).netloc == asked.headers.get("host")
    if not ours:
        raise BadRequest("A page of another site made this request; nothing was stored. Send it from here.")


def _program_token(header: str) -> str | None:
    """The token of ``Authorization: Bearer …``, or of ``Basic …`` as its password: some programs know only that."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(rest, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return None


def _refusal(error: DemoError | FlywheelError, scope: Scope) -> Response:
    asked = HTTPConnection(scope)
    if isinstance(error, NotLoggedIn) and _is_a_person(asked):
        query = f"?{asked.url.query}" if asked.url.query else ""
        return RedirectResponse(f"/login?next={quote(asked.url.path + query, safe='')}", 303)
    return answer(error)


def _is_a_person(asked: HTTPConnection) -> bool:
    """Whether a browser asks for a page to show, rather than a script or a program for data."""
    return (
        asked.scope.get("method") in ("GET", "HEAD")
        and "text/html" in asked.headers.get("accept", "")
        and asked.headers.get("sec-fetch-dest", "document") == "document"
        and not asked.url.path.startswith("/api/")
    )

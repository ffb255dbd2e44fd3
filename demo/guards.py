"""What stands before every route: who may ask, how much they may send, what browsers are told about every answer."""

import time
from collections.abc import Callable, Iterable

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.errors import BadRequest, BodyTooLarge, DemoError
from demo.metrics import Metrics
from demo.problems import answer
from flywheel.settings import is_loopback

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MULTIPART_BYTES = 64 * 1024  # what a form adds around its file
DRAIN_SECONDS = 10  # how long a sender of too much may still talk before it has to hear the answer

# Gradio's page holds scripts and compiles templates in the browser, hence unsafe-inline and unsafe-eval; but no element
# may carry a script in an attribute, where injected markup would have it. No other host is ever asked for anything.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "script-src-attr 'none'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' data: blob:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
}


class Guards:
    """ASGI middleware.

    Args:
        app: what is guarded.
        local: answer under this machine's own names alone, so that a foreign page cannot reach us through a name of
            its own (DNS rebinding); where people log in, that page has no session and gets nothing anyway.
        limit_bytes: the largest file; larger bodies are refused, also when their sender does not announce the size.
        metrics: where requests are counted.
    """

    def __init__(self, app: ASGIApp, *, local: bool, limit_bytes: int, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics
        self._limit = limit_bytes
        self._local = local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sender = _Sender(send, self._count(scope))
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            self._refuse_strangers(scope, headers)
            self._refuse_announced(headers)
            await self._app(scope, self._counted(receive), sender)
        except DemoError as error:
            if sender.begun:
                raise
            if isinstance(error, BodyTooLarge):
                await _drain(receive)
            await answer(error)(scope, receive, sender)

    def _refuse_strangers(self, scope: Scope, headers: dict[str, str]) -> None:
        host = headers.get("host", "")
        if self._local and not is_loopback(host.rpartition(":")[0] if _has_port(host) else host):
            raise BadRequest(f"This Inkloop answers on this machine alone, not as {host!r}. Open http://127.0.0.1.")
        if scope["method"] not in SAFE_METHODS and headers.get("sec-fetch-site") == "cross-site":
            raise BadRequest("A page of another site made this request; nothing was stored. Send it from here.")

    def _refuse_announced(self, headers: dict[str, str]) -> None:
        announced = headers.get("content-length", "0")
        if announced.isdigit() and int(announced) > self._limit + MULTIPART_BYTES:
            raise self._too_large()

    def _counted(self, receive: Receive) -> Receive:
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit + MULTIPART_BYTES:
                # FastAPI, which is reading the form, lets an HTTPException alone through.
                raise HTTPException(413, str(self._too_large()))
            return message

        return counted

    def _too_large(self) -> BodyTooLarge:
        limit = self._limit // 2**20
        return BodyTooLarge(f"More than {limit} MB were sent. Send a smaller photo, or fewer pages at once.")

    def _count(self, scope: Scope) -> Callable[[int], None]:
        def count(status: int) -> None:
            # The route as it is written, not the address as it was asked: addresses hold ids.
            route = getattr(scope.get("route"), "path", "other")
            self._metrics.requests.labels(scope["method"], route, str(status)).inc()

        return count


class _Sender:
    """Adds our headers to an answer, knows whether one has begun, and reports its status."""

    def __init__(self, send: Send, count: Callable[[int], None]) -> None:
        self._send, self._count = send, count
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            self._count(message["status"])
            message = {**message, "headers": _with_ours(message.get("headers", ()))}
        await self._send(message)


def _with_ours(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    given = list(headers)
    names = {name.lower() for name, _ in given}
    ours = ((name.encode(), value.encode()) for name, value in HEADERS.items())
    return given + [(name, value) for name, value in ours if name not in names]


async def _drain(receive: Receive) -> None:
    """Let a sender finish, so that it reads the answer instead of a broken connection."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < deadline:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return


def _has_port(host: str) -> bool:
    return host.rpartition(":")[2].isdigit() and (host.startswith("[") == ("]:" in host))

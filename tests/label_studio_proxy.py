"""A way to Label Studio that a test can break: shut, busy, busy after the fact, or slow."""

import asyncio
import socket
import threading
import time
from typing import Literal

import httpx
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Mood = Literal["well", "busy", "busy after the fact", "slow", "slow imports"]
NOT_PASSED_ON = {"connection", "content-encoding", "content-length", "date", "host", "server", "transfer-encoding"}
SLOWNESS_S = 8.0
BUSY = Response("no server is free", 503)


class Proxy:
    """Stands before a server on a port of its own, which it keeps while it is shut.

    Args:
        target: the address of the server.
    """

    def __init__(self, target: str) -> None:
        self._target = target
        self.mood: Mood = "well"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._address = self._listener.getsockname()
        self.url = f"http://127.0.0.1:{self._address[1]}"
        self._serve()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, in the mood of the moment."""
        request = Request(scope, receive)
        imports = request.method == "POST" and "return_task_ids" in request.query_params
        answer = BUSY if self.mood == "busy" else await self._pass_on(request)
        if self.mood == "busy after the fact" and imports:
            self.mood, answer = "busy", BUSY
        if self.mood == "slow" or (self.mood == "slow imports" and imports):
            await asyncio.sleep(SLOWNESS_S)
        await answer(scope, receive, send)

    def shut(self) -> None:
        """Answer nobody any more."""
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()

    def open(self) -> None:
        """Answer again, in the same place."""
        self._listener = socket.create_server(self._address)
        self._serve()

    def _serve(self) -> None:
        config = uvicorn.Config(self, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listener]})
        self._thread.start()
        while not self._server.started:
            time.sleep(0.02)

    async def _pass_on(self, request: Request) -> Response:
        headers = {name: value for name, value in request.headers.items() if name not in NOT_PASSED_ON}
        address = httpx.URL(self._target).copy_with(path=request.url.path, query=request.url.query.encode())
        async with httpx.AsyncClient(timeout=60) as client:
            given = await client.request(request.method, address, headers=headers, content=await request.body())
        kept = {name: value for name, value in given.headers.items() if name not in NOT_PASSED_ON}
        return Response(given.content, given.status_code, kept)

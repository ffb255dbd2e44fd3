"""The web application, running for a test: in this process with a fake reader, or as the real program."""

import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from app import address, listen
from demo.readers import Reader
from demo.server import Services, build_app
from flywheel.migrate import migrate_up
from flywheel.settings import Settings
from flywheel.store import Store
from tests.source import ROOT

START_SECONDS = 120


@dataclass(frozen=True)
class Running:
    """Where an app answers, and what is under it."""

    url: str
    services: Services

    @property
    def store(self) -> Store:
        """The store under it."""
        return self.services.store


def settings_in(folder: Path, **variables: str) -> Settings:
    """Settings whose store lies in a folder, on SQLite; the database has its tables."""
    settings = Settings.from_env(environment(folder, **variables))
    migrate_up(settings)
    return settings


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """The INKLOOP_ variables that keep everything in a folder."""
    return {
        "INKLOOP_DATABASE_URL": f"sqlite:///{folder}/inkloop.db",
        "INKLOOP_BLOB_URL": str(folder / "blobs"),
        "INKLOOP_SCRATCH": str(folder / "scratch"),
        **{f"INKLOOP_{name.upper()}": value for name, value in variables.items()},
    }


def built(services: Services) -> FastAPI:
    """``build_app``, called where an event loop runs: elsewhere Gradio makes loops of its own and never closes them."""

    async def build() -> FastAPI:
        return build_app(services)

    with ThreadPoolExecutor(1) as thread:  # Playwright's loop may be running in this one
        return thread.submit(asyncio.run, build()).result()


@contextmanager
def serving(folder: Path, reader: Reader, **variables: str) -> Iterator[Running]:
    """The app with a reader of the test's, on a free port, until the end of the block."""
    settings = settings_in(folder, **variables)
    listener = listen(settings)
    with Store.open(settings) as store:
        services = Services(settings, store, reader)
        app = built(services)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            _wait(lambda: server.started, thread.is_alive)
            yield Running(f"http://{address(listener)}", services)
        finally:
            server.should_exit = True
            thread.join()
            listener.close()


@contextmanager
def program(folder: Path, **variables: str) -> Iterator[str]:
    """``python app.py`` as people start it; gives the address that it prints."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("INKLOOP_")}
    process = start(environment(folder, **variables), others)
    try:
        assert process.stdout is not None
        told = process.stdout.readline()
        found = re.search(r"http://\S+", told)
        assert found, f"app.py printed {told!r}, {process.communicate()}"
        yield found[0]
    finally:
        process.terminate()
        process.communicate(timeout=30)


def start(variables: Mapping[str, str], others: Mapping[str, str]) -> subprocess.Popen[str]:
    """``python app.py`` with some variables."""
    return subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={**others, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait(ready: Callable[[], bool], alive: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready() and alive() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert ready(), "the server did not start"

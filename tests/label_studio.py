"""A real Label Studio for the tests: one server for the whole run, on data of its own that is gone afterwards."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flywheel.label_studio import LabelStudio
from flywheel.label_studio_server import (
    HOME,
    Account,
    environment,
    free_port,
    install,
    keep_account,
    running,
    wait_until_ready,
)

FIRST_PORT = 18300
PORTS_PER_WORKER = 100
LOOPBACK = {"SSRF_PROTECTION_ENABLED": "false", "ML_BLOCK_LOCAL_IP": "false"}
"""Lets it call the app of the test back."""


@dataclass(frozen=True)
class Studio:
    """A running server, and its one account."""

    url: str
    account: Account

    def variables(self, url: str | None = None) -> dict[str, str]:
        """What Inkloop is told to use it, directly or through another address."""
        return {
            "INKLOOP_LABEL_STUDIO_URL": url or self.url,
            "INKLOOP_LABEL_STUDIO_API_KEY": self.account.token,
        }

    @contextmanager
    def client(self) -> Iterator[LabelStudio]:
        """Our own client, as the account."""
        with LabelStudio(self.url, self.account.token) as client:
            yield client

    @contextmanager
    def sdk(self) -> Iterator[Any]:
        """Label Studio's own SDK, for what people do there."""
        with LabelStudio(self.url, self.account.token) as client:
            yield client._sdk

    def clear(self) -> None:
        """Delete every project."""
        with self.sdk() as sdk:
            for project in sdk.projects.list():
                sdk.projects.delete(project.id)

    def person(self, name: str) -> "Person":
        """Somebody who labels: an account of that name, made if new."""
        email = f"{name}@localhost.localdomain"
        with self.sdk() as sdk:
            known = {user.email: user.id for user in sdk.users.list()}
            number = known.get(email) or sdk.users.create(email=email, username=name, first_name=name).id
        return Person(self, int(number), email)


@dataclass(frozen=True)
class Person:
    """Somebody who labels in Label Studio."""

    studio: Studio
    number: int
    email: str

    def label(self, task_id: int, result: Sequence[dict[str, Any]], *, skip: bool = False) -> int:
        """Answer a task as a browser would; returns the annotation's id."""
        with self.studio.sdk() as sdk:
            made = sdk.annotations.create(
                id=task_id, result=list(result), was_cancelled=skip, lead_time=4.5, completed_by=self.number
            )
        return int(made.id)

    def type(self, task_id: int, text: str) -> int:
        """Answer a line with a text."""
        return self.label(task_id, typed(text))


def typed(text: str) -> list[dict[str, Any]]:
    """What a browser sends for a line's text."""
    return [{"from_name": "text", "to_name": "image", "type": "textarea", "value": {"text": [text]}}]


def chosen(choice: str) -> list[dict[str, Any]]:
    """What a browser sends for "Illegible" or "Not text"."""
    return [{"from_name": "verdict", "to_name": "image", "type": "choices", "value": {"choices": [choice]}}]


@contextmanager
def starting_studio(folder: Path) -> Iterator[Callable[[], Studio]]:
    """A server from nothing to gone, which starts in the background; calling what is given waits until it answers.

    The program itself stays installed for the next run.
    """
    with ExitStack() as until_the_end, ThreadPoolExecutor(1) as hand:
        yield hand.submit(_start, folder, until_the_end).result


def _first_port() -> int:
    """Where to look for a free port: the workers of a run, which start together, must not find the same one."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    return FIRST_PORT + PORTS_PER_WORKER * int(worker.removeprefix("gw"))


def _start(folder: Path, until_the_end: ExitStack) -> Studio:
    program = install(HOME / "venv")
    account = keep_account(folder / "account.json")
    port = free_port(_first_port())
    told = environment(account, port=port, data=folder / "data", base=os.environ) | LOOPBACK
    url, log = f"http://127.0.0.1:{port}", folder / "server.log"
    server = until_the_end.enter_context(running(program, port=port, told=told, log=log))
    wait_until_ready(server, url=url, log=log)
    return Studio(url, account)

"""What happens in a part of the page happens for whom the part is, however an event is sent."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient

from demo import server
from demo.asker import Role
from demo.server import Services
from flywheel import accounts, passwords
from flywheel.accesses import add_program
from flywheel.store import Store
from tests.fake_reader import FakeReader
from tests.running_app import built, settings_in

PASSWORD = "a quiet harbour"
PEOPLE = {"Olive": Role.OPERATOR, "Ann": Role.ANNOTATOR, "Rex": Role.READER}


class Switch:
    """A tab that remembers what it was made to do."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def build(self, services: Services) -> None:
        """A button, a button whose event answers bit by bit, and what the page asks by itself."""
        told = gr.Textbox()
        gr.Button().click(self.press, outputs=told, api_name="press")
        gr.Button().click(self.stream, outputs=told, api_name="stream")
        gr.on(fn=self.look, outputs=[told, gr.Textbox()], api_name="look")
        gr.Timer(3600).tick(self.look, outputs=[told, gr.Textbox()], api_name="tick")

    def press(self) -> str:
        self.done.append("press")
        return "pressed"

    def stream(self) -> Iterator[str]:
        self.done.append("stream")
        yield "streamed"

    def look(self) -> tuple[str, str]:
        self.done.append("look")
        return "looked", "well"


@pytest.fixture
def switch() -> Switch:
    return Switch()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(settings_in(tmp_path, auth="on")) as opened:
        yield opened


@pytest.fixture
def app(store: Store, tmp_path: Path, switch: Switch, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    """The app with a tab for operators."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.setattr(server, "TABS", (*server.TABS, ("Switch", switch.build)))
    monkeypatch.setitem(server.LEAST_ROLES, "Switch", Role.OPERATOR)
    for name, role in PEOPLE.items():
        accounts.add_account(store, name, password=PASSWORD, role=role)
    return built(Services(settings_in(tmp_path, auth="on"), store, FakeReader()))


@pytest.fixture
def web(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        yield client


def send(web: TestClient, store: Store, name: str, event: str) -> dict[str, Any]:
    """Send an event as a program with that name's token would, and wait for what it brings."""
    headers = {"Authorization": f"Bearer {add_program(store, name)}"}
    config = web.get("/config", headers=headers).json()
    number = next(found["id"] for found in config["dependencies"] if found["api_name"] == event)
    joined = web.post(
        "/gradio_api/queue/join", json={"fn_index": number, "data": [], "session_hash": name}, headers=headers
    )
    assert joined.status_code == 200, joined.text
    with web.stream("GET", f"/gradio_api/queue/data?session_hash={name}", headers=headers) as answered:
        for line in answered.iter_lines():
            message = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
            if message.get("msg") == "process_completed":
                return dict(message)
    raise AssertionError("the event came to no end")


@pytest.mark.parametrize(("event", "told"), [("press", "pressed"), ("stream", "streamed"), ("look", "looked")])
def test_an_operators_tab_works_for_operators(
    web: TestClient, store: Store, switch: Switch, event: str, told: str
) -> None:
    brought = send(web, store, "Olive", event)
    assert brought["success"]
    assert switch.done == [event]
    assert told in json.dumps(brought) or event == "stream"


@pytest.mark.parametrize("event", ["press", "stream"])
@pytest.mark.parametrize("name", ["Ann", "Rex"])
def test_nobody_else_makes_it_do_anything(web: TestClient, store: Store, switch: Switch, name: str, event: str) -> None:
    brought = send(web, store, name, event)
    assert not brought["success"]
    assert brought["output"]["error"].startswith(f"This is for operators, and {name} is a")
    assert switch.done == []


@pytest.mark.parametrize("event", ["look", "tick"])
def test_what_the_page_asks_by_itself_brings_others_nothing_and_no_complaint(
    web: TestClient, store: Store, switch: Switch, event: str
) -> None:
    brought = send(web, store, "Rex", event)
    assert brought["success"]
    assert brought["output"]["data"] == [{"__type__": "update"}] * 2
    assert switch.done == []


def test_the_tab_is_shown_to_operators_alone(web: TestClient, store: Store) -> None:
    seen = {"Olive": {"Read", "Label", "Models", "Insights", "Switch"}, "Rex": {"Read", "Insights"}}
    for name, tabs in seen.items():
        brought = send(web, store, name, "show")["output"]["data"]
        assert brought[0] == {"name": name, "role": str(PEOPLE[name])}
        shown = zip(server.TABS, brought[1:], strict=True)
        assert {title for (title, _), tab in shown if tab["visible"]} == tabs

"""The figures as programs ask for them, and who is told about whom."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient

from demo.asker import Role
from demo.server import Services
from flywheel import passwords
from flywheel.accesses import add_program
from flywheel.accounts import add_account
from flywheel.store import Store
from tests.fake_reader import FakeReader
from tests.running_app import built, settings_in
from tests.settled import Settled, settle

NOW = datetime.now(UTC)


@contextmanager
def web(folder: Path, **variables: str) -> Iterator[tuple[FastAPI, Store]]:
    settings = settings_in(folder, **variables)
    with Store.open(settings) as store:
        yield built(Services(settings, store, FakeReader())), store


def visitor(app: FastAPI, **headers: str) -> TestClient:
    return TestClient(app, base_url="http://127.0.0.1", headers=headers, raise_server_exceptions=False)


def ask(client: TestClient, **question: object) -> dict[str, Any]:
    answered = client.get("/api/v1/insights", params=question)  # type: ignore[arg-type]
    assert answered.status_code == 200, answered.text
    return dict(answered.json())


def told(client: TestClient, **question: object) -> tuple[int, str]:
    answered = client.get("/api/v1/insights", params=question)  # type: ignore[arg-type]
    return answered.status_code, answered.json()["error"]["message"]


def test_figures_follow_the_question(tmp_path: Path) -> None:
    with web(tmp_path) as (app, store):
        client = visitor(app)
        assert ask(client)["insight"]["lines"] == 0
        settle(store, Settled("abcd", "abcx", days_ago=40, seconds=2), model="old", contributor="local", today=NOW)
        settle(store, Settled("abcd", "abcd", seconds=1), model="new", contributor="local", today=NOW)
        every = ask(client)
        assert (every["everybody"], every["may_ask_about_everybody"]) == (True, True)
        assert every["insight"]["accuracy"]["cer"]["value"] == 0.125
        assert every["insight"]["models"] == ["new", "old"]
        assert every["insight"]["saving"]["characters_per_second"] == 4.3
        assert ask(client, days=7)["insight"]["accuracy"]["cer"]["value"] == 0
        assert ask(client, model="old")["insight"]["accuracy"]["cer"]["value"] == 0.25
        assert ask(client, characters_per_second=2)["insight"]["saving"]["typing_seconds"] == 4


@pytest.mark.parametrize(
    ("question", "status", "sentence"),
    [
        ({"days": 0}, 422, "days: "),
        ({"days": "week"}, 422, "days: "),
        ({"characters_per_second": "nan"}, 422, "characters_per_second: "),
        ({"characters_per_second": 0}, 422, "characters_per_second: "),
        ({"model": "no-such"}, 404, "No corrected line was read by model version 'no-such'"),
        ({"collection": "no-such"}, 404, "No corrected line is in collection 'no-such'"),
    ],
)
def test_a_question_that_makes_no_sense_is_told_so(
    tmp_path: Path, question: dict[str, object], status: int, sentence: str
) -> None:
    with web(tmp_path) as (app, _):
        answered, message = told(visitor(app), **question)
        assert (answered, sentence in message) == (status, True), message


def test_operators_are_told_about_everybody_and_the_others_about_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    with web(tmp_path, auth="on") as (app, store):
        clients = {}
        for name, role in {"Olive": Role.OPERATOR, "Ann": Role.ANNOTATOR, "Rex": Role.READER}.items():
            add_account(store, name, password="a quiet harbour", role=role)
            clients[name] = visitor(app, Authorization=f"Bearer {add_program(store, name)}")
        settle(store, Settled("a", "b"), model="seen by Ann", contributor="Ann", today=NOW)
        settle(store, Settled("a", "a"), Settled("a", "a"), model="seen by Olive", contributor="Olive", today=NOW)
        assert ask(clients["Olive"])["insight"]["lines"] == 3
        assert ask(clients["Olive"], mine=True)["insight"]["lines"] == 2
        own = ask(clients["Ann"])
        assert (own["everybody"], own["may_ask_about_everybody"]) == (False, False)
        assert (own["insight"]["lines"], own["insight"]["models"]) == (1, ["seen by Ann"])
        assert ask(clients["Ann"], mine=False)["insight"]["lines"] == 1
        assert ask(clients["Rex"])["insight"]["lines"] == 0
        assert "Olive" not in told(clients["Ann"], model="seen by Olive")[1].partition("Choose")[2]
        assert visitor(app).get("/api/v1/insights").status_code == 401

"""What Label Studio calls: hints and pre-annotations, from a real server; and who may push and pull over the API."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from label_studio_sdk.core import ApiError

from flywheel import trust
from flywheel.accesses import add_program
from flywheel.accounts import Role, add_account
from flywheel.label_studio import LabelStudio
from flywheel.settings import Settings
from tests.fake_reader import FakeReader
from tests.label_studio import Studio
from tests.reviewing import Loop, misread_page, truth
from tests.running_app import Running, serving

SECRET = "a-token-of-their-own"


@pytest.fixture
def app(studio: Studio, tmp_path: Path) -> Iterator[Running]:
    variables = {name.removeprefix("INKLOOP_").lower(): value for name, value in studio.variables().items()}
    with serving(tmp_path, FakeReader(), **variables) as running:
        yield running


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert true()


def loop_of(app: Running, studio: Studio, client: LabelStudio) -> Loop:
    return Loop(app.store, client, Settings.from_env(studio.variables()), studio)


def test_a_webhook_brings_a_label_back_by_itself(app: Running, studio: Studio) -> None:
    with studio.client() as client:
        loop = loop_of(app, studio, client)
        page = loop.page()
        loop.push(page)
        project = int(loop.tasks()[0].project)
        client._sdk.webhooks.create(
            url=f"{app.url}/label-studio/webhook", project=project, send_for_all_actions=True, send_payload=True
        )
        studio.person("ann").type(loop.task_of(page.lines[0].id), "Dear Bob,")
        wait_for(lambda: bool(truth(app.store)))
        assert truth(app.store) == {page.lines[0].id: "Dear Bob,"}


def test_label_studio_takes_us_for_a_model_and_gets_the_newest_readings(app: Running, studio: Studio) -> None:
    with studio.client() as client:
        loop = loop_of(app, studio, client)
        page = loop.page()
        loop.push(page)
        task = loop.tasks()[0]
        backend = client._sdk.ml.create(url=f"{app.url}/label-studio", project=int(task.project), title="Inkloop")
        assert client._sdk.ml.get(backend.id).state == "CO"  # connected: health and setup were answered
        asked = {"tasks": [{"id": int(task.id), "data": task.data}, {"id": 2, "data": {"sample_id": str(uuid4())}}]}
        answer = httpx.post(f"{app.url}/label-studio/predict", json=asked).json()
        (ours, unknown) = answer["results"]
        assert ours["result"][0]["value"] == {"text": ["DEAR BOB,"]}
        assert (ours["model_version"], unknown) == ("inkloop-test-1", {"result": []})


def test_with_accounts_label_studio_comes_in_with_a_programs_token_alone(studio: Studio, tmp_path: Path) -> None:
    variables = {name.removeprefix("INKLOOP_").lower(): value for name, value in studio.variables().items()}
    with serving(tmp_path, FakeReader(), auth="on", **variables) as app, studio.client() as client:
        add_account(app.store, "Studio", password="a quiet harbour", role=Role.ANNOTATOR)
        token = add_program(app.store, "Studio")
        loop = loop_of(app, studio, client)
        page = loop.page()
        loop.push(page)
        project = int(loop.tasks()[0].project)
        address = f"{app.url}/label-studio"
        calls = ["setup", "predict", "webhook"]
        assert [httpx.post(f"{address}/{call}", json={}).status_code for call in calls] == [401] * 3
        assert httpx.get(f"{address}/health").status_code == 401
        way = {"url": address, "project": project, "auth_method": "BASIC_AUTH", "basic_auth_user": "inkloop"}
        with pytest.raises(ApiError, match="authentication parameters"):
            client._sdk.ml.create(**way, basic_auth_pass="wrong")
        backend = client._sdk.ml.create(**way, basic_auth_pass=token)
        assert client._sdk.ml.get(backend.id).state == "CO"
        client._sdk.webhooks.create(
            url=f"{address}/webhook",
            project=project,
            send_for_all_actions=True,
            headers={"Authorization": f"Bearer {token}"},
        )
        studio.person("ann").type(loop.task_of(page.lines[0].id), "Dear Bob,")
        wait_for(lambda: bool(truth(app.store)))
        assert truth(app.store) == {page.lines[0].id: "Dear Bob,"}


def test_an_operator_sends_a_whole_page_and_decides_about_held_texts_over_the_api(app: Running) -> None:
    address, page = f"{app.url}/api/v1/label-studio", misread_page(app.store, ["one", "two"])
    first, second = (line.id for line in page.lines)
    with app.store.writing() as session:
        for line in (first, second):
            trust.keep(session, trust.Claim(line, "a vandal's", plausibility=-99.0), "trusted")
    unknown = httpx.post(f"{address}/pages", json={"pages": [str(uuid4())]})
    assert (unknown.status_code, httpx.post(f"{address}/pages", json={"pages": []}).status_code) == (404, 422)
    sent = httpx.post(f"{address}/pages", json={"pages": [str(page.id)]})
    assert (sent.status_code, sent.json()["running"]) == (202, "push")
    wait_for(lambda: httpx.get(address).json()["running"] is None)
    (reported,) = httpx.get(address).json()["report"]["pages"]
    assert (reported["where"], reported["lines"], reported["state"]) == ("letter.png, page 1", 2, "open")
    assert "/data?task=" in reported["url"]

    decision = {"text": "a vandal's", "accept": True, "why": "I looked."}
    for line, given, status in (
        (first, decision | {"why": " "}, 422),
        (first, decision | {"text": "another's"}, 409),
        (uuid4(), decision, 404),
        (first, decision, 200),
        (first, decision, 409),
        (second, decision | {"accept": False}, 200),
    ):
        assert httpx.post(f"{address}/held/{line}", json=given).status_code == status
    assert truth(app.store) == {first: "a vandal's"}
    assert httpx.get(address).json()["report"]["stages"]["quarantined"] == 0


@pytest.mark.parametrize(
    "body", [{}, {"tasks": None}, {"tasks": [None, 3, {"data": []}, {"data": {"sample_id": "x"}}]}], ids=json.dumps
)
def test_strange_questions_get_empty_predictions(app: Running, body: dict[str, Any]) -> None:
    answer = httpx.post(f"{app.url}/label-studio/predict", json=body)
    assert answer.status_code == 200
    assert all(result == {"result": []} for result in answer.json()["results"])


def test_the_token_that_setup_carries_is_neither_logged_nor_quoted(
    app: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bodies = [json.dumps({"access_token": SECRET, "project": "1"}), f'{{"access_token": "{SECRET}"']
    answers = [httpx.post(f"{app.url}/label-studio/setup", content=body) for body in bodies]
    answers += [httpx.post(f"{app.url}/label-studio/predict", content=bodies[1])]
    assert answers[0].json() == {"model_version": "fake-1"}
    assert SECRET not in caplog.text + "".join(answer.text for answer in answers)


def test_push_and_pull_over_the_api_work_in_the_background(app: Running, studio: Studio) -> None:
    page = misread_page(app.store, ["one", "two"])
    assert httpx.post(f"{app.url}/api/v1/label-studio/push").json()["running"] == "push"
    busy = httpx.post(f"{app.url}/api/v1/label-studio/pull")
    assert (busy.status_code, busy.json()["error"]["message"][:23]) == (503, "A push is under way. Wa")
    wait_for(lambda: httpx.get(f"{app.url}/api/v1/label-studio").json()["running"] is None)
    answer = httpx.get(f"{app.url}/api/v1/label-studio").json()
    stages = {"captured": 2, "queued": 0, "pushed": 2, "labelled": 0, "accepted": 0, "disagreed": 0, "quarantined": 0}
    assert answer["report"]["stages"] == stages
    assert [row["reason"] for row in answer["report"]["queue"]] == [
        "uncertain: 10% sure",
        "uncertain: 50% sure",
    ]
    assert len(page.lines) == 2
    assert studio.account.token not in json.dumps(answer)


def test_a_pull_that_breaks_off_unforeseen_says_so_in_the_tab_and_in_its_record(
    app: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise TypeError("a fault of ours")

    monkeypatch.setattr("flywheel.sync.apply_pages", broken)
    address = f"{app.url}/api/v1/label-studio"
    httpx.post(f"{address}/pull")
    wait_for(lambda: httpx.get(address).json()["running"] is None)
    answer = httpx.get(address).json()
    assert answer["trouble"].startswith("The pull broke off, which it never should: TypeError: a fault of ours.")
    assert answer["report"]["runs"][0]["problems"] == [answer["trouble"]]


def test_an_annotator_is_told_of_no_pages_but_their_own(tmp_path: Path) -> None:
    with serving(tmp_path, FakeReader(), auth="on") as app:
        page = misread_page(app.store, ["one"])
        with app.store.writing() as session:
            trust.keep(session, trust.Claim(page.lines[0].id, "a vandal's", plausibility=-99.0), "trusted")
        told = []
        for name, role in (("Bea", Role.ANNOTATOR), ("Olga", Role.OPERATOR)):
            add_account(app.store, name, password="a quiet harbour", role=role)
            token = {"Authorization": f"Bearer {add_program(app.store, name)}"}
            told.append(httpx.get(f"{app.url}/api/v1/label-studio", headers=token).json()["report"])
    assert [report["stages"]["quarantined"] for report in told] == [1, 1]
    assert [len(report["quarantined"]) + len(report["pages"]) for report in told] == [0, 2]


def test_without_a_server_push_says_how_to_get_one(tmp_path: Path) -> None:
    with serving(tmp_path, FakeReader()) as running:
        answer = httpx.post(f"{running.url}/api/v1/label-studio/push")
        assert answer.status_code == 502
        assert "INKLOOP_LABEL_STUDIO_URL" in answer.json()["error"]["message"]
        assert httpx.get(f"{running.url}/api/v1/label-studio").json()["url"] is None

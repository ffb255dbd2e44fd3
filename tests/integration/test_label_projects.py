"""Our projects on a real Label Studio: found or made by name, kept usable, missed when gone; failures have names."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from flywheel.errors import (
    LabelStudioRefused,
    LabelStudioUnreachable,
    LabelStudioUnset,
    ProjectGone,
    ProjectUnfit,
)
from flywheel.label_configs import Kind, shipped
from flywheel.label_projects import reach_project
from flywheel.label_studio import LabelStudio
from flywheel.settings import Settings
from flywheel.store import Store
from tests.integration.conftest import CommandLine
from tests.label_studio import Studio

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the others run on both


@pytest.fixture
def client(studio: Studio) -> Iterator[LabelStudio]:
    with studio.client() as opened:
        yield opened


@pytest.fixture
def sdk(studio: Studio) -> Iterator[Any]:
    with studio.sdk() as opened:
        yield opened


def test_the_server_says_who_it_is_and_who_we_are(client: LabelStudio, studio: Studio) -> None:
    server = client.server()
    assert (server.url, server.version, server.account) == (studio.url, "1.23.2", studio.account.username)


@ON_SQLITE
def test_a_project_is_made_once_per_kind(store: Store, client: LabelStudio) -> None:
    lines, pages = (reach_project(store, client, kind) for kind in (Kind.LINES, Kind.PAGES))
    assert [reach_project(store, client, kind) for kind in (Kind.LINES, Kind.PAGES)] == [lines, pages]
    (made,) = client.projects("Inkloop lines")
    assert (made.number, made.config) == (lines.number, shipped(Kind.LINES))
    assert [project.number for project in client.projects("Inkloop pages")] == [pages.number]


@ON_SQLITE
def test_a_project_of_our_name_is_adopted_and_gets_our_config(store: Store, client: LabelStudio, sdk: Any) -> None:
    theirs = sdk.projects.create(title="Inkloop lines", label_config="<View></View>")
    sdk.projects.create(title="Inkloop lines, the old ones", label_config="<View></View>")
    assert reach_project(store, client, Kind.LINES).number == theirs.id
    assert client.project(theirs.id).config == shipped(Kind.LINES)


@ON_SQLITE
def test_a_project_whose_labels_would_be_lost_is_left_alone(store: Store, client: LabelStudio, sdk: Any) -> None:
    config = '<View><Image name="image" value="$image"/><TextArea name="words" toName="image"/></View>'
    theirs = sdk.projects.create(title="Inkloop lines", label_config=config)
    with pytest.raises(ProjectUnfit, match="labels made with 'words' would lose their meaning"):
        reach_project(store, client, Kind.LINES)
    assert client.project(theirs.id).config == config


@ON_SQLITE
def test_two_projects_of_our_name_are_a_question_for_a_person(store: Store, client: LabelStudio, sdk: Any) -> None:
    for _ in range(2):
        sdk.projects.create(title="Inkloop lines", label_config="<View></View>")
    with pytest.raises(ProjectUnfit, match="several projects called 'Inkloop lines'"):
        reach_project(store, client, Kind.LINES)


@ON_SQLITE
def test_a_deleted_project_comes_back_only_when_a_person_wants_it(store: Store, client: LabelStudio, sdk: Any) -> None:
    first = reach_project(store, client, Kind.LINES)
    sdk.projects.delete(first.number)
    for _ in range(2):
        with pytest.raises(ProjectGone, match="push --new-project"):
            reach_project(store, client, Kind.LINES)
    second = reach_project(store, client, Kind.LINES, new=True)
    assert second.number != first.number
    assert reach_project(store, client, Kind.LINES) == second


@pytest.mark.filterwarnings("ignore:The `parse_obj` method is deprecated")  # label-studio-sdk 2.1 on pydantic 2
def test_a_personal_access_token_works_too(studio: Studio, sdk: Any) -> None:
    token = sdk.tokens.create().token
    with LabelStudio(studio.url, token) as client:
        assert client.server().account == studio.account.username
        project = client.create_project("With a personal token", shipped(Kind.LINES), instruction="")
        assert client.upload_images(project.number, [("line.webp", b"RIFF")])[0].startswith("/data/upload/")


def test_a_wrong_token_is_refused_with_what_to_do(studio: Studio) -> None:
    with (
        LabelStudio(studio.url, "0" * 40) as client,
        pytest.raises(LabelStudioRefused, match=r"does not accept the token: Invalid token\. Copy a valid one"),
    ):
        client.server()


def test_a_server_that_is_down_is_unreachable() -> None:
    with (
        LabelStudio("http://127.0.0.1:9", "0" * 40) as client,
        pytest.raises(LabelStudioUnreachable, match=r"http://127.0.0.1:9 cannot be reached: .*refused.* Start it"),
    ):
        client.server()


def test_a_server_that_never_answers_is_unreachable_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with (
            LabelStudio(url, "0" * 40, timeout_s=0.2) as client,
            pytest.raises(LabelStudioUnreachable, match=r"did not answer within 0\.2 s"),
        ):
            client.server()


def test_without_a_server_or_a_token_the_message_names_the_variable() -> None:
    with pytest.raises(LabelStudioUnset, match=r"INKLOOP_LABEL_STUDIO_URL is not set\. `make labelstudio`"):
        LabelStudio.of(Settings())
    with pytest.raises(LabelStudioUnset, match="INKLOOP_LABEL_STUDIO_API_KEY is not set"):
        LabelStudio.of(Settings(label_studio_url="http://127.0.0.1:8080"))


@ON_SQLITE
def test_status_says_who_is_reached_and_which_project(
    store: Store, environ: dict[str, str], client: LabelStudio, studio: Studio, command_line: CommandLine
) -> None:
    project = reach_project(store, client, Kind.LINES)
    status, told = command_line(environ | studio.variables(), "status")
    assert status == 0
    facts = {line[:20].strip(): line[20:] for line in told.splitlines()}
    assert facts["Label Studio"] == f"{studio.url} (reached as {studio.account.username})"
    assert facts["project"] == f"Inkloop lines: {studio.url}/projects/{project.number}/data"


@ON_SQLITE
def test_status_says_why_label_studio_is_not_reached(
    store: Store, environ: dict[str, str], command_line: CommandLine
) -> None:
    variables = {"INKLOOP_LABEL_STUDIO_URL": "http://127.0.0.1:9", "INKLOOP_LABEL_STUDIO_API_KEY": "0" * 40}
    status, told = command_line(environ | variables, "status", "--json")
    report = json.loads(told)
    assert (status, report["label_studio"]["reached"]) == (1, False)
    (problem,) = report["problems"]
    assert problem.startswith("Label Studio at http://127.0.0.1:9 cannot be reached")
    assert "0" * 40 not in told

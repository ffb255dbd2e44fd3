"""Label Studio is down, busy, slow or strange: capture goes on, the outbox waits, all arrives once it is back."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from PIL import Image

from flywheel import label_status
from flywheel.errors import LabelStudioBusy, LabelStudioRefused, LabelStudioUnreachable
from flywheel.label_projects import known_projects
from flywheel.label_studio import LabelStudio
from flywheel.pushing import Pace
from flywheel.sync import last_runs
from tests.fake_reader import FakeReader
from tests.files import encode
from tests.handwriting import write_page
from tests.label_studio import Studio
from tests.label_studio_proxy import Proxy
from tests.reviewing import Loop, samples, states, truth
from tests.running_app import serving

QUICK = Pace(settle_s=3.0, look_s=0.2)
PATIENCE_S = 5.0

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def proxy(studio: Studio) -> Iterator[Proxy]:
    standing = Proxy(studio.url)
    yield standing
    standing.shut()


@pytest.fixture
def through(loop: Loop, proxy: Proxy) -> Iterator[Loop]:
    """The loop with the proxy in its way."""
    settings = replace(loop.settings, label_studio_url=proxy.url)
    with LabelStudio.of(settings) as client:
        yield replace(loop, client=client, settings=settings)


@pytest.fixture
def impatient(through: Loop) -> Iterator[Loop]:
    """The same with little patience. The project is made before: that takes a busy machine seconds."""
    through.push([])
    with LabelStudio.of(through.settings, timeout_s=PATIENCE_S) as client:
        yield replace(through, client=client)


@ON_SQLITE
def test_what_is_open_on_a_server_that_got_another_address_is_found_there_again(loop: Loop, through: Loop) -> None:
    tight = replace(through.settings, label_studio_open_tasks=3)
    page = loop.page(["one", "two", "three", "four"])
    loop.push([line.id for line in page.lines[:3]])
    tasks = [row.task_id for row in samples(loop.store)]
    done = replace(through, settings=tight).push(page)
    assert (done.found, done.sent, states(loop.store)[:3]) == (3, 0, ["open"] * 3)
    assert [row.task_id for row in samples(loop.store)] == tasks


@ON_SQLITE
def test_what_was_open_on_another_server_is_sent_to_the_one_that_is_set_up(loop: Loop, through: Loop) -> None:
    tight = replace(through.settings, label_studio_open_tasks=3)
    page = loop.page(["one", "two", "three", "four"])
    loop.push([line.id for line in page.lines[:3]])
    loop.studio.clear()  # so that the other address leads to an empty server
    done = replace(through, settings=tight).push(page)
    with through.store.reading() as session:
        projects = known_projects(session, through.client.url)
    assert (done.found, done.sent, states(loop.store)) == (0, 3, ["open"] * 3)
    assert {row.project_id for row in samples(loop.store)} == {project.id for project in projects}


def why(loop: Loop) -> str:
    """What status says is wrong."""
    report = label_status.look(loop.settings, loop.store)
    assert report is not None
    (problem,) = report["problems"]
    return str(problem)


def assert_all_there_once(loop: Loop) -> None:
    assert states(loop.store) == ["open"] * 3
    assert len({task.data["sample_id"] for task in loop.tasks()}) == len(loop.tasks()) == 3


@ON_SQLITE
def test_what_waits_while_it_is_down_arrives_once_when_it_is_back(through: Loop, proxy: Proxy) -> None:
    proxy.shut()
    with pytest.raises(LabelStudioUnreachable, match="cannot be reached"):
        through.push(through.page(["x"]))
    assert "cannot be reached" in why(through)
    page = through.page(["y", "z"])  # capture goes on
    proxy.open()
    through.push(page)
    assert_all_there_once(through)


@ON_SQLITE
def test_a_line_that_waited_before_it_went_down_waits_on(through: Loop, proxy: Proxy) -> None:
    page = through.page()
    through.push([page.lines[0].id])
    proxy.shut()
    for _ in range(3):
        with pytest.raises(LabelStudioUnreachable):
            through.push(page)
    proxy.open()
    through.push(page)
    assert_all_there_once(through)


@ON_SQLITE
def test_a_minute_of_503_loses_and_doubles_nothing(through: Loop, proxy: Proxy) -> None:
    page = through.page()
    through.push([page.lines[0].id])
    ann = through.studio.person("ann")
    ann.type(through.task_of(page.lines[0].id), "Dear Bob,")
    proxy.mood = "busy"
    for _ in range(3):
        with pytest.raises(LabelStudioBusy, match="503: no server is free"):
            through.push(page)
        with pytest.raises(LabelStudioBusy, match="503: no server is free"):
            through.pull()
    assert "503: no server is free" in last_runs(through.store)[0]["problems"][0]
    assert truth(through.store) == {}
    proxy.mood = "well"
    assert through.push(page).sent == 2
    assert through.pull().accepted == 1
    assert len(through.tasks()) == 3
    assert truth(through.store) == {page.lines[0].id: "Dear Bob,"}


@ON_SQLITE
def test_an_import_that_happened_although_the_answer_was_503_is_found(through: Loop, proxy: Proxy) -> None:
    page = through.page()
    proxy.mood = "busy after the fact"
    with pytest.raises(LabelStudioBusy):
        through.push(page)
    assert states(through.store) == ["sending"] * 3
    proxy.mood = "well"
    done = through.push(page, pace=QUICK)
    assert (done.sent, done.found) == (0, 3)
    assert_all_there_once(through)


@ON_SQLITE
def test_an_import_slower_than_the_time_out_is_looked_for_at_once(impatient: Loop, proxy: Proxy) -> None:
    proxy.mood = "slow imports"
    assert impatient.push(impatient.page()).sent == 3
    assert_all_there_once(impatient)


@ON_SQLITE
def test_a_server_slower_than_the_time_out_gets_everything_once_it_is_quick(
    through: Loop, impatient: Loop, proxy: Proxy
) -> None:
    page = through.page()
    proxy.mood = "slow"
    for _ in range(2):
        with pytest.raises(LabelStudioUnreachable, match=r"did not answer within 5 s"):
            impatient.push(page)
    proxy.mood = "well"
    through.push(page, pace=QUICK)
    assert_all_there_once(through)


@ON_SQLITE
def test_a_wrong_token_is_told_and_the_outbox_waits_for_the_right_one(through: Loop, proxy: Proxy) -> None:
    page = through.page()
    wrong = replace(through.settings, label_studio_api_key="0" * 40)
    with LabelStudio.of(wrong) as stranger, pytest.raises(LabelStudioRefused, match="does not accept the token"):
        replace(through, client=stranger, settings=wrong).push(page)
    assert "Copy a valid one" in why(replace(through, settings=wrong))
    through.push(page)
    assert_all_there_once(through)


def test_the_app_reads_and_corrects_while_label_studio_is_down(tmp_path: Path) -> None:
    reader, written = FakeReader(), write_page(["Dear Bob,"], seed=3, width=700, height=200)
    photo = encode(Image.fromarray(written.image), "PNG")
    reader.teach(written)
    away = {"label_studio_url": "http://127.0.0.1:9", "label_studio_api_key": "0" * 40}
    with serving(tmp_path, reader, **away) as running:
        file = {"file": ("letter.png", photo, "image/png")}
        read = httpx.post(f"{running.url}/api/v1/read", files=file)
        (line,) = read.json()[0]["lines"]
        correction = {"corrections": [{"line_id": line["id"], "text": "Dear Bob!"}]}
        assert httpx.post(f"{running.url}/api/v1/corrections", json=correction).status_code == 200
        assert httpx.get(f"{running.url}/readyz").status_code == 200

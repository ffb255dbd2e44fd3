"""Whoever is forgotten is forgotten in a real Label Studio too, and nothing of theirs comes back from there."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from flywheel.label_studio import LabelStudio
from flywheel.privacy import forget
from flywheel.records import StoredPage
from flywheel.tables import ContributorRow, SampleRow
from tests.label_studio import Person, Studio
from tests.label_studio_proxy import Proxy
from tests.reviewing import Loop, samples, truth

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def proxy(studio: Studio) -> Iterator[Proxy]:
    standing = Proxy(studio.url)
    yield standing
    standing.shut()


def people(loop: Loop) -> set[str]:
    with loop.store.reading() as session:
        return set(session.scalars(select(ContributorRow.name)))


def answers(loop: Loop) -> int:
    """How many answers the server has."""
    return sum(int(task.total_annotations or 0) for task in loop.tasks())


def status_of(loop: Loop, picture: str) -> int:
    """What the server answers to whoever asks for a picture."""
    headers = loop.client._sdk._client_wrapper.get_headers()
    return int(loop.client._http.get(f"{loop.studio.url}{picture}", headers=headers).status_code)


def test_a_forgotten_annotators_answers_go_from_the_server_also_those_never_fetched(
    loop: Loop, page: StoredPage, bea: Person
) -> None:
    first, second, third = (line.id for line in page.lines)
    bea.type(loop.task_of(first), "Dear Bob,")
    loop.pull()
    bea.type(loop.task_of(second), "it rains.")
    loop.studio.person("cleo").type(loop.task_of(third), "Ann")
    done = forget(loop.store, loop.settings, bea.email)
    assert (done.answers, done.tasks, done.problems) == (2, 0, [])
    loop.pull()
    assert people(loop) == {"Ann", "cleo@localhost.localdomain"}
    assert truth(loop.store) == {third: "Ann"}
    assert answers(loop) == 1


def test_a_forgotten_annotator_does_not_come_back_where_the_server_was_away(
    loop: Loop, page: StoredPage, bea: Person, proxy: Proxy
) -> None:
    answer = bea.type(loop.task_of(page.lines[0].id), "Dear Bob,")
    loop.pull()
    proxy.shut()
    nowhere = f"is not the Label Studio that is set up, and has answers {answer}. Delete them there."
    done = forget(loop.store, replace(loop.settings, label_studio_url=proxy.url), bea.email)
    assert [problem.partition(" ")[2] for problem in done.problems] == [nowhere]
    bea.type(loop.task_of(page.lines[1].id), "it rains.")
    assert loop.pull().labels == 0
    assert people(loop) == {"Ann"} and truth(loop.store) == {}
    assert answers(loop) == 2
    proxy.open()


def test_what_a_server_that_is_away_still_has_is_named(loop: Loop, page: StoredPage, bea: Person, proxy: Proxy) -> None:
    settings = replace(loop.settings, label_studio_url=proxy.url)
    with LabelStudio.of(settings) as client:
        away = replace(loop, client=client, settings=settings)
        other = away.page(["Another one."], seed=8)
        away.push(other)
    task = loop.task_of(other.lines[0].id)
    proxy.shut()
    done = forget(loop.store, settings, str(other.id))
    told = [problem for problem in done.problems if problem.startswith("Label Studio still has ")]
    assert len(told) == 1 and f"tasks {task}; pictures /data/upload/" in told[0] and "cannot be reached" in told[0]
    proxy.open()


def test_a_page_goes_with_its_pictures_and_with_a_task_that_nobody_saw_arrive(loop: Loop, page: StoredPage) -> None:
    pictures = [sample.image for sample in samples(loop.store)]
    assert [status_of(loop, str(picture)) for picture in pictures] == [200] * 3
    with loop.store.writing() as session:
        session.get_one(SampleRow, samples(loop.store)[0].id).task_id = None
        session.get_one(SampleRow, samples(loop.store)[0].id).state = "sending"
    done = forget(loop.store, loop.settings, str(page.id))
    assert (done.tasks, done.images, loop.tasks()) == (3, 3, [])
    assert 200 not in [status_of(loop, str(picture)) for picture in pictures]
    (problem,) = done.problems
    assert problem.startswith("Label Studio serves these pictures no more, but leaves their files")
    assert str(pictures[0]).removeprefix("/data/") in problem

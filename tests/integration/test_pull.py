"""What people answer in a real Label Studio comes back once, whatever they do there."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from flywheel.judging import judge_new
from flywheel.label_report import label_report
from flywheel.label_studio import LabelStudio
from flywheel.outbox import Wanted
from flywheel.records import NewCorrection, StoredPage
from flywheel.review_queue import review_queue
from flywheel.sync import last_runs, push
from flywheel.tables import LabelProjectRow, LabelRow
from tests.integration.conftest import CommandLine
from tests.label_studio import Person, chosen, typed
from tests.reviewing import Loop, samples, states, truth

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # the browser's test is on SQLite


@pytest.fixture
def ann(loop: Loop) -> Person:
    return loop.studio.person("ann")


def revisions(loop: Loop) -> list[tuple[int, str, str | None]]:
    """Every kept label, oldest first: its revision, verdict and text."""
    with loop.store.reading() as session:
        rows = session.scalars(select(LabelRow).order_by(LabelRow.created_at, LabelRow.revision))
        return [(row.revision, row.verdict, row.text) for row in rows]


def test_what_a_person_types_becomes_ground_truth(loop: Loop, page: StoredPage, ann: Person) -> None:
    line = page.lines[0].id
    ann.type(loop.task_of(line), "Dear Bob,")
    done = loop.pull()
    assert (done.tasks, done.labels, done.accepted, done.problems) == (1, 1, 1, [])
    assert truth(loop.store) == {line: "Dear Bob,"}
    assert states(loop.store) == ["labelled", "open", "open"]


def test_pull_twice_stores_one_label(loop: Loop, page: StoredPage, ann: Person) -> None:
    ann.type(loop.task_of(page.lines[0].id), "Dear Bob,")
    loop.pull()
    again = loop.pull()
    assert (again.labels, again.accepted) == (0, 0)
    assert revisions(loop) == [(1, "text", "Dear Bob,")]


def test_pull_reads_only_what_was_touched_since(
    loop: Loop, page: StoredPage, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flywheel.pulling.OVERLAP", timedelta(0))
    ann.type(loop.task_of(page.lines[0].id), "Dear Bob,")
    ann.type(loop.task_of(page.lines[1].id), "it rains.")
    assert loop.pull().tasks == 2
    ann.type(loop.task_of(page.lines[2].id), "Ann")
    done = loop.pull()
    assert (done.tasks, done.labels) == (2, 1)  # the newest of before is at the watermark itself


def test_an_edit_is_a_new_revision_and_moves_the_ground_truth(loop: Loop, page: StoredPage, ann: Person) -> None:
    line = page.lines[0].id
    annotation = ann.type(loop.task_of(line), "Dear Rob,")
    loop.pull()
    loop.client._sdk.annotations.update(annotation, result=typed("Dear Bob,"))
    assert loop.pull().labels == 1
    assert revisions(loop) == [(1, "text", "Dear Rob,"), (2, "text", "Dear Bob,")]
    assert truth(loop.store) == {line: "Dear Bob,"}


def test_a_skipped_task_is_never_ground_truth(loop: Loop, page: StoredPage, ann: Person) -> None:
    ann.label(loop.task_of(page.lines[0].id), typed("DEAR BOB,"), skip=True)
    loop.pull()
    assert revisions(loop) == [(1, "skipped", None)]
    assert truth(loop.store) == {}
    assert states(loop.store) == ["open"] * 3


def test_a_deleted_answer_takes_its_text_back(loop: Loop, page: StoredPage, ann: Person) -> None:
    annotation = ann.type(loop.task_of(page.lines[0].id), "Dear Bob,")
    loop.pull()
    loop.client._sdk.annotations.delete(annotation)
    done = loop.pull()
    assert (done.labels, done.withdrawn, truth(loop.store)) == (1, 1, {})
    assert revisions(loop) == [(1, "text", "Dear Bob,"), (2, "deleted", None)]
    assert loop.pull().labels == 0


def test_a_deleted_task_is_remembered_and_not_sent_again(loop: Loop, page: StoredPage, ann: Person) -> None:
    first, second, _ = (line.id for line in page.lines)
    ann.type(loop.task_of(first), "Dear Bob,")
    loop.pull()
    for line in (first, second):
        loop.client.delete_task(loop.task_of(line))
    assert loop.pull().deleted == 2
    assert states(loop.store) == ["gone", "gone", "open"]
    assert truth(loop.store) == {first: "Dear Bob,"}
    assert (loop.push(page).sent, len(loop.tasks())) == (0, 1)


def test_tasks_of_others_in_our_project_are_left_alone(loop: Loop, page: StoredPage, ann: Person) -> None:
    number = loop.tasks()[0].project
    loop.client.import_tasks(number, [{"data": {"image": "/x.png", "where": "elsewhere"}}])
    foreign = loop.tasks()[-1].id
    ann.type(int(foreign), "not ours")
    done = loop.pull()
    assert (done.labels, done.deleted, len(loop.tasks())) == (0, 0, 4)


def test_two_people_who_agree_are_one_label(loop: Loop, page: StoredPage, ann: Person, bea: Person) -> None:
    line = page.lines[0].id
    for person in (ann, bea):
        person.type(loop.task_of(line), "Dear Bob,")
    done = loop.pull()
    assert (done.labels, done.accepted, done.disagreed) == (2, 1, 0)
    assert truth(loop.store) == {line: "Dear Bob,"}


def test_two_people_who_disagree_are_kept_and_a_third_decides(
    loop: Loop, page: StoredPage, ann: Person, bea: Person
) -> None:
    line = page.lines[0].id
    ann.type(loop.task_of(line), "Dear Bob,")
    loop.pull()
    bea.type(loop.task_of(line), "Deaf Bob,")
    done = loop.pull()
    assert (done.disagreed, done.withdrawn, truth(loop.store)) == (1, 1, {})
    third = samples(loop.store)[-1]
    assert (third.line_id, third.round, third.state) == (line, 2, "queued")
    assert third.reason == "Two people disagree about it (CER 11%). A third opinion decides."
    assert loop.push(page).sent == 1
    loop.studio.person("cleo").type(loop.task_of(line, round_=2), "Dear Bob,")
    assert (loop.pull().accepted, truth(loop.store)) == (1, {line: "Dear Bob,"})


def test_a_line_that_nobody_can_read_is_no_ground_truth(loop: Loop, page: StoredPage, ann: Person) -> None:
    ann.label(loop.task_of(page.lines[0].id), [*typed("DEAR BOB,"), *chosen("Illegible")])
    ann.label(loop.task_of(page.lines[1].id), chosen("Not text"))
    loop.pull()
    assert sorted(revisions(loop)) == [(1, "illegible", None), (1, "not_text", None)]
    assert (states(loop.store), truth(loop.store)) == (["labelled", "labelled", "open"], {})


@pytest.mark.parametrize(
    ("result", "problem"),
    [
        ([], "It is empty: neither a text nor a verdict."),
        (typed("  "), "It is empty: neither a text nor a verdict."),
        (typed("one\ntwo"), "It holds 2 texts, and the picture shows one line."),
        ([*typed("one"), *typed("two")], "It holds 2 texts, and the picture shows one line."),
        (chosen("Pretty"), "Its verdict 'Pretty' is none that Inkloop knows."),
        (
            [{"from_name": "words", "to_name": "image", "type": "textarea", "value": {"text": ["x"]}}],
            "It answers 'words', and nothing that Inkloop asks.",
        ),
    ],
    ids=["nothing", "blank", "two lines", "two texts", "unknown verdict", "unknown name"],
)
def test_an_answer_that_cannot_be_used_is_quarantined_with_the_reason(
    loop: Loop, page: StoredPage, ann: Person, result: Sequence[dict[str, object]], problem: str
) -> None:
    task = loop.task_of(page.lines[0].id)
    annotation = ann.label(task, list(result))
    (told,) = loop.pull().problems
    assert told.startswith(f"Task {task}, answer {annotation}: {problem} Correct it in Label Studio")
    assert told.endswith(f"?task={task}")
    assert (truth(loop.store), last_runs(loop.store)[0]["problems"]) == ({}, [told])
    assert loop.pull().problems == []


def test_a_task_whose_push_never_heard_of_it_is_recognised(loop: Loop, ann: Person) -> None:
    """The push dies after the import, a person is faster than the next push."""

    class Deaf(LabelStudio):
        def import_tasks(self, number: int, tasks: object) -> list[int]:
            super().import_tasks(number, tasks)  # type: ignore[arg-type]
            raise KeyboardInterrupt

    page = loop.page()
    with Deaf(loop.studio.url, loop.studio.account.token) as client, pytest.raises(KeyboardInterrupt):
        Loop(loop.store, client, loop.settings, loop.studio).push(page)
    ann.type(int(loop.tasks()[0].id), "Dear Bob,")
    assert loop.pull().accepted == 1
    assert sorted(states(loop.store)) == ["labelled", "sending", "sending"]
    assert (loop.push(page).found, len(loop.tasks())) == (2, 3)


def double_of(loop: Loop, line: UUID) -> int:
    """A second task for a line, as an import makes it that arrives after the push had given it up."""
    (first,) = [task for task in loop.tasks() if int(task.id) == loop.task_of(line)]
    (double,) = loop.client.import_tasks(int(first.project), [{"data": first.data}])
    return double


def test_two_people_who_answer_the_two_tasks_of_one_line_disagree(
    loop: Loop, page: StoredPage, ann: Person, bea: Person
) -> None:
    line = page.lines[0].id
    first = loop.task_of(line)
    ann.type(first, "Dear Bob,")
    loop.pull()
    second = double_of(loop, line)
    bea.type(second, "Deaf Bob,")
    done = loop.pull(reconcile=True)
    assert (done.disagreed, truth(loop.store)) == (1, {})
    assert revisions(loop) == [(1, "text", "Dear Bob,"), (1, "text", "Deaf Bob,")]
    assert {first, second} <= {int(task.id) for task in loop.tasks()}
    ann.type(loop.task_of(page.lines[1].id), "it rains.")
    assert (loop.pull().accepted, len(loop.tasks())) == (1, 4)


def test_of_two_tasks_for_one_line_a_pull_leaves_the_answered_one(loop: Loop, page: StoredPage, ann: Person) -> None:
    line = page.lines[0].id
    first, second = loop.task_of(line), double_of(loop, line)
    ann.type(second, "Dear Bob,")
    unanswered = double_of(loop, page.lines[1].id)
    assert loop.pull().accepted == 1
    assert loop.task_of(line) == second
    assert {first, unanswered}.isdisjoint({int(task.id) for task in loop.tasks()})
    assert (loop.pull(reconcile=True).deleted, truth(loop.store)) == (0, {line: "Dear Bob,"})


def test_a_label_of_a_moment_before_the_watermark_is_not_missed(loop: Loop, page: StoredPage, ann: Person) -> None:
    """Two saves on the server may become visible in the other order of their times."""
    ann.type(loop.task_of(page.lines[0].id), "Dear Bob,")
    loop.pull()
    ann.type(loop.task_of(page.lines[1].id), "it rains.")
    with loop.store.writing() as session:
        session.scalars(select(LabelProjectRow)).one().watermark = datetime.now(UTC) + timedelta(seconds=20)
    assert loop.pull().accepted == 1


def test_push_and_pull_from_the_command_line(
    loop: Loop, environ: dict[str, str], ann: Person, command_line: CommandLine
) -> None:
    page = loop.page()
    variables = environ | loop.studio.variables()
    status, pushed = command_line(variables, "push", "--json")
    assert (status, json.loads(pushed)["sent"]) == (0, 3)
    ann.type(loop.task_of(page.lines[2].id), "Ann")
    status, pulled = command_line(variables, "pull")
    assert status == 0
    assert pulled.startswith("1 new answers to 1 tasks: 1 lines accepted, 0 withdrawn")
    assert truth(loop.store) == {page.lines[2].id: "Ann"}
    assert loop.studio.account.token not in pushed + pulled


def ground_truth_of(loop: Loop, line: UUID, text: str) -> None:
    """An operator has typed a line, and that is enough."""
    loop.store.keep_corrections([NewCorrection(line, text)], contributor=loop.store.contributor("Ann"))
    judge_new(loop.store, "everybody", None)


def test_whoever_mislabels_a_known_line_does_not_move_its_ground_truth(loop: Loop, ann: Person, bea: Person) -> None:
    line = loop.page().lines[0].id
    ground_truth_of(loop, line, "Dear Bob,")
    known = [Wanted(line, "Known line, to measure agreement.", 0.5, known=True)]
    push(loop.store, loop.client, loop.settings, lambda limit: known)
    ann.type(loop.task_of(line), "Deer Rob,")
    done = loop.pull()
    assert (done.disagreed, done.withdrawn, truth(loop.store)) == (1, 0, {line: "Dear Bob,"})
    assert [row.agreement for row in label_report(loop.store, loop.settings).annotators] == [pytest.approx(7 / 9)]
    loop.push([])
    bea.type(loop.task_of(line, round_=2), "Deer Rob,")
    assert (loop.pull().accepted, truth(loop.store)) == (1, {line: "Deer Rob,"})


def test_a_text_that_contradicts_a_review_is_asked_again_with_what_was_typed(loop: Loop, ann: Person) -> None:
    line = loop.page(["Dear Bob,"]).lines[0].id
    loop.push([line])
    ann.type(loop.task_of(line), "Dear Bob,")
    loop.pull()
    ground_truth_of(loop, line, "Deer Bob,")
    assert truth(loop.store) == {line: "Dear Bob,"}  # the text that contradicts the review is held
    assert [push(loop.store, loop.client, loop.settings, review_queue(loop.store)).sent for _ in range(2)] == [1, 0]
    again = samples(loop.store)[-1]
    assert (again.round, again.shown, again.reason) == (2, "Deer Bob,", "A reviewer gave this line another text.")

"""Whoever holds several lines on PostgreSQL takes them in one order, so that nobody ever waits for each other."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from flywheel import outbox
from flywheel.additions import LOCAL
from flywheel.corrections import lock_lines
from flywheel.drafts import keep_drafts
from flywheel.errors import StoreUnavailable, WriteConflict
from flywheel.judging import judge_new
from flywheel.outbox import Wanted
from flywheel.records import Draft, NewCorrection
from flywheel.store import Store
from flywheel.trust import Outcome
from tests.locks import LONGEST_WAIT_S, wait_for_lock
from tests.readings import a_page, an_upload
from tests.reviewing import Loop, truth

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite lets one write


@pytest.fixture
def ann(store: Store) -> UUID:
    return store.contributor(LOCAL)


@pytest.fixture
def lines(store: Store, ann: UUID) -> list[UUID]:
    """Three lines by id, corrected one after the other from the last to the first."""
    kept = store.keep_reading(an_upload(), [(a_page(["one", "two", "three"]), b"image")], contributor=ann, seconds=1)
    lines = sorted(line.id for line in kept.pages[0].lines)
    for line in reversed(lines):
        store.keep_corrections([NewCorrection(line, "typed")], contributor=ann)
    return lines


def test_lines_are_judged_beside_somebody_who_holds_them_one_after_the_other(
    store: Store, ann: UUID, lines: list[UUID]
) -> None:
    with ThreadPoolExecutor(1) as hand:
        with store.writing() as session:
            lock_lines(session, lines[:1], ann)
            judged = hand.submit(judge_new, store, "trusted", None)
            wait_for_lock(store)
            lock_lines(session, lines[1:], ann)
        assert [judgement.outcome for judgement in judged.result()] == [Outcome.ACCEPTED] * 3


def test_lines_are_judged_while_others_name_them(store: Store, lines: list[UUID]) -> None:
    with ThreadPoolExecutor(1) as hand, store.writing() as session:
        outbox.fill(session, [Wanted(line, "doubtful", 0.5) for line in reversed(lines)])
        judged = hand.submit(judge_new, store, "trusted", None)
        assert len(judged.result(timeout=LONGEST_WAIT_S)) == 3


def test_a_pull_comes_through_beside_somebody_who_holds_its_lines_one_after_the_other(loop: Loop) -> None:
    first, last = sorted(line.id for line in loop.page(["Dear Bob,", "Ann"]).lines)
    loop.push([first, last])
    bea = loop.studio.person("bea")
    for line in (last, first):
        bea.type(loop.task_of(line), "read")
    with ThreadPoolExecutor(1) as hand:
        with loop.store.writing() as session:
            lock_lines(session, [first], loop.store.contributor("Ann"))
            pulled = hand.submit(loop.pull)
            wait_for_lock(loop.store)
            lock_lines(session, [last], loop.store.contributor("Ann"))
        assert pulled.result().accepted == 2
    assert truth(loop.store) == {first: "read", last: "read"}


def cross(store: Store, ann: UUID, lines: list[UUID], work: Callable[[], None]) -> Future[None]:
    """Hold the last line, let ``work`` hold the first and ask for the last, and ask for the first; gives its end.

    The database lets go whoever looks for a deadlock first, and that is made to be ``work``.
    """
    with ThreadPoolExecutor(1) as hand, store.writing() as session:
        session.execute(text("SET LOCAL deadlock_timeout = '1min'"))
        lock_lines(session, lines[-1:], ann)
        done = hand.submit(work)
        wait_for_lock(store)
        lock_lines(session, lines[:1], ann)
        return done


def test_who_has_to_let_others_go_first_is_told_so(store: Store, ann: UUID, lines: list[UUID]) -> None:
    def hold() -> None:
        with store.writing() as session:
            lock_lines(session, lines, ann)

    told = r"let somebody else go first, who was changing the same rows\. Nothing of this was stored: try again\.$"
    with pytest.raises(WriteConflict, match=told):
        cross(store, ann, lines, hold).result()


def test_drafts_that_had_to_let_others_go_first_are_kept_all_the_same(
    store: Store, ann: UUID, lines: list[UUID]
) -> None:
    drafts = [Draft(line, "half a thou") for line in lines]
    cross(store, ann, lines, lambda: keep_drafts(store, drafts, contributor=ann)).result()
    assert store.documents(ann)[0].drafts == len(lines)


def test_after_three_times_nobody_is_kept_waiting(store: Store) -> None:
    tried = []

    def work(session: Session) -> None:
        tried.append(session)
        raise WriteConflict("Somebody went first.")

    with pytest.raises(StoreUnavailable, match="Somebody went first"):
        store.write(work)
    assert len(tried) == 3

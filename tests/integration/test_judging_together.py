"""Two processes judge the same lines, and people type on meanwhile."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray

from flywheel import trust
from flywheel.ground_truth import ground_truth
from flywheel.judging import judge_new
from flywheel.records import NewCorrection
from flywheel.store import Store
from flywheel.trust import Outcome
from tests.locks import LONGEST_WAIT_S, wait_for_lock
from tests.reviewing import misread_page

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite lets one write


class Meanwhile:
    """Sees every text borne out, and lets something happen each time before it says so."""

    def __init__(self, happens: Callable[[], object]) -> None:
        self._happens = happens

    def plausibility(self, images: Sequence[NDArray[np.uint8]], texts: Sequence[str]) -> list[float]:
        """1 for each text."""
        self._happens()
        return [1.0] * len(texts)


@pytest.fixture
def ann(store: Store) -> UUID:
    return store.contributor("Ann")


@pytest.fixture
def lines(store: Store) -> list[UUID]:
    """The lines of a page, by id."""
    return sorted(line.id for line in misread_page(store, ["Dear Bob,", "it rains.", "Ann"]).lines)


def correct(store: Store, ann: UUID, typed: str, *lines: UUID) -> None:
    store.keep_corrections([NewCorrection(line, typed) for line in lines], contributor=ann)


def truths(store: Store) -> dict[UUID, str]:
    return {line.line_id: line.text for line in ground_truth(store)}


def test_a_text_that_was_replaced_while_the_image_was_asked_is_never_ground_truth(
    store: Store, ann: UUID, lines: list[UUID]
) -> None:
    typed = iter(["Dear Bob,"])

    def type_again() -> None:
        for newer in typed:
            correct(store, ann, newer, lines[0])
            judge_new(store, "everybody", None)

    correct(store, ann, "Dear Rob,", lines[0])
    assert judge_new(store, "everybody", Meanwhile(type_again)) == []
    assert truths(store) == {lines[0]: "Dear Bob,"}


def test_a_text_that_was_replaced_and_is_not_judged_yet_waits_for_its_own_turn(
    store: Store, ann: UUID, lines: list[UUID]
) -> None:
    typed = iter(["Dear Bob,"])
    correct(store, ann, "Dear Rob,", lines[0])
    sight = Meanwhile(lambda: [correct(store, ann, newer, lines[0]) for newer in typed])
    assert len(judge_new(store, "everybody", sight)) == 1
    assert truths(store) == {lines[0]: "Dear Bob,"}
    assert store.counts()["acceptances"] == 1


@on_postgresql
def test_two_processes_that_judge_at_once_keep_each_judgement_once(store: Store, ann: UUID, lines: list[UUID]) -> None:
    correct(store, ann, "Dear Bob,", *lines)
    both = Barrier(2, timeout=LONGEST_WAIT_S)
    with ThreadPoolExecutor(2) as hands:
        with store.writing() as session:
            trust.lock(session, lines)
            judges = [hands.submit(judge_new, store, "everybody", Meanwhile(both.wait)) for _ in range(2)]
            wait_for_lock(store, waiting=2)
        made = [judge.result() for judge in judges]
    assert [judgement.outcome for judgements in made for judgement in judgements] == [Outcome.ACCEPTED] * len(lines)
    assert truths(store) == dict.fromkeys(lines, "Dear Bob,")

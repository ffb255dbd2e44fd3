"""From what people typed to ground truth, on both engines."""

from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from flywheel import outbox, trust
from flywheel.accounts import Role, add_account
from flywheel.additions import LOCAL
from flywheel.errors import NotFound, StaleDocument
from flywheel.ground_truth import ground_truth
from flywheel.judging import judge_new
from flywheel.label_configs import Kind
from flywheel.outbox import Wanted
from flywheel.records import NewCorrection, Verdict
from flywheel.review_queue import settle_held
from flywheel.store import Store
from flywheel.tables import AcceptanceRow, ErasureRow
from flywheel.trust import Claim, Decision, Outcome
from tests.readings import a_page, an_upload


@pytest.fixture
def ann(store: Store) -> UUID:
    """The operator of a machine without accounts."""
    return store.contributor(LOCAL)


@pytest.fixture
def lines(store: Store, ann: UUID) -> list[UUID]:
    """The lines of a page of three, in reading order."""
    page = a_page(["Dear Bob,", "it rains.", "Ann"])
    kept = store.keep_reading(an_upload(), [(page, b"image of the letter")], contributor=ann, seconds=2.5)
    return [line.id for line in kept.pages[0].lines]


def truths(store: Store) -> dict[UUID, str]:
    return {line.line_id: line.text for line in ground_truth(store)}


def correct(store: Store, contributor: UUID, texts: dict[UUID, str]) -> None:
    new = [NewCorrection(line, typed) for line, typed in texts.items()]
    store.keep_corrections(new, contributor=contributor)


def claim_reviewed(store: Store, line: UUID, typed: str, *, by: UUID | None = None) -> None:
    with store.writing() as session:
        trust.keep(session, Claim(line, typed, "label_studio", by), "trusted")


def hold(store: Store, line: UUID, typed: str, by: UUID) -> None:
    with store.writing() as session:
        trust.keep(session, Claim(line, typed, by=by, trusted=True, plausibility=-99.0), "trusted")


def decide(store: Store, line: UUID, typed: str, *, accept: bool) -> Outcome:
    return settle_held(store, line, Decision(typed, accept, by="Olive", why="I looked."))


def test_an_operator_accepts_a_held_text_by_a_rule_of_its_own(store: Store, ann: UUID, lines: list[UUID]) -> None:
    hold(store, lines[0], "Dear Rob,", ann)
    with store.writing() as session:
        outbox.fill(session, [Wanted(lines[0], "held", 1.0), Wanted(lines[1], "doubtful", 0.5)])
    with pytest.raises(StaleDocument, match="not held any more"):
        decide(store, lines[0], "Dear Bob,", accept=True)
    assert decide(store, lines[0], "Dear Rob,", accept=True) is Outcome.ACCEPTED
    (line,) = ground_truth(store)
    assert (line.text, line.rule) == ("Dear Rob,", "operator")
    with store.reading() as session:
        newest = session.scalars(select(AcceptanceRow).order_by(AcceptanceRow.number.desc())).first()
        assert newest is not None and (newest.reason, newest.contributor_id) == ("I looked. (Olive)", ann)
        assert trust.held_texts(session) == []
        assert [sample.line_id for sample in outbox.queued(session, 9, kind=Kind.LINES)] == [lines[1]]
    with pytest.raises(StaleDocument):
        decide(store, lines[0], "Dear Rob,", accept=False)


def test_a_dismissed_text_leaves_what_was_accepted_before(store: Store, ann: UUID, lines: list[UUID]) -> None:
    claim_reviewed(store, lines[0], "Dear Bob,")
    for line in lines[:2]:
        hold(store, line, "mash", ann)
    assert decide(store, lines[0], "mash", accept=False) is Outcome.ACCEPTED
    assert decide(store, lines[1], "mash", accept=False) is Outcome.REFUSED
    assert truths(store) == {lines[0]: "Dear Bob,"}
    with store.reading() as session:
        assert trust.held_texts(session) == []
    hold(store, lines[0], "other mash", ann)
    assert truths(store) == {lines[0]: "Dear Bob,"}


def test_what_the_operator_types_becomes_ground_truth(store: Store, ann: UUID, lines: list[UUID]) -> None:
    correct(store, ann, {lines[2]: "Anna", lines[0]: "Dear Rob,"})
    assert truths(store) == {}
    assert [judgement.rule for judgement in judge_new(store, "trusted", None)] == ["trusted", "trusted"]
    first, second = ground_truth(store)
    assert (first.text, second.text) == ("Dear Rob,", "Anna")
    assert (first.line_id, first.contributor_id, first.rule) == (lines[0], ann, "trusted")
    assert (first.page_width, first.page_height) == (400, 600)
    assert first.polygon[1] == (390.0, 0.0) and first.baseline == ((10.0, 30.0), (390.0, 30.0))


@pytest.mark.parametrize(("trusted", "outcome"), [(True, Outcome.ACCEPTED), (False, Outcome.HELD)])
def test_a_contributors_word_counts_once_they_are_trusted(store: Store, trusted: bool, outcome: Outcome) -> None:
    account = add_account(store, "eve", password="a long password", role=Role.ANNOTATOR, trusted=trusted)
    kept = store.keep_reading(an_upload(), [(a_page(["one"]), b"image")], contributor=account.id, seconds=1)
    correct(store, account.id, {kept.pages[0].lines[0].id: "two"})
    assert [judgement.outcome for judgement in judge_new(store, "trusted", None)] == [outcome]


def test_each_correction_is_judged_once_and_only_the_newest(store: Store, ann: UUID, lines: list[UUID]) -> None:
    correct(store, ann, {lines[0]: "Dear"})
    correct(store, ann, {lines[0]: "Dear Rob,"})
    assert len(judge_new(store, "trusted", None)) == 1
    assert judge_new(store, "trusted", None) == []
    assert truths(store) == {lines[0]: "Dear Rob,"}


def test_more_corrections_than_are_judged_at_once_are_all_judged(store: Store, ann: UUID) -> None:
    page = a_page([f"line {number}" for number in range(150)])
    kept = store.keep_reading(an_upload(), [(page, b"image")], contributor=ann, seconds=1)
    correct(store, ann, {line.id: line.text for line in kept.pages[0].lines})
    assert len(judge_new(store, "trusted", None)) == 150
    assert len(truths(store)) == 150


def test_a_later_acceptance_wins_and_a_held_text_does_not(store: Store, ann: UUID, lines: list[UUID]) -> None:
    correct(store, ann, {lines[0]: "Dear Rob,"})
    judge_new(store, "trusted", None)
    claim_reviewed(store, lines[0], "Dear Robert,")
    assert truths(store) == {lines[0]: "Dear Robert,"}
    correct(store, ann, {lines[0]: "Dear Boss,"})
    (judgement,) = judge_new(store, "trusted", None)
    assert (judgement.outcome, judgement.rule) == (Outcome.HELD, "review")
    assert truths(store) == {lines[0]: "Dear Robert,"}


def test_a_refused_text_ends_what_was_accepted(store: Store, ann: UUID, lines: list[UUID]) -> None:
    correct(store, ann, {lines[0]: "Dear Rob,", lines[1]: "it snows."})
    judge_new(store, "trusted", None)
    correct(store, ann, {lines[0]: ""})
    (judgement,) = judge_new(store, "trusted", None)
    assert judgement.outcome is Outcome.REFUSED
    assert truths(store) == {lines[1]: "it snows."}


@pytest.mark.parametrize("typed", [("", "text"), ("Dear Bob,", "illegible")])
def test_a_review_stands_until_an_operator_agrees_that_there_is_no_text(
    store: Store, ann: UUID, lines: list[UUID], typed: tuple[str, Verdict]
) -> None:
    for line in lines[:2]:
        claim_reviewed(store, line, "Dear Bob,")
        store.keep_corrections([NewCorrection(line, typed[0], verdict=typed[1])], contributor=ann)
    assert [judgement.outcome for judgement in judge_new(store, "everybody", None)] == [Outcome.HELD] * 2
    assert truths(store) == dict.fromkeys(lines[:2], "Dear Bob,")
    assert decide(store, lines[0], typed[0], accept=False) is Outcome.ACCEPTED
    assert decide(store, lines[1], typed[0], accept=True) is Outcome.REFUSED
    assert truths(store) == {lines[0]: "Dear Bob,"}


def test_whoever_changes_their_own_accepted_text_takes_it_back(store: Store, ann: UUID, lines: list[UUID]) -> None:
    with store.writing() as session:
        trust.keep(session, Claim(lines[0], "Dear Rob,", by=ann, trusted=True), "trusted")
    assert truths(store) == {lines[0]: "Dear Rob,"}
    with store.writing() as session:
        held = trust.keep(session, Claim(lines[0], "Dear Toad,", by=ann, trusted=True, plausibility=-9), "trusted")
    assert held.outcome is Outcome.HELD
    assert truths(store) == {}


def test_another_persons_held_text_leaves_what_was_accepted(store: Store, ann: UUID, lines: list[UUID]) -> None:
    mallory = store.contributor("Mallory")
    with store.writing() as session:
        trust.keep(session, Claim(lines[0], "Dear Rob,", by=ann, trusted=True), "trusted")
        trust.keep(session, Claim(lines[0], "You fools", by=mallory), "trusted")
    assert truths(store) == {lines[0]: "Dear Rob,"}


def test_held_texts_wait_until_a_review_decides(store: Store, ann: UUID, lines: list[UUID]) -> None:
    correct(store, ann, {lines[0]: "Dear Rob,", lines[1]: "it snows."})
    judge_new(store, "reviewed", None)
    with store.reading() as session:
        assert [held.text for held in trust.held_texts(session)] == ["Dear Rob,", "it snows."]
        (one,) = trust.held_texts(session, [lines[1]])
        assert (one.line_id, one.reason) == (lines[1], "Only reviewed texts count here.")
    claim_reviewed(store, lines[0], "Dear Bob,")
    with store.reading() as session:
        assert [held.line_id for held in trust.held_texts(session)] == [lines[1]]
    assert truths(store) == {lines[0]: "Dear Bob,"}
    store.delete_document(store.documents(ann)[0].id, ann)
    with store.reading() as session:
        assert trust.held_texts(session) == []


def test_a_withdrawn_text_is_no_ground_truth_and_can_be_accepted_again(store: Store, lines: list[UUID]) -> None:
    claim_reviewed(store, lines[0], "Dear Rob,")
    with store.writing() as session:
        trust.withdraw(session, lines[0], by=None, source="label_studio", reason="The annotation was deleted.")
        trust.withdraw(session, lines[1], by=None, source="label_studio", reason="The annotation was deleted.")
    assert truths(store) == {}
    claim_reviewed(store, lines[0], "Dear Rob,")
    assert truths(store) == {lines[0]: "Dear Rob,"}
    assert store.counts()["acceptances"] == 3


def test_a_line_that_is_not_there_is_named(store: Store, ann: UUID) -> None:
    with pytest.raises(NotFound, match=f"There is no line {ann}"):
        claim_reviewed(store, ann, "x")


@pytest.mark.parametrize("statement", ["UPDATE acceptances SET text = 'other'", "DELETE FROM acceptances"])
def test_judgements_cannot_be_changed(store: Store, lines: list[UUID], statement: str) -> None:
    claim_reviewed(store, lines[0], "Dear Rob,")
    with pytest.raises(DBAPIError, match="acceptances are append-only"), store.writing() as session:
        session.execute(text(statement))
    assert truths(store) == {lines[0]: "Dear Rob,"}


@pytest.mark.parametrize("who", ["the page's owner", "the reviewer"])
def test_judgements_go_when_a_person_is_forgotten(store: Store, ann: UUID, lines: list[UUID], who: str) -> None:
    bob = store.contributor("Bob")
    claim_reviewed(store, lines[0], "Dear Rob,", by=bob)
    with store.writing() as session:
        session.add(ErasureRow(contributor_id=ann if who == "the page's owner" else bob))
        session.flush()
        session.execute(text("DELETE FROM acceptances"))
    assert truths(store) == {}

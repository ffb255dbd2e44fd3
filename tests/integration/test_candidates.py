"""What the store offers to be labelled, on both engines."""

from collections import Counter
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select

from flywheel import trust
from flywheel.candidates import next_lines
from flywheel.records import NewCorrection
from flywheel.selection import Shares
from flywheel.store import Store
from flywheel.tables import LineRow, ModelVersionRow, PredictionRow, now
from flywheel.trust import Claim
from recognizer.page import Page
from tests.readings import a_line, a_page, an_upload

ALL = Shares(random=0.0, known=0.0)


@pytest.fixture
def ann(store: Store) -> UUID:
    return store.contributor("Ann")


def keep(store: Store, owner: UUID, *confidences: float) -> list[UUID]:
    """A page whose lines were read with these confidences."""
    read = tuple(a_line(f"words of {n}", top=50 * n, confidence=sure) for n, sure in enumerate(confidences))
    page: Page = replace(a_page([]), lines=read)
    kept = store.keep_reading(an_upload(), [(page, b"image")], contributor=owner, seconds=1)
    return [line.id for line in kept.pages[0].lines]


def test_the_least_sure_lines_come_first_with_the_reason(store: Store, ann: UUID) -> None:
    _, unsure, middling = keep(store, ann, 0.99, 0.3, 0.8)
    chosen = next_lines(store, 3, seed=1, shares=ALL)
    assert [choice.key for choice in chosen] == [unsure, middling]
    assert [choice.reason for choice in chosen] == ["uncertain: 30% sure", "uncertain: 80% sure"]


def test_lines_that_somebody_dealt_with_are_not_asked_about(store: Store, ann: UUID) -> None:
    corrected, accepted, retired, asked, free = keep(store, ann, 0.3, 0.4, 0.5, 0.6, 0.7)
    keep(store, ann, 0.2)
    store.delete_document(store.documents(ann)[0].id, ann)
    store.keep_corrections([NewCorrection(corrected, "x")], contributor=ann)
    with store.writing() as session:
        trust.keep(session, Claim(accepted, "x", "import"), "trusted")
        session.get_one(LineRow, retired).retired_at = now()
    chosen = next_lines(store, 10, seed=1, shares=ALL, leaving_out=select(LineRow.id).where(LineRow.id == asked))
    assert [choice.key for choice in chosen] == [free]


def test_a_line_read_twice_is_as_sure_as_its_newest_reading(store: Store, ann: UUID) -> None:
    (line,) = keep(store, ann, 0.3)
    with store.writing() as session:
        old = session.scalars(select(PredictionRow)).one()
        newer = ModelVersionRow(name="inkloop-test-2")
        session.add(newer)
        session.flush()
        said = {
            "text": "words",
            "confidence": 0.85,
            "alternatives": [],
            "words": [{"text": "words", "confidence": 0.85}],
        }
        session.add(PredictionRow(line_id=line, model_version_id=newer.id, **said))
        assert old.confidence == 0.3
    (choice,) = next_lines(store, 5, seed=1, shares=ALL)
    assert choice.reason == "uncertain: 85% sure"


def test_known_lines_and_a_random_sample_are_among_them(store: Store, ann: UUID) -> None:
    known, *others = keep(store, ann, *[0.4 + n / 100 for n in range(41)])
    with store.writing() as session:
        trust.keep(session, Claim(known, "x", "import"), "trusted")
    chosen = next_lines(store, 20, seed=1, shares=Shares(random=0.2, known=0.05))
    assert chosen == next_lines(store, 20, seed=1, shares=Shares(random=0.2, known=0.05))
    assert Counter(choice.why for choice in chosen) == {"uncertain": 15, "random": 4, "known": 1}
    assert [choice.key for choice in chosen if choice.why == "known"] == [known]
    assert {choice.key for choice in chosen} <= {known, *others}
    assert len({choice.key for choice in chosen}) == 20


def test_where_few_lines_are_unsure_few_others_are_asked_about(store: Store, ann: UUID) -> None:
    known, _, unsure, *_ = keep(store, ann, 0.95, 0.95, 0.5, *[0.97] * 20)
    with store.writing() as session:
        trust.keep(session, Claim(known, "x", "import"), "trusted")
    assert [choice.key for choice in next_lines(store, 1000, seed=1)] == [unsure]

"""Lines that nobody corrected teach where their neighbours were corrected, and never from pages that test."""

from hashlib import sha256
from uuid import UUID

import pytest

from flywheel import trust, uncorrected
from flywheel.ground_truth import ground_truth
from flywheel.records import Document, NewCorrection
from flywheel.snapshots import FrozenLine, freeze, lines_of
from flywheel.splits import place_of
from flywheel.store import Store
from flywheel.tables import SplitRow
from flywheel.trust import Claim
from tests.readings import a_page, an_upload

PAGES = 24
LINES = ["one", "two", "three"]


@pytest.fixture
def ann(store: Store) -> UUID:
    return store.contributor("Ann")


@pytest.fixture
def document(store: Store, ann: UUID) -> Document:
    return keep(store, ann, "letters.pdf")


def keep(store: Store, person: UUID, name: str) -> Document:
    """A document of many pages, with an image each."""
    pages = [(a_page(LINES, number=n, path=name), f"{name} {n}".encode()) for n in range(1, PAGES + 1)]
    return store.keep_reading(an_upload(name, name.encode()), pages, contributor=person, seconds=1)


def place(document: Document, number: int) -> float:
    """Where a page's image puts it; from 0.3 on it trains, under 0.2 it tests."""
    return place_of(f"page:{image_of(document, number)}")


def image_of(document: Document, number: int) -> str:
    return sha256(f"{document.name} {number}".encode()).hexdigest()


def accept(store: Store, line: UUID, person: UUID) -> None:
    with store.writing() as session:
        trust.keep(session, Claim(line, "typed", source="label_studio", by=person), "trusted")


def train_on(store: Store, document: Document, person: UUID) -> list[FrozenLine]:
    """Freeze the first line of the first page that trains."""
    for page in document.pages:
        if place(document, page.number) >= 0.3:
            accept(store, page.lines[0].id, person)
            return list(lines_of(store, freeze(store, ground_truth(store))))
    raise AssertionError("no page trains")


def test_the_other_lines_of_the_document_teach_from_pages_that_train(
    store: Store, document: Document, ann: UUID
) -> None:
    another = keep(store, ann, "other.pdf")  # nobody said anything about it
    (frozen,) = train_on(store, document, ann)
    found = uncorrected.uncorrected(store, [frozen])
    images = {image_of(document, n) for n in range(1, PAGES + 1) if place(document, n) >= 0.3}
    assert {line.image_sha256 for line in found} == images and len(images) < PAGES
    assert len(found) == len(LINES) * len(images) - 1 and frozen.line_id not in {line.line_id for line in found}
    assert {(line.text, line.split, line.document_id) for line in found} == {("", "train", str(document.id))}
    assert str(another.id) not in {line.document_id for line in found}
    with store.reading() as session:  # no page that was learnt from can test later
        assert {session.get_one(SplitRow, f"page:{image}").split for image in images} == {"train"}


def test_what_somebody_said_something_about_is_left_out(store: Store, document: Document, ann: UUID) -> None:
    (frozen,) = train_on(store, document, ann)
    before = uncorrected.uncorrected(store, [frozen])
    held, accepted = UUID(before[0].line_id), UUID(before[1].line_id)
    store.keep_corrections([NewCorrection(held, "nobody has judged this yet")], contributor=ann)
    accept(store, accepted, ann)
    after = uncorrected.uncorrected(store, [frozen])
    assert {line.line_id for line in before} - {line.line_id for line in after} == {str(held), str(accepted)}
    store.delete_document(document.id, ann)
    assert uncorrected.uncorrected(store, [frozen]) == []


def test_of_many_some_of_each_page_are_taken(
    store: Store, document: Document, ann: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    (frozen,) = train_on(store, document, ann)
    pages = {line.page_id for line in uncorrected.uncorrected(store, [frozen])}
    monkeypatch.setattr(uncorrected, "MOST_READ", len(pages))
    found = uncorrected.uncorrected(store, [frozen])
    assert len(found) == len(pages) and len({line.page_id for line in found}) > 0.9 * len(pages)


def test_lines_that_only_test_bring_no_neighbours(store: Store, document: Document, ann: UUID) -> None:
    page = next(page for page in document.pages if place(document, page.number) < 0.2)
    accept(store, page.lines[0].id, ann)
    assert uncorrected.uncorrected(store, list(lines_of(store, freeze(store, ground_truth(store))))) == []

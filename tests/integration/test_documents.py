"""A contributor's documents as a list, on both engines: how far each is, what it holds, and its end."""

from dataclasses import replace
from uuid import UUID

import pytest

from flywheel import trust
from flywheel.drafts import keep_drafts
from flywheel.errors import NotFound, Unstorable
from flywheel.ground_truth import ground_truth
from flywheel.judging import judge_new
from flywheel.records import Document, Draft, NewCorrection
from flywheel.store import Store
from flywheel.trust import Claim
from recognizer.page import Page
from tests.readings import a_line, a_page, an_upload


@pytest.fixture
def ann(store: Store) -> UUID:
    return store.contributor("Ann")


def keep(store: Store, contributor: UUID, name: str, *texts: str) -> Document:
    return store.keep_reading(an_upload(name), [(a_page(texts), b"image")], contributor=contributor, seconds=1)


def ids(document: Document) -> list[UUID]:
    return [line.id for page in document.pages for line in page.lines]


def test_a_document_goes_from_read_to_submitted(store: Store, ann: UUID) -> None:
    kept = keep(store, ann, "letter.png", "one", "two")
    one, two = ids(kept)

    def state() -> tuple[str, int, int]:
        (row,) = store.documents(ann)
        assert store.documents(ann, state=row.state) == [row]
        return row.state, row.corrected, row.drafts

    assert state() == ("read", 0, 0)
    keep_drafts(store, [Draft(one, "o")], contributor=ann)
    assert state() == ("in_progress", 0, 1)
    store.keep_corrections([NewCorrection(one, "one"), NewCorrection(one, "One")], contributor=ann)
    assert state() == ("in_progress", 1, 0)
    store.keep_corrections([NewCorrection(two, "", verdict="not_text")], contributor=ann)
    assert state() == ("submitted", 2, 0)
    keep_drafts(store, [Draft(two, "but there is")], contributor=ann)
    assert state() == ("in_progress", 2, 1)
    assert store.documents(ann, state="submitted") == []


def test_a_document_whose_every_line_was_decided_in_label_studio_is_reviewed(store: Store, ann: UUID) -> None:
    one, two = ids(keep(store, ann, "letter.png", "one", "two"))

    def decide(line_id: UUID, typed: str) -> str:
        with store.writing() as session:
            trust.keep(session, Claim(line_id, typed, "label_studio"), "trusted")
        return store.documents(ann)[0].state

    assert decide(one, "One") == "in_progress"
    assert decide(two, "") == "reviewed"  # there is nothing to read, a reviewer says
    store.keep_corrections([NewCorrection(one, "One, after all")], contributor=ann)
    judge_new(store, "trusted", None)  # held: it contradicts the review
    assert store.documents(ann)[0].state == "reviewed"
    with store.writing() as session:
        trust.withdraw(session, one, by=None, source="label_studio", reason="The label was deleted.")
    assert store.documents(ann)[0].state == "in_progress"


def test_lines_with_a_doubtful_word_are_counted_until_somebody_looked(store: Store, ann: UUID) -> None:
    lines = (a_line("sure", confidence=0.9), a_line("not so", confidence=0.5), a_line("at all", confidence=0.1))
    page = Page("letter.png", 1, 400, 600, lines, "inkloop-test-1")
    kept = store.keep_reading(an_upload(), [(page, b"image")], contributor=ann, seconds=1)
    assert store.documents(ann)[0].doubtful == 2
    store.keep_corrections([NewCorrection(ids(kept)[1], "not so")], contributor=ann)
    assert store.documents(ann)[0].doubtful == 1


def test_documents_are_found_by_name_by_what_was_read_and_by_what_was_typed(store: Store, ann: UUID) -> None:
    letter = keep(store, ann, "Été 1905.png", "Chère Zoë,", "100 % of it_rains")
    keep(store, ann, "bill.png", "seven eggs")
    keep(store, store.contributor("Bob"), "Été.png", "Chère Zoë,")

    def found(query: str) -> list[str]:
        return [row.name for row in store.documents(ann, query=query)]

    assert found("") == found("  ") == ["bill.png", "Été 1905.png"]
    assert found("été") == found("ZOË") == found("100 %") == found("it_rains") == ["Été 1905.png"]
    assert found("1%0") == found("it-rains") == found("nowhere") == []
    keep_drafts(store, [Draft(ids(letter)[0], "Très chère")], contributor=ann)
    assert found("très") == found("zoë") == ["Été 1905.png"]
    store.keep_corrections([NewCorrection(ids(letter)[0], "Chère Chloé,")], contributor=ann)
    assert found("chloé") == ["Été 1905.png"]
    assert found("zoë") == found("très") == []  # what the model thought is overruled, the draft is done with


def test_a_deleted_document_is_gone_for_everybody_and_from_the_ground_truth(store: Store, ann: UUID) -> None:
    kept, other = keep(store, ann, "letter.png", "one", "two"), keep(store, ann, "other.png", "three")
    one, two = ids(kept)
    new = [NewCorrection(one, "One"), NewCorrection(ids(other)[0], "Three")]
    store.keep_corrections(new, contributor=ann)
    judge_new(store, "everybody", None)
    keep_drafts(store, [Draft(two, "tw")], contributor=ann)
    store.keep_corrections([NewCorrection(two, "Two")], contributor=ann)
    keep_drafts(store, [Draft(two, "tw")], contributor=ann)
    with pytest.raises(NotFound, match="among yours"):
        store.delete_document(kept.id, store.contributor("Bob"))
    store.delete_document(kept.id, ann)
    for gone in (
        lambda: store.document(kept.id, ann),
        lambda: store.delete_document(kept.id, ann),
        lambda: store.page_image(kept.pages[0].id, ann),
        lambda: store.keep_corrections([NewCorrection(one, "x")], contributor=ann),
        lambda: keep_drafts(store, [Draft(one, "x")], contributor=ann),
        lambda: store.keep_page(kept.id, a_page(["late"], number=2), b"image", seconds=1),
    ):
        with pytest.raises(NotFound, match=r"There is no .*\."):
            gone()
    assert [row.id for row in store.documents(ann)] == [other.id]
    assert [line.text for line in ground_truth(store)] == ["Three"]
    assert [page.name for page in store.corrected_pages()] == ["other.png"]
    assert judge_new(store, "everybody", None) == []
    assert store.counts()["drafts"] == 0


def test_a_document_remembers_whose_hand_it_shows_and_what_it_belongs_to(store: Store, ann: UUID) -> None:
    upload = replace(an_upload(), writer="Zoë", collection="letters")
    kept = store.keep_reading(upload, [(a_page(["one"]), b"image")], contributor=ann, seconds=1)
    assert (kept.writer, kept.collection) == ("Zoë", "letters")
    assert (store.documents(ann)[0].writer, store.documents(ann)[0].collection) == ("Zoë", "letters")
    store.keep_corrections([NewCorrection(ids(kept)[0], "One")], contributor=ann)
    judge_new(store, "everybody", None)
    (line,) = ground_truth(store)
    assert (line.writer, line.collection) == ("Zoë", "letters")
    for broken in (replace(upload, writer=" "), replace(upload, collection="x" * 201)):
        with pytest.raises(Unstorable, match="has 1 to 200 characters"):
            store.begin_document(broken, contributor=ann, page_count=1)


def test_whose_hand_it_is_may_be_said_later_and_goes_with_the_ground_truth(store: Store, ann: UUID) -> None:
    kept = keep(store, ann, "letter.png", "one", "two")
    store.keep_corrections([NewCorrection(ids(kept)[0], "One")], contributor=ann)
    judge_new(store, "everybody", None)
    store.describe_document(kept.id, ann, {"writer": " Zoe\u0308 ", "collection": "Letters"})
    (line,) = ground_truth(store)
    assert (line.writer, line.collection, line.text) == ("Zoë", "Letters", "One")
    named = store.describe_document(kept.id, ann, {"name": "To Bob", "writer": None})
    assert (named.name, named.writer, named.collection) == ("To Bob", None, "Letters")
    assert store.documents(ann)[0].name == "To Bob"


def test_details_that_nobody_could_keep_change_nothing(store: Store, ann: UUID) -> None:
    kept = keep(store, ann, "letter.png", "one")
    with pytest.raises(NotFound, match="among yours"):
        store.describe_document(kept.id, store.contributor("Bob"), {"name": "mine"})
    for details, sentence in (
        ({"writer": "Zoe", "name": " "}, "A name has 1 to 200 characters; this one has 0"),
        ({"writer": "a\0b"}, r"The writer holds U\+0000"),
        ({"name": "other", "collection": "x" * 201}, "A collection has 1 to 200 characters"),
    ):
        with pytest.raises(Unstorable, match=sentence):
            store.describe_document(kept.id, ann, details)
    (row,) = store.documents(ann)
    assert (row.name, row.writer, row.collection) == ("letter.png", None, None)

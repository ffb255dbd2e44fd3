"""The store keeps what it is given, on both engines."""

import math
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from flywheel.errors import BrokenBlob, NotFound, StaleDocument, Unstorable
from flywheel.records import Document, NewCorrection
from flywheel.settings import Settings
from flywheel.store import Store
from flywheel.tables import Base
from recognizer.page import Page
from tests.readings import a_line, a_page, an_upload


@pytest.fixture
def ann(store: Store) -> UUID:
    return store.contributor("Ann")


@pytest.fixture
def letter(store: Store, ann: UUID) -> Document:
    """A document of one page and three lines."""
    page = a_page(["Dear Bob,", "it rains.", "Ann"])
    return store.keep_reading(an_upload(), [(page, b"image of the letter")], contributor=ann, seconds=2.5)


def line_ids(document: Document) -> list[UUID]:
    return [line.id for page in document.pages for line in page.lines]


def test_a_kept_reading_comes_back_as_it_was(store: Store, ann: UUID) -> None:
    first = a_page(["Dear Bob,", "it rains: naïve « œuvre » 12 €"], path="two.pdf")
    second = replace(a_page(["Ann"], number=2, path="two.pdf"), lines=(replace(a_line("Ann"), baseline=None),))
    images = [(first, b"image 1"), (second, b"image 2")]
    kept = store.keep_reading(an_upload("two.pdf"), images, contributor=ann, seconds=3)
    loaded = store.document(kept.id, ann)
    assert loaded == kept
    assert [page.as_page("two.pdf") for page in loaded.pages] == [first, second]
    assert (loaded.name, loaded.media_type, loaded.complete) == ("two.pdf", "image/png", True)
    assert [page.seconds for page in loaded.pages] == [1.5, 1.5]
    assert [store.page_image(page.id, ann) for page in loaded.pages] == [
        (b"image 1", "image/webp"),
        (b"image 2", "image/webp"),
    ]


def test_a_page_without_writing_is_kept(store: Store, ann: UUID) -> None:
    kept = store.keep_reading(an_upload(), [(a_page([]), b"white")], contributor=ann, seconds=1)
    assert store.document(kept.id, ann).pages[0].lines == ()


def test_a_new_store_on_the_same_files_shows_everything(store: Store, settings: Settings, ann: UUID) -> None:
    kept = store.keep_reading(an_upload(), [(a_page(["one", "two"]), b"image")], contributor=ann, seconds=1)
    store.keep_corrections([NewCorrection(line_ids(kept)[1], "three")], contributor=ann)
    before = store.document(kept.id, ann)
    store.close()
    with Store.open(settings) as restarted:
        restarted.ready()
        assert restarted.contributor("Ann") == ann
        assert restarted.document(kept.id, ann) == before
        assert [line.text for line in before.pages[0].lines] == ["one", "three"]
        assert restarted.page_image(before.pages[0].id, ann) == (b"image", "image/webp")


def test_the_same_page_twice_is_one_blob_and_two_readings(store: Store, ann: UUID, tmp_path: Path) -> None:
    pages = [(a_page(["one"]), b"image")]
    first = store.keep_reading(an_upload(), pages, contributor=ann, seconds=1)
    second = store.keep_reading(an_upload(), pages, contributor=ann, seconds=1)
    assert first.id != second.id and first.sha256 == second.sha256
    assert len([path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]) == 2  # original and image
    counts = store.counts()
    assert (counts["documents"], counts["readings"], counts["model_versions"]) == (2, 2, 1)


def test_pages_kept_one_by_one_complete_a_document(store: Store, ann: UUID) -> None:
    begun = store.begin_document(an_upload(), contributor=ann, page_count=2)
    assert not begun.complete and begun.pages == ()
    second = store.keep_page(begun.id, a_page(["b"], number=2), b"image 2", seconds=1)
    assert not store.document(begun.id, ann).complete
    assert not store.documents(ann)[0].complete
    first = store.keep_page(begun.id, a_page(["a"]), b"image 1", seconds=1)
    assert store.document(begun.id, ann).complete
    assert store.document(begun.id, ann).pages == (first, second)


def test_a_page_kept_twice_or_beyond_the_last_is_refused(store: Store, ann: UUID) -> None:
    begun = store.begin_document(an_upload(), contributor=ann, page_count=1)
    store.keep_page(begun.id, a_page(["a"]), b"image", seconds=1)
    with pytest.raises(StaleDocument, match=r"has its page 1 already\. Load the document again"):
        store.keep_page(begun.id, a_page(["a"]), b"image", seconds=1)
    with pytest.raises(StaleDocument, match="has 1 pages; page 2 is none of them"):
        store.keep_page(begun.id, a_page(["a"], number=2), b"image", seconds=1)
    with pytest.raises(NotFound, match="There is no document"):
        store.keep_page(uuid4(), a_page(["a"]), b"image", seconds=1)


def test_a_reading_with_one_impossible_page_is_not_kept_at_all(store: Store, ann: UUID) -> None:
    pages = [(a_page(["fine"]), b"image"), (a_page(["half a pair: \ud83d"], number=2), b"image")]
    with pytest.raises(Unstorable, match=r"Page 2 of 'letter.png', line 1 holds U\+D83D at character 14"):
        store.keep_reading(an_upload(), pages, contributor=ann, seconds=1)
    assert store.documents(ann) == []
    assert store.counts()["lines"] == 0


def test_a_document_without_pages_is_refused(store: Store, ann: UUID) -> None:
    with pytest.raises(Unstorable, match="has 0 pages"):
        store.keep_reading(an_upload(), [], contributor=ann, seconds=1)


def test_documents_are_listed_newest_first_with_their_progress(store: Store, ann: UUID, letter: Document) -> None:
    later = store.begin_document(an_upload("later.png"), contributor=ann, page_count=4)
    one, two, _ = line_ids(letter)
    store.keep_corrections([NewCorrection(one, "x"), NewCorrection(one, "y"), NewCorrection(two, "z")], contributor=ann)
    newest, oldest = store.documents(ann)
    assert (newest.id, newest.name, newest.page_count, newest.pages_kept, newest.lines) == (
        later.id,
        "later.png",
        4,
        0,
        0,
    )
    assert (oldest.id, oldest.pages_kept, oldest.lines, oldest.corrected) == (letter.id, 1, 3, 2)


def test_contributors_see_only_their_own(store: Store, ann: UUID, letter: Document) -> None:
    bob = store.contributor("Bob")
    assert bob != ann
    assert store.documents(bob) == []
    with pytest.raises(NotFound, match=f"There is no document {letter.id} among yours"):
        store.document(letter.id, bob)
    with pytest.raises(NotFound, match=r"There is no page .* among yours"):
        store.page_image(letter.pages[0].id, bob)
    assert store.page_image(letter.pages[0].id, ann)[0] == b"image of the letter"


def test_a_contributor_is_made_once_per_name(store: Store) -> None:
    assert store.contributor("Zoë") == store.contributor("Zoë")
    assert store.counts()["contributors"] == 1


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\0b"])
def test_a_contributor_needs_a_name(store: Store, name: str) -> None:
    with pytest.raises(Unstorable, match="contributor's name"):
        store.contributor(name)


def test_an_unknown_contributor_keeps_nothing(store: Store, letter: Document) -> None:
    with pytest.raises(NotFound, match="There is no contributor"):
        store.begin_document(an_upload(), contributor=uuid4(), page_count=1)
    with pytest.raises(NotFound, match="There is no contributor"):
        store.keep_corrections([NewCorrection(line_ids(letter)[0], "x")], contributor=uuid4())


@pytest.mark.parametrize(
    "typed",
    [
        "  spaces at both ends ",
        unicodedata.normalize("NFD", "décomposé"),
        "long ſ, ✠ and 🖋 and \u202eright to left",
        "",
        "back\\slash 'quote' \"double\" %s {} ; --",
    ],
)
def test_a_correction_is_stored_exactly_as_typed(store: Store, ann: UUID, letter: Document, typed: str) -> None:
    new = NewCorrection(line_ids(letter)[0], typed, seconds=4.25, keystrokes=7, unknown_characters=("✠", "🖋", "✠"))
    (stored,) = store.keep_corrections([new], contributor=ann)
    line = store.document(letter.id, ann).pages[0].lines[0]
    assert line.correction == stored
    assert line.text == typed and line.corrected
    assert (stored.seconds, stored.keystrokes) == (4.25, 7)
    assert stored.unknown_characters == ("✠", "🖋", "✠")
    assert store.counts()["unknown_characters"] == 3


def test_a_correction_names_the_prediction_it_answers(store: Store, ann: UUID, letter: Document) -> None:
    one, two, _ = letter.pages[0].lines
    named = NewCorrection(two.id, "x", prediction_id=two.prediction.id)
    stored = store.keep_corrections([NewCorrection(one.id, "x"), named], contributor=ann)
    assert [correction.prediction_id for correction in stored] == [one.prediction.id, two.prediction.id]
    with pytest.raises(NotFound, match=f"Line {one.id} has no prediction {two.prediction.id}"):
        store.keep_corrections([NewCorrection(one.id, "x", prediction_id=two.prediction.id)], contributor=ann)


def test_a_second_correction_adds_to_the_first(store: Store, ann: UUID, letter: Document) -> None:
    line_id = line_ids(letter)[0]
    (first,) = store.keep_corrections([NewCorrection(line_id, "first")], contributor=ann)
    second, third = store.keep_corrections(
        [NewCorrection(line_id, "second"), NewCorrection(line_id, "second")], contributor=ann
    )
    assert [first.revision, second.revision, third.revision] == [1, 2, 3]
    assert store.counts()["corrections"] == 3
    assert store.document(letter.id, ann).pages[0].lines[0].correction == third


def test_a_batch_with_a_line_of_another_contributor_stores_nothing(store: Store, ann: UUID, letter: Document) -> None:
    bob = store.contributor("Bob")
    mine = store.keep_reading(an_upload(), [(a_page(["mine"]), b"image")], contributor=bob, seconds=1)
    foreign = line_ids(letter)[0]
    with pytest.raises(NotFound, match=f"There is no line {foreign} among your pages"):
        store.keep_corrections([NewCorrection(line_ids(mine)[0], "x"), NewCorrection(foreign, "x")], contributor=bob)
    assert store.counts()["corrections"] == 0


def test_a_batch_with_an_unknown_line_stores_nothing(store: Store, ann: UUID, letter: Document) -> None:
    unknown = uuid4()
    with pytest.raises(NotFound, match=f"There is no line {unknown}"):
        store.keep_corrections([NewCorrection(line_ids(letter)[0], "x"), NewCorrection(unknown, "x")], contributor=ann)
    assert store.counts()["corrections"] == 0


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"text": "nul \0"}, r"holds U\+0000 at character 5"),
        ({"text": "half \udc00"}, r"holds U\+DC00 at character 6"),
        ({"unknown_characters": ("\0",)}, r"holds U\+0000"),
        ({"seconds": math.nan}, "seconds are nan. Give a finite number from 0 up"),
        ({"seconds": math.inf}, "seconds are inf"),
        ({"seconds": -1.0}, "seconds are -1.0"),
        ({"keystrokes": -1}, "keystrokes are -1. Give a count from 0 up"),
        ({"keystrokes": 2**31}, "keystrokes are 2147483648"),
    ],
)
def test_what_no_database_holds_is_refused_with_a_sentence(
    store: Store, ann: UUID, letter: Document, broken: dict[str, object], message: str
) -> None:
    fine = NewCorrection(line_ids(letter)[0], "x")
    with pytest.raises(Unstorable, match=message):
        store.keep_corrections([fine, replace(fine, **broken)], contributor=ann)  # type: ignore[arg-type]
    assert store.counts()["corrections"] == 0


def test_times_come_back_aware_and_in_utc(store: Store, ann: UUID, letter: Document) -> None:
    (correction,) = store.keep_corrections([NewCorrection(line_ids(letter)[0], "x")], contributor=ann)
    moments = [correction.created_at, store.document(letter.id, ann).created_at, store.documents(ann)[0].created_at]
    for moment in moments:
        assert moment.utcoffset() == timedelta(0)
        assert abs(datetime.now(UTC) - moment) < timedelta(minutes=5)


def test_a_missing_or_altered_image_is_told(store: Store, ann: UUID, letter: Document, tmp_path: Path) -> None:
    page = letter.pages[0]
    path = next(p for p in (tmp_path / "blobs").rglob("*") if p.is_file() and p.read_bytes() == b"image of the letter")
    path.write_bytes(b"another")
    with pytest.raises(BrokenBlob, match=f"{path.name} in .* was altered or cut short"):
        store.page_image(page.id, ann)
    path.unlink()
    with pytest.raises(BrokenBlob, match=f"{path.name} is missing from"):
        store.page_image(page.id, ann)
    named, missing = store.blob_keys()
    assert len(named) == 2 and missing == {path.name}


def test_corrected_pages_hold_only_what_people_transcribed(store: Store, ann: UUID, letter: Document) -> None:
    bob = store.contributor("Bob")
    other = store.keep_reading(an_upload("b.png"), [(a_page(["b"]), b"b")], contributor=bob, seconds=1)
    store.keep_reading(an_upload("untouched.png"), [(a_page(["c"]), b"c")], contributor=bob, seconds=1)
    one, _, three = line_ids(letter)
    store.keep_corrections([NewCorrection(three, "Anna"), NewCorrection(one, "old")], contributor=ann)
    store.keep_corrections([NewCorrection(one, "Dear Rob,")], contributor=ann)
    store.keep_corrections([NewCorrection(line_ids(other)[0], "B")], contributor=bob)
    pages = list(store.corrected_pages())
    assert [(page.name, page.number, page.contributor_id) for page in pages] == [
        ("letter.png", 1, ann),
        ("b.png", 1, bob),
    ]
    assert [[line.text for line in page.lines] for page in pages] == [["Dear Rob,", "Anna"], ["B"]]


def test_model_versions_are_counted(store: Store, ann: UUID, letter: Document) -> None:
    newer = a_page(["x", "y"], model="inkloop-test-2")
    store.keep_reading(an_upload(), [(newer, b"image")], contributor=ann, seconds=1)
    store.keep_corrections([NewCorrection(line_id, "x") for line_id in line_ids(letter)], contributor=ann)
    first, second = store.model_versions()
    assert (first.name, first.predictions, first.corrections) == ("inkloop-test-1", 3, 3)
    assert (second.name, second.predictions, second.corrections) == ("inkloop-test-2", 2, 0)


def test_counts_name_every_table(store: Store, letter: Document) -> None:
    counts = store.counts()
    assert counts.keys() == Base.metadata.tables.keys() | {"unknown_characters"}
    assert {name: rows for name, rows in counts.items() if rows} == {
        "contributors": 1,
        "documents": 1,
        "model_versions": 1,
        "pages": 1,
        "readings": 1,
        "lines": 3,
        "predictions": 3,
    }


def test_a_corrected_page_exports_what_the_person_said(store: Store, ann: UUID, letter: Document) -> None:
    store.keep_corrections([NewCorrection(line_ids(letter)[1], "it  snows.")], contributor=ann)
    page: Page = store.document(letter.id, ann).pages[0].as_page("letter.png")
    reading = page.lines[1].reading
    assert page.text == "Dear Bob,\nit  snows.\nAnn"
    assert (reading.confidence, reading.alternatives) == (1.0, ())
    assert [word.text for word in reading.words] == ["it", "snows."]
    assert page.lines[0].reading.confidence == 0.75

"""What is typed and not submitted, and what is said of a line beside its text, on both engines."""

from uuid import UUID, uuid4

import pytest

from flywheel.drafts import keep_drafts
from flywheel.errors import NotFound, StaleDocument, Unstorable
from flywheel.ground_truth import ground_truth
from flywheel.judging import judge_new
from flywheel.records import Document, Draft, NewCorrection, StoredLine, Verdict
from flywheel.settings import Settings
from flywheel.store import Store
from tests.readings import a_page, an_upload


@pytest.fixture
def ann(store: Store) -> UUID:
    return store.contributor("Ann")


@pytest.fixture
def letter(store: Store, ann: UUID) -> Document:
    """A document of one page and three lines."""
    page = a_page(["Dear Bob,", "it rains.", "Ann"])
    return store.keep_reading(an_upload(), [(page, b"image")], contributor=ann, seconds=2.5)


def lines(store: Store, document: Document, contributor: UUID) -> tuple[StoredLine, ...]:
    return store.document(document.id, contributor).pages[0].lines


def test_a_draft_is_there_again_in_a_new_store(store: Store, settings: Settings, ann: UUID, letter: Document) -> None:
    one, two, _ = letter.pages[0].lines
    typed = [Draft(one.id, "  Dear “R", "text", 4.5, 12), Draft(two.id, "", "illegible")]
    keep_drafts(store, typed, contributor=ann)
    store.close()
    with Store.open(settings) as restarted:
        shown = lines(restarted, letter, ann)
        assert [line.draft for line in shown] == [*typed, None]
        assert [line.text for line in shown] == ["Dear Bob,", "it rains.", "Ann"]  # a draft says nothing yet
        assert list(restarted.corrected_pages()) == []


def test_the_last_draft_of_a_line_counts_and_can_be_dropped(store: Store, ann: UUID, letter: Document) -> None:
    one, two, _ = letter.pages[0].lines
    keep_drafts(store, [Draft(one.id, "a"), Draft(one.id, "b"), Draft(two.id, "c")], contributor=ann)
    keep_drafts(store, [Draft(one.id, "d")], contributor=ann)
    assert [line.draft for line in lines(store, letter, ann)] == [Draft(one.id, "d"), Draft(two.id, "c"), None]
    keep_drafts(store, [], dropped=[one.id, letter.pages[0].lines[2].id], contributor=ann)
    assert [line.draft for line in lines(store, letter, ann)] == [None, Draft(two.id, "c"), None]


def test_submitting_a_line_ends_its_draft_alone(store: Store, ann: UUID, letter: Document) -> None:
    one, two, _ = letter.pages[0].lines
    keep_drafts(store, [Draft(one.id, "a"), Draft(two.id, "b")], contributor=ann)
    store.keep_corrections([NewCorrection(one.id, "a")], contributor=ann)
    assert [line.draft for line in lines(store, letter, ann)] == [None, Draft(two.id, "b"), None]


def test_a_draft_of_somebody_elses_line_keeps_none_of_its_batch(store: Store, ann: UUID, letter: Document) -> None:
    bob = store.contributor("Bob")
    mine = store.keep_reading(an_upload(), [(a_page(["mine"]), b"image")], contributor=bob, seconds=1)
    own = mine.pages[0].lines[0].id
    for foreign in (letter.pages[0].lines[0].id, uuid4()):
        with pytest.raises(NotFound, match=f"There is no line {foreign} among your pages"):
            keep_drafts(store, [Draft(own, "x"), Draft(foreign, "x")], contributor=bob)
    with pytest.raises(NotFound, match="There is no contributor"):
        keep_drafts(store, [Draft(own, "x")], contributor=uuid4())
    assert store.counts()["drafts"] == 0


def test_a_draft_that_no_database_holds_is_refused(store: Store, ann: UUID, letter: Document) -> None:
    line_id = letter.pages[0].lines[0].id
    for broken, message in (
        (Draft(line_id, "nul \0"), r"The draft of line .* holds U\+0000 at character 5"),
        (Draft(line_id, "x", seconds=-1), "seconds are -1"),
        (Draft(line_id, "x", keystrokes=2**31), "keystrokes are 2147483648"),
    ):
        with pytest.raises(Unstorable, match=message):
            keep_drafts(store, [broken], contributor=ann)
    assert store.counts()["drafts"] == 0


@pytest.mark.parametrize("verdict", ["illegible", "not_text"])
def test_a_line_called_no_text_is_never_ground_truth(
    store: Store, ann: UUID, letter: Document, verdict: Verdict
) -> None:
    one, two, _ = letter.pages[0].lines
    store.keep_corrections([NewCorrection(one.id, "Dear Rob,"), NewCorrection(two.id, "it snows.")], contributor=ann)
    judge_new(store, "everybody", None)
    store.keep_corrections([NewCorrection(one.id, "Dear Rob,", verdict=verdict)], contributor=ann)
    assert [judgement.outcome for judgement in judge_new(store, "everybody", None)] == ["refused"]
    assert [line.text for line in ground_truth(store)] == ["it snows."]
    assert [line.text for page in store.corrected_pages() for line in page.lines] == ["it snows."]
    shown = lines(store, letter, ann)[0]
    assert (shown.verdict, shown.revision, shown.corrected) == (verdict, 2, True)
    store.keep_corrections([NewCorrection(one.id, "Dear Rob,")], contributor=ann)
    judge_new(store, "everybody", None)
    assert [line.text for line in ground_truth(store)] == ["Dear Rob,", "it snows."]


def test_what_is_no_writing_is_left_out_of_the_pages_text(store: Store, ann: UUID, letter: Document) -> None:
    one, two, _ = letter.pages[0].lines
    said = [NewCorrection(one.id, "", verdict="not_text"), NewCorrection(two.id, "it …", verdict="illegible")]
    store.keep_corrections(said, contributor=ann)
    page = store.document(letter.id, ann).pages[0]
    exported = page.as_page("letter.png")
    assert page.text == "it …\nAnn"
    assert [(line.reading.text, line.legible) for line in exported.lines] == [("", False), ("Ann", True)]
    assert len(page.lines) == 3


def test_a_correction_of_a_revision_that_is_not_the_newest_stores_nothing(
    store: Store, ann: UUID, letter: Document
) -> None:
    one, two, _ = letter.pages[0].lines
    store.keep_corrections([NewCorrection(one.id, "first", base_revision=0)], contributor=ann)
    keep_drafts(store, [Draft(two.id, "typed")], contributor=ann)
    stale = [NewCorrection(two.id, "x", base_revision=0), NewCorrection(one.id, "x", base_revision=0)]
    with pytest.raises(StaleDocument, match=f"Line {one.id} has been corrected since .* nothing was stored"):
        store.keep_corrections(stale, contributor=ann)
    assert [line.revision for line in lines(store, letter, ann)] == [1, 0, 0]
    assert lines(store, letter, ann)[1].draft == Draft(two.id, "typed")
    store.keep_corrections([NewCorrection(one.id, "second", base_revision=1)], contributor=ann)
    assert lines(store, letter, ann)[0].text == "second"

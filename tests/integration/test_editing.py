"""People change which lines a page has, on both engines: nothing that was said of a line is lost or mixed up."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from flywheel.drafts import keep_drafts
from flywheel.editing import Edit, check_edit, keep_edit, reorder, undo
from flywheel.errors import BadOutline, FlywheelError, NotFound, StaleDocument, Unstorable
from flywheel.ground_truth import ground_truth
from flywheel.judging import judge_new
from flywheel.outlines import NewLine
from flywheel.records import Document, Draft, NewCorrection, StoredLine
from flywheel.store import Store
from flywheel.trust import held_texts
from recognizer.page import Line, Outline, Reading, Word
from tests.readings import PITCH, a_page, an_upload

TEXTS = ["Dear Bob,", "it rains.", "Ann"]


@pytest.fixture
def ann(store: Store) -> UUID:
    return store.contributor("Ann")


@pytest.fixture
def letter(store: Store, ann: UUID) -> Document:
    """A document of one page and three lines."""
    return store.keep_reading(an_upload(), [(a_page(TEXTS), b"image")], contributor=ann, seconds=2.5)


def box(top: float, *, left: float = 10, right: float = 390, height: float = 40) -> Outline:
    return (left, top), (right, top), (right, top + height), (left, top + height)


def edit(
    store: Store,
    document: Document,
    contributor: UUID,
    *,
    replaces: tuple[UUID, ...] = (),
    lines: tuple[NewLine, ...] = (),
    position: int | None = None,
) -> list[StoredLine]:
    """Edit the only page of a document with a model that reads "read 1", "read 2", …; gives its lines."""
    page_id, change = document.pages[0].id, Edit(replaces, lines, position)
    drawn = check_edit(store, page_id, change, contributor=contributor)
    read = [
        Line(line.polygon, line.baseline, Reading(f"read {number}", 0.5, (), (Word(f"read {number}", 0.5),)))
        for number, line in enumerate(drawn, start=1)
    ]
    edited = keep_edit(store, page_id, change, read, model="inkloop-test-2", contributor=contributor)
    assert edited == store.document(document.id, contributor)
    return list(edited.pages[0].lines)


def texts(store: Store, document: Document, contributor: UUID) -> list[str]:
    return [line.text for line in store.document(document.id, contributor).pages[0].lines]


def test_a_line_added_stands_where_a_person_would_read_it(store: Store, ann: UUID, letter: Document) -> None:
    between = NewLine(box(PITCH + 45, height=4.5))
    lines = edit(store, letter, ann, lines=(between,))
    assert [line.text for line in lines] == ["Dear Bob,", "it rains.", "read 1", "Ann"]
    assert [line.position for line in lines] == [0, 1, 2, 3]
    assert [line.origin for line in lines] == ["model", "model", "person", "model"]
    assert lines[2].polygon == between.polygon
    assert lines[2].prediction.model == "inkloop-test-2"
    assert store.document(letter.id, ann).pages[0].model == "inkloop-test-1"  # the page was not read again


def test_a_line_added_at_a_place_stands_there(store: Store, ann: UUID, letter: Document) -> None:
    edit(store, letter, ann, lines=(NewLine(box(400)),), position=1)
    assert texts(store, letter, ann) == ["Dear Bob,", "read 1", "it rains.", "Ann"]
    edit(store, letter, ann, lines=(NewLine(box(500)),), position=99)
    assert texts(store, letter, ann)[-1] == "read 1"


def test_a_split_line_carries_its_text_over_as_drafts(store: Store, ann: UUID, letter: Document) -> None:
    line = letter.pages[0].lines[1]
    left, right = NewLine(box(50, right=200), text="it"), NewLine(box(50, left=200))
    lines = edit(store, letter, ann, replaces=(line.id,), lines=(left, right))
    assert [each.text for each in lines] == ["Dear Bob,", "read 1", "read 2", "Ann"]
    assert [each.draft for each in lines] == [None, Draft(lines[1].id, "it"), None, None]
    assert [each.revision for each in lines] == [0, 0, 0, 0]


def test_two_lines_merged_are_one(store: Store, ann: UUID, letter: Document) -> None:
    one, two, _ = letter.pages[0].lines
    lines = edit(store, letter, ann, replaces=(one.id, two.id), lines=(NewLine(box(0, height=90)),))
    assert [line.text for line in lines] == ["read 1", "Ann"]


def test_a_deleted_line_takes_its_correction_out_of_the_ground_truth(store: Store, ann: UUID, letter: Document) -> None:
    one, two, _ = letter.pages[0].lines
    store.keep_corrections([NewCorrection(one.id, "Dear Rob,"), NewCorrection(two.id, "it snows.")], contributor=ann)
    judge_new(store, "everybody", None)
    assert [line.text for line in ground_truth(store)] == ["Dear Rob,", "it snows."]
    lines = edit(store, letter, ann, replaces=(one.id,))
    assert [(line.position, line.text) for line in lines] == [(0, "it snows."), (1, "Ann")]
    assert [line.text for line in ground_truth(store)] == ["it snows."]
    assert [[line.text for line in page.lines] for page in store.corrected_pages()] == [["it snows."]]
    edit(store, letter, ann, replaces=(two.id,))
    assert list(store.corrected_pages()) == []


def test_a_correction_of_a_line_retired_meanwhile_is_not_judged(store: Store, ann: UUID, letter: Document) -> None:
    line = letter.pages[0].lines[0]
    store.keep_corrections([NewCorrection(line.id, "Dear Rob,")], contributor=ann)
    edit(store, letter, ann, replaces=(line.id,))
    assert judge_new(store, "everybody", None) == []


def test_a_held_text_of_a_line_retired_meanwhile_waits_for_nobody(store: Store, ann: UUID, letter: Document) -> None:
    one, two, _ = letter.pages[0].lines
    store.keep_corrections([NewCorrection(one.id, "Dear Rob,"), NewCorrection(two.id, "it snows.")], contributor=ann)
    judge_new(store, "reviewed", None)
    edit(store, letter, ann, replaces=(one.id,))
    with store.reading() as session:
        assert [held.text for held in held_texts(session)] == ["it snows."]
    store.delete_document(letter.id, ann)
    with store.reading() as session:
        assert held_texts(session) == []


def test_undoing_brings_back_lines_with_all_that_was_said_of_them(store: Store, ann: UUID, letter: Document) -> None:
    page_id, (one, two, _) = letter.pages[0].id, letter.pages[0].lines
    store.keep_corrections([NewCorrection(two.id, "it snows.")], contributor=ann)
    keep_drafts(store, [Draft(one.id, "Dear R")], contributor=ann)
    before = store.document(letter.id, ann)
    lines = edit(store, letter, ann, replaces=(one.id, two.id), lines=(NewLine(box(0, height=90)),))
    undone = undo(store, page_id, restore=[two.id, one.id], retire=[lines[0].id], contributor=ann)
    assert undone == before
    redone = undo(store, page_id, restore=[lines[0].id], retire=[one.id, two.id], contributor=ann)
    assert list(redone.pages[0].lines) == lines


def test_an_undone_deletion_returns_to_its_place(store: Store, ann: UUID, letter: Document) -> None:
    for line in letter.pages[0].lines:
        edit(store, letter, ann, replaces=(line.id,))
        undo(store, letter.pages[0].id, restore=[line.id], retire=[], contributor=ann)
        assert store.document(letter.id, ann) == letter


def test_nothing_is_restored_beside_what_took_its_place(store: Store, ann: UUID, letter: Document) -> None:
    page_id, one = letter.pages[0].id, letter.pages[0].lines[0]
    lines = edit(store, letter, ann, replaces=(one.id,), lines=(NewLine(box(1)),))
    for restore, retire in (([one.id], []), ([lines[0].id], []), ([one.id], [one.id])):
        with pytest.raises(StaleDocument, match="Load the document again; nothing was changed"):
            undo(store, page_id, restore=restore, retire=retire, contributor=ann)
    assert list(store.document(letter.id, ann).pages[0].lines) == lines


def test_lines_can_be_read_in_another_order(store: Store, ann: UUID, letter: Document) -> None:
    page_id, (one, two, three) = letter.pages[0].id, letter.pages[0].lines
    ordered = reorder(store, page_id, [three.id, one.id, two.id], contributor=ann)
    assert ordered.pages[0].text == "Ann\nDear Bob,\nit rains."
    assert store.document(letter.id, ann) == ordered
    for wrong in ([one.id, two.id], [one.id, two.id, two.id], [one.id, two.id, three.id, uuid4()]):
        with pytest.raises(StaleDocument, match="does not name each of them once"):
            reorder(store, page_id, wrong, contributor=ann)
    assert store.document(letter.id, ann) == ordered


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (NewLine(box(10, left=20, right=20)), "Box 1 of 1 has no size"),
        (NewLine(box(10, height=0)), "Box 1 of 1 has no size"),
        (NewLine(((0, 0), (100, 100), (200, 200))), "Box 1 of 1 has no size"),
        (NewLine(box(700)), "Box 1 of 1 lies outside the page, which has 400 × 600 pixels"),
        (NewLine(box(10, left=-90, right=-10)), "lies outside the page"),
        (NewLine(box(10), baseline=((50, 30), (50, 30))), "a baseline without length"),
    ],
    ids=["no width", "no height", "a stroke", "below", "left", "a point to stand on"],
)
def test_a_box_without_size_or_page_is_refused(
    store: Store, ann: UUID, letter: Document, line: NewLine, message: str
) -> None:
    with pytest.raises(BadOutline, match=message):
        edit(store, letter, ann, replaces=(letter.pages[0].lines[0].id,), lines=(line,))
    assert store.document(letter.id, ann) == letter


def test_a_box_over_the_edge_is_cut_off_there(store: Store, ann: UUID, letter: Document) -> None:
    over = NewLine(box(-20, left=-5, right=450), baseline=((-5, 10), (450, 10)))
    lines = edit(store, letter, ann, lines=(over,), position=0)
    assert lines[0].polygon == ((0, 0), (400, 0), (400, 20), (0, 20))
    assert lines[0].baseline == ((0, 10), (400, 10))


def test_a_line_that_is_gone_or_never_was_changes_nothing(store: Store, ann: UUID, letter: Document) -> None:
    bob = store.contributor("Bob")
    gone, other, _ = letter.pages[0].lines
    lines = edit(store, letter, ann, replaces=(gone.id,))
    fresh = NewLine(box(0))
    with pytest.raises(StaleDocument, match="deleted, split, merged or moved in the meantime"):
        edit(store, letter, ann, replaces=(other.id, gone.id), lines=(fresh,))
    with pytest.raises(NotFound, match=r"no line .* on this page"):
        edit(store, letter, ann, replaces=(uuid4(),), lines=(fresh,))
    with pytest.raises(NotFound, match=r"no page .* among yours"):
        edit(store, letter, bob, lines=(fresh,))
    with pytest.raises(Unstorable, match="The text of box 1 holds U"):
        edit(store, letter, ann, lines=(NewLine(box(0), text="nul \0"),))
    with pytest.raises(StaleDocument, match="nothing was stored"):
        store.keep_corrections([NewCorrection(other.id, "x"), NewCorrection(gone.id, "x")], contributor=ann)
    with pytest.raises(StaleDocument, match="nothing was stored"):
        keep_drafts(store, [Draft(other.id, "x"), Draft(gone.id, "x")], contributor=ann)
    assert list(store.document(letter.id, ann).pages[0].lines) == lines


def at_once(*tasks: object) -> list[BaseException | None]:
    """What each of these raised when all began at the same moment."""
    barrier = Barrier(len(tasks))

    def run(task: object) -> BaseException | None:
        barrier.wait()
        try:
            task()  # type: ignore[operator]
        except FlywheelError as error:
            return error
        return None

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def test_of_two_tabs_that_saw_the_same_revision_one_wins(store: Store, ann: UUID, letter: Document) -> None:
    one, two, _ = letter.pages[0].lines
    for turn in range(5):

        def submit(typed: str, turn: int = turn) -> None:
            new = [NewCorrection(line.id, typed, base_revision=turn) for line in (one, two)]
            store.keep_corrections(new, contributor=ann)

        raised = at_once(lambda: submit("left"), lambda: submit("right"))
        assert sorted(type(error).__name__ for error in raised) == ["NoneType", "StaleDocument"]
        assert texts(store, letter, ann)[:2] in (["left"] * 2, ["right"] * 2)
    assert store.counts()["corrections"] == 10


def test_of_two_tabs_that_split_the_same_line_one_wins(store: Store, ann: UUID, letter: Document) -> None:
    line = letter.pages[0].lines[1]

    def split() -> None:
        edit_ = Edit((line.id,), (NewLine(box(50, right=200)), NewLine(box(50, left=200))))
        read = [Line(each.polygon, each.baseline, Reading("half", 0.5, (), ())) for each in edit_.lines]
        keep_edit(store, letter.pages[0].id, edit_, read, model="inkloop-test-1", contributor=ann)

    raised = at_once(split, split)
    assert sorted(type(error).__name__ for error in raised) == ["NoneType", "StaleDocument"]
    assert texts(store, letter, ann) == ["Dear Bob,", "half", "half", "Ann"]


def test_correcting_and_moving_a_line_at_once_never_deadlocks(store: Store, ann: UUID, letter: Document) -> None:
    page_id = letter.pages[0].id
    for turn in range(5):
        lines = [line.id for line in store.document(letter.id, ann).pages[0].lines]

        def correct(lines: list[UUID] = lines, turn: int = turn) -> None:
            store.keep_corrections([NewCorrection(line_id, f"typed {turn}") for line_id in lines], contributor=ann)

        def move(lines: list[UUID] = lines) -> None:
            reorder(store, page_id, lines[::-1], contributor=ann)

        assert at_once(correct, move) == [None, None]
        assert texts(store, letter, ann) == [f"typed {turn}"] * 3
    assert [line.id for line in store.document(letter.id, ann).pages[0].lines] == lines[::-1]


@contextmanager
def statements_counted() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(*details: object) -> None:
        seen.append(str(details[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_a_document_of_many_lines_costs_as_many_statements_as_one_of_few(store: Store, ann: UUID) -> None:
    costs = []
    for pages, lines in ((1, 1), (3, 60)):
        read = [(a_page([f"line {row}" for row in range(lines)], number=n + 1), b"image") for n in range(pages)]
        kept = store.keep_reading(an_upload(), read, contributor=ann, seconds=1)
        ids = [line.id for page in kept.pages for line in page.lines]
        keep_drafts(store, [Draft(line_id, "typed") for line_id in ids[::2]], contributor=ann)
        with statements_counted() as submitting:
            store.keep_corrections([NewCorrection(line_id, "typed") for line_id in ids], contributor=ann)
        with statements_counted() as showing:
            assert len(store.document(kept.id, ann).pages) == pages
        with statements_counted() as listing:
            assert store.documents(ann)[0].corrected == len(ids)
        costs.append((len(submitting), len(showing), len(listing)))
    assert costs[0] == costs[1]

"""What people do to a page's regions in a real Label Studio happens to its lines: moved, drawn, deleted, reordered."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from flywheel import queries
from flywheel.editing import Edit, keep_edit
from flywheel.label_projects import known_projects
from flywheel.page_edits import apply_pages
from flywheel.pulling import Pull, Pulled
from flywheel.records import NewCorrection, StoredLine, StoredPage, Verdict
from flywheel.sync import pull, queue_pages
from flywheel.tables import LineRow
from recognizer.errors import BadModel
from recognizer.images import PageImage
from recognizer.page import Line, Outline, Reading
from tests.label_studio import Person
from tests.reviewing import Loop, samples, truth

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Reader:
    """Reads every drawn line as the same."""

    version = "inkloop-test-2"

    def read_outlines(self, page: PageImage, outlines: Sequence[tuple[Outline, Outline | None]]) -> list[Line]:
        return [Line(polygon, baseline, Reading("read anew", 0.5, (), ())) for polygon, baseline in outlines]


@pytest.fixture
def page(loop: Loop) -> StoredPage:
    """A page whose regions are open in Label Studio."""
    page = loop.page()
    queue_pages(loop.store, [page.id])
    assert loop.push([]).sent == 1
    return page


@pytest.fixture
def ann(loop: Loop) -> Person:
    return loop.studio.person("ann")


def task_of(loop: Loop) -> int:
    (task_id,) = [row.task_id for row in samples(loop.store) if row.page_id is not None]
    assert task_id is not None
    return task_id


def prefilled(loop: Loop) -> list[dict[str, Any]]:
    """What people find in the task."""
    (prediction,) = loop.client._sdk.tasks.get(str(task_of(loop))).predictions
    return [dict(part) for part in prediction.result]


def back(loop: Loop) -> Any:
    return pull(loop.store, loop.client, loop.settings, reader=lambda _: Reader())


def live(loop: Loop, page: StoredPage) -> StoredPage:
    with loop.store.reading() as session:
        return queries.page(session, page.id)


def of(result: list[dict[str, Any]], line_id: UUID, name: str) -> dict[str, Any]:
    """One part of a region."""
    (part,) = [part for part in result if part["id"] == str(line_id) and part["from_name"] == name]
    return part


@ON_SQLITE
def test_an_untouched_page_changes_nothing_but_is_reviewed(loop: Loop, page: StoredPage, ann: Person) -> None:
    ann.label(task_of(loop), prefilled(loop))
    done = back(loop)
    assert (done.problems, done.accepted) == ([], 3)
    assert live(loop, page).lines == page.lines
    assert truth(loop.store) == {line.id: line.text for line in page.lines}
    assert back(loop).accepted == 0


def marked(loop: Loop, line: StoredLine, verdict: Verdict) -> None:
    """Its owner says that a line is no text, or that nobody can read it."""
    correction = NewCorrection(line.id, line.text, verdict=verdict)
    loop.store.keep_corrections([correction], contributor=loop.store.contributor("Ann"))


@ON_SQLITE
def test_a_line_that_nobody_can_read_is_sent_without_a_text_and_one_that_is_none_not_at_all(
    loop: Loop, ann: Person
) -> None:
    page = loop.page()
    first, second, third = page.lines
    marked(loop, first, "illegible")
    marked(loop, second, "not_text")
    queue_pages(loop.store, [page.id])
    loop.push([])
    sent = prefilled(loop)
    assert {part["id"] for part in sent} == {str(first.id), str(third.id)}
    assert [part["id"] for part in sent if part["from_name"] == "text"] == [str(third.id)]
    ann.label(task_of(loop), sent)
    assert back(loop).problems == []
    assert [line.id for line in live(loop, page).lines] == [first.id, second.id, third.id]
    assert truth(loop.store) == {third.id: third.text}


@ON_SQLITE
def test_a_prefilled_text_of_a_line_that_was_marked_since_is_not_accepted_unless_somebody_changed_it(
    loop: Loop, page: StoredPage, ann: Person
) -> None:
    first, second, third = page.lines
    marked(loop, first, "illegible")
    marked(loop, second, "not_text")
    result = prefilled(loop)
    of(result, second.id, "text")["value"]["text"] = ["it rains."]
    ann.label(task_of(loop), result)
    assert back(loop).problems == []
    assert truth(loop.store) == {second.id: "it rains.", third.id: third.text}


@ON_SQLITE
def test_texts_boxes_and_order_come_back(loop: Loop, page: StoredPage, ann: Person) -> None:
    first, second, third = (line.id for line in page.lines)
    result = prefilled(loop)
    of(result, first, "text")["value"]["text"] = ["Dear Bob,"]
    moved = [[x, y + 2] for x, y in of(result, second, "outline")["value"]["points"]]
    of(result, second, "outline")["value"]["points"] = moved
    for part in result:
        if part["id"] == str(second):
            part["value"]["points"] = moved
    result = [part for part in result if part["id"] != str(third)]
    box = {"x": 10, "y": 80, "width": 40, "height": 10, "rotation": 0}
    same = {"id": "drawn", "to_name": "image", "original_width": page.width, "original_height": page.height}
    result.append({**same, "from_name": "box", "type": "rectangle", "value": box})
    result.append({**same, "from_name": "text", "type": "textarea", "value": {**box, "text": ["P.S. hello"]}})
    result.append({**same, "from_name": "place", "type": "number", "value": {**box, "number": 0}})
    ann.label(task_of(loop), result)
    assert back(loop).problems == []
    drawn, kept, reshaped = live(loop, page).lines
    assert [drawn.prediction.text, kept.id, reshaped.prediction.text] == ["read anew", first, "read anew"]
    assert drawn.polygon[0] == pytest.approx((page.width * 0.1, page.height * 0.8))
    assert reshaped.polygon[0][1] == pytest.approx(page.lines[1].polygon[0][1] + page.height * 0.02)
    assert truth(loop.store) == {drawn.id: "P.S. hello", first: "Dear Bob,", reshaped.id: "IT RAINS."}


class Crash(BaseException):
    """The process ends here."""


@contextmanager
def crash_after(commits: int) -> Iterator[None]:
    """The process ends right after so many commits, if the block makes that many."""
    made = 0

    def count(_: Session) -> None:
        nonlocal made
        made += 1
        if made == commits:
            raise Crash

    event.listen(Session, "after_commit", count)
    try:
        yield
    finally:
        event.remove(Session, "after_commit", count)


@ON_SQLITE
def test_a_crash_after_any_commit_applies_no_edit_twice(loop: Loop, page: StoredPage, ann: Person) -> None:
    first, _, third = (str(line.id) for line in page.lines)
    result = [part for part in prefilled(loop) if part["id"] != third]
    for part in result:
        if part["id"] == first:  # over the page's edge, where it is cut off
            part["value"]["points"] = [[-5, 2], [60, 2], [60, 12], [-5, 12]]
    boxes = [{"x": 10, "y": y, "width": 40, "height": 8} for y in (70, 85)]
    same = {"to_name": "image", "from_name": "box", "type": "rectangle"}
    ann.label(task_of(loop), [*result, *({"id": f"drawn {box['y']}", **same, "value": box} for box in boxes)])
    with loop.store.reading() as session:
        (project,) = [known for known in known_projects(session, loop.client.url) if known.kind == "pages"]
    Pull(loop.store, loop.client, project, "trusted", Pulled()).run(reconcile=False)
    crashes = 0
    while True:
        try:
            with crash_after(crashes + 1):
                done = apply_pages(loop.store, "trusted", lambda _: Reader())
            break
        except Crash:
            crashes += 1
    assert crashes >= 5
    assert done.problems == []
    lines = live(loop, page).lines
    assert [line.prediction.text for line in lines] == ["read anew", "IT RAINS.", "read anew", "read anew"]
    with loop.store.reading() as session:
        assert len(session.scalars(select(LineRow.id)).all()) == 3 + 3


@ON_SQLITE
def test_an_edit_there_finds_the_lines_of_before(loop: Loop, page: StoredPage, ann: Person) -> None:
    first = page.lines[0].id
    result = prefilled(loop)
    for part in result:
        if part["id"] == str(first):
            part["value"]["points"] = [[x, y + 1] for x, y in part["value"]["points"]]
    annotation = ann.label(task_of(loop), result)
    back(loop)
    moved = live(loop, page).lines[0]
    of(result, first, "text")["value"]["text"] = ["Dear Bob,"]
    loop.client._sdk.annotations.update(annotation, result=result)
    assert back(loop).problems == []
    assert live(loop, page).lines[0].id == moved.id
    assert truth(loop.store)[moved.id] == "Dear Bob,"


@ON_SQLITE
def test_a_page_that_has_changed_here_since_is_left_alone_and_told(loop: Loop, page: StoredPage, ann: Person) -> None:
    owner = loop.store.contributor("Ann")
    keep_edit(loop.store, page.id, Edit((page.lines[2].id,), ()), [], model="x", contributor=owner)
    before = live(loop, page)
    ann.label(task_of(loop), prefilled(loop))
    (problem,) = back(loop).problems
    assert "has changed in Inkloop since it was sent" in problem
    assert (live(loop, page), truth(loop.store)) == (before, {})
    assert back(loop).problems == []


@ON_SQLITE
def test_a_page_whose_failure_passes_is_taken_over_by_the_next_pull(
    loop: Loop, page: StoredPage, ann: Person, tmp_path: Path
) -> None:
    box = {"x": 10, "y": 80, "width": 40, "height": 10}
    same = {"id": "drawn", "to_name": "image", "from_name": "box", "type": "rectangle", "value": box}
    ann.label(task_of(loop), [*prefilled(loop), same])

    def no_model(_: UUID) -> Reader:
        raise BadModel("The weights are being copied.")

    (problem,) = pull(loop.store, loop.client, loop.settings, reader=no_model).problems
    assert problem == f"An answer to page {page.id} waits for the next pull: The weights are being copied."
    image, _ = loop.store.page_image(page.id, loop.store.contributor("Ann"))
    (file,) = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file() and path.read_bytes() == image]
    file.unlink()
    (problem,) = back(loop).problems
    assert "waits for the next pull: The blob" in problem
    file.write_bytes(image)
    done = back(loop)
    assert (done.problems, done.accepted, len(live(loop, page).lines)) == ([], 3, 4)
    assert back(loop).accepted == 0


@ON_SQLITE
def test_a_page_without_regions_is_refused_and_nothing_is_deleted(loop: Loop, page: StoredPage, ann: Person) -> None:
    ann.label(task_of(loop), [])
    (problem,) = back(loop).problems
    assert "It leaves no region." in problem
    assert live(loop, page) == page


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_answer_that_is_no_page_is_quarantined_and_holds_up_no_other(
    loop: Loop, page: StoredPage, ann: Person
) -> None:
    other = loop.page(["it rains."], seed=8)
    loop.push(other)
    line = other.lines[0].id
    strange = {"points": [["x", 1], [None, 2], [3, 3]], "closed": True, "note": "a\0b"}
    ann.label(task_of(loop), [{"id": "a", "from_name": "outline", "to_name": "image", "value": strange}])
    ann.type(loop.task_of(line), "it rains!")
    (problem,) = back(loop).problems
    assert "a corner, a size or a turn that is no number" in problem
    assert truth(loop.store) == {line: "it rains!"}
    assert back(loop).problems == []


@ON_SQLITE
def test_a_region_without_size_is_named_and_the_rest_is_taken_over(loop: Loop, page: StoredPage, ann: Person) -> None:
    box = {"x": 10, "y": 80, "width": 0, "height": 10}
    same = {"id": "drawn", "to_name": "image", "from_name": "box", "type": "rectangle", "value": box}
    ann.label(task_of(loop), [*prefilled(loop), same])
    done = back(loop)
    (problem,) = done.problems
    assert "has no size" in problem
    assert (done.accepted, len(live(loop, page).lines)) == (3, 3)

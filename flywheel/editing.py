"""People change what the lines of a page are: add, split, merge, reshape, delete, undo, and the order they stand in.

A line is never changed. It is retired, and others take its place; what was predicted, corrected and drafted of it
stays with it, and undoing brings it back with all of that.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flywheel import additions, queries
from flywheel.drafts import put_drafts
from flywheel.errors import NotFound, StaleDocument
from flywheel.outlines import NewLine, fit_to_page
from flywheel.records import Document, Draft
from flywheel.refusals import refuse_unstorable
from flywheel.store import Store
from flywheel.tables import LineRow, ReadingRow, now
from recognizer.baselines import level_baseline
from recognizer.finding.reading_order import reading_order
from recognizer.page import Line, Outline


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines that take the place of others.

    Attributes:
        replaces: the lines that go.
        lines: the lines that come, in reading order.
        position: the place of the first of them among the lines that stay; None: where the first of those that go
            stood or, where none goes, where a person would read it.
    """

    replaces: tuple[UUID, ...]
    lines: tuple[NewLine, ...]
    position: int | None = None


def check_edit(store: Store, page_id: UUID, edit: Edit, *, contributor: UUID) -> list[NewLine]:
    """The lines to read for an edit, cut off at the page's edge, before any time is spent on reading them.

    Raises:
        NotFound: there is no such page or line, or it is another contributor's.
        StaleDocument: a line has been retired already.
        BadOutline: a line lies outside the page, or has no size.
        Unstorable: a text holds what databases refuse.
    """
    for number, line in enumerate(edit.lines, start=1):
        refuse_unstorable(line.text or "", f"The text of box {number}")
    with store.reading() as session:
        page = queries.own_page(session, page_id, contributor)
        _require_live(_lines(session, page_id), edit.replaces)
        return fit_to_page(edit.lines, width=page.width, height=page.height)


def keep_edit(
    store: Store, page_id: UUID, edit: Edit, read: Sequence[Line], *, model: str, contributor: UUID
) -> Document:
    """Retire the lines that go and keep those that come; gives the page as it then is.

    Args:
        store: where the page is kept.
        page_id: the page.
        edit: checked before.
        read: what the model read in each of the edit's lines.
        model: the version of that model.
        contributor: whose page it is, and whose drafts the lines' texts become.

    Raises:
        NotFound: there is no such page or line, or it is another contributor's.
        StaleDocument: a line has been retired since the edit was checked.
    """

    def change(session: Session) -> Document:
        change_lines(session, page_id, edit, read, model=model, contributor=contributor)
        return queries.document_of(session, page_id, contributor)

    return store.write(change)


def change_lines(
    session: Session, page_id: UUID, edit: Edit, read: Sequence[Line], *, model: str, contributor: UUID
) -> list[UUID]:
    """What `keep_edit` does, in a transaction of the caller's; gives the lines that came, in order."""
    queries.own_page(session, page_id, contributor, lock=True)
    lines = _lines(session, page_id, lock=True)
    _require_live(lines, edit.replaces)
    _retire(lines, edit.replaces, contributor)
    live = _live(lines.values())
    place = _place(edit, read, live, lines)
    added = additions.add_lines(
        session,
        read,
        reading=_newest_reading(session, page_id),
        model=additions.model_version(session, model),
        origin="person",
        replaces=edit.replaces,
    )
    rows = [session.get_one(LineRow, line_id) for line_id in added]
    _renumber(live[:place] + rows + live[place:])
    texts = zip(added, (line.text for line in edit.lines), strict=True)
    drafts = [Draft(line_id, text) for line_id, text in texts if text is not None]
    put_drafts(session, drafts, contributor=contributor)
    return added


def undo(
    store: Store, page_id: UUID, *, restore: Collection[UUID], retire: Collection[UUID], contributor: UUID
) -> Document:
    """Bring retired lines back to where they stood, and retire those that had taken their place.

    Raises:
        NotFound: there is no such page or line, or it is another contributor's.
        StaleDocument: a line to retire is retired already, one to restore is there already, or what replaced it is.
    """

    def change(session: Session) -> Document:
        queries.own_page(session, page_id, contributor, lock=True)
        lines = _lines(session, page_id, lock=True)
        _require_live(lines, retire)
        _require_free(lines, restore, retire)
        _retire(lines, retire, contributor)
        order = _live(lines.values())
        for row in sorted((lines[line_id] for line_id in set(restore)), key=lambda row: row.position):
            row.retired_at = row.retired_by = None
            order.insert(row.position, row)
        _renumber(order)
        session.flush()
        return queries.document_of(session, page_id, contributor)

    return store.write(change)


def reorder(store: Store, page_id: UUID, order: Sequence[UUID], *, contributor: UUID) -> Document:
    """Let the lines of a page be read in another order.

    Raises:
        NotFound: there is no such page, or it is another contributor's.
        StaleDocument: the order does not name each line of the page once.
    """

    def change(session: Session) -> Document:
        queries.own_page(session, page_id, contributor, lock=True)
        lines = _lines(session, page_id, lock=True)
        if sorted(order) != sorted(row.id for row in _live(lines.values())):
            raise StaleDocument(
                "The lines of this page have changed in the meantime, or the order does not name each of them once. "
                "Load the document again; nothing was changed."
            )
        _renumber([lines[line_id] for line_id in order])
        session.flush()
        return queries.document_of(session, page_id, contributor)

    return store.write(change)


def _lines(session: Session, page_id: UUID, *, lock: bool = False) -> dict[UUID, LineRow]:
    """Every line of a page, retired ones too; locked in the order of their ids, as corrections lock them."""
    wanted = select(LineRow).where(LineRow.page_id == page_id).order_by(LineRow.id)
    return {row.id: row for row in session.scalars(wanted.with_for_update(key_share=True) if lock else wanted)}


def _live(lines: Collection[LineRow]) -> list[LineRow]:
    return sorted((row for row in lines if row.retired_at is None), key=lambda row: row.position)


def _retire(lines: dict[UUID, LineRow], retired: Collection[UUID], contributor: UUID) -> None:
    for line_id in retired:
        lines[line_id].retired_at, lines[line_id].retired_by = now(), contributor


def _renumber(order: Sequence[LineRow]) -> None:
    for position, row in enumerate(order):
        row.position = position


def _require_known(lines: dict[UUID, LineRow], named: Collection[UUID]) -> None:
    for line_id in named:
        if line_id not in lines:
            raise NotFound(f"There is no line {line_id} on this page. Load the document again; nothing was changed.")


def _require_live(lines: dict[UUID, LineRow], named: Collection[UUID]) -> None:
    _require_known(lines, named)
    for line_id in named:
        if lines[line_id].retired_at is not None:
            raise StaleDocument(
                f"Line {line_id} has been deleted, split, merged or moved in the meantime. "
                "Load the document again; nothing was changed."
            )


def _require_free(lines: dict[UUID, LineRow], restore: Collection[UUID], retire: Collection[UUID]) -> None:
    """Nothing comes back beside itself, or beside what took its place."""
    _require_known(lines, restore)
    stays = [row for row in lines.values() if row.retired_at is None and row.id not in retire]
    taken = {UUID(replaced) for row in stays for replaced in row.replaces or ()} | {row.id for row in stays}
    for line_id in restore:
        if line_id in taken or line_id in retire:
            raise StaleDocument(
                f"Line {line_id} is on the page, or what took its place is. "
                "Load the document again; nothing was changed."
            )


def _place(edit: Edit, read: Sequence[Line], live: Sequence[LineRow], lines: dict[UUID, LineRow]) -> int:
    """Where the first line of an edit comes to stand among the lines that stay."""
    if edit.position is not None:
        return min(edit.position, len(live))
    if edit.replaces:
        stood = min(lines[line_id].position for line_id in edit.replaces)
        return sum(row.position < stood for row in live)
    return _read_after(read[0], live)


def _read_after(line: Line, live: Sequence[LineRow]) -> int:
    """How many of the lines of a page a person would read before this one comes."""
    polygons = [_outline(row.polygon) for row in live]
    known = zip(polygons, (row.baseline for row in live), strict=True)
    baselines = [_outline(baseline) if baseline else level_baseline(polygon) for polygon, baseline in known]
    order = reading_order([*polygons, line.polygon], [*baselines, line.baseline or level_baseline(line.polygon)])
    before = order.index(len(live))
    return order[before - 1] + 1 if before else 0


def _outline(points: Sequence[Sequence[float]]) -> Outline:
    return tuple((point[0], point[1]) for point in points)


def _newest_reading(session: Session, page_id: UUID) -> ReadingRow:
    newest = select(ReadingRow).where(ReadingRow.page_id == page_id).order_by(ReadingRow.created_at.desc()).limit(1)
    return session.scalars(newest).one()

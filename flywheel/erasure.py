"""The rows that hang on a person or a page, found by the foreign keys of the tables, and their end.

A table that is added later is found and emptied too.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session

from flywheel.tables import (
    AcceptanceRow,
    Base,
    ContributorRow,
    CorrectionRow,
    DocumentRow,
    ErasureRow,
    ForgottenPageRow,
    LineRow,
    PageRow,
    ScopeRow,
    SplitRow,
)

LOOSE = ("lines", "retired_by")
"""The link that is cut instead of taking the row with it."""

Doomed = dict[str, set[Any]]
"""The keys of rows, by table."""
Meant = tuple[type[ContributorRow] | type[PageRow], UUID]
"""A person or a page."""


def doom(session: Session, meant: Meant, *, lock: bool = False) -> Doomed:
    """The keys of every row that hangs on one row, by table; a document whose last page goes, goes too.

    Args:
        session: where they are.
        meant: that one row.
        lock: until the transaction ends, nothing else is hung on any of them.
    """
    table, key = meant
    if lock:
        session.get(table, key, with_for_update=True)
    doomed: Doomed = defaultdict(set)
    doomed[table.__tablename__] = {key}
    if table is PageRow:
        document = session.get_one(PageRow, key).document_id
        others = select(PageRow.id).where(PageRow.document_id == document, PageRow.id != key)
        if session.scalar(others.limit(1)) is None:
            doomed["documents"] = {document}
    for child in Base.metadata.sorted_tables:
        for link in child.foreign_keys:
            keys = doomed.get(link.column.table.name)
            if keys and (child.name, link.parent.name) != LOOSE and link.column.primary_key:
                doomed[child.name] |= _hanging(session, child, link.parent.name, keys, lock=lock)
    return doomed


def lines_of(session: Session, doomed: Doomed) -> dict[str, str]:
    """The lines whose image or accepted text is forgotten, each with the page image it stands on."""
    typed = select(AcceptanceRow.line_id).where(AcceptanceRow.id.in_(doomed["acceptances"]))
    corrected = select(CorrectionRow.line_id).where(CorrectionRow.id.in_(doomed["corrections"]))
    wanted = doomed["lines"] | set(session.scalars(typed.union(corrected)))
    rows = session.execute(
        select(LineRow.id, PageRow.image_sha256)
        .join(PageRow, PageRow.id == LineRow.page_id)
        .where(LineRow.id.in_(wanted))
    )
    return {str(row.id): row.image_sha256 for row in rows}


def erase(session: Session, doomed: Doomed) -> tuple[dict[str, int], set[str]]:
    """Delete the rows, and what is left of them by name alone; the rows by table, and the files that nothing names."""
    files = _files(session, doomed)
    rows = _remove(session, doomed)
    unnamed = {key for key in files if not _still_named(session, key)}
    _forget_splits(session, unnamed)
    _forget_scopes(session)
    return rows, unnamed


def _hanging(session: Session, table: Table, column: str, keys: Iterable[Any], *, lock: bool) -> set[Any]:
    key = list(table.primary_key.columns)
    wanted = select(*key).where(table.c[column].in_(list(keys)))
    wanted = wanted.order_by(*key).with_for_update() if lock else wanted  # in the order in which everybody holds lines
    return {tuple(row) if len(key) > 1 else row[0] for row in session.execute(wanted)}


def _files(session: Session, doomed: Doomed) -> set[str]:
    originals = select(DocumentRow.sha256).where(DocumentRow.id.in_(doomed["documents"]))
    images = select(PageRow.image_sha256).where(PageRow.id.in_(doomed["pages"]))
    return set(session.scalars(originals.union(images)))


def _remove(session: Session, doomed: Doomed) -> dict[str, int]:
    """Delete the rows, children first; the triggers ask for a reason, which is given and taken back."""
    session.add_all(ForgottenPageRow(page_id=page) for page in doomed["pages"])
    for person in doomed["contributors"]:
        if session.get(ErasureRow, person) is None:
            session.add(ErasureRow(contributor_id=person))
        doomed["erasures"].add(person)
    session.flush()
    session.execute(update(LineRow).where(LineRow.retired_by.in_(doomed["contributors"])).values(retired_by=None))
    removed = {}
    for table in reversed(Base.metadata.sorted_tables):
        keys = doomed.get(table.name)
        if keys:
            _delete(session, table, keys)
            removed[table.name] = len(keys)
    session.execute(delete(ForgottenPageRow).where(ForgottenPageRow.page_id.in_(doomed["pages"])))
    return removed


def _delete(session: Session, table: Table, keys: set[Any]) -> None:
    columns = list(table.primary_key.columns)
    for key in keys:
        values = key if len(columns) > 1 else (key,)
        session.execute(delete(table).where(*(column == value for column, value in zip(columns, values, strict=True))))


def _still_named(session: Session, key: str) -> bool:
    return (
        session.scalar(select(DocumentRow.id).where(DocumentRow.sha256 == key).limit(1)) is not None
        or session.scalar(select(PageRow.id).where(PageRow.image_sha256 == key).limit(1)) is not None
    )


def _forget_splits(session: Session, images: set[str]) -> None:
    session.execute(delete(SplitRow).where(SplitRow.name.in_([f"page:{image}" for image in images])))
    known = set(session.scalars(select(DocumentRow.writer).where(DocumentRow.writer.is_not(None))))
    for row in session.scalars(select(SplitRow).where(SplitRow.name.startswith("writer:"))):
        if row.name.removeprefix("writer:") not in known:
            session.delete(row)


def _forget_scopes(session: Session) -> None:
    """A hand or collection that no document names any more has no name here either; what served it when, stays."""
    for row in session.scalars(select(ScopeRow)):
        named = DocumentRow.writer if row.kind == "writer" else DocumentRow.collection
        if session.scalar(select(DocumentRow.id).where(named == row.name).limit(1)) is None:
            row.name = f"forgotten-{row.id.hex[:12]}"

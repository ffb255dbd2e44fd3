"""A contributor's documents as a list: how far each is, which of them hold a word, and which are gone."""

import unicodedata
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, delete, distinct, exists, func, or_, select
from sqlalchemy.orm import Session

from flywheel import queries
from flywheel.records import DOUBTFUL_BELOW, DocumentSummary
from flywheel.tables import CorrectionRow, DocumentRow, DraftRow, LineRow, PageRow, PredictionRow, now

CAPITALS = "".join(letter for letter in map(chr, range(0xC0, 0x590)) if len(letter.lower()) == 1 and letter.isupper())
SMALL = "".join(letter.lower() for letter in CAPITALS)
"""A database's own lower() may know ASCII alone: on SQLite always, on PostgreSQL where its locale is C."""

LIVE = and_(LineRow.page_id == PageRow.id, LineRow.retired_at.is_(None))
CORRECTED = exists().where(CorrectionRow.line_id == LineRow.id).correlate(LineRow)


def summaries(session: Session, contributor: UUID, *, query: str = "") -> list[DocumentSummary]:
    """A contributor's documents, newest first; only those whose name or text holds the query."""
    numbers = _numbers(contributor).subquery()
    wanted = (
        select(DocumentRow, *(func.coalesce(column, 0) for column in numbers.c[1:]))
        .outerjoin(numbers, numbers.c.document_id == DocumentRow.id)
        .where(DocumentRow.contributor_id == contributor, DocumentRow.deleted_at.is_(None))
        .order_by(DocumentRow.created_at.desc(), DocumentRow.id)
    )
    if query.strip():
        wanted = wanted.where(_holds(unicodedata.normalize("NFC", query.strip()), contributor))
    return [_summary(row, *counted) for row, *counted in session.execute(wanted)]


def delete_document(session: Session, document_id: UUID, contributor: UUID) -> None:
    """Mark a document as deleted; the drafts of its lines go."""
    queries.own_document(session, document_id, contributor).deleted_at = now()
    lines = select(LineRow.id).join(PageRow, PageRow.id == LineRow.page_id).where(PageRow.document_id == document_id)
    session.execute(delete(DraftRow).where(DraftRow.line_id.in_(lines)))


def _summary(row: DocumentRow, *counted: int) -> DocumentSummary:
    pages, lines, corrected, drafts, doubtful = counted
    return DocumentSummary(
        id=row.id,
        name=row.name,
        created_at=row.created_at,
        page_count=row.page_count,
        pages_kept=pages,
        lines=lines,
        corrected=corrected,
        drafts=drafts,
        doubtful=doubtful,
        writer=row.writer,
        collection=row.collection,
    )


def _numbers(contributor: UUID) -> Select[*tuple[Any, ...]]:
    """Per document: pages, live lines, and of these the corrected, the drafted and the doubtful."""
    drafted = exists().where(DraftRow.line_id == LineRow.id, DraftRow.contributor_id == contributor).correlate(LineRow)
    doubtful = and_(~CORRECTED, _newest_prediction(PredictionRow.weakest_word) < DOUBTFUL_BELOW)
    return (
        select(
            PageRow.document_id.label("document_id"),
            func.count(distinct(PageRow.id)).label("pages"),
            func.count(LineRow.id).label("lines"),
            *(func.count(case((kind, LineRow.id))) for kind in (CORRECTED, drafted, doubtful)),
        )
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .outerjoin(LineRow, LIVE)
        .where(DocumentRow.contributor_id == contributor)
        .group_by(PageRow.document_id)
    )


def _holds(query: str, contributor: UUID) -> ColumnElement[bool]:
    """Whether a document's name, a line's text or a draft of the contributor's holds the query, in any case."""

    def holds(text: Any) -> ColumnElement[bool]:
        return func.translate(func.lower(text), CAPITALS, SMALL).contains(query.lower(), autoescape=True)

    said = (
        select(CorrectionRow.text)
        .where(CorrectionRow.line_id == LineRow.id)
        .order_by(CorrectionRow.revision.desc())
        .limit(1)
        .correlate(LineRow)
        .scalar_subquery()
    )
    typed = (
        exists()
        .where(DraftRow.line_id == LineRow.id, DraftRow.contributor_id == contributor, holds(DraftRow.text))
        .correlate(LineRow)
    )
    shown = func.coalesce(said, _newest_prediction(PredictionRow.text))
    lines = (
        select(LineRow.id)
        .join(PageRow, LIVE)
        .where(PageRow.document_id == DocumentRow.id, or_(holds(shown), typed))
        .correlate(DocumentRow)
    )
    return or_(holds(DocumentRow.name), lines.exists())


def _newest_prediction(column: Any) -> Any:
    """A column of the newest prediction of the line at hand."""
    return (
        select(column)
        .where(PredictionRow.line_id == LineRow.id)
        .order_by(PredictionRow.created_at.desc())
        .limit(1)
        .correlate(LineRow)
        .scalar_subquery()
    )

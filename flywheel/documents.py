"""A contributor's documents as a list: how far each is, which of them hold a word, and which are gone."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, delete, distinct, exists, func, or_, select
from sqlalchemy.orm import Session

from flywheel import queries
from flywheel.records import DOUBTFUL_BELOW
from flywheel.refusals import refuse_bad_label
from flywheel.settling import stands
from flywheel.tables import AcceptanceRow, CorrectionRow, DocumentRow, DraftRow, LineRow, PageRow, PredictionRow, now
from flywheel.trust import Outcome

Detail = Literal["name", "writer", "collection"]
"""What a person may say of a document at any time."""

State = Literal["read", "in_progress", "submitted", "reviewed"]
"""How far a document is: nobody touched it; somebody did; every line was submitted; every line was reviewed."""

CAPITALS = "".join(letter for letter in map(chr, range(0xC0, 0x590)) if len(letter.lower()) == 1 and letter.isupper())
SMALL = "".join(letter.lower() for letter in CAPITALS)
"""A database's own lower() may know ASCII alone: on SQLite always, on PostgreSQL where its locale is C."""

LIVE = and_(LineRow.page_id == PageRow.id, LineRow.retired_at.is_(None))
CORRECTED = exists().where(CorrectionRow.line_id == LineRow.id).correlate(LineRow)


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """One row of a contributor's list of documents.

    Attributes:
        id: names the document.
        name: the file as the person named it.
        created_at: UTC.
        page_count: the pages the original has.
        pages_kept: those kept so far.
        lines: on the kept pages.
        corrected: lines with at least one correction.
        drafts: lines with something typed and not submitted.
        doubtful: lines that nobody corrected and that hold a word to doubt.
        reviewed: lines about which Label Studio had the last word.
        writer: whose hand it shows, or None.
        collection: what it belongs to, or None.
    """

    id: UUID
    name: str
    created_at: datetime
    page_count: int
    pages_kept: int
    lines: int
    corrected: int
    drafts: int
    doubtful: int
    reviewed: int
    writer: str | None
    collection: str | None

    @property
    def complete(self) -> bool:
        """Whether every page of the original is kept."""
        return self.pages_kept == self.page_count

    @property
    def state(self) -> State:
        """How far the document is."""
        if self.complete and self.lines and not self.drafts:
            if self.reviewed == self.lines:
                return "reviewed"
            if self.corrected == self.lines:
                return "submitted"
        return "in_progress" if self.corrected or self.drafts or self.reviewed else "read"


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


def describe(session: Session, document_id: UUID, contributor: UUID, details: Mapping[Detail, str | None]) -> None:
    """Set what a person says of a document; no text where there may be none: nobody knows."""
    row = queries.own_document(session, document_id, contributor)
    for field, text in details.items():
        said = unicodedata.normalize("NFC", text or "").strip()
        if said or field == "name":
            refuse_bad_label(said, field)
        setattr(row, field, said or None)


def delete_document(session: Session, document_id: UUID, contributor: UUID) -> None:
    """Mark a document as deleted; the drafts of its lines go."""
    queries.own_document(session, document_id, contributor).deleted_at = now()
    lines = select(LineRow.id).join(PageRow, PageRow.id == LineRow.page_id).where(PageRow.document_id == document_id)
    session.execute(delete(DraftRow).where(DraftRow.line_id.in_(lines)))


def _summary(row: DocumentRow, *counted: int) -> DocumentSummary:
    pages, lines, corrected, drafts, doubtful, reviewed = counted
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
        reviewed=reviewed,
        writer=row.writer,
        collection=row.collection,
    )


def _numbers(contributor: UUID) -> Select[*tuple[Any, ...]]:
    """Per document: pages, live lines, and of these the corrected, the drafted, the doubtful and the reviewed."""
    drafted = exists().where(DraftRow.line_id == LineRow.id, DraftRow.contributor_id == contributor).correlate(LineRow)
    doubtful = and_(~CORRECTED, _newest_prediction(PredictionRow.weakest_word) < DOUBTFUL_BELOW)
    return (
        select(
            PageRow.document_id.label("document_id"),
            func.count(distinct(PageRow.id)).label("pages"),
            func.count(LineRow.id).label("lines"),
            *(func.count(case((kind, LineRow.id))) for kind in (CORRECTED, drafted, doubtful, _reviewed())),
        )
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .outerjoin(LineRow, LIVE)
        .where(DocumentRow.contributor_id == contributor)
        .group_by(PageRow.document_id)
    )


def _reviewed() -> ColumnElement[bool]:
    """Whether Label Studio had the last word about the line at hand, be it that there is nothing to learn from."""
    return (
        exists()
        .where(
            AcceptanceRow.line_id == LineRow.id,
            stands(),
            AcceptanceRow.source == "label_studio",
            AcceptanceRow.outcome.in_((Outcome.ACCEPTED, Outcome.REFUSED)),
        )
        .correlate(LineRow)
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

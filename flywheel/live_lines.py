"""What is still there: lines that nobody retired, in documents that nobody deleted."""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select

from flywheel.tables import DocumentRow, LineRow, PageRow, SampleRow


def live_lines() -> Select[UUID]:
    """The ids of the lines that are still there."""
    return (
        select(LineRow.id)
        .join(PageRow, PageRow.id == LineRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(LineRow.retired_at.is_(None), DocumentRow.deleted_at.is_(None))
    )


def is_live() -> ColumnElement[bool]:
    """Whether the line or the page of the sample at hand is still there."""
    line = live_lines().where(LineRow.id == SampleRow.line_id).correlate(SampleRow).exists()
    there = and_(DocumentRow.id == PageRow.document_id, DocumentRow.deleted_at.is_(None))
    page = exists().where(PageRow.id == SampleRow.page_id, there).correlate(SampleRow)
    return or_(line, page)

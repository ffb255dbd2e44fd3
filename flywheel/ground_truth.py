"""The lines whose text was accepted: what snapshots freeze and models learn from.

A line counts while it is live, its document is not deleted, and its newest decision (`flywheel.trust`) accepted a text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select

from flywheel.settling import stands
from flywheel.store import Store
from flywheel.tables import AcceptanceRow, DocumentRow, LineRow, PageRow
from flywheel.trust import Outcome
from recognizer.page import Outline


@dataclass(frozen=True, slots=True)
class TrueLine:
    """One line of ground truth.

    Attributes:
        line_id: the line.
        page_id: its page.
        document_id: the page's document.
        contributor_id: whose upload the document is.
        writer: whose handwriting it is, where somebody said so.
        collection: what the document belongs to, where somebody said so.
        text: as it was accepted.
        polygon: outline in pixels of the page image.
        baseline: what the writing stands on, or None.
        image_sha256: the blob of the page image.
        page_width: pixels of that image.
        page_height: pixels of that image.
        accepted_at: UTC.
        rule: by which the text was accepted.
    """

    line_id: UUID
    page_id: UUID
    document_id: UUID
    contributor_id: UUID
    writer: str | None
    collection: str | None
    text: str
    polygon: Outline
    baseline: Outline | None
    image_sha256: str
    page_width: int
    page_height: int
    accepted_at: datetime
    rule: str


def ground_truth(store: Store) -> Iterator[TrueLine]:
    """Every line of ground truth at one moment: oldest document first, page by page, in reading order."""
    wanted = (
        select(AcceptanceRow, LineRow, PageRow, DocumentRow)
        .join(LineRow, LineRow.id == AcceptanceRow.line_id)
        .join(PageRow, PageRow.id == LineRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(*standing())
        .order_by(DocumentRow.created_at, DocumentRow.id, PageRow.number, LineRow.position, LineRow.id)
        .execution_options(yield_per=1000)
    )
    with store.reading() as session:
        for accepted, line, page, document in session.execute(wanted):
            yield _true_line(accepted, line, page, document)


def standing() -> tuple[ColumnElement[bool], ...]:
    """What makes an acceptance ground truth, for queries that join it with its line, page and document."""
    return (
        AcceptanceRow.outcome == Outcome.ACCEPTED,
        stands(),
        LineRow.retired_at.is_(None),
        DocumentRow.deleted_at.is_(None),
    )


def _true_line(accepted: AcceptanceRow, line: LineRow, page: PageRow, document: DocumentRow) -> TrueLine:
    return TrueLine(
        line_id=line.id,
        page_id=page.id,
        document_id=document.id,
        contributor_id=document.contributor_id,
        writer=document.writer,
        collection=document.collection,
        text=accepted.text,
        polygon=_outline(line.polygon),
        baseline=None if line.baseline is None else _outline(line.baseline),
        image_sha256=page.image_sha256,
        page_width=page.width,
        page_height=page.height,
        accepted_at=accepted.created_at,
        rule=accepted.rule,
    )


def _outline(points: list[list[float]]) -> Outline:
    return tuple((x, y) for x, y in points)

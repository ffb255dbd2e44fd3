"""Lines that nobody corrected, beside lines that somebody did: they teach as the model reads them.

They stand in documents of which a training learns other lines, so they are in the same hands. Their pages get their
place in the splits here, so that none is learnt from that tests later.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select

from flywheel.snapshots import FrozenLine, points
from flywheel.splits import assign
from flywheel.store import Store
from flywheel.tables import AcceptanceRow, CorrectionRow, DocumentRow, LineRow, PageRow
from recognizer.training.pseudo_labels import MOST_READ, spread

DOCUMENTS_AT_ONCE = 500  # less than a database takes parameters
SELECTED = (
    select(LineRow, PageRow, DocumentRow)
    .join(PageRow, PageRow.id == LineRow.page_id)
    .join(DocumentRow, DocumentRow.id == PageRow.document_id)
    .order_by(DocumentRow.created_at, DocumentRow.id, PageRow.number, LineRow.position, LineRow.id)
)


def uncorrected(store: Store, lines: Sequence[FrozenLine]) -> list[FrozenLine]:
    """Lines that nobody corrected, of documents that some frozen ones train on, on pages that train.

    They are as frozen ones, with no text. Of more than are read in a training, some of each page.
    """
    documents = sorted({line.document_id for line in lines if line.split == "train"})
    known = {line.line_id for line in lines}
    found = [line for line in _of(store, documents) if str(line.id) not in known]
    if not found:
        return []
    with store.writing() as session:
        splits = assign(session, found)
    trained = [line.id for line in found if splits[line.image_sha256] == "train"]
    with store.reading() as session:
        chosen = SELECTED.where(LineRow.id.in_(spread(trained, MOST_READ)))
        return [_line(line, page, document) for line, page, document in session.execute(chosen)]


def _of(store: Store, documents: Sequence[str]) -> Iterator[Any]:
    """(id, page_id, image_sha256, writer) of the lines of documents that nobody said anything about, page by page."""
    wanted = SELECTED.with_only_columns(LineRow.id, LineRow.page_id, PageRow.image_sha256, DocumentRow.writer).where(
        DocumentRow.deleted_at.is_(None),
        LineRow.retired_at.is_(None),
        ~exists().where(CorrectionRow.line_id == LineRow.id),
        ~exists().where(AcceptanceRow.line_id == LineRow.id),
    )
    for start in range(0, len(documents), DOCUMENTS_AT_ONCE):
        some = [UUID(document) for document in documents[start : start + DOCUMENTS_AT_ONCE]]
        with store.reading() as session:
            yield from session.execute(wanted.where(DocumentRow.id.in_(some)))


def _line(line: LineRow, page: PageRow, document: DocumentRow) -> FrozenLine:
    return FrozenLine(
        line_id=str(line.id),
        page_id=str(page.id),
        document_id=str(document.id),
        contributor_id=str(document.contributor_id),
        writer=document.writer,
        collection=document.collection,
        text="",
        polygon=points(line.polygon),
        baseline=points(line.baseline) if line.baseline else None,
        image_sha256=page.image_sha256,
        page_width=page.width,
        page_height=page.height,
        split="train",
    )

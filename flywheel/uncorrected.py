"""Lines that nobody corrected, beside lines that somebody did: they teach as the model reads them.

They stand in documents of which a training learns other lines, so they are in the same hands. Their pages get their
place in the splits here, so that none is learnt from that tests later.
"""

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import exists, select

from flywheel.snapshots import FrozenLine, points
from flywheel.splits import assign
from flywheel.store import Store
from flywheel.tables import AcceptanceRow, CorrectionRow, DocumentRow, LineRow, PageRow

MOST = 400  # lines; where there are more, some of each page
DOCUMENTS_AT_ONCE = 500  # less than a database takes parameters


def uncorrected(store: Store, lines: Sequence[FrozenLine]) -> list[FrozenLine]:
    """Lines that nobody corrected, of documents that some frozen ones train on, on pages that train; at most `MOST`.

    They are as frozen ones, with no text.
    """
    documents = sorted({line.document_id for line in lines if line.split == "train"})
    known = {line.line_id for line in lines}
    found = [line for line in _of(store, documents) if line.line_id not in known]
    if not found:
        return []
    with store.writing() as session:
        splits = assign(session, found)
    trained = [line for line in found if splits[line.image_sha256] == "train"]
    return trained if len(trained) <= MOST else [trained[place * len(trained) // MOST] for place in range(MOST)]


def _of(store: Store, documents: Sequence[str]) -> Iterator[FrozenLine]:
    """The lines of documents that nobody said anything about, page by page."""
    wanted = (
        select(LineRow, PageRow, DocumentRow)
        .join(PageRow, PageRow.id == LineRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(
            DocumentRow.deleted_at.is_(None),
            LineRow.retired_at.is_(None),
            ~exists().where(CorrectionRow.line_id == LineRow.id),
            ~exists().where(AcceptanceRow.line_id == LineRow.id),
        )
        .order_by(DocumentRow.created_at, DocumentRow.id, PageRow.number, LineRow.position, LineRow.id)
    )
    for start in range(0, len(documents), DOCUMENTS_AT_ONCE):
        some = [UUID(document) for document in documents[start : start + DOCUMENTS_AT_ONCE]]
        with store.reading() as session:
            for line, page, document in session.execute(wanted.where(DocumentRow.id.in_(some))):
                yield _line(line, page, document)


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

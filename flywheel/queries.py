"""What the store does inside a reading transaction; the caller opens and closes it."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, distinct, func, select, union
from sqlalchemy.orm import Session

from flywheel.corrections import correction_record
from flywheel.errors import NotFound
from flywheel.records import (
    CorrectedPage,
    Document,
    Draft,
    ModelVersion,
    StoredLine,
    StoredPage,
    StoredPrediction,
    Verdict,
)
from flywheel.tables import (
    Base,
    CorrectionRow,
    DocumentRow,
    DraftRow,
    LineRow,
    ModelFileRow,
    ModelVersionRow,
    PageRow,
    PredictionRow,
    ReadingRow,
    SnapshotRow,
    SnapshotShardRow,
)
from recognizer.page import Outline, Word


def document(session: Session, document_id: UUID, contributor: UUID) -> Document:
    """One document with all that is on its pages."""
    row = own_document(session, document_id, contributor)
    return _document(row, _pages(session, select(PageRow.id).where(PageRow.document_id == document_id), contributor))


def own_document(session: Session, document_id: UUID, contributor: UUID) -> DocumentRow:
    """A contributor's document that has not been deleted.

    Raises:
        NotFound: there is none, or it is another contributor's.
    """
    row = session.get(DocumentRow, document_id)
    if row is None or row.contributor_id != contributor or row.deleted_at is not None:
        raise NotFound(f"There is no document {document_id} among yours. Go back to the list of documents.")
    return row


def own_page(session: Session, page_id: UUID, contributor: UUID, *, lock: bool = False) -> PageRow:
    """A contributor's page of a document that has not been deleted.

    Args:
        session: of a transaction; one that writes where the page is to be locked.
        page_id: the page.
        contributor: whose it must be.
        lock: nobody else changes which lines the page has until the transaction ends.

    Raises:
        NotFound: there is none, or it is another contributor's.
    """
    wanted = (
        select(PageRow)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(PageRow.id == page_id, DocumentRow.contributor_id == contributor, DocumentRow.deleted_at.is_(None))
    )
    row = session.scalar(wanted.with_for_update(of=PageRow) if lock else wanted)
    if row is None:
        raise NotFound(f"There is no page {page_id} among yours. Go back to the list of documents.")
    return row


def first_page(session: Session, document_id: UUID, contributor: UUID) -> UUID | None:
    """The first kept page of a contributor's document; None while there is none."""
    own_document(session, document_id, contributor)
    pages = select(PageRow.id).where(PageRow.document_id == document_id)
    return session.scalar(pages.order_by(PageRow.number).limit(1))


def document_of(session: Session, page_id: UUID, contributor: UUID) -> Document:
    """The document of a contributor's page, with that page alone."""
    row = own_document(session, own_page(session, page_id, contributor).document_id, contributor)
    return _document(row, (page(session, page_id, contributor),))


def page(session: Session, page_id: UUID, contributor: UUID | None = None) -> StoredPage:
    """One page that is known to exist, with the drafts of a contributor, or without any."""
    return _pages(session, select(PageRow.id).where(PageRow.id == page_id), contributor)[0]


def page_image(session: Session, page_id: UUID, contributor: UUID) -> tuple[str, str]:
    """The blob key and the media type of a page's image."""
    row = own_page(session, page_id, contributor)
    return row.image_sha256, row.image_media_type


def counts(session: Session) -> dict[str, int]:
    """Rows per table, and unknown characters typed."""
    tables = Base.metadata.sorted_tables
    numbers = {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
    return numbers | {"unknown_characters": int(session.scalar(select(func.sum(CorrectionRow.unknown_count))) or 0)}


def corrected_page_ids(session: Session) -> list[UUID]:
    """Pages with a live line that has a correction, oldest document first."""
    corrected = (
        select(LineRow.page_id)
        .join(CorrectionRow, CorrectionRow.line_id == LineRow.id)
        .where(LineRow.retired_at.is_(None))
    )
    return list(
        session.scalars(
            select(PageRow.id)
            .join(DocumentRow, DocumentRow.id == PageRow.document_id)
            .where(PageRow.id.in_(corrected), DocumentRow.deleted_at.is_(None))
            .order_by(DocumentRow.created_at, DocumentRow.id, PageRow.number)
        )
    )


def corrected_page(session: Session, page_id: UUID) -> CorrectedPage:
    """The transcribed lines of a page that is known to exist."""
    row, name, contributor = session.execute(
        select(PageRow, DocumentRow.name, DocumentRow.contributor_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(PageRow.id == page_id)
    ).one()
    found = page(session, page_id).lines
    lines = tuple(line for line in found if line.corrected and line.verdict == "text")
    return CorrectedPage(id=page_id, contributor_id=contributor, name=name, number=row.number, lines=lines)


def model_versions(session: Session) -> list[ModelVersion]:
    """Every model version, in the order of their first use."""
    predictions = func.count(distinct(PredictionRow.id))
    corrections = func.count(distinct(CorrectionRow.id))
    rows = session.execute(
        select(ModelVersionRow, predictions, corrections)
        .outerjoin(PredictionRow, PredictionRow.model_version_id == ModelVersionRow.id)
        .outerjoin(CorrectionRow, CorrectionRow.prediction_id == PredictionRow.id)
        .group_by(ModelVersionRow.id)
        .order_by(ModelVersionRow.created_at)
    )
    return [ModelVersion(row.name, row.created_at, *numbers) for row, *numbers in rows]


def blob_keys(session: Session) -> set[str]:
    """Every blob that a row names."""
    columns = (
        DocumentRow.sha256,
        PageRow.image_sha256,
        SnapshotRow.manifest_sha256,
        SnapshotShardRow.sha256,
        ModelFileRow.sha256,
    )
    return set(session.scalars(union(*(select(column) for column in columns))))


def _document(row: DocumentRow, pages: tuple[StoredPage, ...]) -> Document:
    return Document(
        id=row.id,
        name=row.name,
        media_type=row.media_type,
        sha256=row.sha256,
        created_at=row.created_at,
        page_count=row.page_count,
        pages=pages,
        writer=row.writer,
        collection=row.collection,
    )


def _pages(session: Session, wanted: Select[Any], contributor: UUID | None) -> tuple[StoredPage, ...]:
    """The pages that a query of page ids names, by number, with a contributor's drafts.

    However many pages and lines there are, it takes as many statements.
    """
    readings: dict[UUID, tuple[ReadingRow, str]] = {}
    found = session.execute(
        select(ReadingRow, ModelVersionRow.name)
        .join(ModelVersionRow, ModelVersionRow.id == ReadingRow.model_version_id)
        .where(ReadingRow.page_id.in_(wanted))
        .order_by(ReadingRow.created_at)
    )
    for reading, model in found:
        readings[reading.page_id] = reading, model
    models = {page_id: model for page_id, (_, model) in readings.items()}
    lines = _lines(session, wanted, contributor, models)
    rows = session.scalars(select(PageRow).where(PageRow.id.in_(wanted)).order_by(PageRow.number))
    return tuple(_page(row, *readings[row.id], tuple(lines[row.id])) for row in rows)


def _page(row: PageRow, reading: ReadingRow, model: str, lines: tuple[StoredLine, ...]) -> StoredPage:
    return StoredPage(
        id=row.id,
        number=row.number,
        width=row.width,
        height=row.height,
        model=model,
        seconds=reading.seconds,
        lines=lines,
    )


def _lines(
    session: Session, wanted: Select[Any], contributor: UUID | None, models: Mapping[UUID, str]
) -> dict[UUID, list[StoredLine]]:
    """Every page's live lines in reading order, by page."""
    predictions = _predictions(session, wanted, models)
    newest = session.scalars(
        select(CorrectionRow).where(CorrectionRow.line_id.in_(_live(wanted))).order_by(CorrectionRow.revision)
    )
    corrections = {row.line_id: correction_record(row) for row in newest}
    typed = session.scalars(
        select(DraftRow).where(DraftRow.line_id.in_(_live(wanted)), DraftRow.contributor_id == contributor)
    )
    drafts = {row.line_id: _draft(row) for row in typed}
    lines = defaultdict(list)
    for row in session.scalars(select(LineRow).where(LineRow.id.in_(_live(wanted))).order_by(LineRow.position)):
        line = StoredLine(
            id=row.id,
            position=row.position,
            polygon=_outline(row.polygon),
            baseline=None if row.baseline is None else _outline(row.baseline),
            prediction=predictions[row.id],
            correction=corrections.get(row.id),
            draft=drafts.get(row.id),
            origin="model" if row.origin == "model" else "person",
        )
        lines[row.page_id].append(line)
    return lines


def _live(wanted: Select[Any]) -> Select[Any]:
    return select(LineRow.id).where(LineRow.page_id.in_(wanted), LineRow.retired_at.is_(None))


def _predictions(session: Session, wanted: Select[Any], models: Mapping[UUID, str]) -> dict[UUID, StoredPrediction]:
    """What each line shows: what the page's newest model says of it or, where that never read it, the newest."""
    rows = session.execute(
        select(PredictionRow, ModelVersionRow.name, LineRow.page_id)
        .join(ModelVersionRow, ModelVersionRow.id == PredictionRow.model_version_id)
        .join(LineRow, LineRow.id == PredictionRow.line_id)
        .where(PredictionRow.line_id.in_(_live(wanted)))
        .order_by(PredictionRow.created_at)
    )
    shown: dict[UUID, StoredPrediction] = {}
    for row, model, page_id in rows:
        known = shown.get(row.line_id)
        if known is None or known.model != models[page_id]:
            shown[row.line_id] = _prediction(row, model)
    return shown


def _prediction(row: PredictionRow, model: str) -> StoredPrediction:
    return StoredPrediction(
        id=row.id,
        model=model,
        text=row.text,
        confidence=row.confidence,
        alternatives=tuple(row.alternatives),
        words=tuple(Word(word["text"], word["confidence"]) for word in row.words),
    )


def _draft(row: DraftRow) -> Draft:
    return Draft(row.line_id, row.text, cast(Verdict, row.verdict), row.seconds, row.keystrokes)


def _outline(points: list[Any]) -> Outline:
    return tuple((point[0], point[1]) for point in points)

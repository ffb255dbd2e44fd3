"""What the store does inside a reading transaction; the caller opens and closes it."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import Select, distinct, func, select, union
from sqlalchemy.orm import Session

from flywheel.additions import correction_record
from flywheel.errors import NotFound
from flywheel.records import (
    CorrectedPage,
    Document,
    DocumentSummary,
    ModelVersion,
    StoredLine,
    StoredPage,
    StoredPrediction,
)
from flywheel.tables import (
    Base,
    CorrectionRow,
    DocumentRow,
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


def documents(session: Session, contributor: UUID) -> list[DocumentSummary]:
    """A contributor's documents, newest first."""
    pages = func.count(distinct(PageRow.id))
    lines = func.count(distinct(LineRow.id))
    corrected = func.count(distinct(CorrectionRow.line_id))
    rows = session.execute(
        select(DocumentRow, pages, lines, corrected)
        .outerjoin(PageRow, PageRow.document_id == DocumentRow.id)
        .outerjoin(LineRow, LineRow.page_id == PageRow.id)
        .outerjoin(CorrectionRow, CorrectionRow.line_id == LineRow.id)
        .where(DocumentRow.contributor_id == contributor)
        .group_by(DocumentRow.id)
        .order_by(DocumentRow.created_at.desc(), DocumentRow.id)
    )
    return [DocumentSummary(row.id, row.name, row.created_at, row.page_count, *numbers) for row, *numbers in rows]


def document(session: Session, document_id: UUID, contributor: UUID) -> Document:
    """One document with all that is on its pages."""
    row = session.get(DocumentRow, document_id)
    if row is None or row.contributor_id != contributor:
        raise NotFound(f"There is no document {document_id} among yours. Go back to the list of documents.")
    return Document(
        id=row.id,
        name=row.name,
        media_type=row.media_type,
        sha256=row.sha256,
        created_at=row.created_at,
        page_count=row.page_count,
        pages=_pages(session, select(PageRow.id).where(PageRow.document_id == document_id)),
    )


def page(session: Session, page_id: UUID) -> StoredPage:
    """One page that is known to exist."""
    return _pages(session, select(PageRow.id).where(PageRow.id == page_id))[0]


def page_image(session: Session, page_id: UUID, contributor: UUID) -> tuple[str, str]:
    """The blob key and the media type of a page's image."""
    found = session.execute(
        select(PageRow.image_sha256, PageRow.image_media_type)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(PageRow.id == page_id, DocumentRow.contributor_id == contributor)
    ).first()
    if found is None:
        raise NotFound(f"There is no page {page_id} among yours. Go back to the list of documents.")
    return found[0], found[1]


def counts(session: Session) -> dict[str, int]:
    """Rows per table, and unknown characters typed."""
    tables = Base.metadata.sorted_tables
    numbers = {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
    return numbers | {"unknown_characters": int(session.scalar(select(func.sum(CorrectionRow.unknown_count))) or 0)}


def corrected_page_ids(session: Session) -> list[UUID]:
    """Pages with at least one correction, oldest document first."""
    corrected = select(LineRow.page_id).join(CorrectionRow, CorrectionRow.line_id == LineRow.id)
    return list(
        session.scalars(
            select(PageRow.id)
            .join(DocumentRow, DocumentRow.id == PageRow.document_id)
            .where(PageRow.id.in_(corrected))
            .order_by(DocumentRow.created_at, DocumentRow.id, PageRow.number)
        )
    )


def corrected_page(session: Session, page_id: UUID) -> CorrectedPage:
    """The corrected lines of a page that is known to exist, whichever of its readings found them."""
    row, name, contributor = session.execute(
        select(PageRow, DocumentRow.name, DocumentRow.contributor_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(PageRow.id == page_id)
    ).one()
    found = _lines(session, select(PageRow.id).where(PageRow.id == page_id)).values()
    lines = tuple(line for of_reading in found for line in of_reading if line.corrected)
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


def _pages(session: Session, wanted: Select[Any]) -> tuple[StoredPage, ...]:
    """The pages that a query of page ids names, by number, each with its newest reading."""
    readings: dict[UUID, tuple[ReadingRow, str]] = {}
    found = session.execute(
        select(ReadingRow, ModelVersionRow.name)
        .join(ModelVersionRow, ModelVersionRow.id == ReadingRow.model_version_id)
        .where(ReadingRow.page_id.in_(wanted))
        .order_by(ReadingRow.created_at)
    )
    for reading, model in found:
        readings[reading.page_id] = reading, model
    lines = _lines(session, wanted)
    rows = session.scalars(select(PageRow).where(PageRow.id.in_(wanted)).order_by(PageRow.number))
    return tuple(_page(row, *readings[row.id], tuple(lines[readings[row.id][0].id])) for row in rows)


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


def _lines(session: Session, wanted: Select[Any]) -> dict[UUID, list[StoredLine]]:
    """Every reading's lines in reading order, by reading."""
    predictions = _predictions(session, wanted)
    newest = session.scalars(
        select(CorrectionRow)
        .join(LineRow, LineRow.id == CorrectionRow.line_id)
        .where(LineRow.page_id.in_(wanted))
        .order_by(CorrectionRow.revision)
    )
    corrections = {row.line_id: correction_record(row) for row in newest}
    lines = defaultdict(list)
    for row in session.scalars(select(LineRow).where(LineRow.page_id.in_(wanted)).order_by(LineRow.position)):
        line = StoredLine(
            id=row.id,
            position=row.position,
            polygon=_outline(row.polygon),
            baseline=None if row.baseline is None else _outline(row.baseline),
            prediction=predictions[row.id],
            correction=corrections.get(row.id),
        )
        lines[row.reading_id].append(line)
    return lines


def _predictions(session: Session, wanted: Select[Any]) -> dict[UUID, StoredPrediction]:
    """Every line's newest prediction, by line."""
    rows = session.execute(
        select(PredictionRow, ModelVersionRow.name)
        .join(ModelVersionRow, ModelVersionRow.id == PredictionRow.model_version_id)
        .join(LineRow, LineRow.id == PredictionRow.line_id)
        .where(LineRow.page_id.in_(wanted))
        .order_by(PredictionRow.created_at)
    )
    return {row.line_id: _prediction(row, model) for row, model in rows}


def _prediction(row: PredictionRow, model: str) -> StoredPrediction:
    return StoredPrediction(
        id=row.id,
        model=model,
        text=row.text,
        confidence=row.confidence,
        alternatives=tuple(row.alternatives),
        words=tuple(Word(word["text"], word["confidence"]) for word in row.words),
    )


def _outline(points: list[Any]) -> Outline:
    return tuple((point[0], point[1]) for point in points)

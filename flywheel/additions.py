"""What the store does inside a writing transaction; the caller opens, commits and closes it."""

from collections.abc import Sequence
from math import isfinite
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from flywheel.errors import NotFound, StaleDocument, Unstorable
from flywheel.records import NewCorrection, StoredCorrection, Upload
from flywheel.tables import (
    ContributorRow,
    CorrectionRow,
    DocumentRow,
    LineRow,
    ModelVersionRow,
    PageRow,
    PredictionRow,
    ReadingRow,
)
from recognizer.page import Line, Outline, Page

LOCAL = "local"
"""The contributor of an Inkloop without accounts, who may do everything."""

LONGEST_NAME = 200
LARGEST_INTEGER = 2**31 - 1


def contributor(session: Session, name: str) -> UUID:
    """The id of the contributor of that name, made if new."""
    _refuse_unstorable(name, "The contributor's name")
    if not name.strip() or len(name) > LONGEST_NAME:
        raise Unstorable(f"A contributor's name has 1 to {LONGEST_NAME} characters; this one has {len(name)}.")
    return _find_or_make(session, ContributorRow, name, **({"role": "operator"} if name == LOCAL else {}))


def begin_document(session: Session, upload: Upload, *, sha256: str, contributor: UUID, page_count: int) -> UUID:
    """A document without pages yet."""
    _refuse_unstorable(upload.name, "The file's name")
    _refuse_unstorable(upload.media_type, "The file's media type")
    if page_count < 1:
        raise Unstorable(f"The document {upload.name!r} has {page_count} pages; keep one that has at least 1.")
    _require_contributor(session, contributor)
    row = DocumentRow(
        contributor_id=contributor,
        name=upload.name,
        media_type=upload.media_type,
        sha256=sha256,
        page_count=page_count,
    )
    session.add(row)
    session.flush()
    return row.id


def keep_page(session: Session, document_id: UUID, page: Page, *, image: str, seconds: float) -> UUID:
    """A page of a document, its reading, its lines and their predictions."""
    where = f"Page {page.page} of {page.path!r}"
    _refuse_bad_number(seconds, f"{where}: seconds")
    _require_room(session, document_id, page.page)
    row = PageRow(
        document_id=document_id,
        number=page.page,
        width=page.width,
        height=page.height,
        image_sha256=image,
        image_media_type="image/webp",
    )
    session.add(row)
    session.flush()
    model = _find_or_make(session, ModelVersionRow, page.model)
    reading = ReadingRow(page_id=row.id, model_version_id=model, seconds=seconds)
    session.add(reading)
    session.flush()
    for position, line in enumerate(page.lines):
        _refuse_unstorable(line.reading.text, f"{where}, line {position + 1}")
        line_id = uuid4()
        session.add(LineRow(id=line_id, page_id=row.id, reading_id=reading.id, position=position, **_shape(line)))
        session.add(PredictionRow(line_id=line_id, model_version_id=model, **_said(line)))
    session.flush()
    return row.id


def keep_corrections(
    session: Session, corrections: Sequence[NewCorrection], contributor: UUID
) -> list[StoredCorrection]:
    """New corrections, each the next revision of its line."""
    for correction in corrections:
        _refuse_bad_correction(correction)
    _require_contributor(session, contributor)
    revisions = _lock_lines(session, {correction.line_id for correction in corrections}, contributor)
    stored = []
    for correction in corrections:
        revisions[correction.line_id] += 1
        row = CorrectionRow(
            line_id=correction.line_id,
            contributor_id=contributor,
            prediction_id=_prediction(session, correction),
            revision=revisions[correction.line_id],
            text=correction.text,
            seconds=correction.seconds,
            keystrokes=correction.keystrokes,
            unknown_count=len(correction.unknown_characters),
            unknown_characters=list(correction.unknown_characters),
        )
        session.add(row)
        stored.append(row)
    session.flush()
    return [correction_record(row) for row in stored]


def correction_record(row: CorrectionRow) -> StoredCorrection:
    """The row as callers see it."""
    return StoredCorrection(
        id=row.id,
        line_id=row.line_id,
        contributor_id=row.contributor_id,
        prediction_id=row.prediction_id,
        revision=row.revision,
        text=row.text,
        seconds=row.seconds,
        keystrokes=row.keystrokes,
        unknown_characters=tuple(row.unknown_characters),
        created_at=row.created_at,
    )


def _find_or_make(
    session: Session, table: type[ContributorRow] | type[ModelVersionRow], name: str, **others: str
) -> UUID:
    wanted = select(table.id).where(table.name == name)
    found = session.scalar(wanted)
    if found is not None:
        return found
    row = table(name=name, **others)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # another process made it between the two statements
        return session.scalars(wanted).one()
    return row.id


def _require_contributor(session: Session, contributor: UUID) -> None:
    if session.get(ContributorRow, contributor) is None:
        raise NotFound(f"There is no contributor {contributor}. Sign in again.")


def _require_room(session: Session, document_id: UUID, number: int) -> None:
    document = session.get(DocumentRow, document_id, with_for_update=True)
    if document is None:
        raise NotFound(f"There is no document {document_id}. Begin it before keeping its pages.")
    if not 1 <= number <= document.page_count:
        raise StaleDocument(f"Document {document_id} has {document.page_count} pages; page {number} is none of them.")
    kept = select(PageRow.id).where(PageRow.document_id == document_id, PageRow.number == number)
    if session.scalar(kept) is not None:
        raise StaleDocument(f"Document {document_id} has its page {number} already. Load the document again.")


def _shape(line: Line) -> dict[str, Any]:
    return {
        "polygon": _points(line.polygon),
        "baseline": None if line.baseline is None else _points(line.baseline),
    }


def _points(outline: Outline) -> list[list[float]]:
    return [[float(x), float(y)] for x, y in outline]


def _said(line: Line) -> dict[str, Any]:
    reading = line.reading
    return {
        "text": reading.text,
        "confidence": float(reading.confidence),
        "alternatives": list(reading.alternatives),
        "words": [{"text": word.text, "confidence": float(word.confidence)} for word in reading.words],
    }


def _lock_lines(session: Session, line_ids: set[UUID], contributor: UUID) -> dict[UUID, int]:
    """The lines' newest revisions; the lines stay locked (in the order of their ids) until the transaction ends."""
    owned = (
        select(LineRow.id)
        .join(PageRow, PageRow.id == LineRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(DocumentRow.contributor_id == contributor)
    )
    revisions = {}
    for line_id in sorted(line_ids):
        if session.scalar(owned.where(LineRow.id == line_id).with_for_update(of=LineRow)) is None:
            raise NotFound(f"There is no line {line_id} among your pages. Load the document again; nothing was stored.")
        newest = select(func.max(CorrectionRow.revision)).where(CorrectionRow.line_id == line_id)
        revisions[line_id] = session.scalar(newest) or 0
    return revisions


def _prediction(session: Session, correction: NewCorrection) -> UUID | None:
    """The prediction a correction answers: the one it names, else the line's newest."""
    of_line = select(PredictionRow.id).where(PredictionRow.line_id == correction.line_id)
    if correction.prediction_id is None:
        return session.scalar(of_line.order_by(PredictionRow.created_at.desc()).limit(1))
    if session.scalar(of_line.where(PredictionRow.id == correction.prediction_id)) is None:
        raise NotFound(
            f"Line {correction.line_id} has no prediction {correction.prediction_id}. "
            "Load the document again; nothing was stored."
        )
    return correction.prediction_id


def _refuse_bad_correction(correction: NewCorrection) -> None:
    where = f"The correction of line {correction.line_id}"
    for text in (correction.text, *correction.unknown_characters):
        _refuse_unstorable(text, where)
    if correction.seconds is not None:
        _refuse_bad_number(correction.seconds, f"{where}: seconds")
    if correction.keystrokes is not None and not 0 <= correction.keystrokes <= LARGEST_INTEGER:
        raise Unstorable(f"{where}: keystrokes are {correction.keystrokes}. Give a count from 0 up, or none.")


def _refuse_bad_number(value: float, what: str) -> None:
    if not isfinite(value) or value < 0:
        raise Unstorable(f"{what} are {value}. Give a finite number from 0 up.")


def _refuse_unstorable(text: str, where: str) -> None:
    """PostgreSQL has no U+0000 in its texts, and half a surrogate pair has no UTF-8: refuse both everywhere."""
    for place, character in enumerate(text):
        if character == "\0" or "\ud800" <= character <= "\udfff":
            raise Unstorable(
                f"{where} holds U+{ord(character):04X} at character {place + 1}, which no database stores. Remove it."
            )

"""What the store does inside a writing transaction; the caller opens, commits and closes it."""

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from flywheel.corrections import require_contributor
from flywheel.errors import NotFound, StaleDocument, Unstorable
from flywheel.records import Origin, Upload
from flywheel.refusals import refuse_bad_label, refuse_bad_number, refuse_unstorable
from flywheel.tables import (
    ContributorRow,
    DocumentRow,
    LineRow,
    ModelVersionRow,
    PageRow,
    PredictionRow,
    ReadingRow,
)
from recognizer.page import Line, Outline, Page, Reading

LOCAL = "local"
"""The contributor of an Inkloop without accounts, who may do everything."""


def contributor(session: Session, name: str) -> UUID:
    """The id of the contributor of that name, made if new."""
    refuse_bad_label(name, "contributor's name")
    return _find_or_make(session, ContributorRow, name, **({"role": "operator"} if name == LOCAL else {}))


def begin_document(session: Session, upload: Upload, *, sha256: str, contributor: UUID, page_count: int) -> UUID:
    """A document without pages yet."""
    refuse_unstorable(upload.name, "The file's name")
    refuse_unstorable(upload.media_type, "The file's media type")
    for label, what in ((upload.writer, "writer's name"), (upload.collection, "collection's name")):
        if label is not None:
            refuse_bad_label(label, what)
    if page_count < 1:
        raise Unstorable(f"The document {upload.name!r} has {page_count} pages; keep one that has at least 1.")
    require_contributor(session, contributor)
    row = DocumentRow(
        contributor_id=contributor,
        name=upload.name,
        media_type=upload.media_type,
        sha256=sha256,
        page_count=page_count,
        writer=upload.writer,
        collection=upload.collection,
    )
    session.add(row)
    session.flush()
    return row.id


def keep_page(session: Session, document_id: UUID, page: Page, *, image: str, seconds: float) -> UUID:
    """A page of a document, its reading, its lines and their predictions."""
    where = f"Page {page.page} of {page.path!r}"
    refuse_bad_number(seconds, f"{where}: seconds")
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
    for position, line in enumerate(page.lines):
        refuse_unstorable(line.reading.text, f"{where}, line {position + 1}")
    reading = keep_reading(session, row.id, model=page.model, seconds=seconds)
    add_lines(session, page.lines, reading=reading, model=reading.model_version_id)
    return row.id


def keep_reading(session: Session, page_id: UUID, *, model: str, seconds: float) -> ReadingRow:
    """One run of a model over a page, as yet without lines."""
    reading = ReadingRow(page_id=page_id, model_version_id=model_version(session, model), seconds=seconds)
    session.add(reading)
    session.flush()
    return reading


def add_lines(
    session: Session,
    lines: Sequence[Line],
    *,
    reading: ReadingRow,
    model: UUID,
    origin: Origin = "model",
    replaces: Sequence[UUID] = (),
) -> list[UUID]:
    """Lines of a page, numbered from 0, and what a model version says of them; gives their ids.

    Args:
        session: of a transaction that writes.
        lines: in reading order.
        reading: that found them, or that a person worked on.
        model: the version that said what stands there.
        origin: who said that there are lines.
        replaces: the lines that these take the place of.
    """
    rows = [
        LineRow(
            id=uuid4(),
            page_id=reading.page_id,
            reading_id=reading.id,
            position=position,
            polygon=_points(line.polygon),
            baseline=None if line.baseline is None else _points(line.baseline),
            origin=origin,
            replaces=[str(replaced) for replaced in replaces] or None,
        )
        for position, line in enumerate(lines)
    ]
    session.add_all(rows)
    session.flush()
    ids = [row.id for row in rows]
    add_predictions(session, dict(zip(ids, (line.reading for line in lines), strict=True)), model=model)
    return ids


def add_predictions(session: Session, readings: Mapping[UUID, Reading], *, model: UUID) -> None:
    """What a model version says of lines, by their ids."""
    session.add_all(
        PredictionRow(
            line_id=line_id,
            model_version_id=model,
            text=said.text,
            confidence=float(said.confidence),
            alternatives=list(said.alternatives),
            words=[{"text": word.text, "confidence": float(word.confidence)} for word in said.words],
            weakest_word=min((float(word.confidence) for word in said.words), default=None),
        )
        for line_id, said in readings.items()
    )
    session.flush()


def model_version(session: Session, name: str) -> UUID:
    """The id of the model version of that name, made if new."""
    return _find_or_make(session, ModelVersionRow, name)


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


def _require_room(session: Session, document_id: UUID, number: int) -> None:
    document = session.get(DocumentRow, document_id, with_for_update=True)
    if document is None or document.deleted_at is not None:
        raise NotFound(f"There is no document {document_id}. Begin it before keeping its pages.")
    if not 1 <= number <= document.page_count:
        raise StaleDocument(f"Document {document_id} has {document.page_count} pages; page {number} is none of them.")
    kept = select(PageRow.id).where(PageRow.document_id == document_id, PageRow.number == number)
    if session.scalar(kept) is not None:
        raise StaleDocument(f"Document {document_id} has its page {number} already. Load the document again.")


def _points(outline: Outline) -> list[list[float]]:
    return [[float(x), float(y)] for x, y in outline]

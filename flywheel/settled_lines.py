"""What the model said of a line and what people settled on: the newest correction and the prediction it answered.

A correction never changes, so whoever has seen one need not ask for it again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from flywheel.tables import CorrectionRow, DocumentRow, LineRow, ModelVersionRow, PageRow, PredictionRow

ROWS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class SettledLine:
    """A line with at least one correction.

    Attributes:
        id: of the newest correction.
        settled_at: its moment, UTC.
        contributor_id: who made it.
        collection: what the document belongs to, as a person named it.
        verdict: "text", or why there is none.
        text: what it says.
        said: what the prediction said that it answered; None: it answered none.
        model: the version that said so.
        confidences: of the words of ``said``, in order.
        seconds: spent on all the line's corrections; None where one of them was not measured.
        keystrokes: likewise.
    """

    id: UUID
    settled_at: datetime
    contributor_id: UUID
    collection: str | None
    verdict: str
    text: str
    said: str | None
    model: str | None
    confidences: tuple[float, ...]
    seconds: float | None
    keystrokes: int | None


def state(session: Session) -> tuple[object, ...]:
    """Differs from an earlier one whenever a line was settled, changed, taken away or brought back since."""
    settled = select(func.count(CorrectionRow.id), func.max(CorrectionRow.created_at))
    retired = select(func.count(LineRow.retired_at), func.max(LineRow.retired_at))
    deleted = select(func.count(DocumentRow.deleted_at), func.max(DocumentRow.deleted_at))
    return tuple(tuple(session.execute(each).one()) for each in (settled, retired, deleted))


def newest_corrections(session: Session) -> list[UUID]:
    """The newest correction of every line that has one, is still there, and whose document is not deleted."""
    later = aliased(CorrectionRow)
    superseded = select(later.id).where(later.line_id == CorrectionRow.line_id, later.revision > CorrectionRow.revision)
    return list(
        session.scalars(
            select(CorrectionRow.id)
            .join(LineRow, LineRow.id == CorrectionRow.line_id)
            .join(PageRow, PageRow.id == LineRow.page_id)
            .join(DocumentRow, DocumentRow.id == PageRow.document_id)
            .where(~superseded.exists(), LineRow.retired_at.is_(None), DocumentRow.deleted_at.is_(None))
        )
    )


def settled_lines(session: Session, corrections: Sequence[UUID]) -> Iterator[SettledLine]:
    """The lines that these corrections settled, read from the database some at a time."""
    wanted = _settled()
    for start in range(0, len(corrections), ROWS_AT_ONCE):
        some = corrections[start : start + ROWS_AT_ONCE]
        for *said, words, seconds, keystrokes in session.execute(wanted.where(CorrectionRow.id.in_(some))):
            confidences = tuple([word["confidence"] for word in words or ()])
            columns = (*said, confidences, seconds, keystrokes)
            yield SettledLine(*columns)


def _settled() -> Select[Any]:
    return (
        select(
            CorrectionRow.id,
            CorrectionRow.created_at,
            CorrectionRow.contributor_id,
            DocumentRow.collection,
            CorrectionRow.verdict,
            CorrectionRow.text,
            PredictionRow.text,
            ModelVersionRow.name,
            PredictionRow.words,
            _effort("seconds"),
            _effort("keystrokes"),
        )
        .join(LineRow, LineRow.id == CorrectionRow.line_id)
        .join(PageRow, PageRow.id == LineRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .outerjoin(PredictionRow, PredictionRow.id == CorrectionRow.prediction_id)
        .outerjoin(ModelVersionRow, ModelVersionRow.id == PredictionRow.model_version_id)
    )


def _effort(measure: str) -> ScalarSelect[Any]:
    """The sum over all corrections of the line, NULL unless each was measured."""
    every = aliased(CorrectionRow)
    column: InstrumentedAttribute[Any] = getattr(every, measure)
    whole = case((func.count(column) == func.count(), func.sum(column)))
    return select(whole).where(every.line_id == CorrectionRow.line_id).scalar_subquery()

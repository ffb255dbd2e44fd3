"""Which lines people should look at first: texts that are held for a review, then what the model doubts most."""

from collections.abc import Callable, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from flywheel.outbox import Wanted
from flywheel.store import Store
from flywheel.tables import AcceptanceRow, CorrectionRow, DocumentRow, LineRow, PageRow, PredictionRow, SampleRow
from flywheel.trust import held_texts

HELD = 1.0
DOUBTFUL_BELOW = 0.9


def review_queue(store: Store) -> Callable[[int], Iterable[Wanted]]:
    """The queue of a store, for a push: at most so many lines that nobody was asked about yet."""

    def first(limit: int) -> list[Wanted]:
        with store.reading() as session:
            held = _held(session, limit)
            return [*held, *_doubtful(session, limit - len(held))]

    return first


def _held(session: Session, limit: int) -> list[Wanted]:
    asked = set(session.scalars(select(SampleRow.line_id)))
    texts = [text for text in held_texts(session) if text.line_id not in asked]
    return [Wanted(text.line_id, text.reason, HELD) for text in texts[:limit]]


def _doubtful(session: Session, limit: int) -> list[Wanted]:
    rows = session.execute(
        select(PredictionRow.line_id, PredictionRow.confidence)
        .join(LineRow, LineRow.id == PredictionRow.line_id)
        .join(PageRow, PageRow.id == LineRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(
            LineRow.retired_at.is_(None),
            DocumentRow.deleted_at.is_(None),
            PredictionRow.confidence < DOUBTFUL_BELOW,
            PredictionRow.line_id.not_in(select(CorrectionRow.line_id)),
            PredictionRow.line_id.not_in(select(AcceptanceRow.line_id)),
            PredictionRow.line_id.not_in(select(SampleRow.line_id).where(SampleRow.line_id.is_not(None))),
        )
        .order_by(PredictionRow.confidence, PredictionRow.line_id)
        .limit(limit)
    )
    return [Wanted(row[0], f"The model is {row[1]:.0%} sure of it.", 1.0 - row[1]) for row in rows]

"""Loads what `flywheel.selection` chooses from: lines nobody has said anything about, and lines of ground truth."""

import random
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from flywheel import selection
from flywheel.selection import Candidate, Choice, Shares
from flywheel.store import Store
from flywheel.tables import AcceptanceRow, CorrectionRow, DocumentRow, LineRow, PageRow, PredictionRow
from flywheel.trust import Outcome
from recognizer.page import Word

SURE = 0.9  # a line that is right with this probability is only asked about by chance
POOL = 4000  # the least sure lines, among which the most instructive are looked for


def next_lines(
    store: Store, count: int, *, seed: int, leaving_out: Select[Any] | None = None, shares: Shares = selection.SHARES
) -> list[Choice[UUID]]:
    """The lines of the store that people should label next, in order, each with the reason.

    Args:
        store: where they are.
        count: how many at most.
        seed: of what is drawn.
        leaving_out: line ids that are asked about already, as a query.
        shares: how much is drawn at random.
    """
    rng = random.Random(seed)
    with store.reading() as session:
        untouched = _untouched(leaving_out)
        pool = _least_sure(session, untouched)
        count = shares.of(count, len(pool))
        planted = selection.draw(list(session.scalars(_known(leaving_out))), round(shares.known * count), rng)
        drawn = selection.draw(list(session.scalars(untouched)), round(shares.random * count), rng)
    taken = set(drawn)
    rest = [candidate for candidate in pool if candidate.key not in taken]
    ranked = selection.rank(rest, count=count - len(planted) - len(drawn))
    return selection.mix(ranked, drawn, planted, rng)


def _live(leaving_out: Select[Any] | None) -> Select[Any]:
    """The ids of live lines of documents that are not deleted, always in the same order."""
    live = (
        select(LineRow.id)
        .join(PageRow, PageRow.id == LineRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(LineRow.retired_at.is_(None), DocumentRow.deleted_at.is_(None))
        .order_by(LineRow.id)
    )
    return live if leaving_out is None else live.where(LineRow.id.not_in(leaving_out))


def _untouched(leaving_out: Select[Any] | None) -> Select[Any]:
    return _live(leaving_out).where(
        LineRow.id.not_in(select(CorrectionRow.line_id)), LineRow.id.not_in(select(AcceptanceRow.line_id))
    )


def _known(leaving_out: Select[Any] | None) -> Select[Any]:
    later = aliased(AcceptanceRow)
    newest = (
        select(func.max(later.number))
        .where(later.line_id == AcceptanceRow.line_id, later.outcome != Outcome.HELD)
        .scalar_subquery()
    )
    accepted = select(AcceptanceRow.line_id).where(
        AcceptanceRow.outcome == Outcome.ACCEPTED, AcceptanceRow.number == newest
    )
    return _live(leaving_out).where(LineRow.id.in_(accepted))


def _least_sure(session: Session, untouched: Select[Any]) -> list[Candidate[UUID]]:
    """The lines whose newest readings are the least sure."""
    age = func.row_number().over(
        partition_by=PredictionRow.line_id, order_by=(PredictionRow.created_at.desc(), PredictionRow.id.desc())
    )
    dated = (
        select(PredictionRow.id, age.label("age")).where(PredictionRow.line_id.in_(untouched.order_by(None))).subquery()
    )
    rows = session.execute(
        select(PredictionRow.line_id, PredictionRow.confidence, PredictionRow.words)
        .join(dated, dated.c.id == PredictionRow.id)
        .where(dated.c.age == 1, PredictionRow.confidence < SURE)
        .order_by(PredictionRow.confidence, PredictionRow.line_id)
        .limit(POOL)
    )
    return [Candidate(row[0], row[1], tuple(Word(word["text"], word["confidence"]) for word in row[2])) for row in rows]

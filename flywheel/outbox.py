"""The outbox: which lines wait for Label Studio, which are there, and how far each has come.

Filling it costs nothing on the server, so it takes what the queue of `flywheel.selection` wants at once; sending is
held back to the number of open tasks that people can look at.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from flywheel.tables import SampleRow, now

LIVE = ("queued", "sending", "open")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line that is worth a person's time: why, in a sentence, and how much (the highest goes first)."""

    line_id: UUID
    reason: str
    priority: float


@dataclass(frozen=True, slots=True)
class Sample:
    """A line in the outbox.

    Attributes:
        id: travels with its task.
        line_id: the line.
        round: the times that people were asked about it, from 1.
        reason: why, in a sentence.
        image: where the server keeps its picture; None: not uploaded yet.
        sent_at: when it was sent; None: it was not.
    """

    id: UUID
    line_id: UUID
    round: int
    reason: str
    image: str | None
    sent_at: datetime | None


def fill(session: Session, wanted: Iterable[Wanted]) -> int:
    """Queue lines that nobody was ever asked about; returns how many are new."""
    chosen = list({choice.line_id: choice for choice in wanted}.values())
    known = set(session.scalars(select(SampleRow.line_id)))
    new = [choice for choice in chosen if choice.line_id not in known]
    session.add_all(_queued(choice.line_id, 1, choice.reason, choice.priority) for choice in new)
    session.flush()
    return len(new)


def ask_again(session: Session, line_id: UUID, *, reason: str, priority: float) -> bool:
    """Queue a line for another opinion, unless it already waits for one; returns whether it was queued."""
    samples = list(session.scalars(select(SampleRow).where(SampleRow.line_id == line_id)))
    if any(sample.state in LIVE for sample in samples if sample.state != "open" or sample.round > 1):
        return False
    session.add(_queued(line_id, 1 + max((sample.round for sample in samples), default=0), reason, priority))
    session.flush()
    return True


def queued(session: Session, limit: int, *, leaving_out: Iterable[UUID] = ()) -> list[Sample]:
    """The samples to send next, in the order of the queue."""
    rows = session.scalars(
        select(SampleRow)
        .where(SampleRow.state == "queued", SampleRow.line_id.is_not(None), SampleRow.id.not_in(list(leaving_out)))
        .order_by(SampleRow.priority.desc(), SampleRow.created_at, SampleRow.id)
        .limit(limit)
    )
    return [_sample(row) for row in rows]


def sending(session: Session, project: UUID) -> list[Sample]:
    """The samples that were sent and whose arrival nobody has seen."""
    rows = session.scalars(
        select(SampleRow)
        .where(SampleRow.state == "sending", SampleRow.project_id == project)
        .order_by(SampleRow.sent_at, SampleRow.id)
    )
    return [_sample(row) for row in rows]


def room(session: Session, most: int) -> int:
    """How many lines may be sent before ``most`` wait for a person."""
    there = select(func.count()).where(SampleRow.line_id.is_not(None), SampleRow.state.in_(["open", "sending"]))
    return max(most - (session.scalar(there) or 0), 0)


def mark_sending(session: Session, shown: Sequence[tuple[UUID, dict[str, Any]]], *, project: UUID) -> None:
    """Remember, before it is sent, what is sent: by sample id the columns that say what people will see."""
    for sample_id, columns in shown:
        row = session.get_one(SampleRow, sample_id)
        row.state, row.project_id, row.sent_at = "sending", project, now()
        for name, value in columns.items():
            setattr(row, name, value)


def mark_open(session: Session, tasks: dict[UUID, int]) -> None:
    """Remember which task each sample became."""
    for sample_id, task_id in tasks.items():
        session.execute(
            update(SampleRow)
            .where(SampleRow.id == sample_id, SampleRow.state == "sending")
            .values(state="open", task_id=task_id)
        )


def mark_queued(session: Session, sample_ids: Iterable[UUID]) -> None:
    """Let samples that did not arrive wait again; their pictures stay uploaded."""
    session.execute(
        update(SampleRow)
        .where(SampleRow.id.in_(list(sample_ids)), SampleRow.state == "sending")
        .values(state="queued", sent_at=None)
    )


def mark_withdrawn(session: Session, sample_ids: Iterable[UUID]) -> None:
    """Forget samples that nobody needs to see any more."""
    session.execute(
        update(SampleRow)
        .where(SampleRow.id.in_(list(sample_ids)), SampleRow.state == "queued")
        .values(state="withdrawn")
    )


def _queued(line_id: UUID, round_: int, reason: str, priority: float) -> SampleRow:
    return SampleRow(line_id=line_id, round=round_, reason=reason, priority=priority, state="queued")


def _sample(row: SampleRow) -> Sample:
    assert row.line_id is not None
    return Sample(row.id, row.line_id, row.round, row.reason, row.image, row.sent_at)

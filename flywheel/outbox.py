"""The outbox: which lines wait for Label Studio, which are there, and how far each has come.

Filling it costs nothing on the server, so it takes what the queue of `flywheel.selection` wants at once; sending is
held back to the number of open tasks that people can look at.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.orm import Session

from flywheel.errors import NotFound
from flywheel.label_configs import Kind
from flywheel.live_lines import is_live
from flywheel.tables import LabelProjectRow, PageRow, SampleRow, now

LIVE = ("queued", "sending", "open")
THIRD_OPINION = 2.0
"""The priority of a line that two people disagree about: above everything a model doubts."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line that is worth a person's time: why, in a sentence, and how much (the highest goes first).

    ``known``: its text is ground truth already; it is asked to see how people label. ``again``: people have answered
    it before, and should once more.
    """

    line_id: UUID
    reason: str
    priority: float
    known: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """A line or a page in the outbox.

    Attributes:
        id: travels with its task.
        line_id: the line; None for a page.
        page_id: the page; None for a line.
        blind: people decide between two others, and are shown neither.
        reason: why, in a sentence.
        image: where the server keeps its picture; None: not uploaded yet.
        sent_at: when it was sent; None: it was not.
    """

    id: UUID
    line_id: UUID | None
    page_id: UUID | None
    blind: bool
    reason: str
    image: str | None
    sent_at: datetime | None


def fill(session: Session, wanted: Iterable[Wanted]) -> int:
    """Queue lines, those that nobody was ever asked about or that are wanted again; returns how many are new."""
    rounds = {row[0]: row[1] for row in session.execute(select(SampleRow.line_id, SampleRow.round).order_by("round"))}
    new = 0
    for choice in wanted:
        before = rounds.get(choice.line_id, 0)
        if before == 0 or choice.again:
            rounds[choice.line_id] = before + 1
            row = _queued(choice.line_id, before + 1, choice.reason, choice.priority)
            row.known = choice.known
            session.add(row)
            new += 1
    session.flush()
    return new


def ask_third(session: Session, line_id: UUID, *, reason: str) -> bool:
    """Queue a line for a third opinion, unless it already waits for one; returns whether it was queued."""
    samples = list(session.scalars(select(SampleRow).where(SampleRow.line_id == line_id)))
    if any(sample.state in LIVE for sample in samples if sample.state != "open" or sample.round > 1):
        return False
    session.add(_queued(line_id, 1 + max((sample.round for sample in samples), default=0), reason, THIRD_OPINION))
    session.flush()
    return True


def queue_pages(session: Session, page_ids: Iterable[UUID], *, reason: str) -> int:
    """Queue whole pages, each unless it waits for a person already; returns how many.

    Raises:
        NotFound: there is no such page.
    """
    new = 0
    for page_id in dict.fromkeys(page_ids):
        if session.get(PageRow, page_id) is None:
            raise NotFound(f"There is no page {page_id}. Look its id up in its document; nothing was queued.")
        rounds = list(session.scalars(select(SampleRow).where(SampleRow.page_id == page_id)))
        if not any(row.state in LIVE for row in rounds):
            number = 1 + max((row.round for row in rounds), default=0)
            session.add(SampleRow(page_id=page_id, round=number, reason=reason, priority=1.0, state="queued"))
            new += 1
    session.flush()
    return new


def queued(
    session: Session, limit: int, *, kind: Kind, project: UUID | None = None, leaving_out: Iterable[UUID] = ()
) -> list[Sample]:
    """The samples of a kind to send next, in the order of the queue; pictures count that ``project`` has."""
    rows = session.scalars(
        select(SampleRow)
        .where(SampleRow.state == "queued", _is(kind), SampleRow.id.not_in(list(leaving_out)))
        .order_by(SampleRow.priority.desc(), SampleRow.created_at, SampleRow.id)
        .limit(limit)
    )
    samples = ((row.project_id, _sample(row)) for row in rows)
    return [sample if has == project else replace(sample, image=None) for has, sample in samples]


def waits(session: Session, kind: Kind) -> bool:
    """Whether anything of a kind is to be sent, or to be looked for."""
    wanted = select(SampleRow.id).where(_is(kind), SampleRow.state.in_(["queued", "sending"])).limit(1)
    return session.scalar(wanted) is not None


def sending(session: Session, project: UUID, *, kind: Kind) -> list[Sample]:
    """The samples of a kind that were sent, to a project or nobody knows where, and whose arrival nobody has seen."""
    rows = session.scalars(
        select(SampleRow)
        .where(
            SampleRow.state == "sending",
            _is(kind),
            or_(SampleRow.project_id == project, SampleRow.project_id.is_(None)),
        )
        .order_by(SampleRow.sent_at, SampleRow.id)
    )
    return [_sample(row) for row in rows]


def room(session: Session, most: int, *, kind: Kind, server: str) -> int:
    """How many samples of a kind may be sent to a server before ``most`` wait there for a person."""
    there = select(func.count()).where(
        _is(kind), SampleRow.state.in_(["open", "sending"]), SampleRow.project_id.in_(_projects_on(server)), is_live()
    )
    return max(most - (session.scalar(there) or 0), 0)


def move(session: Session, server: str) -> None:
    """Let what was sent to another server than the one that is set up wait again, its picture too.

    It is marked as sent, though nobody knows where: the same server may have got another address, so the next push
    looks it up there before it sends it.
    """
    elsewhere = SampleRow.project_id.not_in(_projects_on(server))
    session.execute(
        update(SampleRow)
        .where(SampleRow.state.in_(["open", "sending"]), elsewhere)
        .values(state="sending", project_id=None, task_id=None, image=None, sent_at=None)
        .execution_options(synchronize_session=False)
    )


def mark_uploaded(session: Session, paths: Mapping[UUID, str], *, project: UUID) -> None:
    """Remember where a project's server keeps the pictures of samples."""
    rows = [{"id": sample_id, "image": path, "project_id": project} for sample_id, path in paths.items()]
    if rows:
        session.execute(update(SampleRow), rows)


def mark_sending(session: Session, shown: Mapping[UUID, Mapping[str, Any]], *, project: UUID) -> None:
    """Remember, before it is sent, what is sent: by sample id the columns that say what people will see."""
    moment = {"state": "sending", "project_id": project, "sent_at": now()}
    rows = [{"id": sample_id, **moment, **columns} for sample_id, columns in shown.items()]
    if rows:
        session.execute(update(SampleRow), rows)


def mark_open(session: Session, tasks: dict[UUID, int], *, project: UUID) -> None:
    """Remember which task of a project each sample became."""
    for sample_id, task_id in tasks.items():
        session.execute(
            update(SampleRow)
            .where(SampleRow.id == sample_id, SampleRow.state == "sending")
            .values(state="open", task_id=task_id, project_id=project)
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


def _projects_on(server: str) -> Select[UUID]:
    return select(LabelProjectRow.id).where(LabelProjectRow.server == server)


def _is(kind: Kind) -> ColumnElement[bool]:
    return (SampleRow.line_id if kind is Kind.LINES else SampleRow.page_id).is_not(None)


def _sample(row: SampleRow) -> Sample:
    return Sample(row.id, row.line_id, row.page_id, row.priority >= THIRD_OPINION, row.reason, row.image, row.sent_at)

"""The lines that somebody should know about: what people are asked next, disagree about, or answered unusably.

Each list is cut off where nobody reads on; its length is counted all the same. A viewer sees their own pages' lines
only; without one, everybody's are shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from flywheel.agreement import Settled, settle
from flywheel.annotators import compared_lines
from flywheel.label_projects import KnownProject
from flywheel.labels import SAID, Label, is_newest
from flywheel.live_lines import is_live
from flywheel.tables import AcceptanceRow, DocumentRow, LabelRow, LineRow, PageRow, SampleRow
from flywheel.trust import Outcome, held_texts

SHOWN = 50


@dataclass(frozen=True, slots=True)
class ReportedLine:
    """A line that somebody should know about: where it stands, what is said of it, and where to look.

    ``line_id`` names it where its text is held and an operator may decide.
    """

    where: str
    text: str
    reason: str
    state: str
    url: str | None
    line_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """The first lines of a list, and how many it has."""

    count: int
    lines: list[ReportedLine]


def waiting_lines(session: Session, projects: Sequence[KnownProject], viewer: UUID | None) -> list[ReportedLine]:
    """What people are asked next, in order: first what is open in Label Studio, then what waits here."""
    rows = session.execute(
        _placed(select(SampleRow), viewer)
        .where(SampleRow.line_id.is_not(None), SampleRow.state.in_(["open", "sending", "queued"]))
        .order_by(SampleRow.state != "open", SampleRow.priority.desc(), SampleRow.created_at, SampleRow.id)
        .limit(SHOWN)
    )
    return [
        ReportedLine(_where(*place), sample.shown or "", sample.reason, sample.state, task_url(sample, projects))
        for sample, *place in rows
    ]


def disagreed_lines(
    session: Session,
    opinions: Mapping[UUID, Sequence[Label]],
    projects: Sequence[KnownProject],
    viewer: UUID | None,
) -> Reported:
    """The lines that people gave different answers for, the longest known first."""
    settled = {line_id: settle(labels) for line_id, labels in opinions.items()}
    ids = [line_id for line_id, come_to in settled.items() if come_to.disagreed]
    shown = _own(session, ids, compared_lines(), viewer)[:SHOWN]
    answered = exists().where(LabelRow.sample_id == SampleRow.id, LabelRow.verdict.in_(SAID))
    rows = session.execute(
        _placed(select(SampleRow), viewer)
        .where(SampleRow.line_id.in_(shown), answered)
        .order_by(SampleRow.round.desc())  # so that the first round is what the dictionary keeps
    )
    found = {sample.line_id: (sample, place) for sample, *place in rows}
    lines = [
        ReportedLine(
            _where(*found[line_id][1]),
            " / ".join(f"{label.annotator}: {_said(label)}" for label in opinions[line_id]),
            _disagreement(settled[line_id]),
            found[line_id][0].state,
            task_url(found[line_id][0], projects),
        )
        for line_id in shown
    ]
    return Reported(len(ids), lines)


def quarantined_lines(session: Session, projects: Sequence[KnownProject], viewer: UUID | None) -> Reported:
    """Answers that cannot be used, and texts that are held until somebody reviews them."""
    invalid = (is_newest(), LabelRow.verdict == "invalid")
    rows = session.execute(
        _placed(select(LabelRow, SampleRow).join(SampleRow, SampleRow.id == LabelRow.sample_id), viewer)
        .where(*invalid)
        .order_by(LabelRow.created_at, LabelRow.id)
        .limit(SHOWN)
    )
    lines = [
        ReportedLine(_where(*place), label.text or "", label.problem or "", sample.state, task_url(sample, projects))
        for label, sample, *place in rows
    ]
    held = held_texts(session)
    waiting = select(AcceptanceRow.line_id).where(AcceptanceRow.outcome == Outcome.HELD)
    shown = _own(session, [text.line_id for text in held], waiting, viewer)
    places = _places(session, shown[: SHOWN - len(lines)])
    lines += [
        ReportedLine(places[text.line_id], text.text, text.reason, "held", None, text.line_id)
        for text in held
        if text.line_id in places
    ]
    counted = session.scalar(
        select(func.count())
        .select_from(LabelRow)
        .join(SampleRow, SampleRow.id == LabelRow.sample_id)
        .where(*invalid, is_live())
    )
    return Reported((counted or 0) + len(held), lines)


def task_url(sample: SampleRow, projects: Iterable[KnownProject]) -> str | None:
    """Where people find the task of a sample; None where there is none."""
    project = next((project for project in projects if project.id == sample.project_id and not project.gone), None)
    return project.task_url(sample.task_id) if project is not None and sample.task_id is not None else None


def _own(session: Session, ids: list[UUID], among: Select[Any], viewer: UUID | None) -> list[UUID]:
    """Those lines that a viewer may see, all of which a statement selects too: it has no limit as a list has."""
    if viewer is None:
        return ids
    own = set(
        session.scalars(
            select(LineRow.id)
            .join(PageRow, PageRow.id == LineRow.page_id)
            .join(DocumentRow, DocumentRow.id == PageRow.document_id)
            .where(LineRow.id.in_(among), DocumentRow.contributor_id == viewer)
        )
    )
    return [line_id for line_id in ids if line_id in own]


def _placed(wanted: Select[*tuple[Any, ...]], viewer: UUID | None) -> Select[*tuple[Any, ...]]:
    """Samples, and whatever is selected with them, with the document, the page and the line of each."""
    placed = (
        wanted.add_columns(DocumentRow.name, PageRow.number, LineRow.position)
        .outerjoin(LineRow, LineRow.id == SampleRow.line_id)
        .join(PageRow, _is_page_of_sample())
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(is_live())
    )
    return placed if viewer is None else placed.where(DocumentRow.contributor_id == viewer)


def _is_page_of_sample() -> ColumnElement[bool]:
    return or_(PageRow.id == LineRow.page_id, PageRow.id == SampleRow.page_id)


def _places(session: Session, line_ids: Sequence[UUID]) -> dict[UUID, str]:
    rows = session.execute(
        select(LineRow.id, DocumentRow.name, PageRow.number, LineRow.position)
        .join(PageRow, PageRow.id == LineRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(LineRow.id.in_(line_ids))
    )
    return {line_id: _where(name, page, position) for line_id, name, page, position in rows}


def _where(name: str, page: int, position: int | None) -> str:
    where = f"{name}, page {page}"
    return where if position is None else f"{where}, line {position + 1}"


def _disagreement(settled: Settled) -> str:
    return f"{settled.answers} people disagree (CER {settled.distance:.0%})."


def _said(label: Label) -> str:
    return label.text if label.says_text else label.verdict.replace("_", " ")

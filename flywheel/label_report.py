"""What the Label tab shows: how far lines have come towards ground truth, who labels how, what waits and why."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from flywheel.agreement import settle
from flywheel.label_projects import KnownProject, known_projects
from flywheel.labels import SAID, Label, known_text, labels_of, newest_labels
from flywheel.settings import Settings
from flywheel.store import Store
from flywheel.sync import last_runs
from flywheel.tables import AcceptanceRow, ContributorRow, DocumentRow, LabelRow, LineRow, PageRow, SampleRow
from flywheel.trust import Outcome, held_texts
from recognizer.metrics import cer

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
class ReportedPage:
    """A page that can go to Label Studio as a whole; ``state`` is that of its newest sample, None where it has none."""

    page_id: UUID
    where: str
    lines: int
    state: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Annotator:
    """How one person labels.

    Attributes:
        name: as Label Studio calls them.
        labels: lines they answered.
        skipped: lines they skipped.
        compared: texts of other people for the same lines, or known ones, that theirs were held against.
        agreement: 1 - the CER of their texts against those; None: nothing to compare.
    """

    name: str
    labels: int
    skipped: int
    compared: int
    agreement: float | None


@dataclass(frozen=True, slots=True)
class LabelReport:
    """The loop at one moment; ``stages`` counts lines by how far they have come."""

    stages: dict[str, int]
    projects: list[dict[str, Any]]
    queue: list[ReportedLine]
    disagreed: list[ReportedLine]
    quarantined: list[ReportedLine]
    pages: list[ReportedPage]
    annotators: list[Annotator]
    runs: list[dict[str, Any]]


def label_report(store: Store, settings: Settings) -> LabelReport:
    """Everything about the loop that needs no answer of the server."""
    with store.reading() as session:
        projects = known_projects(session, settings.label_studio_url or "")
        rows = newest_labels(session)
        disagreed = _disagreed(session, rows, projects)
        quarantined = _quarantined(session, rows, projects)
        return LabelReport(
            stages=_stages(session) | {"disagreed": len(disagreed), "quarantined": len(quarantined)},
            projects=[
                {"name": project.kind.project_name, "url": project.url, "gone": project.gone} for project in projects
            ],
            queue=_queue(session, projects),
            disagreed=disagreed[:SHOWN],
            quarantined=quarantined[:SHOWN],
            pages=_pages(session, projects),
            annotators=_annotators(session, rows),
            runs=last_runs(store),
        )


def _stages(session: Session) -> dict[str, int]:
    counted = session.execute(
        select(SampleRow.state, func.count()).where(SampleRow.line_id.is_not(None)).group_by(SampleRow.state)
    )
    states = {row[0]: row[1] for row in counted}
    return {
        "captured": session.scalar(select(func.count()).select_from(_live_lines().subquery())) or 0,
        "queued": states.get("queued", 0) + states.get("sending", 0),
        "pushed": states.get("open", 0),
        "labelled": states.get("labelled", 0),
        "accepted": session.scalar(select(func.count()).select_from(_accepted().subquery())) or 0,
    }


def _live_lines() -> Select[Any]:
    return (
        select(LineRow.id)
        .join(PageRow, PageRow.id == LineRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(LineRow.retired_at.is_(None), DocumentRow.deleted_at.is_(None))
    )


def _accepted() -> Select[Any]:
    """The live lines whose standing judgement accepted a text."""
    later = aliased(AcceptanceRow)
    newest = (
        select(func.max(later.number))
        .where(later.line_id == AcceptanceRow.line_id, later.outcome != Outcome.HELD)
        .scalar_subquery()
    )
    return select(AcceptanceRow.line_id).where(
        AcceptanceRow.outcome == Outcome.ACCEPTED,
        AcceptanceRow.number == newest,
        AcceptanceRow.line_id.in_(_live_lines()),
    )


def _queue(session: Session, projects: Sequence[KnownProject]) -> list[ReportedLine]:
    """What people are asked next, in order: first what is open in Label Studio, then what waits here."""
    rows = session.scalars(
        select(SampleRow)
        .where(SampleRow.line_id.is_not(None), SampleRow.state.in_(["open", "sending", "queued"]))
        .order_by(SampleRow.state != "open", SampleRow.priority.desc(), SampleRow.created_at, SampleRow.id)
        .limit(SHOWN)
    )
    return [_reported(session, row, row.shown or "", row.reason, projects) for row in rows]


def _disagreed(session: Session, rows: Sequence[LabelRow], projects: Sequence[KnownProject]) -> list[ReportedLine]:
    found = []
    for line_id, samples in _samples_by_line(session, rows).items():
        labels = labels_of(session, line_id)
        settled = settle(labels)
        if settled.disagreed:
            said = " / ".join(f"{label.annotator}: {_said(label)}" for label in labels)
            reason = f"{settled.answers} people disagree (CER {settled.distance:.0%})."
            found.append(_reported(session, samples[0], said, reason, projects))
    return found


def _quarantined(session: Session, rows: Sequence[LabelRow], projects: Sequence[KnownProject]) -> list[ReportedLine]:
    """Answers that cannot be used, and texts that are held until somebody reviews them."""
    invalid = [row for row in rows if row.verdict == "invalid"]
    found = [
        _reported(session, session.get_one(SampleRow, row.sample_id), row.text or "", row.problem or "", projects)
        for row in invalid
    ]
    for held in held_texts(session):
        where = _where(session, held.line_id)
        found.append(ReportedLine(where, held.text, held.reason, "held", None, held.line_id))
    return found


def _pages(session: Session, projects: Sequence[KnownProject]) -> list[ReportedPage]:
    """The newest pages: those that people were asked about first."""
    later = aliased(SampleRow)
    newest = select(func.max(later.round)).where(later.page_id == PageRow.id).scalar_subquery()
    lines = select(func.count()).where(LineRow.page_id == PageRow.id, LineRow.retired_at.is_(None)).scalar_subquery()
    rows = session.execute(
        select(PageRow.id, DocumentRow.name, PageRow.number, lines, SampleRow)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .outerjoin(SampleRow, and_(SampleRow.page_id == PageRow.id, SampleRow.round == newest))
        .where(DocumentRow.deleted_at.is_(None))
        .order_by(SampleRow.id.is_(None), DocumentRow.created_at.desc(), DocumentRow.id, PageRow.number)
        .limit(SHOWN)
    )
    return [
        ReportedPage(
            page_id,
            f"{name}, page {number}",
            count,
            None if sample is None else sample.state,
            None if sample is None else _url(sample, projects),
        )
        for page_id, name, number, count, sample in rows
    ]


def _annotators(session: Session, rows: Sequence[LabelRow]) -> list[Annotator]:
    answered: dict[UUID, int] = defaultdict(int)
    skipped: dict[UUID, int] = defaultdict(int)
    for row in rows:
        (skipped if row.verdict == "skipped" else answered)[row.contributor_id] += 1
    pairs: dict[UUID, list[tuple[str, str]]] = defaultdict(list)
    for line_id in _answered_lines(session, rows):
        labels = [label for label in labels_of(session, line_id) if label.says_text]
        known = known_text(session, line_id)
        for label in labels:
            others = [other.text for other in labels if other is not label] if known is None else [known.text]
            pairs[label.contributor_id] += [(other, label.text) for other in others]
    people = sorted(
        ((session.get_one(ContributorRow, person).name, person) for person in {*answered, *skipped}), key=str
    )
    return [
        Annotator(
            name=name,
            labels=answered[person],
            skipped=skipped[person],
            compared=len(pairs[person]),
            agreement=max(1 - cer(pairs[person]), 0.0) if pairs[person] else None,
        )
        for name, person in people
    ]


def _answered_lines(session: Session, rows: Sequence[LabelRow]) -> list[UUID]:
    samples = (session.get_one(SampleRow, row.sample_id) for row in rows if row.verdict in SAID)
    return list(dict.fromkeys(sample.line_id for sample in samples if sample.line_id is not None))


def _samples_by_line(session: Session, rows: Sequence[LabelRow]) -> dict[UUID, list[SampleRow]]:
    """The lines that several answers are about, each with its samples."""
    by_line: dict[UUID, list[SampleRow]] = defaultdict(list)
    for row in rows:
        if row.verdict in SAID:
            sample = session.get_one(SampleRow, row.sample_id)
            if sample.line_id is not None:
                by_line[sample.line_id].append(sample)
    return {line_id: samples for line_id, samples in by_line.items() if len(samples) > 1}


def _reported(
    session: Session, sample: SampleRow, text: str, reason: str, projects: Sequence[KnownProject]
) -> ReportedLine:
    where = "" if sample.line_id is None else _where(session, sample.line_id)
    return ReportedLine(where, text, reason, sample.state, _url(sample, projects))


def _url(sample: SampleRow, projects: Sequence[KnownProject]) -> str | None:
    """Where people find the task of a sample; None where there is none."""
    project = next((project for project in projects if project.id == sample.project_id and not project.gone), None)
    return project.task_url(sample.task_id) if project is not None and sample.task_id is not None else None


def _where(session: Session, line_id: UUID) -> str:
    name, page, position = session.execute(
        select(DocumentRow.name, PageRow.number, LineRow.position)
        .join(PageRow, PageRow.document_id == DocumentRow.id)
        .join(LineRow, LineRow.page_id == PageRow.id)
        .where(LineRow.id == line_id)
    ).one()
    return f"{name}, page {page}, line {position + 1}"


def _said(label: Label) -> str:
    return label.text if label.says_text else label.verdict.replace("_", " ")

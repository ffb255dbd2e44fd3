"""What the Label tab shows: how far lines have come towards ground truth, who labels how, what waits and why.

It is asked every few seconds, so its statements do not grow in number with the labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select, true
from sqlalchemy.orm import Session, aliased

from flywheel.annotators import Annotator, annotators, compared_lines
from flywheel.label_projects import KnownProject, known_projects
from flywheel.labels import known_texts, labels_by_line
from flywheel.live_lines import is_live, live_lines
from flywheel.reported_lines import (
    SHOWN,
    ReportedLine,
    disagreed_lines,
    quarantined_lines,
    task_url,
    waiting_lines,
)
from flywheel.settings import Settings
from flywheel.settling import stands
from flywheel.store import Store
from flywheel.sync import last_runs
from flywheel.tables import AcceptanceRow, DocumentRow, LineRow, PageRow, SampleRow
from flywheel.trust import Outcome


@dataclass(frozen=True, slots=True)
class ReportedPage:
    """A page that can go to Label Studio as a whole; ``state`` is that of its newest sample, None where it has none."""

    page_id: UUID
    where: str
    lines: int
    state: str | None
    url: str | None


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


def label_report(store: Store, settings: Settings, *, viewer: UUID | None = None) -> LabelReport:
    """Everything about the loop that needs no answer of the server.

    Args:
        store: where it is kept.
        settings: which server is set up.
        viewer: counts everything, and names only lines and pages of theirs; None: names everybody's.
    """
    with store.reading() as session:
        projects = known_projects(session, settings.label_studio_url or "")
        opinions = labels_by_line(session, compared_lines())
        disagreed = disagreed_lines(session, opinions, projects, viewer)
        quarantined = quarantined_lines(session, projects, viewer)
        return LabelReport(
            stages=_stages(session) | {"disagreed": disagreed.count, "quarantined": quarantined.count},
            projects=[
                {"name": project.kind.project_name, "url": project.url, "gone": project.gone} for project in projects
            ],
            queue=waiting_lines(session, projects, viewer),
            disagreed=disagreed.lines,
            quarantined=quarantined.lines,
            pages=_pages(session, projects, viewer),
            annotators=annotators(session, opinions, known_texts(session, compared_lines())),
            runs=last_runs(store),
        )


def _stages(session: Session) -> dict[str, int]:
    counted = session.execute(
        select(SampleRow.state, func.count()).where(SampleRow.line_id.is_not(None), is_live()).group_by(SampleRow.state)
    )
    states = {row[0]: row[1] for row in counted}
    return {
        "captured": session.scalar(select(func.count()).select_from(live_lines().subquery())) or 0,
        "queued": states.get("queued", 0) + states.get("sending", 0),
        "pushed": states.get("open", 0),
        "labelled": states.get("labelled", 0),
        "accepted": session.scalar(select(func.count()).select_from(_accepted().subquery())) or 0,
    }


def _accepted() -> Select[Any]:
    """The live lines whose standing judgement accepted a text."""
    return select(AcceptanceRow.line_id).where(
        AcceptanceRow.outcome == Outcome.ACCEPTED,
        stands(),
        AcceptanceRow.line_id.in_(live_lines()),
    )


def _pages(session: Session, projects: Sequence[KnownProject], viewer: UUID | None) -> list[ReportedPage]:
    """The newest pages: those that people were asked about first."""
    later = aliased(SampleRow)
    newest = select(func.max(later.round)).where(later.page_id == PageRow.id).scalar_subquery()
    lines = select(func.count()).where(LineRow.page_id == PageRow.id, LineRow.retired_at.is_(None)).scalar_subquery()
    rows = session.execute(
        select(PageRow.id, DocumentRow.name, PageRow.number, lines, SampleRow)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .outerjoin(SampleRow, and_(SampleRow.page_id == PageRow.id, SampleRow.round == newest))
        .where(DocumentRow.deleted_at.is_(None), true() if viewer is None else DocumentRow.contributor_id == viewer)
        .order_by(SampleRow.id.is_(None), DocumentRow.created_at.desc(), DocumentRow.id, PageRow.number)
        .limit(SHOWN)
    )
    return [
        ReportedPage(
            page_id,
            f"{name}, page {number}",
            count,
            None if sample is None else sample.state,
            None if sample is None else task_url(sample, projects),
        )
        for page_id, name, number, count, sample in rows
    ]

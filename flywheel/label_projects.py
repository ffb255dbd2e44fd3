"""Our two projects on a Label Studio server: found or made by name, kept usable, missed when they are gone."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from flywheel.errors import ProjectGone, ProjectUnfit
from flywheel.label_configs import Kind, must_migrate, shipped
from flywheel.label_studio import LabelStudio
from flywheel.label_studio_records import Project
from flywheel.store import Store
from flywheel.tables import LabelProjectRow, SampleRow

INSTRUCTIONS = {
    Kind.LINES: (
        "<p>Type exactly what is written: its spelling, its capitals, its accents, its punctuation. "
        "What was read is filled in; correct it, then submit.</p>"
        "<p>Nobody could read it: <b>Illegible</b>. No writing at all: <b>Not text</b>.</p>"
    ),
    Kind.PAGES: (
        "<p>Each line of writing is one region with its text and its place in reading order. Move, delete or draw "
        "regions until every line has one, correct the texts and the places, then submit.</p>"
    ),
}


@dataclass(frozen=True, slots=True)
class KnownProject:
    """A project of ours as the store remembers it.

    Attributes:
        id: names it here.
        server: the address of its server.
        kind: what its tasks are.
        number: names it there.
        gone: the server no longer has it.
        watermark: what people did until then, by the server's clock, has been pulled; None: nothing.
    """

    id: UUID
    server: str
    kind: Kind
    number: int
    gone: bool
    watermark: datetime | None

    @property
    def url(self) -> str:
        """Where people find it."""
        return f"{self.server}/projects/{self.number}/data"

    def task_url(self, task_id: int) -> str:
        """Where people find one of its tasks."""
        return f"{self.url}?task={task_id}"


def known_projects(session: Session, server: str) -> list[KnownProject]:
    """The projects on a server that the store remembers."""
    rows = session.scalars(
        select(LabelProjectRow).where(LabelProjectRow.server == server).order_by(LabelProjectRow.kind)
    )
    return [_known(row) for row in rows]


def reach_project(store: Store, client: LabelStudio, kind: Kind, *, new: bool = False) -> KnownProject:
    """The project of one kind, ready for tasks: adopted or made where the store knows none, its config up to date.

    Args:
        store: where it is remembered.
        client: the server.
        kind: what its tasks are.
        new: a person wants a new one in place of one that is gone; what was open there is queued again.

    Raises:
        ProjectGone: it was deleted on the server.
        ProjectUnfit: it cannot be used; the message says why.
        LabelStudioError: the server cannot be used.
    """
    with store.reading() as session:
        known = _find(session, client.url, kind)
    if known is not None and not known.gone:
        try:
            _prepare(client, client.project(known.number), kind)
            return known
        except ProjectGone:
            mark_gone(store, known)
            if not new:
                raise
    elif known is not None and not new:
        raise ProjectGone(
            f"The project {kind.project_name!r} ({known.number}) was deleted in Label Studio. To begin a new one and "
            "send it what is not labelled yet: python -m flywheel push --new-project."
        )
    project = _adopt_or_create(client, kind)
    with store.writing() as session:
        return _remember(session, client.url, kind, project.number)


def mark_gone(store: Store, project: KnownProject) -> None:
    """Remember that the server no longer has a project."""
    with store.writing() as session:
        session.execute(update(LabelProjectRow).where(LabelProjectRow.id == project.id).values(gone=True))


def _adopt_or_create(client: LabelStudio, kind: Kind) -> Project:
    found = client.projects(kind.project_name)
    if len(found) > 1:
        numbers = ", ".join(str(project.number) for project in found)
        raise ProjectUnfit(
            f"Label Studio has several projects called {kind.project_name!r} ({numbers}). Rename all but one."
        )
    if not found:
        return client.create_project(kind.project_name, shipped(kind), instruction=INSTRUCTIONS[kind])
    _prepare(client, found[0], kind)
    return found[0]


def _prepare(client: LabelStudio, project: Project, kind: Kind) -> None:
    if must_migrate(project.config, kind):
        client.set_config(project.number, shipped(kind))


def _remember(session: Session, server: str, kind: Kind, number: int) -> KnownProject:
    row = session.scalar(
        select(LabelProjectRow).where(LabelProjectRow.server == server, LabelProjectRow.kind == kind).with_for_update()
    )
    if row is None:
        row = LabelProjectRow(server=server, kind=kind, number=number, gone=False, watermark=None)
        session.add(row)
    elif row.number != number or row.gone:
        row.number, row.gone, row.watermark, row.foreign_tasks = number, False, None, 0
        theirs = update(SampleRow).where(SampleRow.project_id == row.id)
        session.execute(theirs.values(task_id=None, image=None))
        session.execute(theirs.where(SampleRow.state.in_(["open", "sending"])).values(state="queued", sent_at=None))
    session.flush()
    return _known(row)


def _find(session: Session, server: str, kind: Kind) -> KnownProject | None:
    return next((project for project in known_projects(session, server) if project.kind == kind), None)


def _known(row: LabelProjectRow) -> KnownProject:
    return KnownProject(row.id, row.server, Kind(row.kind), row.number, row.gone, row.watermark)

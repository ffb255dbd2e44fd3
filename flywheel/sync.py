"""Push and pull, as people and jobs ask for them: one at a time, and each leaves a record of how it went."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import select

from flywheel import outbox, personal, registry
from flywheel.errors import FlywheelError, ProjectGone, SyncRunning
from flywheel.label_configs import Kind
from flywheel.label_projects import known_projects, mark_gone, reach_project
from flywheel.label_results import storable
from flywheel.label_studio import LabelStudio
from flywheel.page_edits import GetReader, OutlineReader, apply_pages
from flywheel.pulling import Pull, Pulled
from flywheel.pushing import Pace, Push, Pushed, Queue, fill_outbox
from flywheel.scopes import scopes_of_page
from flywheel.settings import Settings
from flywheel.store import Store
from flywheel.tables import SyncRunRow
from recognizer.errors import RecognizerError

log = logging.getLogger(__name__)

LOCK = "label-studio"
PACE = Pace()


def push(
    store: Store,
    client: LabelStudio,
    settings: Settings,
    queue: Queue,
    *,
    new_project: bool = False,
    pace: Pace = PACE,
) -> Pushed:
    """Send lines that are worth a person's time, until as many tasks are open as the settings allow.

    Args:
        store: where the outbox is.
        client: the server.
        settings: how many tasks may be open.
        queue: gives the lines.
        new_project: begin a new project where ours was deleted.
        pace: how to wait.

    Raises:
        LabelStudioError: the server cannot be used now; what was not sent waits, and the record says why.
        SyncRunning: another push or pull is under way.
    """
    done = Pushed()
    with _recorded(store, "push", done):
        most = settings.label_studio_open_tasks
        with store.writing() as session:
            outbox.move(session, client.url)
        fill_outbox(store, queue, most=most, server=client.url)
        project = reach_project(store, client, Kind.LINES, new=new_project)
        Push(store, client, project, pace, done).run(most=most)
        with store.reading() as session:
            pages = outbox.waits(session, Kind.PAGES)
        if pages:
            project = reach_project(store, client, Kind.PAGES, new=new_project)
            Push(store, client, project, pace, done).run(most=most)
    return done


def pull(
    store: Store,
    client: LabelStudio,
    settings: Settings,
    *,
    reconcile: bool = False,
    reader: GetReader | None = None,
) -> Pulled:
    """Bring back what people answered since the last pull.

    Args:
        store: where answers and ground truth are kept.
        client: the server.
        settings: whose word is enough; where models are unpacked.
        reconcile: compare every task with the server's; done anyway when their number is not what it should be.
        reader: reads the lines that people drew on pages; None: what reads each page now, if they drew any.

    Raises:
        LabelStudioError: the server cannot be used now; the record says why.
        SyncRunning: another push or pull is under way.
    """
    done = Pulled()
    with _recorded(store, "pull", done):
        with store.reading() as session:
            projects = [project for project in known_projects(session, client.url) if not project.gone]
        for project in projects:
            try:
                Pull(store, client, project, settings.trust, done).run(reconcile=reconcile)
            except ProjectGone:
                mark_gone(store, project)
                raise
        applied = apply_pages(store, settings.trust, reader or _reader_of(store, settings))
        done.accepted += applied.accepted
        done.problems += applied.problems
    return done


def _reader_of(store: Store, settings: Settings) -> GetReader:
    """What reads the lines that people drew on a page: the page's own model or the common one, each loaded once."""

    @cache
    def loaded(model: str | None) -> OutlineReader:
        from flywheel.model_folders import load
        from recognizer.line_reader import LineReader

        if model is None:
            return LineReader.load(settings.model)
        return load(store, registry.find(store, model), settings.scratch / "models")

    def reader_of(page_id: UUID) -> OutlineReader:
        own, common = personal.model_for(store, scopes_of_page(store, page_id)), registry.serving(store)
        if own is not None:
            try:
                return loaded(own[1].version)
            except (FlywheelError, RecognizerError, OSError) as error:
                log.warning("%s cannot read the lines drawn on page %s: %s", own[1].version, page_id, error)
        return loaded(common.version if common else None)

    return reader_of


def queue_pages(store: Store, page_ids: Iterable[UUID]) -> int:
    """Let the next push send whole pages, whose boxes and reading order people should review.

    Raises:
        NotFound: there is no such page; none was queued.
    """
    with store.writing() as session:
        return outbox.queue_pages(session, page_ids, reason="Somebody asked for it.")


def last_runs(store: Store, limit: int = 10) -> list[dict[str, Any]]:
    """The newest pushes and pulls, newest first: {"direction", "at", "done", "problems"}."""
    with store.reading() as session:
        rows = session.scalars(select(SyncRunRow).order_by(SyncRunRow.created_at.desc()).limit(limit))
        return [
            {"direction": row.direction, "at": row.created_at, "done": row.done, "problems": row.problems}
            for row in rows
        ]


def broke_off(direction: str, error: Exception) -> str:
    """The sentence that tells people what ended a push or a pull."""
    if isinstance(error, FlywheelError | RecognizerError):
        return str(error)
    return (
        f"The {direction} broke off, which it never should: {type(error).__name__}: {error}. What it had done is kept, "
        "and the next one goes on from there; if that ends the same way, report it with what Inkloop's log says."
    )


@contextmanager
def _recorded(store: Store, direction: str, done: Pushed | Pulled) -> Iterator[None]:
    """Alone with the server while the block runs; then its record, also of what broke it off."""
    with store.alone(LOCK) as alone:
        if not alone:
            raise SyncRunning("Another push or pull is under way. Wait until it has ended, then try again.")
        try:
            yield
        except Exception as error:
            _record(store, direction, done, [broke_off(direction, error)])
            raise
        _record(store, direction, done, [])


def _record(store: Store, direction: str, done: Pushed | Pulled, problems: list[str]) -> None:
    numbers = asdict(done)
    said = numbers.pop("problems")
    with store.writing() as session:
        session.add(SyncRunRow(direction=direction, done=numbers, problems=storable([*said, *problems])))

"""Sends what waits in the outbox, each line once.

A sample is marked before it is sent and again when its task is known. Whatever ends a push between the two (kill -9, a
time-out, a proxy's 503) leaves it marked as sent; the next push looks it up by its sample id and sends only what is
not there. An import is one transaction on the server, so a look-up sees all of it or nothing.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from flywheel import outbox
from flywheel.doubles import keep_one
from flywheel.errors import LabelStudioError, LabelStudioRefused, ProjectGone
from flywheel.label_configs import Kind
from flywheel.label_pictures import LineView, line_views
from flywheel.label_projects import KnownProject
from flywheel.label_studio import MOST_TASKS, LabelStudio
from flywheel.outbox import Sample, Wanted
from flywheel.page_pictures import PageView, page_views
from flywheel.store import Store
from flywheel.tables import now
from flywheel.uploading import Upload
from flywheel.withdrawing import withdraw_gone

Queue = Callable[[int], Iterable[Wanted]]
"""Gives the lines that are worth a person's time, at most so many, the most urgent first."""
Views = Mapping[UUID, LineView | PageView]
VIEWS: dict[Kind, Callable[[Session, Sequence[Sample]], Views]] = {Kind.LINES: line_views, Kind.PAGES: page_views}


@dataclass(frozen=True, slots=True)
class Pace:
    """How a push waits.

    Attributes:
        settle_s: how long after it was sent an import may still appear on the server.
        look_s: between two looks for it.
        batch: lines of one import.
    """

    settle_s: float = 60.0
    look_s: float = 2.0
    batch: int = MOST_TASKS


@dataclass
class Pushed:
    """What a push did: lines sent; lines that an earlier one had sent, found there; lines that are no longer there."""

    sent: int = 0
    found: int = 0
    withdrawn: int = 0
    problems: list[str] = field(default_factory=list)


def fill_outbox(store: Store, queue: Queue, *, most: int, server: str) -> None:
    """Take so many lines from the queue that ``most`` are open on a server or wait; does not ask the server."""
    with store.reading() as session:
        room = outbox.room(session, most, kind=Kind.LINES, server=server)
        wanted = room - len(outbox.queued(session, room, kind=Kind.LINES))
    if wanted > 0:
        chosen = list(queue(wanted))
        with store.writing() as session:
            outbox.fill(session, chosen)


@dataclass
class Push:
    """One push to one project; ``done`` is right also when it breaks off."""

    store: Store
    client: LabelStudio
    project: KnownProject
    pace: Pace
    done: Pushed

    def run(self, *, most: int) -> None:
        """Send lines until ``most`` tasks are open, or none is left.

        Raises:
            LabelStudioError: the server cannot be used; what was not sent waits.
        """
        self._settle()
        self.done.withdrawn += withdraw_gone(self.store, self.client, self.project)
        with self.store.reading() as session:
            room = outbox.room(session, most, kind=self.project.kind, server=self.project.server)
        unseen: set[UUID] = set()
        while room > 0:
            with self.store.reading() as session:
                waiting = outbox.queued(
                    session, room, kind=self.project.kind, project=self.project.id, leaving_out=unseen
                )
            if not waiting:
                return
            ready = Upload(self.store, self.client, self.project, self.done.problems).run(waiting)
            unseen |= {sample.id for sample in waiting} - {sample.id for sample in ready}
            for start in range(0, len(ready), self.pace.batch):
                room -= self._import(self._mark(ready[start : start + self.pace.batch]))

    def _settle(self) -> None:
        """Look for what an earlier push has sent, until it is there or can no longer appear."""
        while unseen := self._unseen():
            found = self._look_up([sample.id for sample in unseen])
            self.done.found += len(found)
            missing = [sample for sample in unseen if sample.id not in found]
            late = now() - timedelta(seconds=self.pace.settle_s)
            lost = [sample.id for sample in missing if sample.sent_at is None or sample.sent_at <= late]
            with self.store.writing() as session:
                outbox.mark_queued(session, lost)
            if len(lost) < len(missing):
                time.sleep(self.pace.look_s)

    def _unseen(self) -> list[Sample]:
        with self.store.reading() as session:
            return outbox.sending(session, self.project.id, kind=self.project.kind)

    def _look_up(self, sample_ids: Sequence[UUID]) -> dict[UUID, int]:
        """The tasks that samples became, remembered; of two tasks for one sample the younger goes, no answer ever."""
        found = keep_one(self.client, self.project.number, sample_ids).tasks
        with self.store.writing() as session:
            outbox.mark_open(session, found, project=self.project.id)
        return found

    def _mark(self, batch: Sequence[Sample]) -> Views:
        """What people will see of a batch, marked as sent; lines that are no longer there are withdrawn."""
        with self.store.writing() as session:
            views: Views = VIEWS[self.project.kind](session, batch)
            gone = [sample.id for sample in batch if sample.id not in views]
            outbox.mark_withdrawn(session, gone)
            views = {sample.id: views[sample.id] for sample in batch if sample.image and sample.id in views}
            outbox.mark_sending(session, {key: view.columns for key, view in views.items()}, project=self.project.id)
        self.done.withdrawn += len(gone)
        return views

    def _import(self, views: Views) -> int:
        """Import one batch; returns how many of it are there."""
        ids = list(views)
        tasks = [view.task(sample_id) for sample_id, view in views.items()]
        if not tasks:
            return 0
        try:
            made = dict(zip(ids, self.client.import_tasks(self.project.number, tasks), strict=True))
        except (LabelStudioRefused, ProjectGone):
            with self.store.writing() as session:
                outbox.mark_queued(session, ids)
            raise
        except LabelStudioError:
            if len(self._look_up(ids)) < len(ids):  # it may still appear: the next push looks again
                raise
        else:
            with self.store.writing() as session:
                outbox.mark_open(session, made, project=self.project.id)
        self.done.sent += len(ids)
        return len(ids)

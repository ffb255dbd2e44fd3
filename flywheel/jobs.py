"""The wheel turns by itself: durable runs, one at a time, asked for by a click, by accepted lines or by the clock.

DBOS keeps what a run has done in a database of its own (beside the store's SQLite file, or in a schema of the same
PostgreSQL): killed at any moment, a run goes on after its last finished step. A worker tells that it lives; the run of
one that fell silent is taken over by another.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from socket import gethostname
from typing import Any

from dbos import DBOS, ScheduleInput, SetWorkflowID
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flywheel import personal, registry, runs
from flywheel.database import sqlite_file
from flywheel.errors import FlywheelError, WheelStopped
from flywheel.personal_contest import judge_again
from flywheel.runs import Run
from flywheel.scope_lines import require_lines
from flywheel.scopes import Scope
from flywheel.settings import Settings
from flywheel.store import Store
from flywheel.tables import AcceptanceRow, RunRow, SnapshotRow, WorkerRow, now
from flywheel.turning import NO_BETTER, Wheel
from flywheel.verdicts import find_verdict
from recognizer.errors import RecognizerError

log = logging.getLogger(__name__)

NAME, QUEUE, VERSION = "inkloop", "retraining", "wheel-1"
BEAT_S = 2.0
ASK_AGAIN_S = 0.05
SILENT_AFTER = timedelta(seconds=30)
STOPS = (FlywheelError, RecognizerError, OSError)
BROKEN = ("ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
NAMESAKE = (
    "A worker named {name} works on this store already, and a second one would take its runs for its own. Stop that "
    "one, or give this one a name: python -m flywheel worker --name NAME."
)
DIED_OFTEN = "its workers died in it again and again"


def ask(
    store: Store, settings: Settings, *, asked_by: str, minutes: float | None = None, scope: Scope | None = None
) -> Run:
    """Ask for a turn of the wheel; while one like it is not over, that one is the answer.

    A worker takes it within seconds, or when the turns before it are over.

    Raises:
        UnfitSnapshot: the scope has too few lines for a model of its own; nothing was begun.
    """
    runs.end_dead(store)
    while True:
        with store.alone("asking") as mine:
            going = next((run for run in runs.going(store) if run.scope == scope), None)
            if going is not None:
                return going
            if mine:
                require_lines(store, scope)
                asked = settings.retrain_minutes if minutes is None else minutes
                return runs.begin(store, asked_by=asked_by, minutes=asked, scope=scope)
        time.sleep(ASK_AGAIN_S)


def alive(store: Store) -> list[str]:
    """The workers that were heard of lately."""
    with store.reading() as session:
        return list(session.scalars(select(WorkerRow.id).where(WorkerRow.seen_at > now() - SILENT_AFTER)))


@DBOS.step()
def _pull(run: str) -> None:
    with _wheel(run) as wheel:
        wheel.pull()


@DBOS.step()
def _snapshot(run: str) -> str:
    with _wheel(run) as wheel:
        return wheel.snapshot()


@DBOS.step()
def _retrain(run: str, snapshot: str) -> str | None:
    with _wheel(run) as wheel, wheel.store.alone(runs.LOCK) as taken:
        if not taken:
            raise WheelStopped("Another training runs already, started from the command line. Wait for it.")
        return wheel.retrain(snapshot)


@DBOS.step()
def _evaluate(run: str, snapshot: str, challenger: str) -> str:
    with _wheel(run) as wheel:
        return str(wheel.evaluate(snapshot, challenger).id)


@DBOS.step()
def _promote(run: str, verdict: str) -> None:
    with _wheel(run) as wheel:
        wheel.promote(find_verdict(wheel.store, verdict))


@DBOS.step()
def _end(run: str, state: runs.State, message: str) -> None:
    with _wheel(run) as wheel:
        runs.finish(wheel.store, run, state, message)


@DBOS.workflow(max_recovery_attempts=20)
def turn_once(run: str) -> None:
    """Every step of a run, each once, however often its worker is killed."""
    try:
        _pull(run)
        snapshot = _snapshot(run)
        challenger = _retrain(run, snapshot)
        if challenger is None:
            _end(run, "done", NO_BETTER)
        else:
            _promote(run, _evaluate(run, snapshot, challenger))
    except STOPS as error:
        log.error("Run %s stopped: %s", run, error)
        _end(run, "cancelled" if type(error).__name__ == "Cancelled" else "failed", str(error))


@DBOS.workflow()
def turn_by_the_clock(at: datetime, _: Any) -> None:
    """Ask for a turn because the time has come."""
    settings = Settings.from_env()
    with Store.open(settings) as store:
        ask(store, settings, asked_by=f"the clock, {at:%Y-%m-%d %H:%M}")


@DBOS.workflow()
def judge_personal(promotion: int) -> None:
    """Hold the models of single hands and collections against the common one that this promotion let serve."""
    _judge_personal(promotion)


@DBOS.step()
def _judge_personal(_: int) -> None:
    settings = Settings.from_env()
    with Store.open(settings) as store:
        judge_again(store, settings)


@contextmanager
def _wheel(run: str) -> Iterator[Wheel]:
    settings = Settings.from_env()
    with Store.open(settings) as store:
        yield Wheel(store, settings, run)


def jobs_url(settings: Settings) -> str:
    """Where DBOS keeps its own tables; its PostgreSQL driver is psycopg 3."""
    file = sqlite_file(settings.database_url)
    if file is not None:
        return f"sqlite:///{file.with_name(f'{file.stem}-jobs.db')}"
    return settings.database_url.replace("postgresql+psycopg2://", "postgresql://", 1)


class Worker:
    """Works on runs until it is stopped; one process has one.

    Args:
        store: that the runs are in.
        settings: of this machine.
        name: by which it comes back to its own runs after a crash; two that live at once need two.
    """

    def __init__(self, store: Store, settings: Settings, *, name: str = "") -> None:
        self._store, self._settings = store, settings
        self.name = name or gethostname()
        self._stopping = threading.Event()

    def work(self) -> None:
        """Work until `stop`.

        Raises:
            WheelStopped: a worker of this name lives already; it would be robbed of its runs.
        """
        with self._store.alone(f"worker-{sha256(self.name.encode()).hexdigest()[:16]}") as mine:
            if not mine:
                raise WheelStopped(NAMESAKE.format(name=self.name))
            self._work()

    def _work(self) -> None:
        self._beat()
        DBOS(
            config={
                "name": NAME,
                "system_database_url": jobs_url(self._settings),
                "application_version": VERSION,
                "executor_id": self.name,
                "log_level": "WARNING",
            }
        )
        DBOS.launch()
        DBOS.register_queue(QUEUE, global_concurrency=1)
        self._schedule()
        try:
            while not self._stopping.wait(BEAT_S):
                self._try_to_beat()
        finally:
            DBOS.destroy()

    def stop(self) -> None:
        """Let `work` return; a run in work goes on when a worker starts again."""
        self._stopping.set()

    def _try_to_beat(self) -> None:
        try:
            self._beat()
            runs.end_dead(self._store)
            self._queue()
            self._take_over()
            self._end_broken()
            self._ask_for_new_lines()
        except FlywheelError as error:
            log.warning("%s", error)

    def _beat(self) -> None:
        with self._store.writing() as session:
            session.merge(WorkerRow(id=self.name, seen_at=now()))

    def _queue(self) -> None:
        """Give what waits to DBOS, each once: a run's id is its job's, so a second worker changes nothing."""
        for run in runs.going(self._store):
            if run.state == "waiting" and not run.by_hand:
                with SetWorkflowID(run.id):
                    DBOS.enqueue_workflow(QUEUE, turn_once, run.id)
        if personal.unjudged(self._store):
            newest = registry.promotions(self._store)[0].number
            with SetWorkflowID(f"personal-{newest}"):
                DBOS.enqueue_workflow(QUEUE, judge_personal, newest)

    def _take_over(self) -> None:
        """Put the runs of silent workers back into the queue; their finished steps stay finished."""
        with self._store.reading() as session:
            silent = list(session.scalars(select(WorkerRow.id).where(WorkerRow.seen_at <= now() - SILENT_AFTER)))
        if not silent:
            return
        for left in DBOS.list_workflows(status="PENDING", executor_id=silent, load_input=False):
            log.warning("%s fell silent; %s takes over run %s.", left.executor_id, self.name, left.workflow_id)
            DBOS.resume_workflow(left.workflow_id, queue_name=QUEUE)

    def _end_broken(self) -> None:
        """End the runs whose jobs ended without a word: by a mistake of ours, or as workers died again and again."""
        for run in runs.runs(self._store):
            job = None if run.over else DBOS.get_workflow_status(run.id)
            if job is not None and job.status in BROKEN:
                log.error("Run %s broke: %s, %s", run.id, job.status, job.error)
                said = f"It broke: {job.error or DIED_OFTEN}. What serves is as it was; the worker's log tells more."
                runs.finish(self._store, run.id, "failed", said)

    def _ask_for_new_lines(self) -> None:
        wanted = self._settings.retrain_after_lines
        if wanted and lines_since_a_turn(self._store) >= wanted:
            ask(self._store, self._settings, asked_by=f"{wanted} new lines")

    def _schedule(self) -> None:
        cron = self._settings.retrain_at
        if cron is not None:
            by_the_clock: ScheduleInput = {
                "schedule_name": "retraining",
                "workflow_fn": turn_by_the_clock,
                "schedule": cron,
                "context": None,
            }
            DBOS.apply_schedules([by_the_clock])
        elif any(schedule["schedule_name"] == "retraining" for schedule in DBOS.list_schedules()):
            DBOS.delete_schedule("retraining")


def new_lines(store: Store) -> int:
    """Lines accepted since ground truth was last frozen."""
    with store.reading() as session:
        return _accepted_since(session, session.scalar(select(func.max(SnapshotRow.created_at))))


def lines_since_a_turn(store: Store) -> int:
    """Lines accepted since ground truth was last frozen or a turn for everybody was last asked for.

    Where a turn cannot freeze anything new, or fails, the same lines do not ask for the next one.
    """
    with store.reading() as session:
        asked = select(func.max(RunRow.created_at)).where(RunRow.scope_id.is_(None))
        moments = [session.scalar(newest) for newest in (select(func.max(SnapshotRow.created_at)), asked)]
        return _accepted_since(session, max((moment for moment in moments if moment is not None), default=None))


def _accepted_since(session: Session, moment: datetime | None) -> int:
    wanted = select(func.count(AcceptanceRow.line_id.distinct())).where(AcceptanceRow.outcome == "accepted")
    if moment is not None:
        wanted = wanted.where(AcceptanceRow.created_at > moment)
    return session.scalar(wanted) or 0

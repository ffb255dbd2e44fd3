"""Turns of the wheel as the store remembers them: how far each is, what came of it, whether somebody stopped it.

The process that trains writes here, and whoever looks reads here: a tab that was closed finds everything again.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from flywheel.errors import Cancelled, NotFound
from flywheel.scopes import Scope, find_scope, keep_scope
from flywheel.store import Store
from flywheel.tables import RunRow, now

State = Literal["waiting", "running", "cancelling", "done", "failed", "cancelled"]
OVER: tuple[State, ...] = ("done", "failed", "cancelled")
LOCK = "retraining"
"""Whoever trains holds it; a turn of the command line from its beginning to its end."""
LEFT_OUT = "left_out"
"""What in a run's ``progress`` is no progress: it stays when the training tells the next."""
BY_HAND = "hand-"
"""How the id of a run begins that no worker works on: it was begun on the command line, and ends with its process."""
DIED = (
    "Its process ended before it was through: it was killed, or the machine ran out of memory. What serves is as it "
    "was. Start it again; a training goes on from its last checkpoint."
)


@dataclass(frozen=True, slots=True)
class Run:
    """One turn.

    Attributes:
        id: of the run, and of its job.
        state: of the run; ``cancelling`` until whoever works on it has noticed.
        stage: the step it is in: waiting, pull, snapshot, retrain, evaluate, promote.
        asked_by: who or what started it.
        minutes: of training.
        progress: of the training, as `recognizer.training.progress.Progress` has it; empty before.
        message: what came of it, in a sentence, and which lines it went on without.
        snapshot: id, once frozen.
        created_at: UTC.
        finished_at: UTC; None: not over.
        scope: the hand or collection it is to find a model for; None: everybody.
        left_out: the lines it went on without, as `flywheel.fitness.LeftOut` tells them; None: there are none.
    """

    id: str
    state: str
    stage: str
    asked_by: str
    minutes: float
    progress: dict[str, Any] = field(repr=False)
    message: str
    snapshot: str | None
    created_at: datetime
    finished_at: datetime | None
    scope: Scope | None = None
    left_out: dict[str, Any] | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in OVER

    @property
    def by_hand(self) -> bool:
        """Whether it was begun on the command line, which alone works on it."""
        return self.id.startswith(BY_HAND)


def begin(
    store: Store,
    *,
    asked_by: str,
    minutes: float,
    scope: Scope | None = None,
    id: str | None = None,  # noqa: A002
) -> Run:
    """A new run that waits, for everybody or for one scope; the same id again is the same run."""
    name = id or uuid4().hex
    with store.writing() as session:
        row = session.get(RunRow, name)
        if row is None:
            row = RunRow(
                id=name, state="waiting", stage="waiting", asked_by=asked_by, minutes=minutes, progress={}, message=""
            )
            row.scope_id = keep_scope(session, scope) if scope else None
            session.add(row)
            session.flush()
        return _run(session, row)


def find(store: Store, run_id: str) -> Run:
    """One run.

    Raises:
        NotFound: there is none.
    """
    with store.reading() as session:
        row = session.get(RunRow, run_id)
        if row is None:
            raise NotFound(f"There is no run {run_id}. See the Models tab.")
        return _run(session, row)


def runs(store: Store, *, limit: int = 20) -> list[Run]:
    """The newest runs, newest first."""
    with store.reading() as session:
        return [
            _run(session, row)
            for row in session.scalars(select(RunRow).order_by(RunRow.created_at.desc()).limit(limit))
        ]


def going(store: Store) -> list[Run]:
    """The runs that are not over, oldest first."""
    with store.reading() as session:
        wanted = select(RunRow).where(RunRow.state.not_in(OVER)).order_by(RunRow.created_at)
        return [_run(session, row) for row in session.scalars(wanted)]


def advance(store: Store, run_id: str, stage: str, *, snapshot: str | None = None) -> None:
    """The run is in this step now.

    Raises:
        Cancelled: somebody stopped it.
    """
    _write(store, run_id, state="running", stage=stage, **({"snapshot_id": snapshot} if snapshot else {}))


def tell(store: Store, run_id: str, progress: dict[str, Any]) -> None:
    """The training of a run is this far.

    Raises:
        Cancelled: somebody stopped it.
    """
    _write(store, run_id, progress=progress)


def leave_out(store: Store, run_id: str, lines: dict[str, Any] | None) -> None:
    """The run goes on without these lines; None: with all of them.

    Raises:
        Cancelled: somebody stopped it.
    """
    _write(store, run_id, progress={LEFT_OUT: lines})


def finish(store: Store, run_id: str, state: State, message: str, *, made: tuple[UUID, UUID] | None = None) -> None:
    """The run is over; ``made``: its challenger and the gate's verdict, where there are some."""
    with store.writing() as session:
        row = session.get_one(RunRow, run_id)
        if row.state not in OVER:
            row.state, row.message, row.finished_at = state, message, now()
            row.challenger_id, row.verdict_id = made or (None, None)


def cancel(store: Store, run_id: str) -> None:
    """Ask for the end of a run; one that has not begun ends at once.

    Raises:
        NotFound: there is none.
    """
    if find(store, run_id).state == "waiting":
        finish(store, run_id, "cancelled", "It was stopped before it began.")
        return
    with store.writing() as session:
        row = session.get_one(RunRow, run_id)
        if row.state not in OVER:
            row.state = "cancelling"


def begin_by_hand(store: Store, *, minutes: float, scope: Scope | None = None) -> Run:
    """A new run of the command line, which holds `LOCK`; those before it that never came to an end are dead."""
    _end_dead(store)
    name = f"{BY_HAND}{uuid4().hex}"
    return begin(store, id=name, asked_by="the command line", minutes=minutes, scope=scope)


def end_dead(store: Store) -> None:
    """End the runs of command lines that died; of those that live one holds `LOCK`."""
    if any(run.by_hand and not run.over for run in runs(store)):
        with store.alone(LOCK) as nobody_else:
            if nobody_else:
                _end_dead(store)


def _end_dead(store: Store) -> None:
    for run in runs(store):
        if run.by_hand and not run.over:
            finish(store, run.id, "failed", DIED)


def _write(store: Store, run_id: str, **values: Any) -> None:
    with store.writing() as session:
        row = session.get_one(RunRow, run_id)
        if row.state in ("cancelling", "cancelled"):
            raise Cancelled("The run was stopped. What it has learnt is kept for the next one of the same lines.")
        if row.state not in OVER:  # a step that is done again after the end changes nothing
            kept = {LEFT_OUT: row.progress[LEFT_OUT]} if LEFT_OUT in row.progress else {}
            for name, value in values.items():
                setattr(row, name, kept | value if name == "progress" else value)


def _run(session: Session, row: RunRow) -> Run:
    progress = dict(row.progress)
    left_out = progress.pop(LEFT_OUT, None)
    says = left_out["says"] if left_out else ""
    return Run(
        id=row.id,
        state=row.state,
        stage=row.stage,
        asked_by=row.asked_by,
        minutes=row.minutes,
        progress=progress,
        message=f"{row.message} {says}".strip(),
        snapshot=row.snapshot_id,
        created_at=row.created_at,
        finished_at=row.finished_at,
        scope=find_scope(session, row.scope_id),
        left_out={name: value for name, value in left_out.items() if name != "says"} if left_out else None,
    )

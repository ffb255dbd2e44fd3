"""How the wheel stands, for a look at the store: cheap, without loading what trains or reads."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flywheel import runs
from flywheel.store import Store
from flywheel.tables import ModelRow, PromotionRow, SnapshotRow, WorkerRow

STALE = timedelta(minutes=5)


def look(store: Store) -> dict[str, Any]:
    """What serves, the last run, how much is frozen; ``problems`` holds what needs a person."""
    runs.end_dead(store)
    last = next(iter(runs.runs(store, limit=1)), None)
    with store.reading() as session:
        serving, forgotten = _serving(session)
        snapshots = session.scalar(select(func.count()).select_from(SnapshotRow)) or 0
        workers = list(session.scalars(select(WorkerRow.id).where(WorkerRow.seen_at > datetime.now(UTC) - STALE)))
    problems = []
    if forgotten is not None:
        problems.append(f"{serving} may not serve any more: {forgotten} Roll it back, or retrain and promote another.")
    if last is not None and last.state == "failed":
        problems.append(f"The last turn of the wheel failed while it was to {last.stage}: {last.message}")
    if last is not None and not last.over and not last.by_hand and not workers:
        problems.append("A turn of the wheel waits and no worker is running. Start one: python -m flywheel worker.")
    return {
        "serving": serving,
        "snapshots": snapshots,
        "workers": workers,
        "last_run": None if last is None else {"state": last.state, "stage": last.stage, "message": last.message},
        "problems": problems,
    }


def facts(report: dict[str, Any]) -> list[tuple[str, str]]:
    """The same for people."""
    last = report["last_run"]
    told = [("serving", report["serving"] or "what the settings name: nothing was promoted yet")]
    if last is not None:
        told.append(("last turn", f"{last['state']} ({last['stage']}) {last['message']}".rstrip()))
    return told


def _serving(session: Session) -> tuple[str | None, str | None]:
    """The version that serves, and why it may not any more."""
    serving = select(ModelRow.version, ModelRow.forgotten).join(PromotionRow, PromotionRow.model_id == ModelRow.id)
    row = session.execute(serving.order_by(PromotionRow.number.desc()).limit(1)).one_or_none()
    return (None, None) if row is None else (row.version, row.forgotten)

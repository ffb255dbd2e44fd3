"""How the wheel stands, for a look at the store: cheap, without loading what trains or reads."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from flywheel import personal, registry, runs
from flywheel.runs import Run
from flywheel.store import Store
from flywheel.tables import SnapshotRow, WorkerRow

STALE = timedelta(minutes=5)


def look(store: Store) -> dict[str, Any]:
    """What serves, the last run, how much is frozen; ``problems`` holds what needs a person."""
    runs.end_dead(store)
    last = next(iter(runs.runs(store, limit=1)), None)
    model, own = registry.serving(store), personal.serving(store)
    with store.reading() as session:
        snapshots = session.scalar(select(func.count()).select_from(SnapshotRow)) or 0
        workers = list(session.scalars(select(WorkerRow.id).where(WorkerRow.seen_at > datetime.now(UTC) - STALE)))
    problems = []
    if model is not None and model.forgotten is not None:
        problems.append(
            f"{model.version} may not serve any more: {model.forgotten} Roll it back, or retrain and promote another."
        )
    if last is not None and last.state == "failed":
        problems.append(f"The last turn of the wheel failed while it was to {last.stage}: {last.message}")
    if last is not None and not last.over and not last.by_hand and not workers:
        problems.append("A turn of the wheel waits and no worker is running. Start one: python -m flywheel worker.")
    return {
        "serving": model.version if model else None,
        "personal": {str(scope): one.version for scope, one in sorted(own.items())},
        "snapshots": snapshots,
        "workers": workers,
        "last_run": None if last is None else _told(last),
        "problems": problems,
    }


def _told(run: Run) -> dict[str, Any]:
    return {"state": run.state, "stage": run.stage, "message": run.message, "left_out": run.left_out}


def facts(report: dict[str, Any]) -> list[tuple[str, str]]:
    """The same for people."""
    last = report["last_run"]
    told = [("serving", report["serving"] or "what the settings name: nothing was promoted yet")]
    told += [("personal", f"{scope}: {version}") for scope, version in report["personal"].items()]
    if last is not None:
        told.append(("last turn", f"{last['state']} ({last['stage']}) {last['message']}".rstrip()))
    return told

"""What has learnt from forgotten lines: snapshots and models cannot unlearn, so they are found and marked."""

import json

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from flywheel.registry import UNCORRECTED
from flywheel.scopes import find_scope
from flywheel.snapshots import FrozenLine, snapshots, unpack
from flywheel.store import Store
from flywheel.tables import ModelRow, SnapshotRow, SnapshotShardRow, VerdictRow

Held = dict[str, list[FrozenLine]]
"""The forgotten lines of snapshots, by snapshot id."""


def containing(store: Store, lines: dict[str, str]) -> Held:
    """The snapshots that hold some of these lines (by id, with the page image), with those; only shards that can."""
    buckets = {int(image[:2], 16) for image in lines.values()}
    found = {}
    for snapshot in snapshots(store):
        with store.reading() as session:
            wanted = select(SnapshotShardRow.sha256).where(
                SnapshotShardRow.snapshot_id == snapshot.id, SnapshotShardRow.bucket.in_(buckets)
            )
            shards = list(session.scalars(wanted))
        held = [line for shard in shards for line in unpack(store.blobs.get(shard)) if line.line_id in lines]
        if held:
            found[snapshot.id] = held
    return found


def mark(session: Session, held: Held, pages: set[str], *, why: str) -> list[str]:
    """Mark the snapshots, the models that learnt these lines or pages, and every model trained from those.

    Returns:
        The versions of the models.
    """
    session.execute(update(SnapshotRow).where(SnapshotRow.id.in_(held)).values(forgotten=why))
    marked = {
        row.id
        for row in session.scalars(select(ModelRow).where(ModelRow.snapshot_id.is_not(None)))
        if _has_learnt(session, row, held.get(row.snapshot_id or "", []))
        or pages & set(row.metrics.get(UNCORRECTED, ()))
    }
    while True:
        children = set(session.scalars(select(ModelRow.id).where(ModelRow.parent_id.in_(marked)))) - marked
        if not children:
            break
        marked |= children
    session.execute(update(ModelRow).where(ModelRow.id.in_(marked)).values(forgotten=why))
    return sorted(session.scalars(select(ModelRow.version).where(ModelRow.id.in_(marked))))


def scrub_verdicts(session: Session, lines: set[str]) -> None:
    """Take forgotten lines out of what the gate told of."""
    for row in session.scalars(select(VerdictRow)):
        worst = [line for line in row.report["worst"] if line["line"] not in lines]
        if len(worst) < len(row.report["worst"]):
            row.report = json.loads(json.dumps({**row.report, "worst": worst}))


def _has_learnt(session: Session, row: ModelRow, lines: list[FrozenLine]) -> bool:
    """Whether a model trained on a snapshot with these lines was shown some: one of a single scope only its own."""
    scope = find_scope(session, row.scope_id)
    return any(scope is None or scope.holds(line) for line in lines)

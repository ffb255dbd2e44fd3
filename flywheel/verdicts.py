"""What the gate said of each challenger, kept with all its numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flywheel.gate import Verdict
from flywheel.registry import Model
from flywheel.scopes import Scope, find_scope, keep_scope
from flywheel.store import Store
from flywheel.tables import ModelRow, VerdictRow


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """What the gate once said; ``report`` is `flywheel.gate.Verdict.to_json`, ``scope`` whom it was said for."""

    id: UUID
    champion: str
    challenger: str
    snapshot: str
    decision: str
    reason: str
    report: Mapping[str, Any] = field(repr=False)
    created_at: datetime
    scope: Scope | None = None


def keep_verdict(
    store: Store, verdict: Verdict, *, champion: Model, challenger: Model, snapshot: str, scope: Scope | None = None
) -> StoredVerdict:
    """Remember what the gate said, for everybody or for one scope."""
    with store.writing() as session:
        row = VerdictRow(
            champion_id=champion.id,
            challenger_id=challenger.id,
            snapshot_id=snapshot,
            scope_id=keep_scope(session, scope) if scope else None,
            decision=str(verdict.decision),
            reason=verdict.reason,
            report=verdict.to_json(),
        )
        session.add(row)
        session.flush()
        return _verdict(session, row)


def find_verdict(store: Store, verdict_id: str) -> StoredVerdict:
    """One that is known to be there."""
    with store.reading() as session:
        return _verdict(session, session.get_one(VerdictRow, UUID(verdict_id)))


def verdicts(store: Store, *, limit: int = 20) -> list[StoredVerdict]:
    """What the gate said, newest first."""
    with store.reading() as session:
        rows = session.scalars(select(VerdictRow).order_by(VerdictRow.created_at.desc()).limit(limit))
        return [_verdict(session, row) for row in rows]


def _verdict(session: Session, row: VerdictRow) -> StoredVerdict:
    names = {id: session.get_one(ModelRow, id).version for id in (row.champion_id, row.challenger_id)}  # noqa: A001
    return StoredVerdict(
        id=row.id,
        champion=names[row.champion_id],
        challenger=names[row.challenger_id],
        snapshot=row.snapshot_id,
        decision=row.decision,
        reason=row.reason,
        report=row.report,
        created_at=row.created_at,
        scope=find_scope(session, row.scope_id),
    )

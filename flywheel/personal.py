"""Which hand or collection is read by a model of its own, since when, by whose decision and why.

Of each scope there is a list that only grows, and its last entry names the model that serves it, or says that the
common one does. A hand comes before a collection, and both before the common model.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from flywheel.errors import NotFound, NotPromotable
from flywheel.gate import Decision
from flywheel.registry import (
    Kind,
    Model,
    as_model,
    find_row,
    newest_promotion,
    newest_verdict,
    require_remembered,
)
from flywheel.scopes import Scope, as_scope, keep_scope
from flywheel.store import Store
from flywheel.tables import ModelRow, PersonalPromotionRow, ScopeRow, VerdictRow, now


@dataclass(frozen=True, slots=True)
class PersonalPromotion:
    """From ``created_at`` on, this version served a scope; None: the common one did."""

    number: int
    scope: Scope
    version: str | None
    kind: str
    by: str
    why: str
    created_at: datetime

    def to_json(self) -> dict[str, Any]:
        """The promotion as commands print it."""
        return asdict(self) | {"created_at": self.created_at.isoformat()}


def serving(store: Store, only: Sequence[Scope] | None = None) -> dict[Scope, Model]:
    """The scopes that have a model of their own now, each with it; ``only``: asked for these alone."""
    if only is not None and not only:
        return {}
    with store.reading() as session:
        return {as_scope(scope): as_model(session, model) for scope, _, model in _serving(session, only)}


def model_for(store: Store, scopes: Sequence[Scope]) -> tuple[Scope, Model] | None:
    """The first of these scopes that has a model of its own, with it; None: the common one reads."""
    own = serving(store, scopes)
    return next(((scope, own[scope]) for scope in scopes if scope in own), None)


def history(store: Store) -> list[PersonalPromotion]:
    """Every promotion and rollback of every scope, newest first."""
    with store.reading() as session:
        rows = session.scalars(select(PersonalPromotionRow).order_by(PersonalPromotionRow.number.desc()))
        return [_promotion(session, row) for row in rows]


def promote(
    store: Store, version: str, scope: Scope, *, by: str, why: str = "", anyway: bool = False
) -> PersonalPromotion:
    """Let a model serve a scope that the gate let through against what reads that scope now.

    Args:
        store: where it is.
        version: of the model.
        scope: that it is to serve.
        by: who decided.
        why: the reason; empty: the gate's.
        anyway: without the gate's consent; then ``why`` must say why.

    Raises:
        NotFound: there is no such model.
        NotPromotable: the gate has not let it through for this scope, or it holds what was forgotten.
    """
    with store.writing() as session:
        row = find_row(session, version)
        require_remembered(row)
        scope_id = keep_scope(session, scope)
        newest = _newest(session, scope_id)
        common = newest_promotion(session)
        if newest is not None and newest.model_id == row.id:
            raise NotPromotable(f"{row.version} reads {scope} already.")
        if common is not None and common.model_id == row.id:
            raise NotPromotable(
                f"{row.version} reads everything that has no model of its own. Roll {scope} back to it."
            )
        passed = _consent(session, row, scope_id)
        if passed is None and not (anyway and why.strip()):
            raise NotPromotable(
                f"The gate has not let {row.version} through for {scope} against what reads it now. Ask it with "
                f"`python -m flywheel evaluate {row.version} --{scope.kind} NAME`, or promote it anyway and say why: "
                "--anyway --why."
            )
        reason = why.strip() or (passed.reason if passed else "")
        return _keep(session, scope_id, row.id, kind="promotion", by=by, why=reason)


def roll_back(store: Store, scope: Scope, *, by: str, why: str, version: str | None = None) -> PersonalPromotion:
    """Let that model serve a scope that did before its present one: an earlier one of its own, or the common one.

    Args:
        store: where it is.
        scope: to be served.
        by: who decided.
        why: the reason.
        version: a model that served the scope at any time before; None: the one before.

    Raises:
        NotFound: the scope has no model of its own, or that one never served it.
        NotPromotable: it holds what was forgotten.
    """
    with store.writing() as session:
        rows = _of_scope(session, keep_scope(session, scope))
        if version is not None:
            wanted = find_row(session, version)
            if wanted.id not in {row.model_id for row in rows if row.model_id != rows[0].model_id}:
                raise NotFound(f"{wanted.version} did not read {scope} before, so there is nothing to roll back to.")
            require_remembered(wanted)
            return _keep(session, rows[0].scope_id, wanted.id, kind="rollback", by=by, why=why)
        if not rows or rows[0].model_id is None:
            raise NotFound(f"The common model reads {scope}, so there is nothing to roll back.")
        first = min(row.number for row in rows if row.model_id == rows[0].model_id)
        before = (row.model_id for row in rows if row.number < first and _may_serve(session, row))
        return _keep(session, rows[0].scope_id, next(before, None), kind="rollback", by=by, why=why)


def drop(store: Store, scope: Scope, version: str, *, by: str, why: str) -> PersonalPromotion | None:
    """Let the common model read a scope again; None: that version does not serve it any more."""
    with store.writing() as session:
        return drop_row(session, scope, find_row(session, version), by=by, why=why)


def drop_row(session: Session, scope: Scope, row: ModelRow, *, by: str, why: str) -> PersonalPromotion | None:
    """The same within a transaction."""
    scope_id = keep_scope(session, scope)
    newest = _newest(session, scope_id)
    if newest is None or newest.model_id != row.id:
        return None
    return _keep(session, scope_id, None, kind="rollback", by=by, why=why)


def drop_forgotten(session: Session, *, by: str, why: str) -> list[str]:
    """Let the common model read every scope whose own model may not serve any more; gives those versions."""
    marked = [(as_scope(scope), model) for scope, _, model in _serving(session) if model.forgotten is not None]
    for scope, model in marked:
        drop_row(session, scope, model, by=by, why=why)
    return sorted({model.version for _, model in marked})


def unjudged(store: Store) -> dict[Scope, Model]:
    """The scopes whose own model was chosen beside an earlier common model and not yet found better than this one."""
    with store.reading() as session:
        common = newest_promotion(session)
        if common is None:
            return {}
        return {
            as_scope(scope): as_model(session, model)
            for scope, promotion, model in _serving(session)
            if promotion.common_id != common.model_id and _consent(session, model, scope.id) is None
        }


def _serving(
    session: Session, only: Sequence[Scope] | None = None
) -> list[tuple[ScopeRow, PersonalPromotionRow, ModelRow]]:
    newest = select(func.max(PersonalPromotionRow.number)).group_by(PersonalPromotionRow.scope_id)
    wanted = (
        select(ScopeRow, PersonalPromotionRow, ModelRow)
        .join(PersonalPromotionRow, PersonalPromotionRow.scope_id == ScopeRow.id)
        .join(ModelRow, ModelRow.id == PersonalPromotionRow.model_id)
        .where(PersonalPromotionRow.number.in_(newest))
    )
    if only is not None:
        wanted = wanted.where(or_(*(and_(ScopeRow.kind == one.kind, ScopeRow.name == one.name) for one in only)))
    return [(scope, promotion, model) for scope, promotion, model in session.execute(wanted)]


def _of_scope(session: Session, scope_id: UUID) -> Sequence[PersonalPromotionRow]:
    """Its history, newest first."""
    of_scope = select(PersonalPromotionRow).where(PersonalPromotionRow.scope_id == scope_id)
    return session.scalars(of_scope.order_by(PersonalPromotionRow.number.desc())).all()


def _newest(session: Session, scope_id: UUID) -> PersonalPromotionRow | None:
    return next(iter(_of_scope(session, scope_id)), None)


def _may_serve(session: Session, row: PersonalPromotionRow) -> bool:
    return row.model_id is None or session.get_one(ModelRow, row.model_id).forgotten is None


def _consent(session: Session, row: ModelRow, scope_id: UUID) -> VerdictRow | None:
    """The gate's newest word on a model for the scope, if it was yes and against what would read it otherwise."""
    verdict = newest_verdict(session, row, scope_id=scope_id)
    if verdict is None or verdict.decision != Decision.PROMOTE:
        return None
    return verdict if verdict.champion_id in _rivals(session, row, scope_id) else None


def _rivals(session: Session, row: ModelRow, scope_id: UUID) -> set[UUID]:
    """The scope's own model or, where it has no other, the common one and, for a hand, perhaps its collection's."""
    own, common = _newest(session, scope_id), newest_promotion(session)
    if own is not None and own.model_id not in (None, row.id):
        return {own.model_id} - {None}
    others = {model.id for scope, _, model in _serving(session) if scope.id != scope_id}
    return others | ({common.model_id} if common else set())


def _keep(
    session: Session, scope_id: UUID, model_id: UUID | None, *, kind: Kind, by: str, why: str
) -> PersonalPromotion:
    common = newest_promotion(session)
    if common is None:
        raise NotPromotable("No model serves everybody yet, so none can serve somebody alone. Turn the wheel first.")
    row = PersonalPromotionRow(
        number=(session.scalar(select(func.max(PersonalPromotionRow.number))) or 0) + 1,
        scope_id=scope_id,
        model_id=model_id,
        common_id=common.model_id,
        kind=kind,
        by=by,
        why=why,
        created_at=now(),
    )
    session.add(row)
    session.flush()
    return _promotion(session, row)


def _promotion(session: Session, row: PersonalPromotionRow) -> PersonalPromotion:
    scope = as_scope(session.get_one(ScopeRow, row.scope_id))
    version = None if row.model_id is None else session.get_one(ModelRow, row.model_id).version
    return PersonalPromotion(row.number, scope, version, row.kind, row.by, row.why, row.created_at)

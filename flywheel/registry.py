"""Which models there are, which one serves, who decided so and why.

A model is a row and its files, blobs by their hash: registered whole or not at all. Promotions are a list that only
grows, and its last entry names the model that serves; a rollback is one more entry.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flywheel.errors import NotFound, NotPromotable
from flywheel.gate import Decision
from flywheel.locks import in_turn
from flywheel.scopes import Scope, find_scope, keep_scope
from flywheel.store import Store
from flywheel.tables import (
    ModelFileRow,
    ModelRow,
    ModelVersionRow,
    PageRow,
    PredictionRow,
    PromotionRow,
    SnapshotRow,
    VerdictRow,
    now,
)
from flywheel.tombstones import FORGETTING
from recognizer.model_card import read_card

Kind = Literal["promotion", "rollback"]
UNCORRECTED = "uncorrected_pages"
"""In a training's report: the ids of pages that it learnt lines of which nobody had corrected."""
MODEL_FILES = ("*.json", "*.safetensors", "*.xz")


@dataclass(frozen=True, slots=True)
class Model:
    """A registered model.

    Attributes:
        id: of its row.
        version: what it calls itself.
        parent: the version it was trained from; None: it came with the program.
        snapshot: id of what it learnt from, beside its parent's.
        metrics: measured when it was made.
        forgotten: why it may not be trained from or promoted any more; None: it may.
        created_at: UTC.
        scope: the hand or collection that it alone learnt from, over its parent; None: everybody's lines.
    """

    id: UUID
    version: str
    parent: str | None
    snapshot: str | None
    metrics: Mapping[str, Any] = field(repr=False)
    forgotten: str | None
    created_at: datetime
    scope: Scope | None = None

    def to_json(self) -> dict[str, Any]:
        """The model as commands print it."""
        return asdict(self) | {"id": str(self.id), "created_at": self.created_at.isoformat()}


@dataclass(frozen=True, slots=True)
class Promotion:
    """From ``created_at`` on, this version served."""

    number: int
    version: str
    kind: str
    by: str
    why: str
    created_at: datetime

    def to_json(self) -> dict[str, Any]:
        """The promotion as commands print it."""
        return asdict(self) | {"created_at": self.created_at.isoformat()}


def register(
    store: Store,
    folder: Path,
    *,
    parent: str | None = None,
    snapshot: str | None = None,
    metrics: Mapping[str, Any] | None = None,
    scope: Scope | None = None,
) -> Model:
    """Keep the model in ``folder``; keeping it again changes nothing.

    What was forgotten while it was trained marks it as if it had been there before.

    Raises:
        BadModel: the folder holds no model.
        NotFound: there is no such parent.
        BrokenBlob: the blob store takes no file.
    """
    card = read_card(folder)
    files = sorted(path for pattern in MODEL_FILES for path in folder.glob(pattern))
    keys = {path.name: store.blobs.put(path.read_bytes()) for path in files}
    with store.writing() as session:
        in_turn(session, FORGETTING)
        row = session.scalar(select(ModelRow).where(ModelRow.version == card["version"]))
        if row is None:
            begun = find_row(session, parent) if parent else None
            row = ModelRow(
                version=card["version"],
                parent_id=begun.id if begun else None,
                snapshot_id=snapshot,
                scope_id=keep_scope(session, scope) if scope else None,
                card=card,
                metrics=dict(metrics or {}),
                forgotten=_forgotten(session, begun, snapshot, pages=(metrics or {}).get(UNCORRECTED, ())),
            )
            session.add(row)
            session.flush()
            session.add_all(ModelFileRow(model_id=row.id, name=name, sha256=key) for name, key in keys.items())
    return find(store, card["version"])


def find(store: Store, version: str) -> Model:
    """The model of that version, or whose version ends so.

    Raises:
        NotFound: there is none, or there are several.
    """
    with store.reading() as session:
        return as_model(session, find_row(session, version))


def models(store: Store) -> list[Model]:
    """Every registered model, newest first."""
    with store.reading() as session:
        rows = session.scalars(select(ModelRow).order_by(ModelRow.created_at.desc(), ModelRow.version))
        return [as_model(session, row) for row in rows]


def serving(store: Store) -> Model | None:
    """The model that serves; None: nothing was ever promoted, so what the settings name does."""
    with store.reading() as session:
        newest = select(PromotionRow.model_id).order_by(PromotionRow.number.desc()).limit(1)
        row = session.get(ModelRow, session.scalar(newest) or UUID(int=0))
        return None if row is None else as_model(session, row)


def promotions(store: Store) -> list[Promotion]:
    """Every promotion and rollback, newest first: which model served when."""
    with store.reading() as session:
        rows = session.execute(
            select(PromotionRow, ModelRow.version)
            .join(ModelRow, ModelRow.id == PromotionRow.model_id)
            .order_by(PromotionRow.number.desc())
        )
        return [Promotion(row.number, version, row.kind, row.by, row.why, row.created_at) for row, version in rows]


def promote(store: Store, version: str, *, by: str, why: str = "", anyway: bool = False) -> Promotion:
    """Let a model serve that the gate let through against the model that serves now.

    Args:
        store: where it is.
        version: of the model.
        by: who decided.
        why: the reason; empty: the gate's.
        anyway: without the gate's consent; then ``why`` must say why.

    Raises:
        NotFound: there is no such model.
        NotPromotable: the gate has not let it through, or it holds what was forgotten.
    """
    with store.writing() as session:
        row = find_row(session, version)
        require_remembered(row)
        newest = newest_promotion(session)
        if newest is not None and newest.model_id == row.id:
            raise NotPromotable(f"{row.version} serves already.")
        passed = _consent(session, row, newest)
        if passed is None and not (anyway and why.strip()):
            raise NotPromotable(
                f"The gate has not let {row.version} through against the model that serves now. Ask it with "
                f"`python -m flywheel evaluate {row.version}`, or promote it anyway and say why: --anyway --why."
            )
        return _keep(session, row, kind="promotion", by=by, why=why.strip() or (passed.reason if passed else ""))


def roll_back(store: Store, *, by: str, why: str, version: str | None = None, serving: str | None = None) -> Promotion:
    """Let that model serve again that did before the present one; doing it again goes further back.

    Args:
        store: where they are.
        by: who decided.
        why: the reason.
        version: a model that served at any time before; None: the one before.
        serving: the model to be rolled back; None: whichever serves now.

    Raises:
        NotFound: nothing served before, or not that one.
        NotPromotable: it holds what was forgotten, or ``serving`` does not serve any more.
    """
    with store.writing() as session:
        rows = session.scalars(select(PromotionRow).order_by(PromotionRow.number.desc())).all()
        now_serving = session.get_one(ModelRow, rows[0].model_id) if rows else None
        if serving is not None and (now_serving is None or now_serving.version != serving):
            raise NotPromotable(f"{serving} does not serve any more, so it is not rolled back.")
        row = _before(session, rows) if version is None else _served(session, rows, version)
        return _keep(session, row, kind="rollback", by=by, why=why)


def reader_of(store: Store, line_id: UUID, at: datetime) -> str | None:
    """The version whose reading of a line was the newest at that moment; None: nobody had read it."""
    with store.reading() as session:
        return session.scalar(
            select(ModelVersionRow.name)
            .join(PredictionRow, PredictionRow.model_version_id == ModelVersionRow.id)
            .where(PredictionRow.line_id == line_id, PredictionRow.created_at <= at)
            .order_by(PredictionRow.created_at.desc())
            .limit(1)
        )


def find_row(session: Session, version: str) -> ModelRow:
    """The row of the model of that version, or whose version ends so.

    Raises:
        NotFound: there is none, or there are several.
    """
    escaped = version.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = session.scalars(select(ModelRow).where(ModelRow.version.like(f"%{escaped}", escape="\\"))).all()
    exact = [row for row in rows if row.version == version] or rows
    if len(exact) != 1 or not version:
        raise NotFound(f"There is {'no' if not exact else 'more than one'} model {version}. See the Models tab.")
    return exact[0]


def newest_promotion(session: Session) -> PromotionRow | None:
    """The one that names the model that serves; None: nothing was ever promoted."""
    return session.scalar(select(PromotionRow).order_by(PromotionRow.number.desc()).limit(1))


def newest_verdict(session: Session, row: ModelRow, *, scope_id: UUID | None) -> VerdictRow | None:
    """The gate's newest word on a model, for everybody or for one scope."""
    of_model = VerdictRow.challenger_id == row.id, VerdictRow.scope_id.is_not_distinct_from(scope_id)
    return session.scalar(select(VerdictRow).where(*of_model).order_by(VerdictRow.created_at.desc()).limit(1))


def require_remembered(row: ModelRow) -> None:
    """Return if a model holds nothing forgotten.

    Raises:
        NotPromotable: it does.
    """
    if row.forgotten is not None:
        raise NotPromotable(f"{row.version} may not serve any more: {row.forgotten}")


def _forgotten(session: Session, parent: ModelRow | None, snapshot: str | None, *, pages: Sequence[str]) -> str | None:
    """Why a model that learnt all this may not be trained from or promoted; None: it may."""
    if parent is not None and parent.forgotten is not None:
        return parent.forgotten
    learnt = None if snapshot is None else session.get_one(SnapshotRow, snapshot)
    if learnt is not None and learnt.forgotten is not None:
        return learnt.forgotten
    lost = [page for page in pages if session.get(PageRow, UUID(page)) is None]
    return f"It holds lines of {len(lost)} pages that were forgotten while it was trained." if lost else None


def _before(session: Session, rows: Sequence[PromotionRow]) -> ModelRow:
    """The model that served before the present one ever did; ``rows``: the history, newest first."""
    first = min((row.number for row in rows if row.model_id == rows[0].model_id), default=0)
    for row in rows:
        model = session.get_one(ModelRow, row.model_id)
        if row.number < first and model.forgotten is None:
            return model
    raise NotFound("No other model has served before, so there is nothing to roll back to.")


def _served(session: Session, rows: Sequence[PromotionRow], version: str) -> ModelRow:
    """The model of that version, which served once and does not now."""
    model = find_row(session, version)
    if model.id not in {row.model_id for row in rows if row.model_id != rows[0].model_id}:
        raise NotFound(f"{model.version} has not served before, so there is nothing to roll back to.")
    require_remembered(model)
    return model


def _consent(session: Session, row: ModelRow, newest: PromotionRow | None) -> VerdictRow | None:
    """The gate's newest word on this model for everybody, if it was yes and against the model that serves."""
    verdict = newest_verdict(session, row, scope_id=None)
    if verdict is None or verdict.decision != Decision.PROMOTE:
        return None
    return verdict if newest is None or newest.model_id == verdict.champion_id else None


def _keep(session: Session, row: ModelRow, *, kind: Kind, by: str, why: str) -> Promotion:
    number = (session.scalar(select(func.max(PromotionRow.number))) or 0) + 1
    kept = PromotionRow(number=number, model_id=row.id, kind=kind, by=by, why=why, created_at=now())
    session.add(kept)
    session.flush()
    return Promotion(number, row.version, kind, by, why, kept.created_at)


def as_model(session: Session, row: ModelRow) -> Model:
    """A row as the object that goes out."""
    parent = session.get(ModelRow, row.parent_id) if row.parent_id else None
    return Model(
        id=row.id,
        version=row.version,
        parent=parent.version if parent else None,
        snapshot=row.snapshot_id,
        metrics=row.metrics,
        forgotten=row.forgotten,
        created_at=row.created_at,
        scope=find_scope(session, row.scope_id),
    )

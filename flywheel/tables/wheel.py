"""What the wheel remembers: frozen ground truth, models, the gate's verdicts, promotions, and retrainings.

    splits
    snapshots ── snapshot_shards
        └── models ── model_files
              ├── verdicts (champion, challenger)
              ├── promotions            append-only: the newest names the model that serves
              └── personal_promotions   append-only: the newest of a scope names the model that serves it
    scopes                              hands and collections; models, verdicts and runs may belong to one
    runs, workers

Shards, manifests and weights are blobs; a row names them.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from flywheel.tables.base import Base, Json, Sha256, now


class SplitRow(Base):
    """Which split a page image or a writer belongs to, decided once for ever."""

    __tablename__ = "splits"
    name: Mapped[str] = mapped_column(primary_key=True)
    split: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class SnapshotRow(Base):
    """Frozen ground truth; the id is the hash of its lines. ``forgotten`` says why it may not be trained on."""

    __tablename__ = "snapshots"
    id: Mapped[str] = mapped_column(Sha256, primary_key=True)
    manifest_sha256: Mapped[str] = mapped_column(Sha256)
    pages: Mapped[int]
    lines: Mapped[dict[str, Any]] = mapped_column(Json)
    forgotten: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class SnapshotShardRow(Base):
    """One Parquet file of a snapshot, which other snapshots may share."""

    __tablename__ = "snapshot_shards"
    snapshot_id: Mapped[str] = mapped_column(ForeignKey("snapshots.id"), primary_key=True)
    bucket: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sha256: Mapped[str] = mapped_column(Sha256)


class ScopeRow(Base):
    """A hand or a collection, named here alone, so that its name can be forgotten in one place."""

    __tablename__ = "scopes"
    __table_args__ = (CheckConstraint("kind IN ('writer', 'collection')", "kind"), UniqueConstraint("kind", "name"))
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class ModelRow(Base):
    """A model that may serve; ``version`` is what it calls itself, in ``model_versions`` too once it has read.

    With a scope it has learnt from the lines of that hand or collection, over its parent.
    """

    __tablename__ = "models"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    version: Mapped[str] = mapped_column(unique=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("models.id"))
    snapshot_id: Mapped[str | None] = mapped_column(ForeignKey("snapshots.id"))
    scope_id: Mapped[UUID | None] = mapped_column(ForeignKey("scopes.id"))
    card: Mapped[dict[str, Any]] = mapped_column(Json)
    metrics: Mapped[dict[str, Any]] = mapped_column(Json)
    forgotten: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class ModelFileRow(Base):
    """One file of a model's folder."""

    __tablename__ = "model_files"
    model_id: Mapped[UUID] = mapped_column(ForeignKey("models.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(Sha256)


class VerdictRow(Base):
    """What the gate said of a challenger beside the champion of that moment, for everybody or for one scope."""

    __tablename__ = "verdicts"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    champion_id: Mapped[UUID] = mapped_column(ForeignKey("models.id"))
    challenger_id: Mapped[UUID] = mapped_column(ForeignKey("models.id"), index=True)
    snapshot_id: Mapped[str] = mapped_column(ForeignKey("snapshots.id"))
    scope_id: Mapped[UUID | None] = mapped_column(ForeignKey("scopes.id"))
    decision: Mapped[str]
    reason: Mapped[str]
    report: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(default=now)


class PromotionRow(Base):
    """From then on this model served; ``number`` counts from 1, because clocks may disagree."""

    __tablename__ = "promotions"
    __table_args__ = (CheckConstraint("number >= 1", "number"),)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    model_id: Mapped[UUID] = mapped_column(ForeignKey("models.id"))
    kind: Mapped[str]
    by: Mapped[str]
    why: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class PersonalPromotionRow(Base):
    """From then on this model served a scope, and none of its own where there is none; ``number`` counts from 1.

    ``common_id`` is the model that served everybody else then.
    """

    __tablename__ = "personal_promotions"
    __table_args__ = (CheckConstraint("number >= 1", "number"),)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    scope_id: Mapped[UUID] = mapped_column(ForeignKey("scopes.id"), index=True)
    model_id: Mapped[UUID | None] = mapped_column(ForeignKey("models.id"))
    common_id: Mapped[UUID] = mapped_column(ForeignKey("models.id"))
    kind: Mapped[str]
    by: Mapped[str]
    why: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class RunRow(Base):
    """One turn of the wheel, for everybody or for one scope: what was asked, how far it is, what came of it."""

    __tablename__ = "runs"
    id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    stage: Mapped[str]
    asked_by: Mapped[str]
    minutes: Mapped[float]
    scope_id: Mapped[UUID | None] = mapped_column(ForeignKey("scopes.id"))
    progress: Mapped[dict[str, Any]] = mapped_column(Json)
    message: Mapped[str]
    snapshot_id: Mapped[str | None] = mapped_column(ForeignKey("snapshots.id"))
    challenger_id: Mapped[UUID | None] = mapped_column(ForeignKey("models.id"))
    verdict_id: Mapped[UUID | None] = mapped_column(ForeignKey("verdicts.id"))
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    finished_at: Mapped[datetime | None]


class WorkerRow(Base):
    """A worker and when it last said that it lives."""

    __tablename__ = "workers"
    id: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]


class ForgettingRow(Base):
    """Somebody, or a page, was forgotten then; of a person a hash of the name is kept, and nothing else."""

    __tablename__ = "forgettings"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_sha256: Mapped[str | None] = mapped_column(Sha256, index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class ForgottenPageRow(Base):
    """A page on its way out: with this row the triggers let go what anybody said of its lines."""

    __tablename__ = "forgotten_pages"
    page_id: Mapped[UUID] = mapped_column(primary_key=True)
    requested_at: Mapped[datetime] = mapped_column(default=now)

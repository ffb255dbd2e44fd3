"""The wheel's tables: splits, snapshots, models, verdicts, promotions, runs, workers."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make every table, parents first."""
    _make_snapshots()
    _make_models()
    _make_verdicts()
    _make_runs()


def downgrade() -> None:
    """Remove every table, children first."""
    for table in ("workers", "runs", "promotions", "verdicts", "model_files", "models"):
        op.drop_table(table)
    for table in ("snapshot_shards", "snapshots", "splits"):
        op.drop_table(table)


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _hash(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(64), nullable=nullable)


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, JSON, nullable=False)


def _moment(name: str = "created_at", *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, MOMENT, nullable=nullable)


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}_{target}")


def _primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _make_snapshots() -> None:
    op.create_table("splits", _text("name"), _text("split"), _moment(), _primary("splits", "name"))
    op.create_table(
        "snapshots",
        _hash("id"),
        _hash("manifest_sha256"),
        sa.Column("pages", sa.Integer(), nullable=False),
        _json("lines"),
        _text("forgotten", nullable=True),
        _moment(),
        _primary("snapshots", "id"),
    )
    op.create_table(
        "snapshot_shards",
        _hash("snapshot_id"),
        sa.Column("bucket", sa.Integer(), nullable=False),
        _hash("sha256"),
        _key("snapshot_shards", "snapshot_id", "snapshots"),
        _primary("snapshot_shards", "snapshot_id", "bucket"),
    )


def _make_models() -> None:
    op.create_table(
        "models",
        _id(),
        _text("version"),
        _id("parent_id", nullable=True),
        _hash("snapshot_id", nullable=True),
        _json("card"),
        _json("metrics"),
        _text("forgotten", nullable=True),
        _moment(),
        _key("models", "parent_id", "models"),
        _key("models", "snapshot_id", "snapshots"),
        _primary("models", "id"),
        sa.UniqueConstraint("version", name="uq_models_version"),
    )
    op.create_table(
        "model_files",
        _id("model_id"),
        _text("name"),
        _hash("sha256"),
        _key("model_files", "model_id", "models"),
        _primary("model_files", "model_id", "name"),
    )


def _make_verdicts() -> None:
    op.create_table(
        "verdicts",
        _id(),
        _id("champion_id"),
        _id("challenger_id"),
        _hash("snapshot_id"),
        _text("decision"),
        _text("reason"),
        _json("report"),
        _moment(),
        _key("verdicts", "champion_id", "models"),
        _key("verdicts", "challenger_id", "models"),
        _key("verdicts", "snapshot_id", "snapshots"),
        _primary("verdicts", "id"),
    )
    op.create_index("ix_verdicts_challenger_id", "verdicts", ["challenger_id"])
    op.create_table(
        "promotions",
        sa.Column("number", sa.Integer(), nullable=False),
        _id("model_id"),
        _text("kind"),
        _text("by"),
        _text("why"),
        _moment(),
        sa.CheckConstraint("number >= 1", name=op.f("ck_promotions_number")),
        _key("promotions", "model_id", "models"),
        _primary("promotions", "number"),
    )


def _make_runs() -> None:
    op.create_table(
        "runs",
        _text("id"),
        _text("state"),
        _text("stage"),
        _text("asked_by"),
        sa.Column("minutes", sa.Double(), nullable=False),
        _json("progress"),
        _text("message"),
        _hash("snapshot_id", nullable=True),
        _id("challenger_id", nullable=True),
        _id("verdict_id", nullable=True),
        _moment(),
        _moment("finished_at", nullable=True),
        _key("runs", "snapshot_id", "snapshots"),
        _key("runs", "challenger_id", "models"),
        _key("runs", "verdict_id", "verdicts"),
        _primary("runs", "id"),
    )
    op.create_index("ix_runs_created_at", "runs", ["created_at"])
    op.create_table("workers", _text("id"), _moment("seen_at"), _primary("workers", "id"))

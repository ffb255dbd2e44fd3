"""The way to Label Studio and back: projects, samples, labels, and how each push and pull went."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables, parents first."""
    _make_projects()
    _make_samples()
    _make_labels()
    _make_runs()


def downgrade() -> None:
    """Remove the tables."""
    for table in ("sync_runs", "labels", "samples", "label_projects"):
        op.drop_table(table)


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.Uuid(), nullable=False)


def _created() -> sa.Column[Any]:
    return sa.Column("created_at", MOMENT, nullable=False)


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}_{target}")


def _make_projects() -> None:
    op.create_table(
        "label_projects",
        _id(),
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("watermark", MOMENT, nullable=True),
        sa.Column("foreign_tasks", sa.Integer(), nullable=False),
        _created(),
        sa.CheckConstraint("kind IN ('lines', 'pages')", name=op.f("ck_label_projects_kind")),
        sa.PrimaryKeyConstraint("id", name="pk_label_projects"),
        sa.UniqueConstraint("server", "kind", name="uq_label_projects_server_kind"),
    )


def _make_samples() -> None:
    op.create_table(
        "samples",
        _id(),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("page_id", sa.Uuid(), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("priority", sa.Double(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=True),
        sa.Column("shown_by", sa.Text(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("image", sa.Text(), nullable=True),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("task_id", sa.Integer(), nullable=True),
        _created(),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.CheckConstraint("(line_id IS NULL) <> (page_id IS NULL)", name=op.f("ck_samples_subject")),
        sa.CheckConstraint("round >= 1", name=op.f("ck_samples_round")),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'open', 'labelled', 'gone', 'withdrawn')", name=op.f("ck_samples_state")
        ),
        _key("samples", "line_id", "lines"),
        _key("samples", "page_id", "pages"),
        _key("samples", "project_id", "label_projects"),
        sa.PrimaryKeyConstraint("id", name="pk_samples"),
        sa.UniqueConstraint("line_id", "round", name="uq_samples_line_id_round"),
        sa.UniqueConstraint("page_id", "round", name="uq_samples_page_id_round"),
    )
    op.create_index("ix_samples_project_id", "samples", ["project_id"])
    op.create_index("ix_samples_state_priority", "samples", ["state", "priority"])


def _make_labels() -> None:
    op.create_table(
        "labels",
        _id(),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("annotation_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("contributor_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("result", JSON, nullable=False),
        _created(),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_labels_revision")),
        sa.CheckConstraint(
            "verdict IN ('text', 'illegible', 'not_text', 'regions', 'skipped', 'deleted', 'invalid')",
            name=op.f("ck_labels_verdict"),
        ),
        _key("labels", "sample_id", "samples"),
        _key("labels", "contributor_id", "contributors"),
        sa.PrimaryKeyConstraint("id", name="pk_labels"),
        sa.UniqueConstraint(
            "sample_id", "annotation_id", "revision", name="uq_labels_sample_id_annotation_id_revision"
        ),
    )
    op.create_index("ix_labels_contributor_id", "labels", ["contributor_id"])


def _make_runs() -> None:
    op.create_table(
        "sync_runs",
        _id(),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("done", JSON, nullable=False),
        sa.Column("problems", JSON, nullable=False),
        _created(),
        sa.CheckConstraint("direction IN ('push', 'pull')", name=op.f("ck_sync_runs_direction")),
        sa.PrimaryKeyConstraint("id", name="pk_sync_runs"),
    )
    op.create_index("ix_sync_runs_created_at", "sync_runs", ["created_at"])

"""Editing: lines that people add and retire, drafts, verdicts, deleted documents, and whose hand a document shows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)

# SQLite adds and drops this column in place. Rebuilding the table would lose the triggers that keep corrections.
ADD_VERDICT = """
    ALTER TABLE corrections ADD COLUMN verdict TEXT DEFAULT 'text' NOT NULL
    CONSTRAINT ck_corrections_verdict CHECK (verdict IN ('text', 'illegible', 'not_text'))
"""
FIND_WEAKEST = {
    "sqlite": """
        UPDATE predictions SET weakest_word =
            (SELECT min(json_extract(word.value, '$.confidence')) FROM json_each(predictions.words) AS word)
    """,
    "postgresql": """
        UPDATE predictions SET weakest_word =
            (SELECT min((word ->> 'confidence')::double precision) FROM jsonb_array_elements(words) AS word)
    """,
}
PLACE_ALL = """
    UPDATE lines SET position = numbered.place FROM (
        SELECT id, -1 + row_number() OVER
            (PARTITION BY reading_id ORDER BY retired_at IS NOT NULL, position, id) AS place
        FROM lines
    ) AS numbered WHERE numbered.id = lines.id
"""


def upgrade() -> None:
    """Let people change what a page's lines are, and keep what they have not submitted yet."""
    _widen_lines()
    op.execute(ADD_VERDICT)
    for column in (
        sa.Column("deleted_at", MOMENT, nullable=True),
        sa.Column("writer", sa.Text(), nullable=True),
        sa.Column("collection", sa.Text(), nullable=True),
    ):
        op.add_column("documents", column)
    op.add_column("predictions", sa.Column("weakest_word", sa.Double(), nullable=True))
    op.execute(FIND_WEAKEST[op.get_context().dialect.name])
    _make_drafts()


def downgrade() -> None:
    """Back to lines that all count; retired ones come last, because every line needs a place of its own there."""
    op.drop_table("drafts")
    op.drop_column("predictions", "weakest_word")
    for column in ("collection", "writer", "deleted_at"):
        op.drop_column("documents", column)
    op.drop_column("corrections", "verdict")
    op.execute(PLACE_ALL)
    with op.batch_alter_table("lines") as batch:
        batch.drop_index("ix_lines_reading_id")
        batch.drop_constraint("fk_lines_retired_by_contributors", type_="foreignkey")
        batch.drop_constraint(op.f("ck_lines_origin"), type_="check")
        for column in ("replaces", "origin", "retired_by", "retired_at"):
            batch.drop_column(column)
        batch.create_unique_constraint("uq_lines_reading_id_position", ["reading_id", "position"])


def _widen_lines() -> None:
    with op.batch_alter_table("lines") as batch:
        batch.drop_constraint("uq_lines_reading_id_position", type_="unique")
        batch.add_column(sa.Column("retired_at", MOMENT, nullable=True))
        batch.add_column(sa.Column("retired_by", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("origin", sa.Text(), server_default="model", nullable=False))
        batch.add_column(sa.Column("replaces", JSON, nullable=True))
        batch.create_foreign_key("fk_lines_retired_by_contributors", "contributors", ["retired_by"], ["id"])
        batch.create_check_constraint(op.f("ck_lines_origin"), "origin IN ('model', 'person')")
        batch.create_index("ix_lines_reading_id", ["reading_id"])


def _make_drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("contributor_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("keystrokes", sa.Integer(), nullable=True),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint("verdict IN ('text', 'illegible', 'not_text')", name=op.f("ck_drafts_verdict")),
        sa.ForeignKeyConstraint(["line_id"], ["lines.id"], name="fk_drafts_line_id_lines"),
        sa.ForeignKeyConstraint(["contributor_id"], ["contributors.id"], name="fk_drafts_contributor_id_contributors"),
        sa.PrimaryKeyConstraint("line_id", "contributor_id", name="pk_drafts"),
    )
    op.create_index("ix_drafts_contributor_id", "drafts", ["contributor_id"])

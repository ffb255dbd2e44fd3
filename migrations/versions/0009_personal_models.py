"""Personal models: hands and collections that may have one of their own, and which one served each of them when."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
SCOPED = ("models", "verdicts", "runs")


def upgrade() -> None:
    """Everything so far was for everybody."""
    op.create_table(
        "scopes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('writer', 'collection')", name=op.f("ck_scopes_kind")),
        sa.PrimaryKeyConstraint("id", name="pk_scopes"),
        sa.UniqueConstraint("kind", "name", name="uq_scopes_kind_name"),
    )
    for table in SCOPED:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("scope_id", sa.Uuid(), nullable=True))
            batch.create_foreign_key(f"fk_{table}_scope_id_scopes", "scopes", ["scope_id"], ["id"])
    op.create_table(
        "personal_promotions",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=True),
        sa.Column("common_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_personal_promotions_number")),
        sa.ForeignKeyConstraint(["scope_id"], ["scopes.id"], name="fk_personal_promotions_scope_id_scopes"),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name="fk_personal_promotions_model_id_models"),
        sa.ForeignKeyConstraint(["common_id"], ["models.id"], name="fk_personal_promotions_common_id_models"),
        sa.PrimaryKeyConstraint("number", name="pk_personal_promotions"),
    )
    op.create_index("ix_personal_promotions_scope_id", "personal_promotions", ["scope_id"])


def downgrade() -> None:
    """Back to one model for everybody; personal ones stay registered, as any challenger."""
    op.drop_table("personal_promotions")
    for table in reversed(SCOPED):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(f"fk_{table}_scope_id_scopes", type_="foreignkey")
            batch.drop_column("scope_id")
    op.drop_table("scopes")

"""Who was forgotten, as hashes: what a Label Studio still has of them never comes back."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody was forgotten so far, as far as anybody can tell."""
    op.create_table(
        "forgettings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_sha256", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_forgettings"),
    )
    op.create_index("ix_forgettings_person_sha256", "forgettings", ["person_sha256"])


def downgrade() -> None:
    """Forget that, too."""
    op.drop_table("forgettings")

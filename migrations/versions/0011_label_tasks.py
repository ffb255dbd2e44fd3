"""Labels know the task they were given to: a line whose task came twice has answers to both."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of the labels so far nobody knows."""
    op.add_column("labels", sa.Column("task_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Forget it."""
    op.drop_column("labels", "task_id")

"""Some lines are asked although their text is known, to see how people label."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody was asked so far."""
    op.add_column("samples", sa.Column("known", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Forget which ones they are."""
    op.drop_column("samples", "known")

"""Accounts: what a contributor may do, how they prove who they are, how often somebody guessed wrong.

Columns are added by plain statements: rebuilding ``contributors``, as batch mode would, breaks what points at it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
FALSE = {"sqlite": "0", "postgresql": "false"}
MOMENTS = {"sqlite": "DATETIME", "postgresql": "TIMESTAMP WITH TIME ZONE"}
ADDED = ("password_hash", "role", "trusted", "disabled_at")


def upgrade() -> None:
    """Give contributors their columns, and make the tables of accesses and failures.

    Whoever worked here before could do everything: "local", the contributor of an Inkloop without accounts, still may.
    """
    engine = op.get_context().dialect.name
    for column in (
        "password_hash TEXT",
        "role TEXT DEFAULT 'annotator' NOT NULL "
        "CONSTRAINT ck_contributors_role CHECK (role IN ('reader', 'annotator', 'operator'))",
        f"trusted BOOLEAN DEFAULT {FALSE[engine]} NOT NULL",
        f"disabled_at {MOMENTS[engine]}",
    ):
        op.execute(f"ALTER TABLE contributors ADD COLUMN {column}")
    op.execute("UPDATE contributors SET role = 'operator' WHERE name = 'local'")
    op.create_table(
        "accesses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contributor_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.CheckConstraint("kind IN ('session', 'program')", name=op.f("ck_accesses_kind")),
        sa.ForeignKeyConstraint(
            ["contributor_id"], ["contributors.id"], name="fk_accesses_contributor_id_contributors"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_accesses"),
        sa.UniqueConstraint("token_sha256", name="uq_accesses_token_sha256"),
    )
    op.create_index("ix_accesses_contributor_id", "accesses", ["contributor_id"])
    op.create_table(
        "login_failures",
        sa.Column("subject_sha256", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("subject_sha256", name="pk_login_failures"),
    )
    op.create_index("ix_login_failures_last_at", "login_failures", ["last_at"])


def downgrade() -> None:
    """Take the tables and the columns away again; contributors and what is theirs stay."""
    op.drop_table("login_failures")
    op.drop_table("accesses")
    for column in ADDED:
        op.execute(f"ALTER TABLE contributors DROP COLUMN {column}")

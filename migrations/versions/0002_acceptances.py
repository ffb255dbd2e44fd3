"""Judgements of what lines hold, which cannot be changed: the way to ground truth."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FORGOTTEN = """
    SELECT 1 FROM erasures WHERE erasures.contributor_id = OLD.contributor_id OR erasures.contributor_id = (
        SELECT documents.contributor_id FROM documents JOIN pages ON pages.document_id = documents.id
        JOIN lines ON lines.page_id = pages.id WHERE lines.id = OLD.line_id
    )
"""

KEEP_ACCEPTANCES = {
    "sqlite": [
        """
        CREATE TRIGGER acceptances_keep_their_words BEFORE UPDATE ON acceptances
        BEGIN SELECT RAISE(ABORT, 'acceptances are append-only: add a new one instead'); END
        """,
        f"""
        CREATE TRIGGER acceptances_stay BEFORE DELETE ON acceptances WHEN NOT EXISTS ({FORGOTTEN})
        BEGIN SELECT RAISE(ABORT, 'acceptances are append-only: only a row in erasures lets them go'); END
        """,
    ],
    "postgresql": [
        f"""
        CREATE FUNCTION keep_acceptances() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                RAISE EXCEPTION 'acceptances are append-only: add a new one instead';
            ELSIF TG_OP = 'TRUNCATE' THEN
                RAISE EXCEPTION 'acceptances are append-only: delete those of people in erasures one by one';
            ELSIF NOT EXISTS ({FORGOTTEN}) THEN
                RAISE EXCEPTION 'acceptances are append-only: only a row in erasures lets them go';
            END IF;
            RETURN OLD;
        END $$
        """,
        """
        CREATE TRIGGER acceptances_stay BEFORE UPDATE OR DELETE ON acceptances
        FOR EACH ROW EXECUTE FUNCTION keep_acceptances()
        """,
        """
        CREATE TRIGGER acceptances_stay_all BEFORE TRUNCATE ON acceptances
        FOR EACH STATEMENT EXECUTE FUNCTION keep_acceptances()
        """,
    ],
}


def upgrade() -> None:
    """Make the table, then its triggers."""
    op.create_table(
        "acceptances",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("correction_id", sa.Uuid(), nullable=True),
        sa.Column("contributor_id", sa.Uuid(), nullable=True),
        sa.Column("plausibility", sa.Double(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_acceptances_number")),
        sa.CheckConstraint(
            "outcome IN ('accepted', 'held', 'refused', 'withdrawn')", name=op.f("ck_acceptances_outcome")
        ),
        sa.CheckConstraint("source IN ('label_studio', 'correction', 'import')", name=op.f("ck_acceptances_source")),
        sa.ForeignKeyConstraint(["line_id"], ["lines.id"], name="fk_acceptances_line_id_lines"),
        sa.ForeignKeyConstraint(["correction_id"], ["corrections.id"], name="fk_acceptances_correction_id_corrections"),
        sa.ForeignKeyConstraint(
            ["contributor_id"], ["contributors.id"], name="fk_acceptances_contributor_id_contributors"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_acceptances"),
        sa.UniqueConstraint("line_id", "number", name="uq_acceptances_line_id_number"),
        sa.UniqueConstraint("correction_id", name="uq_acceptances_correction_id"),
    )
    op.create_index("ix_acceptances_contributor_id", "acceptances", ["contributor_id"])
    for statement in KEEP_ACCEPTANCES[op.get_context().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Remove the table; the triggers go with it."""
    op.drop_table("acceptances")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION keep_acceptances()")

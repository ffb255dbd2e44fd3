"""Pages on their way out: with a row here the triggers also let go what other people said of their lines."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OF_PERSON = "SELECT 1 FROM erasures WHERE erasures.contributor_id = OLD.contributor_id"
OF_OWNER = """
    SELECT 1 FROM erasures WHERE erasures.contributor_id = OLD.contributor_id OR erasures.contributor_id = (
        SELECT documents.contributor_id FROM documents JOIN pages ON pages.document_id = documents.id
        JOIN lines ON lines.page_id = pages.id WHERE lines.id = OLD.line_id
    )
"""
OF_PAGE = """
    SELECT 1 FROM forgotten_pages JOIN lines ON lines.page_id = forgotten_pages.page_id WHERE lines.id = OLD.line_id
"""
TABLES = (("corrections", OF_PERSON), ("acceptances", OF_OWNER))


def upgrade() -> None:
    op.create_table(
        "forgotten_pages",
        sa.Column("page_id", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("page_id", name="pk_forgotten_pages"),
    )
    for table, allowed in TABLES:
        _guard(table, f"{allowed} UNION ALL {OF_PAGE}")


def downgrade() -> None:
    for table, allowed in TABLES:
        _guard(table, allowed)
    op.drop_table("forgotten_pages")


def _guard(table: str, allowed: str) -> None:
    """Let a row of an append-only table go only where ``allowed`` finds something."""
    if op.get_context().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {table}_stay")
        op.execute(
            f"""
            CREATE TRIGGER {table}_stay BEFORE DELETE ON {table} WHEN NOT EXISTS ({allowed})
            BEGIN SELECT RAISE(ABORT, '{table} are append-only: only a row in erasures lets them go'); END
            """
        )
        return
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION keep_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                RAISE EXCEPTION '{table} are append-only: add a new one instead';
            ELSIF TG_OP = 'TRUNCATE' THEN
                RAISE EXCEPTION '{table} are append-only: delete those of people in erasures one by one';
            ELSIF NOT EXISTS ({allowed}) THEN
                RAISE EXCEPTION '{table} are append-only: only a row in erasures lets them go';
            END IF;
            RETURN OLD;
        END $$
        """
    )

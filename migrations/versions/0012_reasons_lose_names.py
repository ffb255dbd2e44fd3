"""The name of somebody who is on their way out may be taken out of the reason of a judgement; nothing else may."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OF_OWNER = """
    SELECT 1 FROM erasures WHERE erasures.contributor_id = OLD.contributor_id OR erasures.contributor_id = (
        SELECT documents.contributor_id FROM documents JOIN pages ON pages.document_id = documents.id
        JOIN lines ON lines.page_id = pages.id WHERE lines.id = OLD.line_id
    )
    UNION ALL
    SELECT 1 FROM forgotten_pages JOIN lines ON lines.page_id = forgotten_pages.page_id WHERE lines.id = OLD.line_id
"""
SIGNED = """
    SELECT 1 FROM erasures JOIN contributors ON contributors.id = erasures.contributor_id
    WHERE substr(OLD.reason, length(OLD.reason) - length(contributors.name) - 1) = '(' || contributors.name || ')'
"""
KEPT = ("id", "line_id", "number", "outcome", "text", "source", "rule", "correction_id", "contributor_id",
        "plausibility", "created_at")  # fmt: skip
REFUSED = "acceptances are append-only: add a new one instead"


def upgrade() -> None:
    """A reason may lose a name."""
    same = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in KEPT)
    _guard(
        sqlite=f"WHEN NOT ({same} AND EXISTS ({SIGNED}))",
        postgresql=f"to_jsonb(NEW) - 'reason' <> to_jsonb(OLD) - 'reason' OR NOT EXISTS ({SIGNED})",
    )


def downgrade() -> None:
    """Nothing may be changed at all."""
    _guard(sqlite="", postgresql="true")


def _guard(*, sqlite: str, postgresql: str) -> None:
    """Refuse changes of judgements where this holds."""
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TRIGGER acceptances_keep_their_words")
        op.execute(
            f"""
            CREATE TRIGGER acceptances_keep_their_words BEFORE UPDATE ON acceptances {sqlite}
            BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END
            """
        )
        return
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION keep_acceptances() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                IF {postgresql} THEN
                    RAISE EXCEPTION '{REFUSED}';
                END IF;
                RETURN NEW;
            ELSIF TG_OP = 'TRUNCATE' THEN
                RAISE EXCEPTION 'acceptances are append-only: delete those of people in erasures one by one';
            ELSIF NOT EXISTS ({OF_OWNER}) THEN
                RAISE EXCEPTION 'acceptances are append-only: only a row in erasures lets them go';
            END IF;
            RETURN OLD;
        END $$
        """
    )

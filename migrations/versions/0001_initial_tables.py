"""The first tables: uploads, what models read in them, what people typed; corrections that cannot be changed."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)

KEEP_CORRECTIONS = {
    "sqlite": [
        """
        CREATE TRIGGER corrections_keep_their_words BEFORE UPDATE ON corrections
        BEGIN SELECT RAISE(ABORT, 'corrections are append-only: add a new one instead'); END
        """,
        """
        CREATE TRIGGER corrections_stay BEFORE DELETE ON corrections
        WHEN NOT EXISTS (SELECT 1 FROM erasures WHERE erasures.contributor_id = OLD.contributor_id)
        BEGIN SELECT RAISE(ABORT, 'corrections are append-only: only a row in erasures lets them go'); END
        """,
    ],
    "postgresql": [
        """
        CREATE FUNCTION keep_corrections() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                RAISE EXCEPTION 'corrections are append-only: add a new one instead';
            ELSIF TG_OP = 'TRUNCATE' THEN
                RAISE EXCEPTION 'corrections are append-only: delete those of people in erasures one by one';
            ELSIF NOT EXISTS (SELECT 1 FROM erasures WHERE erasures.contributor_id = OLD.contributor_id) THEN
                RAISE EXCEPTION 'corrections are append-only: only a row in erasures lets them go';
            END IF;
            RETURN OLD;
        END $$
        """,
        """
        CREATE TRIGGER corrections_stay BEFORE UPDATE OR DELETE ON corrections
        FOR EACH ROW EXECUTE FUNCTION keep_corrections()
        """,
        """
        CREATE TRIGGER corrections_stay_all BEFORE TRUNCATE ON corrections
        FOR EACH STATEMENT EXECUTE FUNCTION keep_corrections()
        """,
    ],
}


def upgrade() -> None:
    """Make every table, parents first, then the triggers."""
    _make_people_and_models()
    _make_documents()
    _make_readings()
    _make_transcriptions()
    for statement in KEEP_CORRECTIONS[op.get_context().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Remove every table; the triggers go with theirs."""
    for table in ("corrections", "predictions", "lines", "readings", "pages", "documents", "erasures"):
        op.drop_table(table)
    op.drop_table("model_versions")
    op.drop_table("contributors")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION keep_corrections()")


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.Uuid(), nullable=False)


def _moment(name: str = "created_at") -> sa.Column[Any]:
    return sa.Column(name, MOMENT, nullable=False)


def _link(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}_{target}")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _make_people_and_models() -> None:
    for table in ("contributors", "model_versions"):
        op.create_table(
            table,
            _id(),
            sa.Column("name", sa.Text(), nullable=False),
            _moment(),
            sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
            sa.UniqueConstraint("name", name=f"uq_{table}_name"),
        )
    op.create_table(
        "erasures",
        _link("contributor_id"),
        _moment("requested_at"),
        _key("erasures", "contributor_id", "contributors"),
        sa.PrimaryKeyConstraint("contributor_id", name="pk_erasures"),
    )


def _make_documents() -> None:
    op.create_table(
        "documents",
        _id(),
        _link("contributor_id"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("page_count", sa.Integer(), nullable=False),
        _moment(),
        sa.CheckConstraint("page_count >= 1", name=op.f("ck_documents_page_count")),
        _key("documents", "contributor_id", "contributors"),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
    )
    _index("documents", "contributor_id", "created_at")
    _index("documents", "sha256")
    op.create_table(
        "pages",
        _id(),
        _link("document_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("image_sha256", sa.String(64), nullable=False),
        sa.Column("image_media_type", sa.Text(), nullable=False),
        sa.CheckConstraint("number >= 1 AND width >= 1 AND height >= 1", name=op.f("ck_pages_size")),
        _key("pages", "document_id", "documents"),
        sa.PrimaryKeyConstraint("id", name="pk_pages"),
        sa.UniqueConstraint("document_id", "number", name="uq_pages_document_id_number"),
    )


def _make_readings() -> None:
    op.create_table(
        "readings",
        _id(),
        _link("page_id"),
        _link("model_version_id"),
        sa.Column("seconds", sa.Double(), nullable=False),
        _moment(),
        _key("readings", "page_id", "pages"),
        _key("readings", "model_version_id", "model_versions"),
        sa.PrimaryKeyConstraint("id", name="pk_readings"),
    )
    _index("readings", "page_id")
    _index("readings", "model_version_id")
    op.create_table(
        "lines",
        _id(),
        _link("page_id"),
        _link("reading_id"),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("polygon", JSON, nullable=False),
        sa.Column("baseline", JSON, nullable=True),
        sa.CheckConstraint("position >= 0", name=op.f("ck_lines_position")),
        _key("lines", "page_id", "pages"),
        _key("lines", "reading_id", "readings"),
        sa.PrimaryKeyConstraint("id", name="pk_lines"),
        sa.UniqueConstraint("reading_id", "position", name="uq_lines_reading_id_position"),
    )
    _index("lines", "page_id")


def _make_transcriptions() -> None:
    op.create_table(
        "predictions",
        _id(),
        _link("line_id"),
        _link("model_version_id"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("alternatives", JSON, nullable=False),
        sa.Column("words", JSON, nullable=False),
        _moment(),
        sa.CheckConstraint("confidence >= 0 AND confidence <= 1", name=op.f("ck_predictions_confidence")),
        _key("predictions", "line_id", "lines"),
        _key("predictions", "model_version_id", "model_versions"),
        sa.PrimaryKeyConstraint("id", name="pk_predictions"),
        sa.UniqueConstraint("line_id", "model_version_id", name="uq_predictions_line_id_model_version_id"),
    )
    _index("predictions", "model_version_id")
    op.create_table(
        "corrections",
        _id(),
        _link("line_id"),
        _link("contributor_id"),
        _link("prediction_id", nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("keystrokes", sa.Integer(), nullable=True),
        sa.Column("unknown_count", sa.Integer(), nullable=False),
        sa.Column("unknown_characters", JSON, nullable=False),
        _moment(),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_corrections_revision")),
        _key("corrections", "line_id", "lines"),
        _key("corrections", "contributor_id", "contributors"),
        _key("corrections", "prediction_id", "predictions"),
        sa.PrimaryKeyConstraint("id", name="pk_corrections"),
        sa.UniqueConstraint("line_id", "revision", name="uq_corrections_line_id_revision"),
    )
    _index("corrections", "contributor_id")
    _index("corrections", "prediction_id")

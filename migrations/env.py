"""How Alembic reaches the database: over the connection flywheel.migrate hands it, or over the settings' URL."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, create_engine

from flywheel.settings import Settings
from flywheel.tables import Base, UtcDateTime


def plain_type(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """A released migration must not depend on today's flywheel.tables: write our own type as SQLAlchemy's."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def run(connection: Connection) -> None:
    """Run the migrations in one transaction: on failure the database stays as it was."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=plain_type,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    engine = create_engine(Settings.from_env().database_url)
    with engine.begin() as opened:
        run(opened)
    engine.dispose()

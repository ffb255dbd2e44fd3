"""Bring the database to the tables of this code, at every start and from any folder."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from flywheel.database import connect, failures_named, for_writing, sqlite_file
from flywheel.errors import StoreUnavailable
from flywheel.settings import ROOT, Settings

MIGRATIONS = ROOT / "migrations"
ADVISORY_LOCK = 0x1A7C100B
"""PostgreSQL: two processes that start at once migrate one after the other; SQLite's write lock does the same."""


def migrate_up(settings: Settings) -> str:
    """Create the database's tables or bring them up to date; does nothing when they are.

    Returns:
        The revision the database now has.

    Raises:
        StoreUnavailable: the database cannot be reached, or is newer than this code.
    """
    migrate_to(settings, "head")
    return newest_revision()


def migrate_to(settings: Settings, revision: str) -> None:
    """Bring the database up, or down, to ``revision``; "base" leaves no table.

    Raises:
        StoreUnavailable: the database cannot be reached, has a revision that this code does not know, or is damaged.
    """
    file = sqlite_file(settings.database_url)
    if file is not None:
        _make_folder(settings, file)
    engine = connect(settings.database_url, rebuilding=True)
    try:
        with failures_named(settings.database_url), for_writing(engine).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
            _refuse_newer(connection, settings)
            config = _config()
            config.attributes["connection"] = connection
            (command.downgrade if revision == "base" else command.upgrade)(config, revision)
            _refuse_loose_ends(connection, settings)
    finally:
        engine.dispose()


def newest_revision() -> str:
    """The revision this code expects."""
    head = _scripts().get_current_head()
    assert head is not None, "the migrations are part of the program"
    return head


def revision_of(engine: Engine) -> str | None:
    """The revision a database has; None when it has no tables of ours."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _make_folder(settings: Settings, file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(
            f"The folder of {settings.database} cannot be made: {error}. Set INKLOOP_DATABASE_URL to another path."
        ) from error


def _refuse_newer(connection: Connection, settings: Settings) -> None:
    has = MigrationContext.configure(connection).get_current_revision()
    if has is not None and has not in {script.revision for script in _scripts().walk_revisions()}:
        raise StoreUnavailable(
            f"The database {settings.database} has revision {has}, which this code does not know: a newer Inkloop "
            "made it. Update the code, or set INKLOOP_DATABASE_URL to another database."
        )


def _refuse_loose_ends(connection: Connection, settings: Settings) -> None:
    """Check what SQLite left unchecked while tables were made anew; raising undoes the migration."""
    if connection.dialect.name != "sqlite":
        return
    loose = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if loose is not None:
        raise StoreUnavailable(
            f"The database {settings.database} cannot be migrated: row {loose[1]} of its table {loose[0]} names a row "
            f"that {loose[2]} lacks. It is as it was; restore a backup in which nothing is missing."
        )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())

"""The engine: how each database is opened, and what its failures are called.

SQLite takes its write lock at the start of a writing transaction (BEGIN IMMEDIATE): two writers then wait for each
other instead of one failing half-way. Readers see one moment of the database throughout a transaction on both engines.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from flywheel.errors import StoreUnavailable, WriteConflict
from flywheel.settings import without_password

BUSY_TIMEOUT_S = 30
CONNECT_TIMEOUT_S = 10
CONFLICTS = ("40P01", "40001")  # what PostgreSQL calls a deadlock, and changes that cannot follow one another


def connect(url: str, *, rebuilding: bool = False) -> Engine:
    """An engine for ``url``; nothing is opened before its first use.

    Args:
        url: of the database.
        rebuilding: tables may be dropped while others name their rows. SQLite changes a table by making it anew, and
            would not let go of the old one otherwise; PostgreSQL has no need of it.
    """
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_TIMEOUT_S})
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _prepare_sqlite)
    if rebuilding:
        event.listen(engine, "connect", _let_tables_go)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def for_writing(engine: Engine) -> Engine:
    """The same engine and pool, with transactions that write."""
    return engine.execution_options(inkloop_writes=True)


def for_reading(engine: Engine) -> Engine:
    """The same engine and pool, with transactions that see one moment of the database."""
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite URL; None for another database."""
    parsed = make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def _prepare_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; _begin_sqlite does
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_S * 1000}",
        "journal_mode=wal",
        "synchronous=normal",
        "foreign_keys=on",
        "recursive_triggers=on",  # else INSERT OR REPLACE would slip past the triggers that keep corrections
    ):
        connection.execute(f"PRAGMA {pragma}").close()
    connection.create_function("translate", 3, _translate, deterministic=True)


def _translate(text: str | None, wanted: str, given: str) -> str | None:
    """What PostgreSQL has and SQLite has not: each character of one set replaced by its partner of another."""
    return None if text is None else text.translate(_partners(wanted, given))


@lru_cache(maxsize=8)
def _partners(wanted: str, given: str) -> dict[int, int]:
    return str.maketrans(wanted, given)


def _let_tables_go(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    for pragma in (
        "foreign_keys=off",
        "legacy_alter_table=on",  # else a trigger that names the table stops the new one from taking its name
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("inkloop_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def failures_named(url: str) -> Iterator[None]:
    """Turn what the driver says about an unreachable or foreign database into StoreUnavailable or WriteConflict.

    Mistakes of our own (a broken constraint, a wrong statement on existing tables) stay what they are.
    """
    try:
        yield
    except SQLAlchemyError as error:
        where = f"The database {without_password(url)}"
        if isinstance(error, DBAPIError) and getattr(error.orig, "pgcode", None) in CONFLICTS:
            raise WriteConflict(
                f"{where} let somebody else go first, who was changing the same rows. "
                "Nothing of this was stored: try again."
            ) from error
        advice = _advice(error)
        if advice is None:
            raise
        raise StoreUnavailable(f"{where} {advice}") from error


def _advice(error: SQLAlchemyError) -> str | None:
    if isinstance(error, PoolTimeout):
        return f"has no free connection: all are in use ({error}). Try again, or start fewer requests at once."
    cause = error.orig if isinstance(error, DBAPIError) else None
    said = " ".join(str(cause).split())
    missing_table = getattr(cause, "pgcode", None) == "42P01" or said.startswith("no such table")
    if missing_table and isinstance(error, (OperationalError, ProgrammingError)):
        return f"lacks Inkloop's tables ({said}). Start the app once: it creates them."
    if said == "database is locked":
        return f"stayed locked for {BUSY_TIMEOUT_S} s by another process. Stop that process, or try again."
    if isinstance(error, OperationalError) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return f"cannot be used: {said}. Check that it runs and that INKLOOP_DATABASE_URL is right."
    if isinstance(cause, sqlite3.DatabaseError) and said == "file is not a database":
        return "is a file of another kind. Set INKLOOP_DATABASE_URL to another path."
    return None

"""Work that one process at a time may do, on either engine; a process that dies lets go by dying.

A row that says "taken" would outlive kill -9, so PostgreSQL's session lock or the operating system's file lock says it.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from flywheel.database import sqlite_file


@contextmanager
def alone(engine: Engine, url: str, name: str) -> Iterator[bool]:
    """Whether this block is the only one of its name on this database; if so it stays so until the block ends."""
    file = sqlite_file(url)
    with _file_lock(file.with_name(f"{file.name}.{name}")) if file else _session_lock(engine, name) as taken:
        yield taken


def in_turn(session: Session, name: str) -> None:
    """Wait until the transactions of that name before this one have ended; SQLite's writers do so anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _key(name)})


@contextmanager
def _file_lock(path: Path) -> Iterator[bool]:
    with path.open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def _session_lock(engine: Engine, name: str) -> Iterator[bool]:
    key = {"key": _key(name)}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        taken = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), key))
        try:
            yield taken
        finally:
            if taken:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)


def _key(name: str) -> int:
    return crc32(f"inkloop {name}".encode())

"""The migrations make the tables of flywheel.tables, undo them, and may be run by several processes at once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from flywheel.database import connect, for_writing
from flywheel.errors import StoreUnavailable
from flywheel.migrate import migrate_to, migrate_up, newest_revision
from flywheel.settings import ROOT, Settings
from flywheel.store import Store
from flywheel.tables import Base

MIGRATE = (
    "from flywheel.migrate import migrate_up; from flywheel.settings import Settings; migrate_up(Settings.from_env())"
)


@pytest.fixture
def empty(empty_database_url: str, tmp_path: Path) -> Settings:
    """Settings that lead to a database without tables."""
    return Settings.from_env({"INKLOOP_DATABASE_URL": empty_database_url, "INKLOOP_BLOB_URL": str(tmp_path / "blobs")})


@pytest.fixture
def engine(empty: Settings) -> Iterator[Engine]:
    opened = connect(empty.database_url)
    yield opened
    opened.dispose()


def environ_of(settings: Settings) -> dict[str, str]:
    return {**os.environ, "INKLOOP_DATABASE_URL": settings.database_url, "PYTHONPATH": str(ROOT)}


def test_migrations_up_from_empty_equal_the_tables(empty: Settings, engine: Engine) -> None:
    assert migrate_up(empty) == newest_revision()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
        for table in Base.metadata.sorted_tables:
            named = {check["name"] for check in inspect(connection).get_check_constraints(table.name)}
            assert named == {c.name for c in table.constraints if isinstance(c, CheckConstraint)}


def test_migrations_down_leave_nothing_and_up_again_works(empty: Settings, engine: Engine) -> None:
    migrate_up(empty)
    migrate_to(empty, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    migrate_up(empty)
    with Store.open(empty) as store:
        store.ready()


def test_migrating_twice_keeps_what_is_there(empty: Settings) -> None:
    migrate_up(empty)
    with Store.open(empty) as store:
        ann = store.contributor("Ann")
    migrate_up(empty)
    with Store.open(empty) as store:
        assert store.contributor("Ann") == ann


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty: Settings, engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        Path(str(engine.url.database)).parent.mkdir()
    with for_writing(engine).begin() as connection:
        connection.execute(text("CREATE TABLE lines (in_the_way INTEGER)"))
    with pytest.raises((StoreUnavailable, SQLAlchemyError), match=r"lines.* already exists"):
        migrate_up(empty)
    assert set(inspect(engine).get_table_names()) - {"alembic_version"} == {"lines"}


def test_a_database_of_a_newer_inkloop_is_refused(empty: Settings, engine: Engine) -> None:
    migrate_up(empty)
    with for_writing(engine).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreUnavailable, match=r"has revision 9999, which this code does not know: .* Update the code"):
        migrate_up(empty)
    with Store.open(empty) as store, pytest.raises(StoreUnavailable, match="has revision 9999, this code needs"):
        store.ready()


def test_processes_that_start_at_once_migrate_once(empty: Settings, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", MIGRATE]
    started = [
        subprocess.Popen(command, cwd=tmp_path, env=environ_of(empty), stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [process.communicate(timeout=120)[1] for process in started] == [""] * 4
    with Store.open(empty) as store:
        store.ready()


def test_the_developers_alembic_finds_nothing_to_add(empty: Settings) -> None:
    migrate_up(empty)
    command = [sys.executable, "-m", "alembic", "check"]
    checked = subprocess.run(command, cwd=ROOT, env=environ_of(empty), capture_output=True, text=True, timeout=120)
    assert "No new upgrade operations detected" in checked.stdout, checked.stderr

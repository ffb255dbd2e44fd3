"""The migrations make the tables of flywheel.tables, undo them, and may be run by several processes at once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Engine, inspect, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from flywheel.database import connect, for_writing
from flywheel.editing import Edit, keep_edit
from flywheel.errors import StoreUnavailable
from flywheel.migrate import migrate_to, migrate_up, newest_revision, revision_of
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


A_LINE_OF_0005 = (
    "INSERT INTO contributors (id, name, created_at) VALUES (:ann, 'Ann', :now)",
    "INSERT INTO model_versions (id, name, created_at) VALUES (:model, 'inkloop-1', :now)",
    "INSERT INTO documents (id, contributor_id, name, media_type, sha256, page_count, created_at) "
    "VALUES (:document, :ann, 'letter.png', 'image/png', 'a', 1, :now)",
    "INSERT INTO pages (id, document_id, number, width, height, image_sha256, image_media_type) "
    "VALUES (:page, :document, 1, 400, 600, 'b', 'image/webp')",
    "INSERT INTO readings (id, page_id, model_version_id, seconds, created_at) "
    "VALUES (:reading, :page, :model, 1, :now)",
    "INSERT INTO lines (id, page_id, reading_id, position, polygon, baseline) "
    "VALUES (:line, :page, :reading, 0, '[[0, 0], [9, 0], [9, 9]]', NULL)",
    "INSERT INTO predictions (id, line_id, model_version_id, text, confidence, alternatives, words, created_at) "
    "VALUES (:said, :line, :model, 'one two', 0.5, '[]', "
    """'[{"text": "one", "confidence": 0.9}, {"text": "two", "confidence": 0.25}]', :now)""",
    "INSERT INTO corrections (id, line_id, contributor_id, prediction_id, revision, text, unknown_count, "
    "unknown_characters, created_at) VALUES (:typed, :line, :ann, :said, 1, 'One two', 0, '[]', :now)",
)
"""A corrected line as it was kept before lines could be edited."""


def test_what_was_kept_before_lines_could_be_edited_is_kept_on(empty: Settings, engine: Engine) -> None:
    migrate_to(empty, "0005")
    names = ("ann", "model", "document", "page", "reading", "line", "said", "typed")
    ids = {name: UUID(int=number) for number, name in enumerate(names, start=1)}
    kept = {name: made.hex if engine.dialect.name == "sqlite" else str(made) for name, made in ids.items()}
    with for_writing(engine).begin() as connection:
        for statement in A_LINE_OF_0005:
            connection.execute(text(statement), {**kept, "now": "2026-01-02 03:04:05"})
    migrate_up(empty)
    with Store.open(empty) as store:
        (line,) = store.document(ids["document"], ids["ann"]).pages[0].lines
        assert (line.id, line.text, line.verdict, line.origin) == (ids["line"], "One two", "text", "model")
        assert store.documents(ids["ann"])[0].corrected == 1
        edit = Edit((line.id,), ())
        assert keep_edit(store, ids["page"], edit, [], model="inkloop-1", contributor=ids["ann"]).pages[0].lines == ()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT weakest_word FROM predictions")) == 0.25
    for statement in ("UPDATE corrections SET text = 'forged'", "DELETE FROM corrections"):
        with pytest.raises(DBAPIError, match="corrections are append-only"), for_writing(engine).begin() as connection:
            connection.execute(text(statement))
    migrate_to(empty, "base")


def test_a_damaged_sqlite_file_is_told_and_left_as_it_was(tmp_path: Path) -> None:
    settings = Settings.from_env({"INKLOOP_DATABASE_URL": f"sqlite:///{tmp_path}/inkloop.db"})
    migrate_to(settings, "0005")
    damaged = connect(settings.database_url, rebuilding=True)
    with for_writing(damaged).begin() as connection:
        connection.execute(text("INSERT INTO erasures (contributor_id, requested_at) VALUES ('gone', '2026-01-02')"))
    with pytest.raises(StoreUnavailable, match=r"row 1 of its table erasures names a row that contributors lacks"):
        migrate_up(settings)
    assert revision_of(damaged) == "0005"
    damaged.dispose()

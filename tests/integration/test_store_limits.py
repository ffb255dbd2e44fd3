"""What the database itself refuses, and what the store says when the database is not there."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.orm import Session

from flywheel.database import connect, for_writing
from flywheel.errors import StoreUnavailable
from flywheel.records import Document, NewCorrection
from flywheel.settings import Settings
from flywheel.store import Store
from flywheel.tables import ContributorRow, ErasureRow, ModelVersionRow, PredictionRow, ReadingRow
from tests.readings import a_page, an_upload


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """The database itself, behind the store's back."""
    opened = connect(settings.database_url)
    yield for_writing(opened)
    opened.dispose()


@pytest.fixture
def ann(store: Store) -> UUID:
    return store.contributor("Ann")


@pytest.fixture
def corrected(store: Store, ann: UUID) -> Document:
    """A document whose one line has one correction."""
    kept = store.keep_reading(an_upload(), [(a_page(["one"]), b"image")], contributor=ann, seconds=1)
    store.keep_corrections([NewCorrection(kept.pages[0].lines[0].id, "two")], contributor=ann)
    return store.document(kept.id, ann)


def execute(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    ["UPDATE corrections SET text = 'forged'", "UPDATE corrections SET seconds = 1", "DELETE FROM corrections"],
)
def test_the_database_refuses_to_change_a_correction(
    store: Store, engine: Engine, corrected: Document, ann: UUID, statement: str
) -> None:
    with pytest.raises(DBAPIError, match="corrections are append-only"):
        execute(engine, statement)
    assert store.document(corrected.id, ann) == corrected


def test_no_side_door_replaces_a_correction(store: Store, engine: Engine, corrected: Document, ann: UUID) -> None:
    if engine.dialect.name == "sqlite":
        statement = "INSERT OR REPLACE INTO corrections SELECT * FROM corrections"
    else:
        statement = "TRUNCATE corrections CASCADE"
    with pytest.raises(DBAPIError, match="corrections are append-only"):
        execute(engine, statement)
    assert store.document(corrected.id, ann) == corrected


def test_a_recorded_erasure_lets_that_contributors_corrections_go(
    store: Store, engine: Engine, corrected: Document, ann: UUID
) -> None:
    bob = store.contributor("Bob")
    other = store.keep_reading(an_upload(), [(a_page(["b"]), b"image")], contributor=bob, seconds=1)
    store.keep_corrections([NewCorrection(other.pages[0].lines[0].id, "B")], contributor=bob)
    with Session(engine) as session, session.begin():
        session.add(ErasureRow(contributor_id=ann))
    with pytest.raises(DBAPIError, match="add a new one instead"):
        execute(engine, "UPDATE corrections SET text = 'forged'")
    with pytest.raises(DBAPIError, match="only a row in erasures lets them go"):
        execute(engine, "DELETE FROM corrections")
    execute(engine, "DELETE FROM corrections WHERE contributor_id IN (SELECT contributor_id FROM erasures)")
    assert not store.document(corrected.id, ann).pages[0].lines[0].corrected
    assert store.document(other.id, bob).pages[0].lines[0].corrected


def test_rows_that_name_nothing_are_refused(engine: Engine, corrected: Document) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"):
        execute(engine, "DELETE FROM pages")


def test_a_time_without_zone_is_refused(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(ContributorRow(name="Ann", created_at=datetime(2026, 1, 1)))
        with pytest.raises(StatementError, match="has no time zone"):
            session.flush()


def test_the_newest_reading_of_a_page_is_the_one_shown(
    store: Store, engine: Engine, corrected: Document, ann: UUID
) -> None:
    page = corrected.pages[0]
    with Session(engine) as session, session.begin():
        model = ModelVersionRow(name="inkloop-test-2")
        session.add(model)
        session.flush()
        session.add(ReadingRow(page_id=page.id, model_version_id=model.id, seconds=9))
        said = {"text": "better", "confidence": 0.9, "alternatives": [], "words": []}
        session.add(PredictionRow(line_id=page.lines[0].id, model_version_id=model.id, **said))
    again = store.document(corrected.id, ann).pages[0]
    assert (again.model, again.seconds) == ("inkloop-test-2", 9)
    assert (again.lines[0].prediction.text, again.lines[0].text) == ("better", "two")


def test_a_database_without_tables_is_told(empty_database_url: str, tmp_path: Path) -> None:
    settings = Settings.from_env(
        {"INKLOOP_DATABASE_URL": empty_database_url, "INKLOOP_BLOB_URL": str(tmp_path / "blobs")}
    )
    if empty_database_url.startswith("sqlite"):
        path = Path(settings.database_url.removeprefix("sqlite:///"))
        path.parent.mkdir()
        path.touch()
    with Store.open(settings) as store:
        with pytest.raises(StoreUnavailable, match=r"has revision None, this code needs .* Start the app once"):
            store.ready()
        with pytest.raises(StoreUnavailable, match=r"lacks Inkloop's tables .* Start the app once: it creates them"):
            store.contributor("Ann")


def test_a_missing_sqlite_file_is_told(tmp_path: Path) -> None:
    settings = Settings.from_env({"INKLOOP_DATABASE_URL": f"sqlite:///{tmp_path}/none.db"})
    with pytest.raises(StoreUnavailable, match=r"There is no database at sqlite:////.*/none.db yet. Start the app"):
        Store.open(settings)
    assert not (tmp_path / "none.db").exists()


def test_a_file_of_another_kind_is_told(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_bytes(b"Dear Bob, this is no database at all. " * 100)
    settings = Settings.from_env({"INKLOOP_DATABASE_URL": f"sqlite:///{tmp_path}/letter.db"})
    with Store.open(settings) as store, pytest.raises(StoreUnavailable, match="is a file of another kind"):
        store.ready()


def test_an_unreachable_server_is_told_without_its_password() -> None:
    settings = Settings.from_env({"INKLOOP_DATABASE_URL": "postgresql://ann:hunter2@127.0.0.1:1/inkloop"})
    with Store.open(settings) as store, pytest.raises(StoreUnavailable) as caught:
        store.ready()
    assert "postgresql+psycopg2://ann:***@127.0.0.1:1/inkloop cannot be used" in str(caught.value)
    assert "Check that it runs and that INKLOOP_DATABASE_URL is right" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_sqlite_is_opened_for_many_readers_and_careful_writers(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/inkloop.db")
    with engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 30000}
    with for_writing(engine).begin():
        rival = sqlite3.connect(tmp_path / "inkloop.db", timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            rival.execute("BEGIN IMMEDIATE")
        rival.close()
    engine.dispose()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_that_dropped_its_connections_is_reached_again(store: Store, engine: Engine, ann: UUID) -> None:
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    execute(engine, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
    assert store.contributor("Ann") == ann

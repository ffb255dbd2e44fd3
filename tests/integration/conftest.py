"""Databases for the integration tests: whoever asks for `database_url`, `settings` or `store` runs on both engines."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from flywheel.__main__ import main
from flywheel.migrate import migrate_up
from flywheel.records import StoredPage
from flywheel.settings import Settings
from flywheel.store import Store
from tests.integration.postgresql import Server, running_server
from tests.label_studio import Person, Studio
from tests.reviewing import Loop

CommandLine = Callable[..., tuple[int, str]]
"""Takes variables and arguments; gives the exit status and what is told."""

ENGINES = ["sqlite", "postgresql"]
TEMPLATE = "inkloop_template"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A running PostgreSQL."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def template(postgresql: Server) -> str:
    """A migrated PostgreSQL database, to be cloned."""
    postgresql.execute(f"CREATE DATABASE {TEMPLATE}")
    migrate_up(Settings.from_env({"INKLOOP_DATABASE_URL": postgresql.url(TEMPLATE)}))
    return TEMPLATE


@pytest.fixture(params=ENGINES)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables, on each engine in turn; SQLite's file does not exist yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/store/inkloop.db"
    else:
        yield from _clone(request.getfixturevalue("postgresql"), of="template0")


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated and otherwise empty database, on each engine in turn."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/store/inkloop.db"
        migrate_up(Settings.from_env({"INKLOOP_DATABASE_URL": url}))
        yield url
    else:
        yield from _clone(request.getfixturevalue("postgresql"), of=request.getfixturevalue("template"))


@pytest.fixture
def environ(database_url: str, tmp_path: Path) -> dict[str, str]:
    """The variables that lead to a migrated database and a blob folder of the test's own."""
    return {
        "INKLOOP_DATABASE_URL": database_url,
        "INKLOOP_BLOB_URL": str(tmp_path / "blobs"),
        "INKLOOP_SCRATCH": str(tmp_path / "scratch"),
    }


@pytest.fixture
def settings(environ: dict[str, str]) -> Settings:
    """The settings that ``environ`` asks for."""
    return Settings.from_env(environ)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """An open, empty store."""
    with Store.open(settings) as opened:
        yield opened


@pytest.fixture
def loop(store: Store, settings: Settings, studio: Studio) -> Iterator[Loop]:
    """An empty store and a Label Studio without projects."""
    chosen = replace(settings, label_studio_url=studio.url, label_studio_api_key=studio.account.token)
    with studio.client() as client:
        yield Loop(store, client, chosen, studio)


@pytest.fixture
def page(loop: Loop) -> StoredPage:
    """A page whose lines are open in Label Studio."""
    page = loop.page()
    loop.push(page)
    return page


@pytest.fixture
def bea(loop: Loop) -> Person:
    """Somebody who labels there."""
    return loop.studio.person("bea")


@pytest.fixture
def command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """``python -m flywheel`` without a process of its own, which would import Label Studio's SDK anew."""

    def run(environ: dict[str, str], *arguments: str) -> tuple[int, str]:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        status = main(arguments)
        told = capsys.readouterr()
        assert told.err == ""
        return status, told.out

    return run


def _clone(server: Server, *, of: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {of}")
    yield server.url(name)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")

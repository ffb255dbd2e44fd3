"""The house stands as designed: who may import whom, and who may touch what."""

import ast
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import pytest

from tests.source import ROOT, Import, files, imports, module

LAYERS = ("app", "demo", "flywheel", "recognizer")
"""Each may import anything to its right, nothing to its left."""

ALL = [found for path in files() for found in imports(path)]


def importers(*, of: Collection[str]) -> set[str]:
    """The packages that import one of these libraries."""
    return {found.importer.partition(".")[0] for found in ALL if found.top in of}


def points_left(found: Import) -> bool:
    """Whether an import goes against the direction of the layers."""
    importer = found.importer.partition(".")[0]
    if importer not in LAYERS or found.top not in LAYERS:
        return False
    return LAYERS.index(found.top) < LAYERS.index(importer)


def test_imports_only_point_to_the_right() -> None:
    assert [str(found) for found in ALL if points_left(found)] == []


def test_an_import_to_the_left_would_be_found() -> None:
    assert points_left(Import("recognizer.images", "flywheel.store", "Store", late=True))
    assert not points_left(Import("flywheel.store", "recognizer.page", "Page", late=False))


def test_packages_meet_by_public_names_alone() -> None:
    across = [found for found in ALL if found.top in LAYERS and found.top != found.importer.partition(".")[0]]
    private = [
        found for found in across if any(part.startswith("_") for part in f"{found.imported}.{found.name}".split("."))
    ]
    assert across
    assert [str(found) for found in private] == []


def test_migrations_know_the_tables_and_the_settings_alone() -> None:
    ours = {found.imported for path in files("migrations") for found in imports(path) if found.top in LAYERS}
    assert ours <= {"flywheel.tables", "flywheel.settings"}


def test_gradio_stays_in_demo() -> None:
    assert importers(of=["gradio", "gradio_client"]) == {"demo"}


def test_sqlalchemy_stays_in_flywheel_and_migrations() -> None:
    assert importers(of=["sqlalchemy", "alembic", "psycopg2"]) == {"flywheel", "migrations"}


def test_recognizer_knows_no_database_and_no_network() -> None:
    outside = {"fsspec", "http", "httpx", "requests", "socket", "sqlalchemy", "sqlite3", "urllib"}
    found = [str(found) for path in files("recognizer") for found in imports(path) if found.top in outside]
    assert found == []


def test_settings_alone_read_the_environment() -> None:
    readers = {module(path) for path in files() if reads_environment(path)}
    # The Label Studio we start is a process of its own and needs a PATH and a HOME.
    assert readers == {"flywheel.settings", "flywheel.label_studio_server"}


def reads_environment(path: Path) -> bool:
    """Whether a module reads variables; setting one for a library (``os.environ.setdefault(…)``) is no reading."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    settings = {
        id(node.value if isinstance(node, ast.Subscript) else node.func.value)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store))
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "setdefault")
    }
    return any(
        isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv") and id(node) not in settings
        for node in ast.walk(tree)
    )


@pytest.mark.parametrize("command", [["-m", "recognizer"], ["-m", "flywheel"], ["app.py"]], ids=" ".join)
def test_help_never_loads_torch(command: list[str]) -> None:
    told = subprocess.run(
        [sys.executable, "-X", "importtime", *command, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    loaded = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines() if line.startswith("import time:")}
    assert told.returncode == 0, [line for line in told.stderr.splitlines() if not line.startswith("import time:")]
    assert told.stdout.startswith("usage:")
    assert "argparse" in loaded
    assert "torch" not in loaded

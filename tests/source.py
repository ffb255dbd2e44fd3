"""The project's own source as the tests of its architecture see it: which module imports what."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("demo", "flywheel", "recognizer", "migrations")


@dataclass(frozen=True)
class Import:
    """One name that one module imports; ``late`` where a function imports it."""

    importer: str
    imported: str
    name: str | None
    late: bool

    @property
    def top(self) -> str:
        """The package it comes from."""
        return self.imported.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.importer} imports {self.imported}{'.' + self.name if self.name else ''}"


def files(*packages: str) -> list[Path]:
    """The Python files of some packages, of all of them and app.py by default."""
    found = [path for package in packages or PACKAGES for path in (ROOT / package).rglob("*.py")]
    return sorted(found if packages else [*found, ROOT / "app.py"])


def module(path: Path) -> str:
    """The dotted name of a file."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> Iterator[Import]:
    """Every import of a file, late ones included."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    late = {id(inner) for node in ast.walk(tree) if isinstance(node, FUNCTIONS) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module(path), alias.name, None, id(node) in late)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield Import(module(path), node.module, alias.name, id(node) in late)


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

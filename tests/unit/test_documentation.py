"""What the README and its neighbours promise exists: commands, verbs, variables, files, libraries."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions

import pytest

from flywheel.settings import VARIABLES
from tests.source import ROOT, files, imports, module

README = (ROOT / "README.md").read_text(encoding="utf-8")
CODE = "\n".join(re.findall(r"^    .*$|`[^`\n]+`", README, re.MULTILINE))
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
REQUIREMENT = re.compile(r"^([A-Za-z0-9-]+)==([0-9.]+)$")
REQUIREMENTS = [
    line for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")
]

NEVER_IMPORTED = {
    "fastapi-offline": "its copy of Swagger UI is served as files",
    "psycopg2-binary": "SQLAlchemy imports it for postgresql+psycopg2://",
    "python-multipart": "FastAPI imports it to take uploads",
}


def test_every_make_target_is_in_the_readme_and_exists() -> None:
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)", CODE)) == TARGETS


def test_commands_that_messages_advise_exist() -> None:
    advised = {
        (path.name, target)
        for path in files()
        for target in re.findall(r"(?:`|[Rr]un:? )make ([a-z][a-z-]*)", path.read_text(encoding="utf-8"))
    }
    assert advised
    assert [(name, target) for name, target in advised if target not in TARGETS] == []


@pytest.mark.parametrize("package", ["recognizer", "flywheel"])
def test_every_verb_is_in_the_readme_and_exists(package: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", package, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    verbs = set(re.findall(r"^ {4}([a-z][a-z-]*)(?= |$)", told.stdout, re.MULTILINE))
    assert verbs, told.stdout
    assert set(re.findall(rf"python -m {package} ([a-z][a-z-]*)", CODE)) == verbs


def test_every_variable_is_in_the_settings_the_example_and_the_readme() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^#? ?(INKLOOP_[A-Z_]+)=", example, re.MULTILINE)) == set(VARIABLES)
    assert set(re.findall(r"INKLOOP_[A-Z_]+[A-Z]", README)) == set(VARIABLES)


def test_file_map_names_files_that_exist() -> None:
    assert mapped()
    assert [pattern for pattern in mapped() if not any(ROOT.glob(pattern))] == []


def test_file_map_leaves_no_module_out() -> None:
    known = {path for pattern in mapped() for path in ROOT.glob(pattern)}
    modules = [path for path in files() if path.stem not in ("__init__", "__main__")]
    assert [module(path) for path in modules if known.isdisjoint({path, *path.parents})] == []


def mapped() -> list[str]:
    """The paths and patterns of the README's file map."""
    section = README.partition("## Where things are")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
    return [path for cell in cells for path in re.findall(r"`([^`]+)`", cell)]


def test_requirements_are_pinned_and_torch_comes_first() -> None:
    assert [line for line in REQUIREMENTS if not REQUIREMENT.match(line)] == []
    assert REQUIREMENTS[0].startswith("torch==")


def test_requirements_are_what_the_product_imports() -> None:
    declared = {line.partition("==")[0] for line in REQUIREMENTS}
    found = {found.top for path in files() for found in imports(path)} - sys.stdlib_module_names
    distributions = packages_distributions()
    imported = {normal(distributions[top][0]) for top in found if top in distributions} - {"inkloop"}
    assert imported == declared - set(NEVER_IMPORTED)


def normal(distribution: str) -> str:
    """A distribution's name as requirements write it."""
    return distribution.lower().replace("_", "-")

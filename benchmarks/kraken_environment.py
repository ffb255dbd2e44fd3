"""kraken in an environment of its own: it pins other versions of libraries that Inkloop uses too."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from flywheel.settings import PREFIX, ROOT

VERSION = "7.1.1"
HOME = ROOT / "var" / "kraken"


class NoKraken(Exception):
    """kraken's environment cannot be made or does not work; the message says what to do."""


def prepare(home: Path = HOME, *, python: str = sys.executable) -> Path:
    """Make kraken's environment where it is missing; returns its Python.

    Whoever else wants it meanwhile waits, and finds it made.

    Raises:
        NoKraken: a step failed.
    """
    venv = home / "venv"
    stamp = venv / f"kraken-{VERSION}"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "venv.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists():
            print(f"Installing kraken {VERSION} into {venv}: about 2 GB, minutes the first time.", file=sys.stderr)
            install(venv, python)
            stamp.touch()
    return venv / "bin" / "python"


def install(venv: Path, python: str) -> None:
    """Make the environment: Inkloop's own torch first, so that nothing else chooses its build, then kraken.

    Raises:
        NoKraken: a step failed.
    """
    torch = next(line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.startswith("torch=="))
    its_python = str(venv / "bin" / "python")
    pip = [its_python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([python, "-m", "venv", "--clear", str(venv)], venv)
    _run([*pip, torch], venv)
    _run([*pip, torch, f"kraken=={VERSION}"], venv)
    _run([its_python, "-m", "benchmarks.kraken_program"], venv)


def _run(command: Sequence[str], venv: Path) -> None:
    try:
        told = surroundings(os.environ)
        subprocess.run(command, check=True, cwd=ROOT, env=told, stdout=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoKraken(
            f"kraken {VERSION} has no working environment in {venv}: {error}. The reason stands above. Installing it "
            "needs a package index within reach and 2 GB of disk; run this again once they are there."
        ) from error


def surroundings(base: Mapping[str, str]) -> dict[str, str]:
    """The variables for a side's process: one thread, no GPU, nothing of our own environment."""
    kept = {name: value for name, value in base.items() if not name.startswith((PREFIX, "VIRTUAL_ENV", "PYTHON"))}
    return kept | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}

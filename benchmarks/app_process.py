"""``python app.py`` for the length of a block, with everything it keeps in a folder."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from flywheel.settings import PREFIX, ROOT

FAREWELL_S = 60


@contextmanager
def running_app(folder: Path, *arguments: str, log: Path | None = None, **variables: str) -> Iterator[tuple[str, int]]:
    """The app's address and process id.

    Args:
        folder: for its store, its images and its trainings.
        arguments: of the command.
        log: takes what it says on stderr; None: it goes where ours goes.
        variables: further settings, in lower case and without their prefix.

    Raises:
        ChildProcessError: it did not start.
    """
    with log.open("wb") if log else nullcontext() as said:
        process = subprocess.Popen(
            [sys.executable, "app.py", *arguments],
            cwd=ROOT,
            env=environment(folder, **variables),
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
        try:
            yield _address(process), process.pid
        finally:
            process.terminate()
            process.communicate(timeout=FAREWELL_S)


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """What a process is told that keeps everything in a folder; of our own settings it knows none."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    ours = {
        "database_url": f"sqlite:///{folder}/inkloop.db",
        "blob_url": f"{folder}/blobs",
        "scratch": f"{folder}/scratch",
    }
    return others | {f"{PREFIX}{name.upper()}": value for name, value in {**ours, **variables}.items()}


def _address(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    told = process.stdout.readline()
    found = re.search(r"http://\S+", told)
    if found is None:
        raise ChildProcessError(f"app.py did not start; it printed {told!r}.")
    return found[0]

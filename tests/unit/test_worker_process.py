"""A worker beside the app comes back when it dies and leaves when the app does."""

import sys
import time
from pathlib import Path

from flywheel.worker_process import WorkerProcess

PATIENCE_S = 60


def test_a_worker_that_dies_is_started_again_and_one_that_lives_ends_with_the_app(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = (
        "import sys, pathlib; log = pathlib.Path(sys.argv[1])\n"
        "known = log.read_text() if log.exists() else ''\n"
        "log.write_text(known + 'begun ')\n"
        "if not known: sys.exit(1)\n"
        "sys.stdin.read(); log.write_text(log.read_text() + 'ended ')"
    )
    with WorkerProcess([sys.executable, "-c", program, str(log)], rest_s=0.05):
        deadline = time.monotonic() + PATIENCE_S
        while not (log.exists() and log.read_text() == "begun begun ") and time.monotonic() < deadline:
            time.sleep(0.02)
    assert log.read_text() == "begun begun ended "

"""A worker beside the app, for whoever runs both on one machine: started again when it dies, gone when the app is."""

import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Self

from flywheel.settings import ROOT

WORKER = (sys.executable, "-m", "flywheel", "worker", "--while-open", "--json")
LOOK_EVERY_S = 1.0
REST_S = 10.0  # before one that died is started again
FAREWELL_S = 30.0


class WorkerProcess:
    """Keeps a worker running for the length of a ``with`` block.

    The worker ends when its standard input does, so also when this process is killed without warning.

    Args:
        command: how it is started.
        rest_s: how long to wait before it is started again.
    """

    def __init__(self, command: Sequence[str] = WORKER, *, rest_s: float = REST_S) -> None:
        self._command, self._rest_s = tuple(command), rest_s
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="worker-process", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leaving.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._leaving.is_set():
            self._run_once()
            self._leaving.wait(self._rest_s)

    def _run_once(self) -> None:
        pipe = subprocess.PIPE
        with subprocess.Popen(self._command, cwd=ROOT, stdin=pipe, stdout=subprocess.DEVNULL) as process:
            while process.poll() is None and not self._leaving.wait(LOOK_EVERY_S):
                pass
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(FAREWELL_S)
            except subprocess.TimeoutExpired:
                process.kill()  # its run goes on when a worker starts again

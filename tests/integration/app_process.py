"""The real app beside a worker of the tests': python -m tests.integration.app_process WORKER'S ARGUMENTS"""

import sys
from functools import partial

from app import main
from flywheel import worker_process

if __name__ == "__main__":
    command = [sys.executable, "-m", "tests.integration.worker_processes", *sys.argv[1:]]
    worker_process.WorkerProcess = partial(worker_process.WorkerProcess, command)  # type: ignore[assignment,misc]
    sys.exit(main(["--worker"]))

"""Workers that tests start and kill: every step is the real one but training and judging, which take no time here.

python -m tests.integration.worker_processes LOG NAME [STEP]

Each step that is done is written to LOG; with STEP the process is killed the moment that step has been done, before
anybody has noted it.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flywheel import jobs, turning
from flywheel.gate import Decision, Verdict
from flywheel.registry import register
from flywheel.retraining import Trained, champion
from flywheel.settings import Settings
from flywheel.store import Store
from flywheel.turning import Wheel
from flywheel.verdicts import keep_verdict, verdicts
from tests.integration.test_registry import folder_of

STEPS = ("pull", "snapshot", "retrain", "evaluate", "promote")


def train(store: Store, settings: Settings, snapshot: Any, **_: Any) -> Trained:
    """A challenger without any training: registering is real."""
    version = f"child-{snapshot.id[:8]}"
    made = settings.scratch / version
    folder = made / "made" / version if made.exists() else folder_of(made, version)
    parent = champion(store, settings).version
    return Trained(register(store, folder, parent=parent, snapshot=snapshot.id), {"kept": "child"})


def judge(store: Store, settings: Settings, challenger: Any, snapshot: Any) -> Any:
    """A verdict without reading: keeping it is real, and it is kept once."""
    known = [verdict for verdict in verdicts(store) if verdict.challenger == challenger.version]
    against = champion(store, settings)
    verdict = Verdict(Decision.PROMOTE, "CER 9 % → 5 %.")
    return known[0] if known else keep_verdict(
        store, verdict, champion=against, challenger=challenger, snapshot=snapshot.id
    )  # fmt: skip


def noted(step: str, log: Path, dies: bool) -> Callable[..., Any]:
    """The step, written down when it is done; and then, perhaps, the end."""
    real = getattr(Wheel, step)

    def run(self: Wheel, *arguments: Any) -> Any:
        done = real(self, *arguments)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{step}\n")
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    return run


def main(log: str, name: str, dies_in: str = "") -> None:
    turning.retrain, turning.contest = train, judge  # type: ignore[assignment]
    for step in STEPS:
        setattr(Wheel, step, noted(step, Path(log), step == dies_in))
    settings = Settings.from_env()
    jobs.BEAT_S = 0.2
    with Store.open(settings) as store:
        worker = jobs.Worker(store, settings, name=name)
        threading.Thread(target=lambda: (sys.stdin.read(), worker.stop()), daemon=True).start()
        worker.work()


if __name__ == "__main__":
    main(*sys.argv[1:])

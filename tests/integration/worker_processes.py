"""Workers that tests start and kill: every step is the real one but training and judging, which take no time here.

python -m tests.integration.worker_processes LOG NAME [dies_in=STEP] [breaks_in=STEP] [stays_in=STEP]

Each step that is done is written to LOG. The process is killed the moment the step that it dies in is done, before
anybody has noted it; a step that breaks does so by a mistake of ours; of one that never ends the process id is written.
The clock may have seconds here: nobody waits a minute.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flywheel import jobs, personal_contest, settings, turning
from flywheel.__main__ import main as flywheel
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


def judge(store: Store, settings: Settings, challenger: Any, snapshot: Any, *, scope: Any = None, **_: Any) -> Any:
    """A verdict without reading: keeping it is real, and it is kept once. What is for one scope is refused."""
    known = [verdict for verdict in verdicts(store) if verdict.challenger == challenger.version]
    against = champion(store, settings)
    verdict = Verdict(Decision.KEEP, "That may be chance.") if scope else Verdict(Decision.PROMOTE, "CER 9 % → 5 %.")
    return known[0] if known else keep_verdict(
        store, verdict, champion=against, challenger=challenger, snapshot=snapshot.id, scope=scope
    )  # fmt: skip


def noted(step: str, log: Path, fate: str) -> Callable[..., Any]:
    """The step, written down when it is done, and what becomes of it or of its process."""
    real = getattr(Wheel, step)

    def write(text: str) -> None:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")

    def run(self: Wheel, *arguments: Any) -> Any:
        if fate == "stays_in":
            write(f"{os.getpid()}")
            time.sleep(3600)
        if fate == "breaks_in":
            raise RuntimeError("the shapes do not fit")
        done = real(self, *arguments)
        write(step)
        if fate == "dies_in":
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    return run


def main(log: str, name: str, *fates: str) -> int:
    turning.retrain, turning.contest = train, judge  # type: ignore[assignment]
    personal_contest.contest = judge
    fate_of = {step: fate for fate, _, step in (each.partition("=") for each in fates)}
    for step in STEPS:
        setattr(Wheel, step, noted(step, Path(log), fate_of.get(step, "")))
    settings.VARIABLES["INKLOOP_RETRAIN_AT"] = lambda _, value: value
    jobs.BEAT_S = 0.2
    return flywheel(["worker", "--name", name, "--while-open"])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

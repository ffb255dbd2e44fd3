"""DBOS keeps its tables beside SQLite's file or in PostgreSQL itself: a run comes to its end on both."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flywheel import jobs, personal, registry, runs
from flywheel.retraining import champion
from flywheel.scopes import Scope
from flywheel.settings import Settings
from flywheel.store import Store
from tests.integration.test_flywheel_command import Environ
from tests.integration.test_jobs import PATIENCE_S, accept_a_line, finished, worker
from tests.integration.test_registry import folder_of
from tests.integration.worker_processes import STEPS

ANN = Scope("writer", "Ann")


def test_a_run_is_worked_on_to_its_end_and_personal_models_are_held_against_its_champion(
    store: Store, settings: Settings, environ: Environ, tmp_path: Path
) -> None:
    accept_a_line(store)
    champion(store, settings)
    registry.register(store, folder_of(tmp_path, "anns-1"), scope=ANN)
    personal.promote(store, "anns-1", ANN, by="Ann", why="A trial.", anyway=True)
    run = jobs.ask(store, settings, asked_by="Ann", minutes=1)
    process = worker(environ, tmp_path / "log", "one")
    deadline = time.monotonic() + PATIENCE_S
    while personal.serving(store) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    over = finished(store, run, process)
    newest = personal.history(store)[0]
    assert (newest.version, newest.kind, newest.by) == (None, "rollback", "inkloop")
    assert newest.why == "Beside the new common model: That may be chance."
    assert (over.state, over.message) == ("done", "Promoted: CER 9 % → 5 %.")
    assert (tmp_path / "log").read_text(encoding="utf-8").split() == list(STEPS)
    assert len(registry.promotions(store)) == 2
    store.ready()  # our own tables are as they were


def test_many_who_ask_at_the_same_moment_are_given_one_run(store: Store, settings: Settings) -> None:
    with ThreadPoolExecutor(8) as people:
        asked = list(people.map(lambda n: jobs.ask(store, settings, asked_by=f"person {n}"), range(8)))
    assert {run.id for run in asked} == {run.id for run in runs.runs(store)} and len(runs.runs(store)) == 1

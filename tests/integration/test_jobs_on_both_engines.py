"""DBOS keeps its tables beside SQLite's file or in PostgreSQL itself: a run comes to its end on both."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flywheel import jobs, registry, runs
from flywheel.settings import Settings
from flywheel.store import Store
from tests.integration.test_flywheel_command import Environ
from tests.integration.test_jobs import accept_a_line, finished, worker
from tests.integration.worker_processes import STEPS


def test_a_run_is_worked_on_to_its_end(store: Store, settings: Settings, environ: Environ, tmp_path: Path) -> None:
    accept_a_line(store)
    run = jobs.ask(store, settings, asked_by="Ann", minutes=1)
    over = finished(store, run, worker(environ, tmp_path / "log", "one"))
    assert (over.state, over.message) == ("done", "Promoted: CER 9 % → 5 %.")
    assert (tmp_path / "log").read_text(encoding="utf-8").split() == list(STEPS)
    assert len(registry.promotions(store)) == 2
    store.ready()  # our own tables are as they were


def test_many_who_ask_at_the_same_moment_are_given_one_run(store: Store, settings: Settings) -> None:
    with ThreadPoolExecutor(8) as people:
        asked = list(people.map(lambda n: jobs.ask(store, settings, asked_by=f"person {n}"), range(8)))
    assert {run.id for run in asked} == {run.id for run in runs.runs(store)} and len(runs.runs(store)) == 1

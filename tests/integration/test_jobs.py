"""Runs survive the death of their worker in every step, wait for each other, and can be stopped."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from flywheel import jobs, registry, runs, trust
from flywheel.ground_truth import ground_truth
from flywheel.runs import Run
from flywheel.settings import ROOT, Settings
from flywheel.snapshots import freeze, snapshots
from flywheel.store import Store
from flywheel.tables import WorkerRow, now
from flywheel.trust import Claim
from tests.integration.worker_processes import STEPS
from tests.readings import a_page, an_upload
from tests.running_app import environment, settings_in

PATIENCE_S = 240


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings) as opened:
        accept_a_line(opened)
        yield opened


def accept_a_line(store: Store) -> None:
    ann = store.contributor("Ann")
    kept = store.keep_reading(an_upload(), [(a_page(["one"]), b"image")], contributor=ann, seconds=1)
    with store.writing() as session:
        trust.keep(session, Claim(kept.pages[0].lines[0].id, "one!", source="import", by=ann), "trusted")


def worker(environ: dict[str, str], log: Path, name: str, dies_in: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.integration.worker_processes", str(log), name, *([dies_in] * bool(dies_in))]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environ}, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )


def finished(store: Store, run: Run, process: subprocess.Popen[str]) -> Run:
    """The run once it is over, and its worker stopped."""
    deadline = time.monotonic() + PATIENCE_S
    while not runs.find(store, run.id).over and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    _, said = process.communicate(timeout=60)
    over = runs.find(store, run.id)
    assert over.over, (over, said)
    return over


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_in_a_step_goes_on_and_does_no_finished_step_twice(
    store: Store, settings: Settings, tmp_path: Path, step: str
) -> None:
    run = jobs.ask(store, settings, asked_by="Ann", minutes=1)
    log, environ = tmp_path / "log", environment(tmp_path)
    killed = worker(environ, log, "one", dies_in=step)
    assert killed.wait(timeout=PATIENCE_S) == -signal.SIGKILL
    killed.communicate()
    over = finished(store, run, worker(environ, log, "one"))
    assert (over.state, over.message) == ("done", "Promoted: CER 9 % → 5 %.")
    done = log.read_text(encoding="utf-8").split()
    # Only the step whose end nobody noted is done again; it finds its own work and changes nothing. After the last one
    # the run is over already, and its worker may be stopped before it comes to it.
    again = [name for name in STEPS for _ in range(2 if name == step else 1)]
    assert done == again or (step == "promote" and done == list(STEPS))
    assert len(snapshots(store)) == 1 and len(registry.models(store)) == 2
    assert [row.kind for row in registry.promotions(store)] == ["promotion", "promotion"]
    assert registry.promotions(store)[0].by == "Ann"


def test_the_run_of_a_dead_worker_is_taken_over_by_another(store: Store, settings: Settings, tmp_path: Path) -> None:
    run = jobs.ask(store, settings, asked_by="Ann", minutes=1)
    log, environ = tmp_path / "log", environment(tmp_path)
    killed = worker(environ, log, "one", dies_in="snapshot")
    assert killed.wait(timeout=PATIENCE_S) == -signal.SIGKILL
    killed.communicate()
    assert jobs.alive(store) == ["one"]
    with store.writing() as session:  # as if it had been silent for a minute
        session.merge(WorkerRow(id="one", seen_at=now() - timedelta(minutes=1)))
    over = finished(store, run, worker(environ, log, "another"))
    assert over.state == "done" and log.read_text(encoding="utf-8").split().count("pull") == 1


def test_a_second_click_is_the_same_run_and_a_waiting_run_can_be_stopped(store: Store, settings: Settings) -> None:
    first = jobs.ask(store, settings, asked_by="Ann")
    assert jobs.ask(store, settings, asked_by="Bob") == first
    assert first.minutes == settings.retrain_minutes
    runs.cancel(store, first.id)
    assert runs.find(store, first.id).state == "cancelled"
    assert jobs.ask(store, settings, asked_by="Bob").id != first.id


def test_new_lines_are_counted_since_the_last_snapshot(store: Store, settings: Settings) -> None:
    assert jobs.new_lines(store) == 1
    freeze(store, ground_truth(store))
    assert jobs.new_lines(store) == 0
    accept_a_line(store)
    assert jobs.new_lines(store) == 1

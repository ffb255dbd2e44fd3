"""Runs survive the death of their worker in every step, wait for each other, and can be stopped."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
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
from flywheel.turning import Wheel, turn
from flywheel.wheel_status import look
from tests.integration.worker_processes import STEPS
from tests.readings import a_page, an_image, an_upload
from tests.running_app import environment, settings_in

PATIENCE_S = 240
Process = subprocess.Popen[str]


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
    kept = store.keep_reading(an_upload(), [(a_page(["one"]), an_image())], contributor=ann, seconds=1)
    with store.writing() as session:
        trust.keep(session, Claim(kept.pages[0].lines[0].id, "one!", source="import", by=ann), "trusted")


def worker(environ: dict[str, str], log: Path, name: str, program: str = "worker_processes", **fates: str) -> Process:
    """A worker, or the app beside one, that notes its steps in ``log``; see `worker_processes` for the fates."""
    given = [str(log), name, *(f"{fate}={step}" for fate, step in fates.items())]
    command = [sys.executable, "-m", f"tests.integration.{program}", *given]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environ}, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )


def finished(store: Store, run: Run, process: Process) -> Run:
    """The run once it is over, and its worker stopped."""
    deadline = time.monotonic() + PATIENCE_S
    while not runs.find(store, run.id).over and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    _, said = process.communicate(timeout=60)
    over = runs.find(store, run.id)
    assert over.over, (over, said)
    return over


def wait_for(seen: Callable[[], object], process: Process) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not seen() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert seen(), process.communicate()


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


def test_a_second_worker_of_the_same_name_does_not_begin(store: Store, settings: Settings, tmp_path: Path) -> None:
    run = jobs.ask(store, settings, asked_by="Ann", minutes=1)
    log, environ = tmp_path / "log", environment(tmp_path)
    first = worker(environ, log, "one", stays_in="retrain")
    wait_for(lambda: log.exists() and len(log.read_text(encoding="utf-8").split()) == 3, first)
    second = worker(environ, tmp_path / "another log", "one")
    _, said = second.communicate(timeout=PATIENCE_S)
    assert second.returncode == 1 and "A worker named one works on this store already" in said
    assert runs.find(store, run.id).state == "running" and not (tmp_path / "another log").exists()
    first.kill()
    first.communicate()
    assert finished(store, run, worker(environ, log, "one")).state == "done"  # the dead hold no name


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


def test_the_app_killed_in_a_step_takes_its_worker_along_and_started_again_ends_the_turn_once(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    run = jobs.ask(store, settings, asked_by="Ann", minutes=1)
    log, environ = tmp_path / "log", environment(tmp_path)
    killed = worker(environ, log, "one", "app_process", stays_in="retrain")
    wait_for(lambda: log.exists() and len(log.read_text(encoding="utf-8").split()) == 3, killed)
    *before, left = log.read_text(encoding="utf-8").split()
    killed.kill()
    wait_for(lambda: not Path(f"/proc/{left}").exists(), worker_again := worker(environ, log, "one", "app_process"))
    wait_for(lambda: runs.find(store, run.id).over, worker_again)
    worker_again.terminate()
    for process in (killed, worker_again):
        process.communicate(timeout=60)
    assert (runs.find(store, run.id).message, before) == ("Promoted: CER 9 % → 5 %.", ["pull", "snapshot"])
    assert log.read_text(encoding="utf-8").split() == [*before, left, "retrain", "evaluate", "promote"]
    assert len(registry.models(store)) == len(registry.promotions(store)) == 2


def test_a_turn_of_the_clock_that_breaks_by_a_mistake_of_ours_ends_and_the_next_one_begins(
    store: Store, tmp_path: Path
) -> None:
    environ = environment(tmp_path, retrain_at="* * * * * *")
    process = worker(environ, tmp_path / "log", "one", breaks_in="evaluate")
    wait_for(lambda: len(runs.runs(store)) > 1, process)
    process.communicate(timeout=60)
    first = runs.runs(store)[-1]
    assert first.asked_by.startswith("the clock, 20") and first.state == "failed"
    assert first.message == "It broke: the shapes do not fit. What serves is as it was; the worker's log tells more."
    assert len(registry.promotions(store)) == 1


def test_new_lines_ask_for_a_turn_by_themselves(store: Store, tmp_path: Path) -> None:
    process = worker(environment(tmp_path, retrain_after_lines="2"), tmp_path / "log", "one")
    wait_for(lambda: jobs.alive(store), process)
    assert runs.runs(store) == []
    accept_a_line(store)
    wait_for(lambda: runs.runs(store), process)
    over = finished(store, runs.runs(store)[0], process)
    assert (over.state, over.asked_by, len(runs.runs(store))) == ("done", "2 new lines", 1)
    assert sum(snapshots(store)[0].lines.values()) == 2


def test_the_same_lines_ask_for_one_turn_even_where_it_fails(store: Store, settings: Settings) -> None:
    assert jobs.lines_since_a_turn(store) == 1
    run = jobs.ask(store, settings, asked_by="1 new lines")
    runs.finish(store, run.id, "failed", "The disk is full.")
    assert (jobs.lines_since_a_turn(store), jobs.new_lines(store)) == (0, 1)
    accept_a_line(store)
    assert jobs.lines_since_a_turn(store) == 1


def test_a_turn_of_the_command_line_blocks_others_while_it_lives_and_no_longer(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.alone(runs.LOCK):
        begun = runs.begin_by_hand(store, minutes=1)
        assert jobs.ask(store, settings, asked_by="Ann") == begun and look(store)["problems"] == []
    asked = jobs.ask(store, settings, asked_by="Ann")
    assert asked.id != begun.id and runs.find(store, begun.id).message == runs.DIED
    monkeypatch.setattr(Wheel, "pull", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    stopped = runs.begin_by_hand(store, minutes=1)
    with pytest.raises(KeyboardInterrupt):
        turn(Wheel(store, settings, stopped.id))
    assert runs.find(store, stopped.id).message == "It was stopped on the command line."


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

"""The comparison with kraken gives both sides the same lines, scores them alike, and says what stopped it."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import pytest

from benchmarks import kraken
from benchmarks.kraken import Finished, Side, choose_lines, lay_out, summarise, train_both
from benchmarks.kraken_environment import NoKraken, prepare, surroundings
from benchmarks.training_clock import TrainingClock
from benchmarks.training_job import HELD, SCORED, TRAIN, Job, Result
from recognizer.corpora import LineTruth, read_manifest
from tests.handwriting import write_line

PAIRS = {"kraken 7": ["ab##", "abcd"], "Inkloop": ["abc#", "abcd"]}
REFERENCES = ["abcd", "abcd"]


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")


def finished(name: str, texts: list[str]) -> Finished:
    return Finished(Result(name, "nothing", 60.0, 9, 9, 0.5, {"best path": texts}, {"torch": "2"}), 75.0)


def test_lines_lie_as_ketos_train_takes_them_and_keep_what_is_known(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), write_line("Été", seed=1))
    row = LineTruth(tmp_path / "a.png", "Été", ("odd",), {"collection": "c", "writer": "ann"})
    lay_out([row, row], tmp_path / "lines" / TRAIN)
    job = Job(str(tmp_path / "lines"), str(tmp_path / "output"), 1.0)
    images = Job.load(job.keep()).images(TRAIN)
    assert [image.name for image in images] == ["000000.png", "000001.png"]
    assert all(image.read_bytes() == row.image.read_bytes() for image in images)
    assert [image.with_suffix(".gt.txt").read_text(encoding="utf-8") for image in images] == ["Été", "Été"]
    kept = next(read_manifest(tmp_path / "lines" / TRAIN / "lines.jsonl"))
    assert (kept.text, kept.flags, kept.extra) == (row.text, row.flags, row.extra)


def test_no_writer_both_trains_and_chooses_and_doubtful_lines_only_train(tmp_path: Path) -> None:
    rows = [
        {"image": f"{n}.png", "text": " " if n == 3 else "x", "writer": f"w{n % 40}", "flags": ["odd"] * (n < 40)}
        for n in range(120)
    ]
    write_rows(tmp_path / "lines_train.jsonl", rows)
    write_rows(tmp_path / "lines_val.jsonl", rows[30:50])
    chosen = choose_lines(tmp_path)
    writers = {part: {row.writer for row in lines} for part, lines in chosen.items()}
    assert writers[HELD]
    assert writers[TRAIN].isdisjoint(writers[HELD])
    assert any(row.flags for row in chosen[TRAIN])
    assert not any(row.flags for row in chosen[HELD] + chosen[SCORED])
    assert all(row.text.strip() for row in chosen[TRAIN])
    assert len(chosen[SCORED]) == 10
    assert len(choose_lines(tmp_path, most=20)[TRAIN]) <= 20


def test_both_sides_are_scored_alike_and_the_page_says_how_they_began() -> None:
    rows = summarise([finished(name, texts) for name, texts in PAIRS.items()], REFERENCES)
    assert [(row["engine"], row["cer"], row["cer_ratio"]) for row in rows] == [
        ("kraken 7", 0.25, 1.0),
        ("Inkloop", 0.125, 0.5),
    ]
    machine = {"processor": "a processor", "load_at_start": 0.1}
    record = {"date": "2026-01-02", "commit": "abc", "hardware": machine, "minutes": 20.0, "scores": rows}
    told = kraken.page(record | {"lines": {TRAIN: 100, HELD: 10, SCORED: 2}})
    assert "| Inkloop | nothing | best path | 0.125 | 0.500 | 0.50 | 60 | 75 | 9 |" in told
    assert "kraken began from nothing" in told
    assert "The same 100 lines for both" in told


def test_validations_are_not_training_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 3.0, 3.0, 3.5, 103.5, 105.5])
    monkeypatch.setattr("time.process_time", lambda: next(now))
    clock, trainer = TrainingClock(), SimpleNamespace(state=SimpleNamespace(fn="fit"))
    clock.on_train_start(trainer, None)
    clock.on_train_batch_end(trainer, None, None, None, 0)
    clock.on_validation_start(trainer, None)
    clock.on_validation_end(trainer, None)
    clock.on_train_end(trainer, None)
    trainer.state.fn = "validate"
    clock.on_validation_start(trainer, None)
    clock.on_validation_end(trainer, None)
    assert (clock.seconds, clock.steps) == (5.5, 1)


def test_an_environment_that_cannot_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NoKraken, match=r"has no working environment in .*venv: .*run this again once they are there"):
        prepare(tmp_path, python=str(tmp_path / "no-python"))
    assert not list(tmp_path.glob("venv/kraken-*"))  # so the next call makes it anew


def test_a_side_gets_one_thread_and_nothing_of_our_environment() -> None:
    told = surroundings({"PATH": "/bin", "INKLOOP_DATA": "x", "PYTHONPATH": "x", "VIRTUAL_ENV": "x"})
    assert told == {"PATH": "/bin", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


def test_a_side_that_fails_stops_the_comparison(tmp_path: Path) -> None:
    jobs = [Job(str(tmp_path), str(tmp_path / name), 1.0) for name in ("ours", "theirs")]
    with pytest.raises(subprocess.CalledProcessError, match=r"benchmarks\.no_such_side"):
        train_both([Side(sys.executable, "benchmarks.no_such_side")] * 2, jobs)


def test_missing_data_are_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["kraken", "--data", str(tmp_path)])
    assert kraken.main() == 1
    assert f"{tmp_path / 'lines_train.jsonl'}" in capsys.readouterr().err

"""Snapshot → challenger with real trainings of seconds, and what stops them before they begin."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from flywheel import retraining, scope_lines
from flywheel.errors import Cancelled, FlywheelError, UnfitSnapshot, WheelStopped
from flywheel.registry import UNCORRECTED, models, promotions
from flywheel.retraining import LEARNS, REPORT, retrain
from flywheel.scopes import Scope
from flywheel.settings import Settings
from flywheel.snapshots import Snapshot, freeze, lines_of
from flywheel.store import Store
from recognizer.corpora import LineTruth
from recognizer.training.finetuning import FinetuneOptions, FinetuneReport
from recognizer.training.progress import Progress
from tests.accepted import written_page
from tests.killed import Killed
from tests.running_app import settings_in

TEXTS = ["Qzk 1", "wjx 2", "vyq 3"]
SECONDS = 1 / 60


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings) as opened:
        yield opened


@pytest.fixture
def snapshot(store: Store) -> Snapshot:
    return freeze(store, [line for seed in range(8) for line in written_page(store, TEXTS, seed=seed)])


def test_a_training_is_done_once_tracked_offline_and_registered_with_its_lineage(
    store: Store, settings: Settings, snapshot: Snapshot
) -> None:
    told: list[Progress] = []
    trained = retrain(store, settings, snapshot, minutes=SECONDS, watch=told.append)
    assert trained.report["replayed"] and told
    if trained.challenger is not None:
        assert trained.challenger.snapshot == snapshot.id and trained.challenger.parent == promotions(store)[-1].version
    else:
        assert trained.report["kept"] == "parent" and len(models(store)) == 1
    (folder,) = (settings.scratch / "trainings").iterdir()
    (run,) = (folder / "wandb").glob("offline-run-*/run-*.wandb")
    assert snapshot.id.encode() in run.read_bytes()
    assert not (folder / "checkpoints").exists()
    told.clear()
    again = retrain(store, settings, snapshot, minutes=SECONDS, watch=told.append)
    assert (again, told) == (trained, [])


def test_a_training_that_is_stopped_leaves_no_model_and_its_checkpoints(
    store: Store, settings: Settings, snapshot: Snapshot
) -> None:
    def stop(_: Progress) -> None:
        raise Cancelled("Enough.")

    with pytest.raises(Cancelled):
        retrain(store, replace(settings, wandb="off"), snapshot, minutes=1, watch=stop)
    assert list((settings.scratch / "trainings").rglob(REPORT)) == [] and len(models(store)) == 1


def test_a_training_that_is_killed_again_and_again_halves_its_batch_and_then_says_so(
    store: Store, settings: Settings, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def killed(_1: object, _2: object, _3: object, _4: object, options: FinetuneOptions, _5: object) -> None:
        sizes.append(options.batch_size)
        raise Killed

    monkeypatch.setattr(retraining, "finetune", killed)
    quiet = replace(settings, wandb="off")
    for _ in range(5):
        with pytest.raises(Killed):
            retrain(store, quiet, snapshot)
    with pytest.raises(WheelStopped, match=r"killed 5 times without getting any further.* Free some, then start it"):
        retrain(store, quiet, snapshot)
    assert sizes == [8, 8, 4, 2, 1] and len(models(store)) == len(promotions(store)) == 1


def test_what_cannot_be_learnt_from_stops_before_any_training(store: Store, settings: Settings) -> None:
    truth = [line for seed in range(8) for line in written_page(store, TEXTS, seed=seed)]
    strange = freeze(store, [replace(truth[0], text="✠"), *truth[1:]])
    with pytest.raises(UnfitSnapshot, match=f"“✠” is not in charset latin-v1.*Lines: {truth[0].line_id}"):
        retrain(store, settings, strange)
    forgotten = replace(strange, forgotten="Ann asked to be forgotten.")
    with pytest.raises(UnfitSnapshot, match="may not be trained on: Ann asked to be forgotten"):
        retrain(store, settings, forgotten)
    assert not (settings.scratch / "trainings").exists()


def test_a_hands_own_training_learns_its_lines_alone_if_they_are_enough(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = Scope("writer", "Ann")
    pages = [written_page(store, TEXTS, seed=seed, writer="Ann" if seed % 2 else "Bob") for seed in range(8)]
    snapshot = freeze(store, [line for page in pages for line in page])
    with pytest.raises(UnfitSnapshot, match="Writer Ann has too few accepted lines for a model of its own"):
        retrain(store, settings, snapshot, scope=ann)
    assert not (settings.scratch / "trainings").exists()
    learnt: list[str | None] = []

    def learn(rows: list[LineTruth], _1: object, _2: object, _3: object, options: FinetuneOptions, _4: object) -> None:
        learnt.extend(row.extra["writer"] for row in rows)
        assert not options.for_all  # other hands do not hold it back
        raise Cancelled("Seen.")

    monkeypatch.setattr(scope_lines, "FEWEST_TO_LEARN", 2)
    monkeypatch.setattr(scope_lines, "FEWEST_TO_TEST", 0)
    monkeypatch.setattr(retraining, "finetune", learn)
    with pytest.raises(Cancelled):
        retrain(store, replace(settings, wandb="off"), snapshot, scope=ann)
    assert set(learnt) == {"Ann"}


def test_uncorrected_lines_teach_beside_the_corrected_ones_unless_the_operator_says_no(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [written_page(store, TEXTS, seed=seed) for seed in range(8)]
    snapshot = freeze(store, [line for page in pages for line in page[:2]])
    third = {str(page[2].line_id): str(page[2].page_id) for page in pages}
    shown: list[LineTruth] = []

    def learn(rows: list[LineTruth], *_: object) -> FinetuneReport:
        shown[:] = rows
        return FinetuneReport(1, 1, 1, 0, True, 0.2, 0.2, "parent", 0.0, "inkloop-same-1", 1.0)

    monkeypatch.setattr(retraining, "finetune", learn)
    quiet = replace(settings, wandb="off")
    report = retrain(store, quiet, snapshot).report
    blank = {row.extra["line"]: row.extra["page"] for row in shown if not row.text}
    assert blank and blank.items() <= third.items() and report[UNCORRECTED] == sorted(blank.values())
    (folder,) = (settings.scratch / "trainings").iterdir()
    assert (folder / LEARNS).read_text(encoding="utf-8").split() == [snapshot.id, *report[UNCORRECTED]]
    assert retrain(store, replace(quiet, learn_uncorrected=False), snapshot).report[UNCORRECTED] == []
    assert all(row.text for row in shown)


def test_lines_that_only_test_cannot_train(store: Store, settings: Settings) -> None:
    pages = [written_page(store, TEXTS, seed=seed) for seed in range(12)]
    whole = freeze(store, [line for page in pages for line in page])
    test = {line.line_id for line in lines_of(store, whole) if line.split == "test"}
    only = freeze(store, [line for page in pages for line in page if str(line.line_id) in test])
    with pytest.raises(UnfitSnapshot, match=rf"Of {len(test)} lines 0 are for training: .* Correct another page."):
        retrain(store, settings, only)


def test_a_server_of_weights_and_biases_that_does_not_answer_stops_nothing(
    store: Store, settings: Settings, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    trained = retrain(store, replace(settings, wandb="online"), snapshot, minutes=SECONDS)
    assert trained.report["kept"] in ("child", "parent")
    (folder,) = (settings.scratch / "trainings").iterdir()
    assert json.loads((folder / REPORT).read_text(encoding="utf-8")) == trained.report


def test_a_full_disk_leaves_no_half_model(store: Store, settings: Settings, snapshot: Snapshot, tmp_path: Path) -> None:
    settings.scratch.mkdir()
    (settings.scratch / "trainings").write_bytes(b"in the way")  # a folder that cannot be made, as on a full disk
    with pytest.raises((FlywheelError, OSError)):
        retrain(store, replace(settings, wandb="off"), snapshot, minutes=SECONDS)
    assert len(models(store)) == 1 and len(promotions(store)) == 1

"""A fine-tuning is watched, stopped, resumed, and says so when it goes astray."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from recognizer.charset import LATIN_V1
from recognizer.corpora import LineTruth
from recognizer.datasets.replay import Replay, written_by
from recognizer.datasets.written_lines import WrittenLines, base_lines
from recognizer.decoding.characters import CharacterModel
from recognizer.decoding.language import Language
from recognizer.errors import BadManifest, Diverged
from recognizer.evaluation import evaluate_lines
from recognizer.line_reader import LineReader
from recognizer.model_card import LANGUAGE, SHIPPED, WEIGHTS
from recognizer.training import finetuning, pseudo_labels
from recognizer.training.finetuning import FinetuneOptions, Surroundings, finetune
from recognizer.training.progress import Progress
from recognizer.training.pseudo_labels import pseudo_labelled, spread
from recognizer.weights_files import load_reader
from tests.unit.lines import TEXTS, written_lines

HAND = [f"{word} {number}" for number, word in enumerate(("Qzk", "wjx", "vyq", "gfp") * 2)]
SHORT = FinetuneOptions(minutes=0.02, batch_size=1)


class Enough(Exception):
    """What the watcher raises to stop."""


@pytest.fixture
def rows(tmp_path: Path) -> list[LineTruth]:
    return written_lines(tmp_path / "hand", HAND)


@pytest.fixture(scope="module")
def language() -> CharacterModel:
    return Language.load(SHIPPED / LANGUAGE).characters


def test_progress_is_told_and_the_lines_that_choose_are_those_given(rows: list[LineTruth], tmp_path: Path) -> None:
    told: list[Progress] = []
    around = Surroundings(held=rows[6:], watch=told.append)
    replay = written_by(SHIPPED)
    report = finetune(rows[:6], SHIPPED, tmp_path / "child", replay, SHORT, around)
    assert (report.lines, report.held_out, report.replayed) == (6, 2, True)
    assert told and all(0 <= moment.share <= 1 and moment.step >= 1 for moment in told)
    assert [moment.step for moment in told] == sorted(moment.step for moment in told)
    assert all(np.isfinite(moment.loss) and moment.epoch > 0 and (moment.seconds_left or 0) <= 3 for moment in told)


def test_few_lines_are_not_learnt_by_heart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = written_lines(tmp_path / "hand", [f"{text}, and so wide that it fills a step alone" for text in HAND])
    told: list[Progress] = []
    monkeypatch.setattr(finetuning, "MOST_VISITS", 3)
    options, around = FinetuneOptions(minutes=60, batch_size=1), Surroundings(held=rows[6:], watch=told.append)
    finetune(rows[:6], SHIPPED, tmp_path / "child", Replay(), options, around)
    assert told[-1].step <= 18 and told[-1].epoch <= 3


def test_two_lines_that_choose_do_not_choose_the_whole_way(rows: list[LineTruth], tmp_path: Path) -> None:
    options, few = replace(SHORT, minutes=0.5), Surroundings(held=rows[:2])  # which it learns to read in any case
    report = finetune(rows, SHIPPED, tmp_path / "child", Replay(), options, few)
    assert report.kept == "child" and 0 < report.share <= 0.6


def test_a_training_that_was_stopped_goes_on_where_it_was(rows: list[LineTruth], tmp_path: Path) -> None:
    steps: list[int] = []

    def stop(moment: Progress) -> None:
        if (tmp_path / "checkpoints" / "last.ckpt").exists():
            raise Enough

    around = Surroundings(checkpoints=tmp_path / "checkpoints", watch=stop, save_every_steps=1)
    options = FinetuneOptions(minutes=2, batch_size=1)
    with pytest.raises(Enough):
        finetune(rows, SHIPPED, tmp_path / "child", Replay(), options, around)
    assert not (tmp_path / "child").exists()
    reached = torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=False)["global_step"]

    def note(moment: Progress) -> None:
        steps.append(moment.step)
        raise Enough

    with pytest.raises(Enough):
        finetune(rows, SHIPPED, tmp_path / "child", Replay(), options, replace(around, watch=note))
    assert reached >= 1 and steps == [reached + 1]


def test_a_checkpoint_that_was_cut_short_is_begun_anew(
    rows: list[LineTruth], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoints = tmp_path / "checkpoints"
    checkpoints.mkdir()
    (checkpoints / "last.ckpt").write_bytes(b"PK\x03\x04 half a file")
    with caplog.at_level(logging.WARNING):
        finetune(rows, SHIPPED, tmp_path / "child", Replay(), SHORT, Surroundings(checkpoints=checkpoints))
    assert "last.ckpt is damaged" in caplog.text
    assert load_reader(tmp_path / "child")[1] == LATIN_V1


def test_a_loss_that_is_no_number_stops_the_training(rows: list[LineTruth], tmp_path: Path) -> None:
    fast = FinetuneOptions(minutes=1, learning_rate=1e30, batch_size=1)
    with pytest.raises(Diverged, match=r"The loss is (nan|inf) at step \d+. Train with a lower learning rate."):
        finetune(rows, SHIPPED, tmp_path / "child", Replay(), fast)
    assert not (tmp_path / "child").exists()


def test_lines_that_nobody_transcribed_are_learnt_as_they_are_read(rows: list[LineTruth], tmp_path: Path) -> None:
    blank = [replace(row, text="") for row in written_lines(tmp_path / "rest", TEXTS)]
    report = finetune([*rows, *blank], SHIPPED, tmp_path / "child", Replay(), SHORT)
    sure = round(pseudo_labels.SUREST * len(blank))
    assert (report.lines + report.held_out, report.unlabelled, report.skipped) == (len(rows), sure, len(blank) - sure)
    with pytest.raises(BadManifest, match="Only 0 of 8 lines can be learnt from"):
        finetune(blank, SHIPPED, tmp_path / "none", Replay(), SHORT)


def test_the_surest_readings_are_taken_for_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = written_lines(tmp_path / "clear", TEXTS[:3]) + written_lines(tmp_path / "odd", ["qzkwx vgfpj", "Zqxj wvk"])
    taken = pseudo_labelled([replace(row, text="") for row in lines], SHIPPED)
    assert {row.image: row.text for row in taken} == {row.image: row.text for row in lines[:3]} and len(taken) == 3
    monkeypatch.setattr(pseudo_labels, "MOST_READ", 2)
    (only,) = pseudo_labelled(lines, SHIPPED)  # the surer of the two that are read
    assert only.image in [line.image for line in spread(lines, 2)]
    assert pseudo_labelled([], tmp_path / "no model") == []


def weights(folder: Path, prefix: str) -> dict[str, torch.Tensor]:
    """What a model's file holds under a prefix."""
    return {name: value for name, value in load_file(folder / WEIGHTS).items() if name.startswith(prefix)}


def test_what_is_learnt_stands_beside_what_was_known(rows: list[LineTruth], tmp_path: Path) -> None:
    options, around = replace(SHORT, minutes=0.5), Surroundings(held=rows)  # which it learns to read in any case
    report = finetune(rows, SHIPPED, tmp_path / "child", Replay(), options, around)
    assert report.kept == "child"
    for part in ("stem.", "blocks.", "neck.", "head.", "background."):
        before, after = weights(SHIPPED, part), weights(tmp_path / "child", part)
        assert before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)
    first = weights(tmp_path / "child", "hands.")
    assert not torch.equal(first["hands.network.head.bias"], weights(SHIPPED, "head.")["head.bias"])
    finetune(rows, tmp_path / "child", tmp_path / "grandchild", Replay(), replace(options, seed=2), around)
    assert weights(tmp_path / "grandchild", "hands.").keys() == first.keys()
    alone = replace(options, for_all=False)
    finetune(rows, tmp_path / "child", tmp_path / "personal", Replay(), alone, around)
    assert weights(tmp_path / "personal", "").keys() == weights(SHIPPED, "").keys()


def test_lines_in_more_hands_than_can_be_told_apart_teach_the_common_network(
    rows: list[LineTruth], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finetuning, "MOST_HANDS", 0)
    finetune(rows, SHIPPED, tmp_path / "child", Replay(), SHORT)
    assert weights(tmp_path / "child", "").keys() == weights(SHIPPED, "").keys()


def test_base_lines_are_always_the_same_and_easily_read(language: CharacterModel, tmp_path: Path) -> None:
    first = base_lines(language, tmp_path / "one", count=12)
    again = base_lines(language, tmp_path / "two", count=12)
    assert [row.text for row in first] == [row.text for row in again] and all(row.text for row in first)
    assert [row.image.read_bytes() for row in first] == [row.image.read_bytes() for row in again]
    rng = np.random.default_rng(1)
    image, text = WrittenLines(language).draw(rng) or (None, "")
    assert image is not None and image.shape[0] >= 48 and not LATIN_V1.unknown(text)
    assert len({row.text for row in first}) == 12


def test_a_reader_knows_its_base_lines(language: CharacterModel, tmp_path: Path) -> None:
    assert evaluate_lines(LineReader.load(), base_lines(language, tmp_path, count=12)).cer < 0.05

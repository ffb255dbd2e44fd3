"""The neural language model learns the texts of a data folder, is resumed, and reads with the reader."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from recognizer.__main__ import main
from recognizer.datasets.batches import Corpora
from recognizer.errors import BadModel
from recognizer.line_reader import LineReader
from recognizer.model_card import NEURAL, SHIPPED, read_card
from recognizer.models.character_lstm import EDGE, FIRST
from recognizer.training.language_training import IGNORED, LONGEST, LanguageHyperparameters, Texts, batch_of
from recognizer.weights_files import load_neural, load_reader, save_reader
from tests.handwriting import write_line
from tests.unit.lines import write_manifest, written_lines

LINES = [f"{word} {number}" for number, word in enumerate(("the fox", "a dog", "my cat", "its den") * 8)]
PROSE = "The quick brown fox jumps over the lazy dog. " * 60


def data_folder(folder: Path) -> Path:
    write_manifest(folder, LINES, name="lines_train.jsonl")
    (folder / "texts").mkdir()
    (folder / "texts" / "fox.txt").write_text(PROSE + "_Ça_", encoding="utf-8")
    return folder


def test_it_is_trained_resumed_and_reads_with_the_reader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, output = data_folder(tmp_path / "data"), tmp_path / "out"
    command = ["train", "--architecture", "character_lstm", "--data", str(data), "--output", str(output), "--json"]
    options = ["--batch_size", "16", "--val_check_interval", "10", "--precision", "32-true"]
    assert main([*command, *options, "--max_steps", "10"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert main([*command, *options, "--max_steps", "60", "--wandb", "--log_every_n_steps", "1"]) == 0
    second = json.loads(capsys.readouterr().out)
    assert torch.load(output / "last.ckpt", weights_only=False)["global_step"] == 60
    assert second["held_out_bits"] < first["held_out_bits"]
    card, shipped = read_card(output), read_card(SHIPPED)
    assert card["version"] == second["model"] not in (first["model"], shipped["version"])
    assert card["sources"] == shipped["sources"] and card["calibration"] != shipped["calibration"]
    _, alphabet = load_neural(output)
    assert set("the quick") < set(alphabet) and "Ç" in alphabet and "_" not in alphabet
    (run,) = (output / "wandb").glob("offline-run-*/run-*.wandb")
    logged = run.read_bytes()
    assert all(name in logged for name in (b"train/loss", b"val/bits", b"line-reader"))
    (reading,) = LineReader.load(output).read_lines([write_line("the quick brown fox", seed=3)])
    assert reading.text == "the quick brown fox"


def test_real_lines_come_whole_and_twice_and_prose_in_lines(tmp_path: Path) -> None:
    data = data_folder(tmp_path)
    lines = tuple(written_lines(tmp_path / "lines", ("the fox 0", "the fox 0", "a dog 1")))
    seen = Texts(Corpora(lines, texts=(data / "texts" / "fox.txt",))).once(np.random.default_rng(1))
    assert seen.count("the fox 0") == seen.count("a dog 1") == 2
    prose = [line for line in seen if line not in ("the fox 0", "a dog 1")]
    assert sorted(" ".join(prose).split()) == sorted((PROSE + "Ça").split())
    assert max(map(len, prose)) <= LONGEST and len({len(line) for line in prose}) > 10


def test_a_batch_pads_what_is_shorter() -> None:
    batch = batch_of(["ba", "a"], "ab")
    assert batch.tolist() == [[EDGE, FIRST + 1, FIRST, EDGE], [EDGE, FIRST, EDGE, IGNORED]]


def test_a_reader_without_languages_is_refused(tmp_path: Path) -> None:
    from recognizer.training.language_training import train_language
    from recognizer.training.line_training import Wish

    model, charset, _ = load_reader(SHIPPED)
    save_reader(model, charset, tmp_path / "mute")
    wish = Wish(data_folder(tmp_path / "data"), tmp_path / "out", str(tmp_path / "mute"))
    with pytest.raises(BadModel, match="knows no language"):
        train_language(wish, LanguageHyperparameters(), {"max_steps": 1})


def test_a_model_without_its_language_file_is_told(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "model")
    (tmp_path / "model" / NEURAL).unlink()
    with pytest.raises(BadModel, match=r"language\.safetensors cannot be loaded"):
        LineReader.load(tmp_path / "model")


def test_a_finder_of_ones_own_stays_with_the_reader(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "start")
    command = ["train", "--architecture", "character_lstm", "--data", str(data_folder(tmp_path / "data"))]
    options = ["--start", str(tmp_path / "start"), "--batch_size", "16", "--max_steps", "1", "--precision", "32-true"]
    assert main([*command, *options, "--output", str(tmp_path / "out")]) == 0
    for name in ("line_finder.json", "line_finder.safetensors", "language.xz"):
        assert (tmp_path / "out" / name).read_bytes() == (SHIPPED / name).read_bytes()

"""The line reader learns: by heart, over an interruption, and a new hand without leaving its parent for worse."""

import json
from pathlib import Path

import pytest
import torch

from recognizer.__main__ import main
from recognizer.charset import LATIN_V1
from recognizer.datasets.batches import pooled_batches
from recognizer.model_card import SHIPPED, read_card
from recognizer.models.line_ctc import LineCTC
from recognizer.training.line_training import RECOGNISER
from recognizer.training.lit_models import assess, ctc_loss, distillation_loss
from recognizer.training.pretrained import load_line_ctc, wheel_model
from recognizer.weights_files import load_reader
from tests.unit.lines import write_manifest, written_lines

EIGHT = ("zyxwv", "q!?j#", "Qzkç", "wjtern", "7 x 8", "oôœ 19", "xx 4a", "W,w;W")  # nothing a language would suggest
HAND = [f"{word} {number}" for number, word in enumerate(("Qzk", "wjx", "vyq", "gfp") * 8)]


def test_it_memorises_eight_lines(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = load_line_ctc(wheel_model(RECOGNISER), LATIN_V1, dropout=0.0).train()
    batches = pooled_batches(written_lines(tmp_path, EIGHT), LATIN_V1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-4)
    for step in range(120):
        for batch in batches:
            optimizer.zero_grad()
            ctc_loss(model(batch.images), batch.targets, batch.lengths).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
        if step % 4 == 3 and assess(model, batches, LATIN_V1).cer == 0:
            break
        model.train()
    assert assess(model, batches, LATIN_V1).cer == 0


def test_training_stops_where_it_is_told_and_goes_on_from_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_manifest(tmp_path / "data", HAND, name="lines_train.jsonl")
    command = ["train", "--data", str(tmp_path / "data"), "--output", str(tmp_path / "out"), "--workers", "0"]
    options = ["--batch_size", "1", "--json", "--val_check_interval", "4", "--precision", "32-true"]
    assert main([*command, *options, "--max_steps", "4"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert read_card(tmp_path / "out")["version"] == first["model"]
    assert main([*command, *options, "--max_steps", "6", "--wandb", "--log_every_n_steps", "1"]) == 0
    second = json.loads(capsys.readouterr().out)
    steps = torch.load(tmp_path / "out" / "last.ckpt", weights_only=False)["global_step"]
    assert steps == 6 and second["model"] != first["model"]
    (run,) = (tmp_path / "out" / "wandb").glob("offline-run-*/run-*.wandb")
    logged = run.read_bytes()
    assert all(name in logged for name in (b"train/loss", b"val/cer", b"val/samples", b"line-reader"))


def test_a_call_ends_after_its_minutes_and_the_next_one_goes_on(tmp_path: Path) -> None:
    write_manifest(tmp_path / "data", HAND, name="lines_train.jsonl")
    command = ["train", "--data", str(tmp_path / "data"), "--output", str(tmp_path / "out"), "--workers", "1"]
    options = ["--batch_size", "1", "--max_steps", "5", "--precision", "32-true", "--limit_val_batches", "0"]
    steps = []
    for call in (["--call_minutes", "0"], []):
        assert main([*command, *options, *call]) == 0
        steps.append(torch.load(tmp_path / "out" / "last.ckpt", weights_only=False)["global_step"])
    assert steps == [1, 5]


def test_a_smaller_network_comes_nearer_to_its_teacher(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model, charset, _ = load_reader(SHIPPED)
    batches = pooled_batches(written_lines(tmp_path, EIGHT), charset)

    def apart(student: LineCTC) -> float:
        with torch.no_grad():
            return sum(
                float(distillation_loss(student(b.images), model(b.images), b.lengths)) * len(b.lengths)
                for b in batches
            ) / len(EIGHT)

    student, *_ = load_reader(SHIPPED)
    assert apart(student) == 0
    student.see_rows(24)
    before = apart(student)
    optimizer = torch.optim.AdamW(student.parameters(), lr=4e-4)
    for _ in range(12):
        for batch in batches:
            optimizer.zero_grad()
            distillation_loss(student(batch.images), model(batch.images), batch.lengths).backward()
            torch.nn.utils.clip_grad_norm_(student.parameters(), 5.0)
            optimizer.step()
    assert apart(student) < 0.5 * before


def test_train_makes_a_network_see_fewer_rows_and_goes_on_with_the_same_one_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_manifest(tmp_path / "data", HAND, name="lines_train.jsonl")
    command = ["train", "--data", str(tmp_path / "data"), "--output", str(tmp_path / "out"), "--workers", "0"]
    options = ["--batch_size", "1", "--precision", "32-true", "--limit_val_batches", "0", "--start", str(SHIPPED)]
    small = ["--rows", "24", "--teacher", str(SHIPPED)]
    assert main([*command, *options, *small, "--max_steps", "2"]) == 0
    card = read_card(tmp_path / "out")
    assert card["rows"] == 24 and card["int8"] and card["language"]
    names = torch.load(tmp_path / "out" / "last.ckpt", weights_only=False)["state_dict"]
    assert len(names) == len(load_reader(tmp_path / "out")[0].state_dict())  # and nothing of the teacher
    assert main([*command, *options, "--max_steps", "4"]) == 1
    assert "another network" in capsys.readouterr().err
    assert main([*command, *options, "--rows", "20", "--max_steps", "4"]) == 1
    assert "cannot see 20 rows" in capsys.readouterr().err


def test_an_option_the_trainer_does_not_have_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["train", "--data", str(tmp_path), "--output", str(tmp_path), "--minutes", "1", "--precison", "16"])
    assert stop.value.code == 2 and "precision?" in capsys.readouterr().err


def test_a_hand_is_learnt_or_the_parent_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = write_manifest(tmp_path / "hand", HAND)
    replay = write_manifest(tmp_path / "replay")
    command = ["finetune", str(manifest), "--output", str(tmp_path / "child"), "--replay", str(replay), "--json"]
    assert main([*command, "--minutes", "0.5"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["lines"] + report["held_out"] == len(HAND) and report["replayed"]
    *_, card = load_reader(tmp_path / "child")
    assert card["version"] == report["model"] and card["parent"]
    assert report["cer_after"] <= report["cer_before"]
    assert report["kept"] == ("child" if report["share"] > 0 else "parent")


def test_one_line_is_too_little_to_learn_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = write_manifest(tmp_path, ["alone"])
    assert main(["finetune", str(manifest), "--output", str(tmp_path / "child")]) == 1
    assert "Only 1 of 1 lines can be learnt from" in capsys.readouterr().err

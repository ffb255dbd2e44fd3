"""The line reader learns: by heart, over an interruption, and a new hand without leaving its parent for worse."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from recognizer.__main__ import main
from recognizer.charset import LATIN_V1
from recognizer.datasets.batches import Mixture, RealLines, pooled_batches
from recognizer.decoding.best_path import softmax
from recognizer.engines.int8_graph import Int8
from recognizer.engines.runtimes import OnnxRuntime
from recognizer.model_card import SHIPPED, read_card
from recognizer.models.line_ctc import FEW_ROWS
from recognizer.training.line_training import RECOGNISER, Course, fit
from recognizer.training.lit_models import LineHyperparameters, assess, ctc_loss, squeeze
from recognizer.training.pretrained import load_line_ctc, wheel_model
from recognizer.training.rounding import rounded
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


def test_every_other_step_is_on_lines_of_fewer_rows_and_none_of_a_validation(tmp_path: Path) -> None:
    lines = written_lines(tmp_path, HAND[:8])
    model, charset, _ = load_reader(SHIPPED)
    heights: list[int] = []
    model.register_forward_pre_hook(lambda _, images: heights.append(images[0].shape[2]))
    for every, seen in ((2, [48, FEW_ROWS, 48, FEW_ROWS]), (0, [48] * 4)):
        heights.clear()
        hyper = LineHyperparameters(batch_size=1, hasty_steps=every)
        course = Course(Mixture([(RealLines(lines), 1.0)], charset), lines, hyper, tmp_path / str(every), workers=0)
        fit(model, course, {"max_steps": 4, "precision": "32-true", "num_sanity_val_steps": 0})
        assert heights[:4] == seen and set(heights[4:]) == {48}


def test_rounded_training_sees_what_integers_say_and_teaches_every_layer(tmp_path: Path) -> None:
    model, charset, card = load_reader(SHIPPED)
    int8 = Int8(card["int8"], 64)  # exact on any processor
    batches = pooled_batches(written_lines(tmp_path, EIGHT), charset)
    reading, by_learnt, by_plain = OnnxRuntime(model, int8), 0.0, 0.0
    for batch in batches:
        with torch.no_grad():
            plain, learnt = model(batch.images), rounded(model, int8, batch.images)
        read = softmax(reading(batch.images.numpy()).logits)
        by_plain += float(np.abs(read - softmax(plain.numpy())).sum())
        by_learnt += float(np.abs(read - softmax(learnt.numpy())).sum())
    assert by_learnt < 0.9 * by_plain  # not equal: a last digit decides which way a step goes
    ctc_loss(rounded(model.train(), int8, batches[0].images), batches[0].targets, batches[0].lengths).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_train_learns_rounded_and_goes_on_with_the_same_network_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_manifest(tmp_path / "data", HAND, name="lines_train.jsonl")
    command = ["train", "--data", str(tmp_path / "data"), "--workers", "0", "--batch_size", "1", "--max_steps", "2"]
    options = ["--limit_val_batches", "0", "--start", str(SHIPPED), "--rounded"]
    for precision in ("32-true", "bf16-mixed"):
        output = ["--output", str(tmp_path / precision), "--precision", precision]
        assert main([*command, *options, *output]) == 0
        assert read_card(tmp_path / precision)["int8"]
    assert main([*command, *output, "--architecture", "paragraph_transformer"]) == 1
    assert "another network" in capsys.readouterr().err


def test_squeezed_lines_keep_their_width_and_their_greys() -> None:
    images = torch.rand(2, 1, 48, 64, generator=torch.Generator().manual_seed(3))
    low = squeeze(images)
    assert low.shape == (2, 1, FEW_ROWS, 64)
    assert torch.allclose(low.mean((2, 3)), images.mean((2, 3)), atol=0.01) and torch.all(squeeze(low * 0 + 1) == 1)


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

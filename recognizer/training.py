"""Train a line reader from a model trained at scale, from our own weights, or from nothing."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EMAWeightAveraging, ModelCheckpoint

from recognizer.charset import LATIN_V1
from recognizer.corpora import LineTruth, read_manifest
from recognizer.data import Corpora, LineDataModule
from recognizer.lit_models import LineHyperparameters, LitLineCTC
from recognizer.models.line_ctc import LineCTC
from recognizer.pretrained import load_line_ctc, wheel_model
from recognizer.weights_files import save_reader

RECOGNISER = "PP-OCRv6_rec_small.onnx"


@dataclass(frozen=True)
class TrainingFiles:
    """Where a training reads and writes.

    Attributes:
        data: folder with ``lines_train.jsonl`` and, if there, ``unipen_text.parquet``, ``fonts``, ``texts``.
        output: folder for checkpoints and the resulting weights.
        workers: data loading processes.
    """

    data: Path
    output: Path
    workers: int = 1


def hold_out(lines: Sequence[LineTruth], *, share: float) -> tuple[list[LineTruth], list[LineTruth]]:
    """Split by a hash of the writer: (training lines, held-out lines); a writer is never in both."""
    kept: list[LineTruth] = []
    held: list[LineTruth] = []
    for line in lines:
        digest = hashlib.sha256(line.writer.encode()).digest()
        (held if int.from_bytes(digest[:4]) < share * 2**32 else kept).append(line)
    return kept, held


def find_corpora(data: Path) -> Corpora:
    """What a data folder holds; validation lines are writers held out of its training lines."""
    lines, held = hold_out(list(read_manifest(data / "lines_train.jsonl")), share=0.03)
    ink, fonts = data / "unipen_text.parquet", data / "fonts"
    return Corpora(
        tuple(lines),
        tuple(held),
        ink if ink.exists() else None,
        fonts if fonts.exists() else None,
        tuple(sorted((data / "texts").glob("*.txt"))),
    )


def train(files: TrainingFiles, hyper: LineHyperparameters, trainer_options: dict[str, Any]) -> LitLineCTC:
    """Train until the schedule ends, resuming from the last checkpoint in ``files.output`` when there is one."""
    pl.seed_everything(hyper.seed, workers=True)
    model = load_line_ctc(wheel_model(RECOGNISER), LATIN_V1, dropout=hyper.dropout)
    lit = LitLineCTC(model.to(memory_format=torch.channels_last), LATIN_V1, hyper)  # type: ignore[call-overload]
    data = LineDataModule(
        find_corpora(files.data), LATIN_V1, batch_size=hyper.batch_size, workers=files.workers, seed=hyper.seed
    )
    trainer = pl.Trainer(**default_options(files.output, hyper) | trainer_options)
    trainer.fit(lit, data, ckpt_path="last")
    save_reader(lit.model, LATIN_V1, files.output, notes={"hyperparameters": dict(lit.hparams)})
    return lit


def default_options(output: Path, hyper: LineHyperparameters) -> dict[str, Any]:
    """Trainer options that suit this training; every one can be given by its own name instead."""
    checkpoints = ModelCheckpoint(output, filename="{step}", every_n_train_steps=250, save_last=True, save_top_k=1)
    averaging = EMAWeightAveraging(decay=hyper.ema_decay, update_starting_at_step=WARM_UP_AVERAGE)
    return {
        "precision": "bf16-mixed",
        "max_epochs": -1,
        "val_check_interval": 500,
        "check_val_every_n_epoch": None,
        "gradient_clip_val": 5.0,
        "callbacks": [checkpoints, averaging],
        "default_root_dir": str(output),
        "log_every_n_steps": 20,
        "enable_progress_bar": False,
        "num_sanity_val_steps": 0,
    }


WARM_UP_AVERAGE = 200


def restore(path: Path) -> LineCTC:
    """The network of a Lightning checkpoint, with its averaged weights where it has them."""
    checkpoint = torch.load(path, map_location="cpu", weights_only=False)
    state = checkpoint["state_dict"]
    model = LineCTC(len(checkpoint["hyper_parameters"]["charset"]) + 1)
    model.load_state_dict({k.removeprefix("model."): v for k, v in state.items() if k.startswith("model.")})
    return model

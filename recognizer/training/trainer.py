"""Run Lightning's Trainer: its options by name, resumed from the last checkpoint, the averaged weights kept.

One path for every reader, on whatever accelerator Lightning finds.
"""

import difflib
import inspect
import json
import logging
import math
import pickle
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint, WeightAveraging
from torch import Tensor

from recognizer.training.lit_schedule import LitReader, Schedule

log = logging.getLogger(__name__)

BEST, LAST = "best", "last"


@dataclass(frozen=True)
class Keeping:
    """What a training keeps.

    Attributes:
        output: folder for checkpoints.
        every_steps: how often it is kept, to be resumed from.
        best: end with the best of the checkpoints on the validation lines; else with the last one.
    """

    output: Path
    every_steps: int = 200
    best: bool = True


def run(lit: LitReader, data: pl.LightningDataModule, keeping: Keeping, options: dict[str, Any]) -> float:
    """Train until the schedule ends; the network ends as the best or last of its averaged weights.

    Args:
        lit: what learns.
        data: what it learns from and is validated on.
        keeping: where checkpoints go; one in it is resumed.
        options: of the Lightning Trainer, over `default_options`; ``callbacks`` are added to ours.

    Returns:
        Its measure (CER, of readers) on the validation lines, which chose the weights if the best are kept; NaN without
        validation.
    """
    output = keeping.output
    checkpoints = ModelCheckpoint(output, filename=BEST, monitor=lit.measure, enable_version_counter=False)
    resumable = ModelCheckpoint(
        output, filename=LAST, every_n_train_steps=keeping.every_steps, enable_version_counter=False
    )
    averaging = EveryStepAveraging(multi_avg_fn=partial(_average, lit.hyper.ema_decay))
    own = default_options(lit.hyper) | {"default_root_dir": str(output)} | options
    trainer = pl.Trainer(**own | {"callbacks": [averaging, checkpoints, resumable, *options.get("callbacks", ())]})
    last = output / f"{LAST}.ckpt"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"You have overridden `transfer_batch|Checkpoint directory .* exists")
        trainer.fit(lit, data, ckpt_path=str(last) if is_whole(last) else None, weights_only=False)
    trainer.save_checkpoint(last)
    return _keep(trainer, lit, data, checkpoints if keeping.best else None)


def best_precision() -> str:
    """bf16 where the processor computes in it, else plain float32."""
    if torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "16-mixed"
    flags = Path("/proc/cpuinfo")
    return "bf16-mixed" if flags.exists() and "bf16" in flags.read_text() else "32-true"


def is_whole(checkpoint: Path) -> bool:
    """Whether a training can be resumed from a file; one that was cut short is removed and told."""
    if not checkpoint.exists():
        return False
    try:
        torch.load(checkpoint, map_location="cpu", weights_only=False)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError) as error:
        log.warning("%s is damaged (%s): the training begins anew.", checkpoint, str(error).splitlines()[0])
        checkpoint.unlink()
        return False
    return True


def trainer_options(words: Sequence[str]) -> dict[str, Any]:
    """``--name value`` pairs as options of the Lightning Trainer, each checked by name.

    Raises:
        ValueError: a name the Trainer does not have, or a value is missing.
    """
    known = [name for name in inspect.signature(pl.Trainer.__init__).parameters if name != "self"]
    options: dict[str, Any] = {}
    words = [part for word in words for part in (word.split("=", 1) if word.startswith("--") else [word])]
    for name, value in zip(words[::2], [*words[1::2], *([None] if len(words) % 2 else [])], strict=True):
        if not name.startswith("--") or name[2:] not in known:
            near = difflib.get_close_matches(name.lstrip("-"), known, 1)
            raise ValueError(f"{name} is no option of train or of the Trainer" + (f"; {near[0]}?" if near else ""))
        if value is None:
            raise ValueError(f"{name} needs a value")
        options[name[2:]] = _value(value)
    return options


def _value(word: str) -> Any:
    """A word as the number, truth value or null it spells, else as it stands."""
    try:
        return json.loads(word.lower() if word in ("True", "False", "None") else word)
    except ValueError:
        return word


class EndOfCall(pl.Callback):
    """Ends one call of a training after so many minutes, validation and all; its schedule goes on in the next one."""

    def __init__(self, minutes: float) -> None:
        self._end = time.monotonic() + 60 * minutes

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Stop where the time is over."""
        if time.monotonic() >= self._end:
            trainer.should_stop = True


class EveryStepAveraging(WeightAveraging):
    """Averages after every step, from the first."""

    def should_update(self, step_idx: int | None = None, epoch_idx: int | None = None) -> bool:
        """Whether to average now: after steps, not after epochs."""
        return step_idx is not None


def _average(decay: float, averaged: list[Tensor], current: list[Tensor], steps: Tensor | int) -> None:
    """An exponential average whose memory grows with training, up to ``decay``; counters are copied."""
    reach = min(decay, (1 + float(steps)) / (10 + float(steps)))
    if averaged[0].is_floating_point():
        torch._foreach_lerp_(averaged, current, 1 - reach)
    else:
        torch._foreach_copy_(averaged, current)


def default_options(hyper: Schedule) -> dict[str, Any]:
    """Trainer options that suit these trainings; each can be overridden under its own name."""
    return {
        "precision": best_precision(),
        "max_epochs": -1,
        "val_check_interval": timedelta(minutes=max(0.25, (hyper.minutes or 60) / 8)),
        "check_val_every_n_epoch": None,
        "gradient_clip_val": 5.0,
        "log_every_n_steps": 20,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "num_sanity_val_steps": 0,
    }


def _keep(trainer: pl.Trainer, lit: LitReader, data: pl.LightningDataModule, others: ModelCheckpoint | None) -> float:
    """Leave the final averaged weights, or the best checkpoint if that is better, in ``lit``; return its measure."""
    final = float((trainer.validate(lit, data, verbose=False) or [{}])[0].get(lit.measure, math.nan))
    score = others.best_model_score if others else None
    if others is not None and score is not None and not float(score) >= final:
        lit.load_state_dict(torch.load(others.best_model_path, weights_only=False)["state_dict"])
        return float(score)
    return final

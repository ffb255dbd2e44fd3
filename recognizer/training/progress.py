"""How far a training is, told about once a second to whoever looks on."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import pytorch_lightning as pl

from recognizer.datasets.batches import Batch
from recognizer.training.lit_models import LitLineCTC

TELL_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of a training.

    Attributes:
        share: of the schedule that is done, 0 to 1.
        step: optimizer steps so far.
        epoch: how often the training lines have been seen, replayed ones not counted apart.
        loss: of the last batch, in nats per character.
        cer: at the last validation; None before the first.
        seconds_left: of training time; None: not known yet.
    """

    share: float
    step: int
    epoch: float
    loss: float
    cer: float | None
    seconds_left: float | None

    def to_json(self) -> dict[str, Any]:
        """The moment as stores keep it."""
        return asdict(self)


Watch = Callable[[Progress], None]


class Follower(pl.Callback):
    """Tells a watcher; what the watcher raises ends the training.

    Args:
        watch: who is told.
        lines: that make one epoch.
    """

    def __init__(self, watch: Watch, *, lines: int) -> None:
        self._watch, self._lines = watch, lines
        self._seen = 0
        self._told = -math.inf

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Batch, batch_idx: int
    ) -> None:
        """Count the batch, and tell if a second has passed."""
        self._seen += len(batch.lengths)
        now = time.monotonic()
        if now - self._told >= TELL_EVERY_S:
            self._told = now
            self._watch(self._moment(trainer, pl_module))

    def _moment(self, trainer: pl.Trainer, module: pl.LightningModule) -> Progress:
        assert isinstance(module, LitLineCTC)
        share, trained_s = module.progress, module.trained_s
        told = trainer.callback_metrics
        return Progress(
            share=share,
            step=trainer.global_step,
            epoch=self._seen / max(1, self._lines),
            loss=float(told["train/loss"]) if "train/loss" in told else math.nan,
            cer=float(told["val/cer"]) if "val/cer" in told else None,
            seconds_left=trained_s * (1 - share) / share if share and trained_s else None,
        )

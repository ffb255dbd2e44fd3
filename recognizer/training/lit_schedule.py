"""What all trainings of readers have in common: a learning rate over time, an optimizer, a CER, how they go on."""

import math
import time
from dataclasses import dataclass
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers import WandbLogger
from torch import Tensor

from recognizer.errors import BadModel, Diverged
from recognizer.metrics import cer


@dataclass(frozen=True)
class Schedule:
    """How a reader learns over time; the hyperparameters of each reader add to it.

    Attributes:
        learning_rate: peak, after the warm-up.
        weight_decay: AdamW's, on weights of more than one dimension.
        minutes: length of the schedule in training time; the Trainer's ``max_steps`` or ``max_epochs`` may end it
            before, and decide alone where this is None.
        dropout: while training.
        ema_decay: per step, of the averaged weights that are kept.
        warm_up_steps: over which the learning rate rises.
        seed: of everything random.
    """

    learning_rate: float = 2.5e-4
    weight_decay: float = 0.01
    minutes: float | None = None
    dropout: float = 0.1
    ema_decay: float = 0.999
    warm_up_steps: int = 100
    seed: int = 1


class LitReader(pl.LightningModule):
    """A reader that learns; subclasses say what a step's loss is and what is read of a validation batch.

    Args:
        schedule: how it learns over time.
        network: what tells this network from others: a training goes on with the same one only.

    Attributes:
        measure: what chooses among its checkpoints, as it is logged; the least is best.
        pairs: reference and reading of each validation line so far.
    """

    measure = "val/cer"

    def __init__(self, schedule: Schedule, network: dict[str, Any]) -> None:
        super().__init__()
        self.hyper = schedule
        self.network = network
        self.trained_s = 0.0
        self._since: float | None = None
        self.pairs: list[tuple[str, str]] = []

    def checked(self, loss: Tensor, lines: int) -> Tensor:
        """A step's loss, logged.

        Raises:
            Diverged: it is no number.
        """
        if not torch.isfinite(loss):
            raise Diverged(f"The loss is {loss.item()} at step {self.global_step}. Train with a lower learning rate.")
        self.log("train/loss", loss, prog_bar=True, batch_size=lines)
        return loss

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Count training time and set the learning rate from how much of it is used."""
        now = time.monotonic()
        self.trained_s += 0.0 if self._since is None else min(now - self._since, 60.0)
        self._since = now
        progress = self.progress
        rate = self.hyper.learning_rate * rate_factor(self.global_step / self.hyper.warm_up_steps, progress)
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = rate
        self.log("train/learning_rate", rate)
        if progress >= 1:
            self.trainer.should_stop = True

    @property
    def progress(self) -> float:
        """The share of the schedule that is done, 0 to 1; 0 for as long as nothing says how many steps there are."""
        shares = [] if self.hyper.minutes is None else [self.trained_s / (60 * self.hyper.minutes)]
        if self.trainer.max_steps > 0:
            shares.append(self.global_step / self.trainer.max_steps)
        if (epochs := self.trainer.max_epochs or 0) > 0:
            steps = epochs * float(self.trainer.num_training_batches) / self.trainer.accumulate_grad_batches
            shares.append(self.global_step / max(1.0, steps))
        return min(1.0, max(shares, default=0.0))

    def on_validation_start(self) -> None:
        """Time spent validating is not training time."""
        self._since = None

    def on_validation_epoch_end(self) -> None:
        """Log the CER over all validation lines."""
        self.log(self.measure, cer(self.pairs), prog_bar=True, sync_dist=True)
        if isinstance(self.logger, WandbLogger):
            self.logger.log_text("val/samples", ["reference", "reading"], [list(pair) for pair in self.pairs[:12]])
        self.pairs.clear()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW; vectors (biases, norms) do not decay."""
        parameters = [p for p in self.parameters() if p.requires_grad]
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": self.hyper.weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=self.hyper.learning_rate, betas=(0.9, 0.98))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the training time, so that a resumed schedule goes on, and what is trained."""
        checkpoint["trained_s"] = self.trained_s
        checkpoint["network"] = self.network

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with the kept training time.

        Raises:
            BadModel: the checkpoint is of another network.
        """
        kept = checkpoint.get("network", self.network)
        if kept != self.network:
            raise BadModel(
                f"The training in the output folder is of another network ({kept}) than what is asked for "
                f"({self.network}). Give another --output, or ask for the same network."
            )
        self.trained_s = float(checkpoint["trained_s"])


def rate_factor(warm_up: float, progress: float) -> float:
    """Linear warm-up, then half a cosine down to 1 % of the peak.

    Args:
        warm_up: the share of the warm-up that is done; over 1 after it.
        progress: the share of the schedule that is done.
    """
    return min(1.0, warm_up + 0.01) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))

"""How the line reader learns: loss, optimizer, schedule and logging, on any Lightning accelerator."""

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pytorch_lightning as pl
import torch
import torch.nn.functional as F
from pytorch_lightning.loggers import WandbLogger
from torch import Tensor

from recognizer.charset import BLANK, Charset
from recognizer.data import Batch
from recognizer.decoding import best_path
from recognizer.errors import Diverged
from recognizer.metrics import cer
from recognizer.models.line_ctc import LineCTC


@dataclass(frozen=True)
class LineHyperparameters:
    """What decides a training; saved with its checkpoint.

    Attributes:
        learning_rate: peak, after the warm-up.
        weight_decay: AdamW's, on weights of more than one dimension.
        minutes: length of the schedule in training time; None: the Trainer's ``max_steps`` decide.
        batch_size: lines of 672 px per batch.
        dropout: in the neck and before the head.
        ema_decay: per step, of the averaged weights that are kept.
        warm_up_steps: over which the learning rate rises.
        seed: of everything random.
    """

    learning_rate: float = 2.5e-4
    weight_decay: float = 0.01
    minutes: float | None = None
    batch_size: int = 16
    dropout: float = 0.1
    ema_decay: float = 0.999
    warm_up_steps: int = 100
    seed: int = 1


def ctc_loss(logits: Tensor, targets: Tensor, lengths: Tensor) -> Tensor:
    """Mean over lines of the CTC loss per character, in nats.

    Args:
        logits: (B, T, C), unnormalised; class 0 is blank. The padding's steps count as the line's own.
        targets: (B, L), class indices, padded.
        lengths: (B,), characters per line.

    Source: Graves et al. 2006, https://doi.org/10.1145/1143844.1143891
    """
    steps = torch.full((logits.shape[0],), logits.shape[1], dtype=torch.long)
    log_probs = logits.float().log_softmax(-1).transpose(0, 1)
    losses = F.ctc_loss(log_probs, targets, steps, lengths, blank=BLANK, reduction="none", zero_infinity=True)
    return (losses / lengths.clamp(min=1)).mean()


class LitLineCTC(pl.LightningModule):
    """Trains a `LineCTC`; validation logs CER by best path."""

    def __init__(self, model: LineCTC, charset: Charset, hyperparameters: LineHyperparameters) -> None:
        super().__init__()
        self.model = model
        self.charset = charset
        self.hyper = hyperparameters
        self.save_hyperparameters({**asdict(hyperparameters), "charset": charset.characters})
        self.trained_s = 0.0
        self._since: float | None = None
        self._pairs: list[tuple[str, str]] = []

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """CTC loss of one batch."""
        loss = ctc_loss(self.model(batch.images), batch.targets, batch.lengths)
        if not torch.isfinite(loss):
            raise Diverged(f"The loss is {loss.item()} at step {self.global_step}. Train with a lower learning rate.")
        self.log("train/loss", loss, prog_bar=True, batch_size=len(batch.lengths))
        return loss

    def on_train_batch_start(self, batch: Batch, index: int) -> None:
        """Count training time and set the learning rate from how much of it is used."""
        now = time.monotonic()
        self.trained_s += 0.0 if self._since is None else min(now - self._since, 60.0)
        self._since = now
        rate = self.hyper.learning_rate * rate_factor(self.global_step / self.hyper.warm_up_steps, self.progress)
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = rate
        self.log("train/learning_rate", rate)
        if self.progress >= 1:
            self.trainer.should_stop = True

    @property
    def progress(self) -> float:
        """The share of the schedule that is done, 0 to 1."""
        if self.hyper.minutes is not None:
            return min(1.0, self.trained_s / (60 * self.hyper.minutes))
        return self.global_step / max(1, self.trainer.max_steps)

    def on_validation_start(self) -> None:
        """Time spent validating is not training time."""
        self._since = None

    def validation_step(self, batch: Batch, index: int) -> None:
        """Collect reference and reading of each line."""
        self._pairs += read_batch(self.model(batch.images), batch, self.charset)

    def on_validation_epoch_end(self) -> None:
        """Log the CER over all validation lines."""
        self.log("val/cer", cer(self._pairs), prog_bar=True, sync_dist=True)
        if isinstance(self.logger, WandbLogger):
            self.logger.log_text("val/samples", ["reference", "reading"], [list(pair) for pair in self._pairs[:12]])
        self._pairs.clear()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW; vectors (biases, norms) do not decay."""
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": self.hyper.weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=self.hyper.learning_rate, betas=(0.9, 0.98))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the training time, so that a resumed schedule goes on."""
        checkpoint["trained_s"] = self.trained_s

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with the kept training time."""
        self.trained_s = float(checkpoint["trained_s"])

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, index: int) -> Batch:
        """Move the three tensors of a batch."""
        return Batch(batch.images.to(device), batch.targets.to(device), batch.lengths.to(device))


def rate_factor(warm_up: float, progress: float) -> float:
    """Linear warm-up, then half a cosine down to 1 % of the peak.

    Args:
        warm_up: the share of the warm-up that is done; over 1 after it.
        progress: the share of the schedule that is done.
    """
    return min(1.0, warm_up + 0.01) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


@dataclass(frozen=True)
class Assessment:
    """How a network reads some lines, alone and by best path.

    Attributes:
        cer: character error rate.
        loss: mean CTC loss of a line per character, nats.
    """

    cer: float
    loss: float


def assess(model: LineCTC, batches: Sequence[Batch], charset: Charset) -> Assessment:
    """Read batches with a network as it stands."""
    model.eval()
    pairs: list[tuple[str, str]] = []
    losses: list[float] = []
    with torch.inference_mode():
        for batch in batches:
            logits = model(batch.images)
            pairs += read_batch(logits, batch, charset)
            losses += [float(ctc_loss(logits, batch.targets, batch.lengths))] * len(batch.lengths)
    return Assessment(cer(pairs), sum(losses) / len(losses))


def read_batch(logits: Tensor, batch: Batch, charset: Charset) -> list[tuple[str, str]]:
    """(reference, best path) of each line of a batch."""
    rows = zip(logits.float(), batch.targets, batch.lengths.tolist(), strict=True)
    return [(charset.decode(target[:length].tolist()), best_path(row, charset)) for row, target, length in rows]

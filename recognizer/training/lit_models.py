"""How the line reader learns, on any Lightning accelerator: its loss, and how it is scored while it does."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from recognizer.charset import BLANK, Charset
from recognizer.datasets.batches import Batch
from recognizer.decoding.best_path import best_path
from recognizer.engines.int8_graph import Int8
from recognizer.metrics import cer
from recognizer.model_card import ARCHITECTURE
from recognizer.models.line_ctc import FEW_ROWS, LineCTC
from recognizer.training.lit_schedule import LitReader, Schedule
from recognizer.training.rounding import rounded


@dataclass(frozen=True)
class LineHyperparameters(Schedule):
    """What decides a line reader's training; saved with its checkpoint.

    Attributes:
        batch_size: lines of 672 px per batch.
        hasty_steps: one in so many steps is on lines squeezed to `FEW_ROWS`, so that the same weights read those too;
            0: none.
    """

    batch_size: int = 16
    hasty_steps: int = 2


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


def squeeze(images: Tensor) -> Tensor:
    """Images (B, 1, H, W) made `FEW_ROWS` high; their width, and so the time steps, stay."""
    return F.interpolate(images, size=(FEW_ROWS, images.shape[3]), mode="bilinear", antialias=True)


class LitLineCTC(LitReader):
    """Trains a `LineCTC`; validation logs CER by best path.

    Args:
        model: what learns.
        charset: of its classes.
        hyperparameters: how it learns.
        int8: with it, the network learns as integers compute it.
    """

    def __init__(
        self, model: LineCTC, charset: Charset, hyperparameters: LineHyperparameters, int8: Int8 | None = None
    ) -> None:
        super().__init__(hyperparameters, {"architecture": ARCHITECTURE, "charset": charset.characters})
        self.model = model
        self.charset = charset
        self._int8 = int8
        self._hasty_steps = hyperparameters.hasty_steps
        self.save_hyperparameters({**asdict(hyperparameters), "charset": charset.characters})

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """Loss of one batch."""
        hasty = self._hasty_steps and self.global_step % self._hasty_steps == self._hasty_steps - 1
        images = squeeze(batch.images) if hasty else batch.images
        logits = self.model(images) if self._int8 is None else rounded(self.model, self._int8, images)
        return self.checked(ctc_loss(logits, batch.targets, batch.lengths), len(batch.lengths))

    def validation_step(self, batch: Batch, index: int) -> None:
        """Collect reference and reading of each line."""
        self.pairs += read_batch(self.model(batch.images), batch, self.charset)

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, index: int) -> Batch:
        """Move the three tensors of a batch."""
        return Batch(batch.images.to(device), batch.targets.to(device), batch.lengths.to(device))


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

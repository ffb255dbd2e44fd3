"""How the line reader learns, on any Lightning accelerator: its loss, and how it is scored while it does."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from recognizer.charset import BLANK, Charset
from recognizer.datasets.batches import Batch
from recognizer.decoding.best_path import best_path
from recognizer.metrics import cer
from recognizer.model_card import ARCHITECTURE
from recognizer.models.line_ctc import HEIGHT_PX, LineCTC
from recognizer.training.lit_schedule import LitReader, Schedule


@dataclass(frozen=True)
class LineHyperparameters(Schedule):
    """What decides a line reader's training; saved with its checkpoint.

    Attributes:
        batch_size: lines of 672 px per batch.
    """

    batch_size: int = 16


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


def distillation_loss(logits: Tensor, taught: Tensor, lengths: Tensor) -> Tensor:
    """Mean over lines of how far a student is from its teacher per character, in nats (Kullback-Leibler).

    Args:
        logits: (B, T, C), the student's, unnormalised.
        taught: (B, T, C), the teacher's of the same images.
        lengths: (B,), characters per line.

    Source: Hinton et al. 2015, https://arxiv.org/abs/1503.02531
    """
    said, told = logits.float().log_softmax(-1), taught.float().log_softmax(-1)
    apart = F.kl_div(said, told, reduction="none", log_target=True).sum((1, 2))
    return (apart / lengths.clamp(min=1)).mean()


class LitLineCTC(LitReader):
    """Trains a `LineCTC`; validation logs CER by best path.

    Args:
        model: what learns.
        charset: of its classes.
        hyperparameters: how it learns.
        teacher: with one, half of the loss is the distance from what it says of the same lines.
    """

    def __init__(
        self,
        model: LineCTC,
        charset: Charset,
        hyperparameters: LineHyperparameters,
        teacher: LineCTC | None = None,
    ) -> None:
        network = {"architecture": ARCHITECTURE, "charset": charset.characters}
        super().__init__(hyperparameters, network | ({} if model.rows == HEIGHT_PX else {"rows": model.rows}))
        self.model = model
        self.charset = charset
        self._teachers = () if teacher is None else (teacher,)  # a tuple's content is neither averaged nor saved
        self.save_hyperparameters({**asdict(hyperparameters), "charset": charset.characters})

    def on_fit_start(self) -> None:
        """Bring the teacher to the device of its student."""
        for teacher in self._teachers:
            teacher.eval().requires_grad_(False).to(self.device)

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """Loss of one batch."""
        logits = self.model(batch.images)
        loss = ctc_loss(logits, batch.targets, batch.lengths)
        for teacher in self._teachers:
            loss = (loss + distillation_loss(logits, teacher(batch.images), batch.lengths)) / 2
        return self.checked(loss, len(batch.lengths))

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

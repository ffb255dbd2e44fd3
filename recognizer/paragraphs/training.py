"""Train the paragraph reader on composed paragraphs and write its model folder."""

from dataclasses import asdict, dataclass
from math import isnan
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
import torch.nn.functional as F
from pytorch_lightning.loggers import WandbLogger
from torch import Tensor

from recognizer.charset import LATIN_V1, Charset
from recognizer.errors import BadManifest
from recognizer.model_card import CARD, PARAGRAPHS, WEIGHTS
from recognizer.models.paragraph_transformer import ParagraphShape, ParagraphTransformer
from recognizer.paragraphs.composition import PageLines, whole_pages
from recognizer.paragraphs.data import Composer, ParagraphBatch, ParagraphDataModule, sources_of
from recognizer.paragraphs.tokens import PADDING, ParagraphTokens
from recognizer.training.line_training import Wish, find_corpora, log_model
from recognizer.training.lit_schedule import LitReader, Schedule
from recognizer.training.trainer import Keeping, run
from recognizer.weights_files import load_paragraph_reader, save_reader

VALIDATED = 48  # paragraphs


@dataclass(frozen=True)
class ParagraphHyperparameters(Schedule):
    """What decides a paragraph reader's training; saved with its checkpoint.

    Attributes:
        batch_size: paragraphs of half the height that the network reads, per batch.
        epoch_steps: batches of an epoch; after each, what was held out is read.
        slips: share of the given characters that are replaced while training, so that reading survives its own slips.
    """

    learning_rate: float = 4e-4
    warm_up_steps: int = 500
    batch_size: int = 8
    epoch_steps: int = 1000
    slips: float = 0.05


class LitParagraph(LitReader):
    """Trains a `ParagraphTransformer` with teacher forcing; validation logs CER of what it decodes by itself."""

    def __init__(
        self,
        model: ParagraphTransformer,
        tokens: ParagraphTokens,
        shape: ParagraphShape,
        hyperparameters: ParagraphHyperparameters,
    ) -> None:
        super().__init__(
            hyperparameters,
            {"architecture": PARAGRAPHS, "charset": tokens.charset.characters, "shape": asdict(shape)},
        )
        self.model, self.tokens, self.shape = model, tokens, shape
        self.slips = hyperparameters.slips
        self.save_hyperparameters({**asdict(hyperparameters), **asdict(shape), "charset": tokens.charset.characters})

    def training_step(self, batch: ParagraphBatch, batch_idx: int) -> Tensor:
        """Cross-entropy of one batch, per token."""
        given = self._slip(batch.tokens[:, :-1])
        loss = token_loss(self.model(batch.images, given), batch.tokens[:, 1:])
        return self.checked(loss, len(batch.tokens))

    def _slip(self, tokens: Tensor) -> Tensor:
        """Some characters replaced by others."""
        slipped = (torch.rand(tokens.shape, device=tokens.device) < self.slips) & (tokens != PADDING)
        slipped &= tokens < self.tokens.newline
        others = torch.randint(1, self.tokens.newline, tokens.shape, device=tokens.device)
        return torch.where(slipped, others, tokens)

    def validation_step(self, batch: ParagraphBatch, batch_idx: int) -> None:
        """Collect reference and reading of each paragraph."""
        start, end = self.tokens.start, self.tokens.end
        written, _ = self.model.decode(batch.images, start=start, end=end, most=self.shape.most_characters)
        decode = self.tokens.decode
        for truth, row in zip(batch.tokens.tolist(), written.tolist(), strict=True):
            self.pairs.append((decode(truth), decode(row)))

    def transfer_batch_to_device(
        self, batch: ParagraphBatch, device: torch.device, dataloader_idx: int
    ) -> ParagraphBatch:
        """Move the two tensors of a batch."""
        return ParagraphBatch(batch.images.to(device), batch.tokens.to(device))


def token_loss(scores: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy per token, in nats.

    Args:
        scores: (B, L, tokens), unnormalised.
        targets: (B, L), padded with 0, which does not count.
    """
    return F.cross_entropy(scores.float().flatten(0, 1), targets.flatten(), ignore_index=PADDING)


def starting_paragraph_model(
    start: str, shape: ParagraphShape, *, dropout: float
) -> tuple[ParagraphTransformer, Charset, ParagraphShape]:
    """The network a training begins with: ``nothing``, or a model folder, whose sizes then count.

    Raises:
        BadModel: the folder cannot be loaded, or holds another reader.
    """
    if start == "nothing":
        tokens = ParagraphTokens(LATIN_V1)
        return ParagraphTransformer(tokens.count, shape, dropout=dropout), LATIN_V1, shape
    model, charset, kept, _ = load_paragraph_reader(Path(start))
    most = {"most_lines": shape.most_lines, "most_characters": shape.most_characters}
    return model.train(), charset, ParagraphShape(**asdict(kept) | most)


def train_paragraphs(
    wish: Wish, hyper: ParagraphHyperparameters, shape: ParagraphShape, options: dict[str, Any]
) -> dict[str, Any]:
    """Train on a data folder and write a model folder: weights and a card.

    Args:
        wish: what to train on and where to.
        hyper: hyperparameters.
        shape: of the network, where none is begun with.
        options: of the Lightning Trainer.

    Returns:
        Model version and CER on composed paragraphs of the held-out writers, who chose the weights;
        None where validation was left out.

    Raises:
        BadManifest: nothing of the held-out writers can be read.
    """
    pl.seed_everything(hyper.seed, workers=True, verbose=False)
    corpora, held = find_corpora(wish.data)
    model, charset, shape = starting_paragraph_model(wish.start, shape, dropout=hyper.dropout)
    tokens = ParagraphTokens(charset)
    validation = whole_pages(PageLines(held, charset), shape, most=VALIDATED)
    if not validation:
        raise BadManifest(f"{wish.data}: every line of the writers held out is flagged or empty. Add another writer.")
    data = ParagraphDataModule(
        Composer(sources_of(corpora, tokens), tokens, shape),
        validation,
        batch_size=hyper.batch_size,
        epoch_steps=hyper.epoch_steps,
        workers=wish.workers,
        seed=hyper.seed,
    )
    wish.output.mkdir(parents=True, exist_ok=True)
    logger = WandbLogger(project="inkloop", save_dir=str(wish.output)) if wish.track else None
    # Not in channels_last: torch 2.13 then overwrites memory where a stage has under 16 channels.
    lit = LitParagraph(model, tokens, shape, hyper)
    own = {
        "logger": logger or False,
        "callbacks": wish.watchers(),
        "val_check_interval": 1.0,
        "check_val_every_n_epoch": 1,
    }
    score = run(lit, data, Keeping(wish.output), own | {"reload_dataloaders_every_n_epochs": 1} | options)
    error = None if isnan(score) else score
    notes = {"shape": asdict(shape), "sources": corpora.describe(), "held_out_cer": error}
    version = save_reader(model.float(), charset, wish.output, notes=notes, architecture=PARAGRAPHS)
    if logger is not None:
        log_model(logger, [wish.output / name for name in (WEIGHTS, CARD)], version=version)
    return {"model": version, "held_out_cer": error}

"""Paragraphs in batches: an epoch of so many for training, each drawn anew; fixed ones of held-out writers.

A batch is drawn from the seed and its own number, so that workers and devices share an epoch as Lightning deals it out
(`limit_train_batches`, `devices`, …), and a resumed training goes on with new paragraphs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from recognizer.datasets.batches import Corpora, InkLines, work_alone
from recognizer.datasets.ink import InkBook
from recognizer.datasets.synthesis import FontBook, Prose
from recognizer.line_images import Grey
from recognizer.models.paragraph_transformer import ParagraphShape
from recognizer.paragraphs.composition import (
    OneFont,
    PageLines,
    ParagraphSource,
    Random,
    Together,
    compose,
    distort,
    draw_count,
)
from recognizer.paragraphs.images import bucket, stack
from recognizer.paragraphs.tokens import PADDING, ParagraphTokens

Paragraph = tuple[Grey, list[int]]
VALIDATED_TOGETHER = 8
ATTEMPTS = 200  # at one paragraph, before the sources are thought to have none


@dataclass(frozen=True)
class ParagraphBatch:
    """Paragraphs ready for the network.

    Attributes:
        images: (B, 1, H, W).
        tokens: (B, L), from start to end, padded with 0.
    """

    images: Tensor
    tokens: Tensor


def collate(paragraphs: Sequence[Paragraph]) -> ParagraphBatch:
    """Pad images to their common bucket and tokens to the longest."""
    tokens = torch.full((len(paragraphs), max(len(tokens) for _, tokens in paragraphs)), PADDING)
    for row, (_, known) in zip(tokens, paragraphs, strict=True):
        row[: len(known)] = torch.tensor(known)
    return ParagraphBatch(stack([image for image, _ in paragraphs]), tokens)


def sources_of(corpora: Corpora, tokens: ParagraphTokens) -> list[tuple[ParagraphSource, float]]:
    """The sources that corpora give, with their shares."""
    real, ink, fonts = corpora.shares
    sources: list[tuple[ParagraphSource, float]] = []
    if corpora.lines:
        sources.append((PageLines(corpora.lines, tokens.charset), real))
    if corpora.ink is not None:
        sources.append((Together(InkLines(InkBook(corpora.ink, split="train"))), ink))
    if corpora.fonts is not None and corpora.texts:
        sources.append((OneFont(FontBook(corpora.fonts), Prose(corpora.texts)), fonts))
    return sources


@dataclass(frozen=True)
class Composer:
    """Draws paragraphs that networks of one shape can learn.

    Attributes:
        sources: and how often each is asked.
        tokens: of the texts.
        shape: of the network.
    """

    sources: Sequence[tuple[ParagraphSource, float]]
    tokens: ParagraphTokens
    shape: ParagraphShape

    def draw(self, rng: Random, *, count: int) -> Paragraph:
        """One distorted paragraph of at most ``count`` lines.

        Raises:
            RuntimeError: the sources give none, however often they are asked.
        """
        shares = np.array([share for _, share in self.sources])
        for _ in range(ATTEMPTS):
            source = self.sources[rng.choice(len(shares), p=shares / shares.sum())][0]
            lines = [
                (image, text)
                for image, text in source.draw(rng, count=count)
                if text and not self.tokens.charset.unknown(text)
            ]
            if lines:
                image, text = compose(lines, self.shape, rng)
                known = self.tokens.encode(text)
                if len(known) <= self.shape.most_characters + 1:
                    return distort(image, rng), known
        raise RuntimeError("The sources of paragraphs give none.")


class DrawnBatches(Dataset[ParagraphBatch]):
    """``count`` batches of about ``batch_size`` paragraphs of half the height that networks read, or of more."""

    def __init__(self, composer: Composer, *, batch_size: int, count: int, seed: tuple[int, int]) -> None:
        self._composer, self._count, self._seed = composer, count, seed
        self._area_px = batch_size * composer.shape.image_height_px // 2

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> ParagraphBatch:
        rng = np.random.default_rng([*self._seed, index])
        count = draw_count(rng, self._composer.shape)
        drawn: list[Paragraph] = []
        while not drawn or len(drawn) * max(bucket(image)[0] for image, _ in drawn) < self._area_px:
            drawn.append(self._composer.draw(rng, count=count))
        return collate(drawn)


class ParagraphDataModule(pl.LightningDataModule):
    """Batches for Lightning; its Trainer must reload them every epoch.

    Args:
        composer: draws what is trained on.
        validation: undistorted paragraphs, with their texts.
        batch_size: see `DrawnBatches`.
        epoch_steps: batches of an epoch.
        workers: processes that draw.
        seed: of the drawing.
    """

    def __init__(
        self,
        composer: Composer,
        validation: Sequence[tuple[Grey, str]],
        *,
        batch_size: int,
        epoch_steps: int,
        workers: int,
        seed: int,
    ) -> None:
        super().__init__()
        self._composer, self._seed, self._workers = composer, seed, workers
        self._batch_size, self._epoch_steps = batch_size, epoch_steps
        known = [(image, composer.tokens.encode(text)) for image, text in validation]
        known.sort(key=lambda paragraph: bucket(paragraph[0]))
        self._validation = [
            collate(known[first : first + VALIDATED_TOGETHER]) for first in range(0, len(known), VALIDATED_TOGETHER)
        ]

    def train_dataloader(self) -> DataLoader[ParagraphBatch]:
        """The batches of the epoch that begins now."""
        step = self.trainer.global_step if self.trainer else 0
        batches = DrawnBatches(
            self._composer, batch_size=self._batch_size, count=self._epoch_steps, seed=(self._seed, step)
        )
        return DataLoader(
            batches, batch_size=None, num_workers=self._workers, worker_init_fn=work_alone if self._workers else None
        )

    def val_dataloader(self) -> DataLoader[ParagraphBatch]:
        """The validation paragraphs."""
        batches: Any = self._validation
        return DataLoader(batches, batch_size=None, num_workers=0)

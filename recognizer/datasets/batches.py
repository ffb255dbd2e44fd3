"""Endless training batches from weighted sources, and fixed batches for validation.

Widths vary with every distortion, so lines wait in a pool per bucket of width and leave it as a batch of about
equal area. Randomness comes from one seed and the number of lines drawn: a resumed training goes on with new lines.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from recognizer.charset import Charset
from recognizer.corpora import LineTruth, PageTruth
from recognizer.datasets import augmentation
from recognizer.datasets.ink import InkBook, draw
from recognizer.datasets.page_lines import PageLines
from recognizer.datasets.synthesis import FontBook, Prose, running_lines
from recognizer.decoding.best_path import needed_steps
from recognizer.line_images import Grey, bucket_width, open_line, stack, to_height
from recognizer.models.line_ctc import HEIGHT_PX, PX_PER_STEP

DRAWN_HEIGHT_PX = 64
FROM_PAGES = 0.5  # of the real lines, where their pages are there
Random = np.random.Generator


class LineSource(Protocol):
    """Something that gives one more labelled line each time it is asked."""

    def draw(self, rng: Random) -> tuple[Grey, str] | None:
        """A line image, any height, and its text; None when this draw gives nothing usable."""


def chances(lines: Sequence[LineTruth]) -> NDArray[np.float64]:
    """How often to draw each line: less where its text repeats, where it is doubtful, in large collections.

    A collection counts by the square root of its lines: the easy, large one must not drown the hard, small ones.
    """
    seen = Counter(line.text for line in lines)
    crowd = Counter(line.extra.get("collection") for line in lines)
    weights = [
        min(1.0, 3.0 / seen[line.text])
        * (0.3 if line.flags else 1.0)
        / float(np.sqrt(crowd[line.extra.get("collection")]))
        for line in lines
    ]
    return np.asarray(weights, np.float64)


class RealLines:
    """Lines of manifests, as often as `chances` says."""

    def __init__(self, lines: Sequence[LineTruth], *, strength: float = 1.0) -> None:
        self._lines = list(lines)
        self._strength = strength
        weights = chances(lines)
        self._cumulative = np.cumsum(weights / weights.sum())

    def draw(self, rng: Random) -> tuple[Grey, str] | None:
        """One line, distorted."""
        line = self._lines[min(int(np.searchsorted(self._cumulative, rng.random())), len(self._lines) - 1)]
        return augmentation.distort(open_line(line.image), rng, strength=self._strength), line.text


class InkLines:
    """Joined pen strokes of one writer, drawn with a random pen."""

    def __init__(self, book: InkBook) -> None:
        self._book = book

    def draw(self, rng: Random) -> tuple[Grey, str] | None:
        """One line of joined samples, drawn and distorted; None when it came out too long."""
        ink = self._book.line(rng, characters=int(rng.integers(1, 50)))
        if ink.width > 90 or len(ink.text) > 80:
            return None
        x_height_px = float(rng.uniform(12, 22))
        image = draw(
            ink,
            x_height_px=x_height_px,
            pen_px=float(rng.uniform(1.5, 0.3 * x_height_px)),
            margin_px=int(rng.integers(2, 14)),
            slant=float(rng.normal(0, 0.1)),
            shade=int(rng.integers(0, 110)),
        )
        return augmentation.distort(to_height(image, DRAWN_HEIGHT_PX), rng), ink.text


class FontLines:
    """Prose in handwriting fonts."""

    def __init__(self, fonts: FontBook, prose: Prose) -> None:
        self._fonts = fonts
        self._prose = prose

    def draw(self, rng: Random) -> tuple[Grey, str] | None:
        """One line, distorted; None when the drawn font cannot write it."""
        text = self._prose.line(rng, characters=int(rng.integers(4, 70)))
        image = self._fonts.draw(text, rng)
        if image is None:
            return None
        return augmentation.distort(to_height(image, DRAWN_HEIGHT_PX), rng, strength=1.0), text


@dataclass(frozen=True)
class Mixture:
    """Sources and how often each is asked.

    Attributes:
        sources: with their shares.
        charset: of the classes.
        wider: than its proportions, each line; see `recognizer.line_recogniser.Effort`.
    """

    sources: Sequence[tuple[LineSource, float]]
    charset: Charset
    wider: float = 1.0

    def lines(self, rng: Random) -> Iterator[tuple[Grey, list[int]]]:
        """Endless lines, as `draw` gives them."""
        while True:
            line = self.draw(rng)
            if line is not None:
                yield line

    def draw(self, rng: Random) -> tuple[Grey, list[int]] | None:
        """An image of the network's height with its classes; None where what was drawn cannot be learnt by CTC."""
        shares = np.array([share for _, share in self.sources])
        drawn = self.sources[rng.choice(len(shares), p=shares / shares.sum())][0].draw(rng)
        if drawn is None or self.charset.unknown(drawn[1]) or not drawn[1]:
            return None
        image, classes = to_height(drawn[0], HEIGHT_PX, wider=self.wider), self.charset.encode(drawn[1])
        return (image, classes) if needed_steps(classes) <= image.shape[1] // PX_PER_STEP else None


@dataclass(frozen=True)
class Batch:
    """Lines ready for the network.

    Attributes:
        images: (B, 1, 48, W).
        targets: (B, L), padded with 0.
        lengths: (B,), characters per line.
    """

    images: Tensor
    targets: Tensor
    lengths: Tensor


def collate(lines: Sequence[tuple[Grey, list[int]]]) -> Batch:
    """Pad images to their common bucket and targets to the longest."""
    targets = torch.zeros(len(lines), max(len(classes) for _, classes in lines), dtype=torch.long)
    for row, (_, classes) in zip(targets, lines, strict=True):
        row[: len(classes)] = torch.tensor(classes)
    lengths = torch.tensor([len(classes) for _, classes in lines])
    return Batch(stack([image for image, _ in lines]), targets, lengths)


class EndlessBatches(IterableDataset[Batch]):
    """Batches of about ``batch_size`` × 672 px from a mixture, for ever."""

    def __init__(self, mixture: Mixture, *, batch_size: int, seed: int) -> None:
        self._mixture = mixture
        self._area_px = batch_size * 672
        self._seed = seed

    def __iter__(self) -> Iterator[Batch]:
        worker = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self._seed, worker.id if worker else 0])
        pools: dict[int, list[tuple[Grey, list[int]]]] = defaultdict(list)
        for image, classes in self._mixture.lines(rng):
            width = bucket_width(image.shape[1])
            pools[width].append((image, classes))
            if len(pools[width]) * width >= self._area_px:
                yield collate(pools.pop(width))


@dataclass(frozen=True)
class Corpora:
    """Where training lines come from; what is None is left out.

    Attributes:
        lines: real lines.
        pages: those they are on; from these, so many of them as `FROM_PAGES` says are cut anew.
        ink: a UNIPEN table (Parquet).
        fonts: a folder with ``fonts.json``.
        texts: prose files.
        shares: how often real lines, ink and fonts are drawn.
        strength: of the distortions on real lines, 0 to 1.
    """

    lines: tuple[LineTruth, ...]
    pages: tuple[PageTruth, ...] = ()
    ink: Path | None = None
    fonts: Path | None = None
    texts: tuple[Path, ...] = ()
    shares: tuple[float, float, float] = (0.6, 0.25, 0.15)
    strength: float = 0.7

    def sources(self) -> list[tuple[LineSource, float]]:
        """The sources that are there, with their shares."""
        real, ink, fonts = self.shares
        sources: list[tuple[LineSource, float]] = []
        if self.lines:
            cut = PageLines(self.lines, chances(self.lines).tolist(), self.pages, strength=self.strength)
            share = real * FROM_PAGES if len(cut) else 0.0
            sources.append((RealLines(self.lines, strength=self.strength), real - share))
            if share:
                sources.append((cut, share))
        if self.ink is not None:
            sources.append((InkLines(InkBook(self.ink, split="train")), ink))
        if self.fonts is not None and self.texts:
            sources.append((FontLines(FontBook(self.fonts), Prose(self.texts)), fonts))
        return sources

    def describe(self) -> list[dict[str, Any]]:
        """What a model card says of the sources: name, licence, lines where they are counted."""
        counted = Counter(
            tuple(str(line.extra.get(k, "")) for k in ("collection", "source", "licence")) for line in self.lines
        )
        rows: list[dict[str, Any]] = [
            {"collection": collection, "source": source, "licence": licence, "lines": lines}
            for (collection, source, licence), lines in sorted(counted.items())
        ]
        drawn = [path.name for path in (self.ink, self.fonts, *self.texts) if path is not None]
        return rows + [{"source": name} for name in drawn]

    def language(self) -> Iterator[str]:
        """Lines of text that show the languages: each different transcription twice, and the prose."""
        for text in {line.text: None for line in self.lines if not line.flags}:
            yield from (text, text)
        for path in self.texts:
            yield from running_lines(path.read_text(encoding="utf-8"))


def work_alone(_worker: int) -> None:
    """Let OpenCV use no threads of its own in one of many processes that prepare batches."""
    cv2.setNumThreads(0)


def pooled_batches(lines: Sequence[LineTruth], charset: Charset) -> list[Batch]:
    """Lines without flags, undistorted, in batches of one bucket; what the charset cannot write is left out."""
    return in_buckets(
        (to_height(open_line(line.image), HEIGHT_PX), charset.encode(line.text))
        for line in lines
        if not line.flags and not charset.unknown(line.text)
    )


def in_buckets(lines: Iterable[tuple[Grey, list[int]]]) -> list[Batch]:
    """Images of the network's height with their classes, in batches of one bucket of width each."""
    pools: dict[int, list[tuple[Grey, list[int]]]] = defaultdict(list)
    for image, classes in lines:
        pools[bucket_width(image.shape[1])].append((image, classes))
    return [collate(pool[i : i + 32]) for _, pool in sorted(pools.items()) for i in range(0, len(pool), 32)]


class LineDataModule(pl.LightningDataModule):
    """Batches for Lightning: endless for training, fixed ones for validation."""

    def __init__(
        self, mixture: Mixture, validation: Sequence[LineTruth], *, batch_size: int, workers: int, seed: int
    ) -> None:
        super().__init__()
        self._mixture, self._validation = mixture, tuple(validation)
        self._batch_size, self._workers, self._seed = batch_size, workers, seed

    def train_dataloader(self) -> DataLoader[Batch]:
        """Endless batches; a training is as long as its Trainer says."""
        step = self.trainer.global_step if self.trainer else 0
        batches = EndlessBatches(self._mixture, batch_size=self._batch_size, seed=self._seed + step)
        return DataLoader(
            batches,
            batch_size=None,
            num_workers=self._workers,
            persistent_workers=self._workers > 0,
            worker_init_fn=work_alone if self._workers else None,
        )

    def val_dataloader(self) -> DataLoader[Batch]:
        """The validation lines in their buckets."""
        batches: Any = pooled_batches(self._validation, self._mixture.charset)
        return DataLoader(batches, batch_size=None, num_workers=0)

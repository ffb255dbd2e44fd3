"""What a fine-tuning draws beside the new lines, so that nothing is forgotten, and what tells whether it was."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recognizer.charset import Charset
from recognizer.corpora import read_manifest
from recognizer.datasets.batches import Batch, InkLines, LineSource, Mixture, RealLines, in_buckets
from recognizer.datasets.held_out import hold_out_pages
from recognizer.datasets.ink import InkBook
from recognizer.datasets.written_lines import WrittenLines
from recognizer.decoding.language import Language
from recognizer.errors import BadManifest
from recognizer.model_card import LANGUAGE, SHIPPED
from recognizer.training.line_training import find_corpora

WATCHED_LINES = 64
MOST_DRAWS = 4 * WATCHED_LINES  # to find them
UNWATCHED = 0.4  # of the way to a child is safe where no real hand tells what was forgotten
SEED = 99
Shares = tuple[tuple[LineSource, float], ...]


@dataclass(frozen=True)
class Replay:
    """Lines of old.

    Attributes:
        sources: to train on, with their shares.
        watched: never trained on, with their shares: how they are read tells what was forgotten.
    """

    sources: Shares = ()
    watched: Shares = ()

    def __add__(self, other: "Replay") -> "Replay":
        """Both."""
        return Replay(self.sources + other.sources, self.watched + other.watched)

    @property
    def in_real_hands(self) -> bool:
        """Whether a real hand tells what was forgotten.

        Written lines are read as well as ever when real hands are long forgotten.
        """
        return any(isinstance(source, RealLines) for source, _ in self.watched)

    @property
    def farthest(self) -> float:
        """How much of the way from a parent to its child to go at most."""
        return 1.0 if self.in_real_hands else UNWATCHED

    def watched_batches(self, charset: Charset) -> list[Batch]:
        """Always the same `WATCHED_LINES` of the watched lines; fewer or none where few or none can be used."""
        if not self.watched:
            return []
        mixture, rng = Mixture(self.watched, charset), np.random.default_rng(SEED)
        drawn = (mixture.draw(rng) for _ in range(MOST_DRAWS))
        return in_buckets(itertools.islice((line for line in drawn if line is not None), WATCHED_LINES))


def open_replay(paths: Sequence[Path]) -> Replay:
    """What can be replayed from files and folders.

    Args:
        paths: line manifests (``.jsonl``), UNIPEN tables (``.parquet``), data folders with ``lines_train.jsonl``.

    Raises:
        BadManifest: a path is none of these, or a manifest holds no line with a text.
    """
    return sum(map(_open, paths), Replay())


def written_by(model: Path) -> Replay:
    """Lines in synthetic hands, in the languages that a model folder knows, where nothing else is at hand.

    Raises:
        BadModel: its language file is damaged.
    """
    file = model / LANGUAGE
    language = Language.load(file if file.exists() else SHIPPED / LANGUAGE).characters
    return Replay(((WrittenLines(language), 1.0),), ((WrittenLines(language), 1.0),))


def _open(path: Path) -> Replay:
    if path.suffix == ".jsonl":
        rows = [row for row in read_manifest(path) if row.text]
        if not rows:
            raise BadManifest(f"{path} holds no line with a text: nothing can be replayed. Add lines, or leave it out.")
        lines, watched = hold_out_pages(rows, share=0.1)
        return Replay(((RealLines(lines or watched), 1.0),), ((RealLines(watched, strength=0), 1.0),))
    if path.suffix == ".parquet" and path.exists():
        return Replay(((InkLines(InkBook(path, split="train")), 1.0),), _ink(path, 1.0))
    if (path / "lines_train.jsonl").exists():
        corpora, held = find_corpora(path)
        real, ink, _ = corpora.shares
        drawn = _ink(corpora.ink, ink) if corpora.ink else ()
        return Replay(tuple(corpora.sources()), ((RealLines(held, strength=0), real), *drawn))
    raise BadManifest(f"{path} cannot be replayed. Give a line manifest, a UNIPEN table or a data folder.")


def _ink(path: Path, share: float) -> Shares:
    """Writers of a UNIPEN table that nothing trains on."""
    book = InkBook(path, split="val")
    return ((InkLines(book), share),) if len(book) else ()

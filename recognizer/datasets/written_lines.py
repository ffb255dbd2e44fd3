"""Lines in synthetic hands, from nothing but the package: what is replayed and watched where no corpus is at hand.

Texts are drawn from the language model that every reader carries, so they have its letters and their frequencies.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from recognizer.corpora import LineTruth
from recognizer.datasets import augmentation
from recognizer.datasets.handwriting import write_line
from recognizer.decoding.characters import CharacterModel
from recognizer.line_images import Grey

CHARACTERS = " abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:!?'-()éèêàâîôûçëï’"
SHORTEST, LONGEST = 6, 40
FIRST_FREE_SEED = 100_000  # hands below it are those of `base_lines`, which nothing trains on


class WrittenLines:
    """An endless source of written lines for a training's mixture."""

    def __init__(self, language: CharacterModel) -> None:
        self._language = language

    def draw(self, rng: np.random.Generator) -> tuple[Grey, str] | None:
        """One line in a hand of its own, distorted."""
        text = sample_text(self._language, rng)
        image = write_line(text, seed=FIRST_FREE_SEED + int(rng.integers(1_000_000)))
        return augmentation.distort(image, rng, strength=0.7), text


def sample_text(language: CharacterModel, rng: np.random.Generator) -> str:
    """A text as lines hold it; never empty."""
    return language.sample(rng, CHARACTERS, length=int(rng.integers(SHORTEST, LONGEST))) or "a"


def base_lines(language: CharacterModel, folder: Path, *, count: int) -> Sequence[LineTruth]:
    """Always the same lines in as many hands, written into ``folder`` where they are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for seed in range(count):
        text = sample_text(language, np.random.default_rng([seed, 7]))
        path = folder / f"{seed:04d}.png"
        if not path.exists():
            cv2.imwrite(str(path), write_line(text, seed=seed))
        rows.append(LineTruth(path, text, extra={"collection": "written"}))
    return rows

"""What languages make likely: a character n-gram model that weighs the beam's texts against each other.

Interpolated Witten-Bell smoothing: a context trusts its own counts as far as it has been seen, and shorter contexts
for the rest. Counts are integers over plain text, so a new language is new text and one command.

Source: Witten & Bell 1991, https://doi.org/10.1109/18.87000
"""

import lzma
import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from recognizer.charset import Charset
from recognizer.errors import BadModel

ORDER = 6
START = "\n"  # before the first character of a line
REMEMBERED = 500_000  # answers kept at hand


class CharacterModel:
    """Counts of character n-grams up to `ORDER`, and the probabilities they give.

    Args:
        counts: n-gram → how often it was seen; the last character follows the others.
    """

    def __init__(self, counts: dict[str, int]) -> None:
        self._counts = counts
        self._contexts: dict[str, tuple[int, int]] = {}  # how often seen, how many different followers
        for gram, count in counts.items():
            seen, kinds = self._contexts.get(gram[:-1], (0, 0))
            self._contexts[gram[:-1]] = (seen + count, kinds + 1)

    @classmethod
    def learn(cls, lines: Iterable[str], *, least: int = 2) -> "CharacterModel":
        """Count lines of text; n-grams of three and more characters seen under ``least`` times are dropped."""
        counts: Counter[str] = Counter()
        for line in lines:
            text = START + unicodedata.normalize("NFC", line).strip()
            for end in range(2, len(text) + 1):
                for length in range(1, min(ORDER, end) + 1):
                    counts[text[end - length : end]] += 1
        return cls({gram: n for gram, n in counts.items() if len(gram) < 3 or n >= least})

    def log_probability(self, context: str, character: str) -> float:
        """Natural logarithm of the probability of ``character`` after ``context`` (its last characters count)."""
        probability = 1 / 256
        for start in range(len(context), max(0, len(context) - ORDER + 1) - 1, -1):
            known = context[start:]
            followers = self._contexts.get(known)
            if followers is None:
                break
            seen, kinds = followers
            probability = (self._counts.get(known + character, 0) + kinds * probability) / (seen + kinds)
        return math.log(probability)

    def sample(self, rng: np.random.Generator, characters: str, *, length: int) -> str:
        """A text of that length, drawn character by character as the model finds them likely; no language, but like it.

        Args:
            rng: where chance comes from.
            characters: those to choose from.
            length: of the text.
        """
        text = START
        while len(text) <= length:
            weights = np.exp([self.log_probability(text, character) for character in characters])
            text += characters[int(rng.choice(len(characters), p=weights / weights.sum()))]
        return text[1:].strip()

    def save(self, path: Path) -> None:
        """Write the counts, compressed; equal counts give equal bytes."""
        rows = "\0".join(f"{gram}{chr(1)}{count}" for gram, count in sorted(self._counts.items()))
        path.write_bytes(lzma.compress(rows.encode(), preset=9))

    @classmethod
    def load(cls, path: Path) -> "CharacterModel":
        """Read what `save` wrote.

        Raises:
            BadModel: the file is missing or damaged.
        """
        try:
            rows = lzma.decompress(path.read_bytes()).decode().split("\0")
            return cls({gram: int(count) for gram, _, count in (row.rpartition("\1") for row in rows)})
        except (OSError, lzma.LZMAError, ValueError) as error:
            raise BadModel(f"{path} cannot be loaded: {error}. Restore the file or choose a model.") from error


@dataclass(frozen=True)
class LanguagePrior:
    """A character model as the beam asks it: in classes, weighted against the network.

    Attributes:
        model: what it knows.
        charset: of the network.
        weight: of the language's log probabilities beside the network's.
        bonus: in nats per character, against the pull of every probability towards short texts.
    """

    model: CharacterModel
    charset: Charset
    weight: float = 0.25
    bonus: float = 0.4
    start: str = START
    _known: dict[tuple[str, int], tuple[str, float]] = field(default_factory=dict, repr=False, compare=False)

    def follow(self, context: str, character: int) -> tuple[str, float]:
        """The context after one more class, and the factor by which the class weighs after ``context``."""
        key = (context, character)
        answer = self._known.get(key)
        if answer is None:
            letter = self.charset.characters[character - 1]
            log_weight = self.weight * self.model.log_probability(context, letter) + self.bonus
            answer = ((context + letter)[1 - ORDER :], math.exp(log_weight))
            if len(self._known) < REMEMBERED:
                self._known[key] = answer
        return answer

    def likelihoods(self, classes: Sequence[int]) -> list[float]:
        """Log probability of each class after those before it, from the beginning of a line, in nats."""
        context, found = self.start, []
        for character in classes:
            context, factor = self.follow(context, character)
            found.append((math.log(factor) - self.bonus) / self.weight)
        return found

"""The language as a beam asks for it: what a class weighs after a state of the character model."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recognizer.charset import Charset
from recognizer.decoding.characters import CharacterModel
from recognizer.decoding.language import Language

Integers = NDArray[np.int64]
Doubles = NDArray[np.float64]


CHARACTERS, WORDS = 0.8, 0.2  # the weights of both in a whole text; of the characters' own
WORD_BONUS = 6.0  # nats per word, against the pull of every probability towards few words


@dataclass(frozen=True)
class LanguagePrior:
    """What languages make likely, weighted against a network.

    Attributes:
        language: what it knows.
        charset: of the network.
        weight: of the characters' log probabilities beside the network's.
        bonus: in nats per character, against the pull of every probability towards short texts.
    """

    language: Language
    charset: Charset
    weight: float = 0.75
    bonus: float = 1.8

    @property
    def model(self) -> CharacterModel:
        """What it knows of characters."""
        return self.language.characters

    @cached_property
    def codes(self) -> Integers:
        """(C,): the model's code of each class; 0 for the blank and for characters it never saw."""
        return np.array([0, *(self.model.code(character) for character in self.charset.characters)])

    @property
    def start(self) -> int:
        """The state at the beginning of a line."""
        return self.model.start

    def weigh(self, states: Integers, classes: Integers) -> tuple[Doubles, Integers]:
        """What each class, which must not be the blank, weighs after each state, and the state that it leads to.

        Returns:
            (N,) nats, at most ``bonus``, and (N,) states.
        """
        likely, after = self.model.extend(states, self.codes[classes])
        return self.weight * likely + self.bonus, after

    def along(self, texts: Sequence[Sequence[int]]) -> Doubles:
        """What the characters of each text weigh together as `weigh` weighs them, (N,) nats."""
        likely = self.model.log_likelihoods([self.codes[list(text)] for text in texts])
        return self.weight * likely + self.bonus * np.array([len(text) for text in texts])

    def whole(self, texts: Sequence[Sequence[int]], along: Doubles) -> Doubles:
        """What each text weighs, now that all its words are there, (N,) nats.

        Args:
            texts: N of them, in classes.
            along: (N,), what `along` gives.
        """
        if self.language.words is None:
            return along
        words = self.language.words.weigh([self.charset.decode(text) for text in texts], bonus=WORD_BONUS)
        return np.asarray(CHARACTERS * along + WORDS * words)

    def commonness(self, text: str) -> Doubles:
        """How common the word is that each character of a text belongs to, (L,) nats; 0 where no words are known."""
        words = self.language.words
        return np.zeros(len(text)) if words is None else words.commonness(text)

    def likelihoods(self, classes: Sequence[int]) -> list[float]:
        """Log probability of each class after those before it, from the beginning of a line, in nats."""
        return self.model.log_probabilities(self.codes[list(classes)]).tolist() if classes else []

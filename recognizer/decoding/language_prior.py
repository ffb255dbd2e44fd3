"""The language as a beam asks for it: what a class weighs after a state of the character model."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recognizer.charset import Charset
from recognizer.decoding.characters import CharacterModel
from recognizer.decoding.language import Language

Integers = NDArray[np.int64]
Doubles = NDArray[np.float64]


CHARACTERS, WORDS = 0.8, 0.2  # the weights of both in a whole text; of the characters' own
WORD_BONUS = 6.0  # nats per word, against the pull of every probability towards few words
SHARE = 0.7  # of the network in the probability of a character that counts tell too
BOTH, BONUS = 0.75, 2.2  # the weight of these probabilities in a whole text; nats per character


class Neural(Protocol):
    """A neural language model, ready to run."""

    def log_likelihoods(self, texts: Sequence[str], lines: Sequence[int]) -> list[Doubles]:
        """Log probability of each character of texts after those before it, (L,) nats each.

        Args:
            texts: N of them, in NFC.
            lines: N, which line each is a text of.
        """


@dataclass(frozen=True)
class LanguagePrior:
    """What languages make likely, weighted against a network.

    Attributes:
        language: what it knows.
        charset: of the network.
        weight: of the characters' log probabilities beside the network's.
        bonus: in nats per character, against the pull of every probability towards short texts.
        neural: what tells whole texts better than counts; None: an older model.
    """

    language: Language
    charset: Charset
    weight: float = 0.75
    bonus: float = 1.8
    neural: Neural | None = None

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

    def counted(self, texts: Sequence[Sequence[int]]) -> list[Doubles]:
        """How likely counts find each class of each text after those before it in a line, (L,) nats."""
        return self.model.log_probabilities([self.codes[list(text)] for text in texts])

    def along(self, counted: Sequence[Doubles]) -> Doubles:
        """What the characters of each text weigh together as `weigh` weighs them, (N,) nats.

        Args:
            counted: N of them, as `counted` gives them.
        """
        return np.array([self.weight * likely.sum() + self.bonus * len(likely) for likely in counted])

    def whole(self, texts: Sequence[Sequence[int]], along: Doubles) -> Doubles:
        """What each text weighs, now that all its words are there, (N,) nats.

        Args:
            texts: N of them, in classes.
            along: (N,), what `along` gives.
        """
        return along if self.language.words is None else CHARACTERS * along + self._words(texts)

    def told(self, texts: Sequence[Sequence[int]], lines: Sequence[int], counted: Sequence[Doubles]) -> list[Doubles]:
        """What `counted` gives, the neural language model asked too; that takes the longest.

        A class is as probable as both find it on average: in a language that only one knows, that one decides.

        Args:
            texts: N of them, in classes.
            lines: N, which line each is a text of.
            counted: N, as `counted` gives them.
        """
        assert self.neural is not None
        told = self.neural.log_likelihoods([self.charset.decode(text) for text in texts], lines)
        ours, its = np.log(1 - SHARE), np.log(SHARE)
        return [np.logaddexp(ours + one, its + other) for one, other in zip(counted, told, strict=True)]

    def weighed(self, texts: Sequence[Sequence[int]], told: Sequence[Doubles]) -> Doubles:
        """What each text weighs with all that was told, (N,) nats; in place of `whole`.

        Args:
            texts: N of them, in classes.
            told: N, as `told` gives them.
        """
        found = [BOTH * likely.sum() + BONUS * len(likely) for likely in told]
        return np.array(found) + self._words(texts)

    def _words(self, texts: Sequence[Sequence[int]]) -> Doubles:
        if self.language.words is None:
            return np.zeros(len(texts))
        return WORDS * self.language.words.weigh([self.charset.decode(text) for text in texts], bonus=WORD_BONUS)

    def commonness(self, text: str) -> Doubles:
        """How common the word is that each character of a text belongs to, (L,) nats; 0 where no words are known."""
        words = self.language.words
        return np.zeros(len(text)) if words is None else words.commonness(text)

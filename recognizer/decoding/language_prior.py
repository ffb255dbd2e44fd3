"""The language as a beam asks for it: what a class weighs after a state of the character model."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recognizer.charset import Charset
from recognizer.decoding.language import CharacterModel

Integers = NDArray[np.int64]
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class LanguagePrior:
    """A character model weighted against a network.

    Attributes:
        model: what it knows.
        charset: of the network.
        weight: of the language's log probabilities beside the network's.
        bonus: in nats per character, against the pull of every probability towards short texts.
    """

    model: CharacterModel
    charset: Charset
    weight: float = 0.75
    bonus: float = 1.8

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

    def likelihoods(self, classes: Sequence[int]) -> list[float]:
        """Log probability of each class after those before it, from the beginning of a line, in nats."""
        return self.model.log_probabilities(self.codes[list(classes)]).tolist() if classes else []

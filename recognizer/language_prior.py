"""The language as a beam walks it: what every class weighs after a state of the character model."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recognizer.charset import BLANK, Charset
from recognizer.language import CharacterModel

Integers = NDArray[np.int64]
Doubles = NDArray[np.float64]
FIRST_ROWS = 2048


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

    def walk(self) -> "Walk":
        """For one beam: nothing of it is shared."""
        return Walk(self)

    def likelihoods(self, classes: Sequence[int]) -> list[float]:
        """Log probability of each class after those before it, from the beginning of a line, in nats."""
        return self.model.log_probabilities(self.codes[list(classes)]).tolist() if classes else []


class Walk:
    """Keeps what classes weigh after each state that was come to.

    Attributes:
        start: the state at the beginning of a line.
        most: no class weighs more, nats.
    """

    def __init__(self, prior: LanguagePrior) -> None:
        self._prior = prior
        self.start, self.most = prior.model.start, prior.bonus
        self._row = np.full(prior.model.states, -1, np.int32)
        self._weights: NDArray[np.float32] = np.empty((FIRST_ROWS, prior.charset.classes), np.float32)
        self._filled = 0

    def weights(self, states: Integers, classes: Integers) -> Doubles:
        """(N,), nats: what each class, which must not be the blank, weighs after each state."""
        fresh = states[self._row[states] < 0]
        if len(fresh):
            self._fill(np.unique(fresh))
        return self._weights[self._row[states], classes].astype(np.float64)

    def follow(self, states: Integers, classes: Integers) -> Integers:
        """(N,): the state after each state and class."""
        return self._prior.model.follow(states, self._prior.codes[classes])

    def _fill(self, states: Integers) -> None:
        end = self._filled + len(states)
        while end > len(self._weights):
            self._weights = np.concatenate([self._weights, np.empty_like(self._weights)])
        weights = (
            self._prior.weight * np.log(self._prior.model.chances(states)[:, self._prior.codes]) + self._prior.bonus
        )
        weights[:, BLANK] = 0
        self._weights[self._filled : end] = weights
        self._row[states] = np.arange(self._filled, end)
        self._filled = end

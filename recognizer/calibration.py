"""Confidences that mean what they say: the probability, learnt on held-out lines, that a word or line is right.

A network's own probabilities are too sure of themselves. For each character we take how sure its best step was and
how sure the steps before it were that nothing else stands there; a word or a line is judged by the sum, the worst
and the number of its characters, through a logistic curve fitted on lines that trained nothing.

Source: Platt 1999 (logistic calibration); Guo et al. 2017, https://arxiv.org/abs/1706.04599.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognizer.decoding import Floats

Doubles = NDArray[np.float64]
TINY = 1e-6


@dataclass(frozen=True)
class Calibration:
    """Two logistic curves; each has weights for the features of `features` and a constant."""

    word: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0)
    line: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0)

    @classmethod
    def from_json(cls, stored: Mapping[str, Sequence[float]] | None) -> "Calibration":
        """The curves a model card holds; None: a model that was never calibrated."""
        return cls() if stored is None else cls(tuple(stored["word"]), tuple(stored["line"]))

    def word_confidence(self, certainties: Doubles) -> float:
        """Probability that a word of these character certainties is right."""
        return _curve(self.word, features(certainties))

    def line_confidence(self, certainties: Doubles) -> float:
        """Probability that a whole line of these character certainties is right."""
        return _curve(self.line, features(certainties))


def _curve(weights: Sequence[float], x: Doubles) -> float:
    return float(1 / (1 + np.exp(-np.clip(np.dot(weights, x), -30, 30))))


def certainties(probabilities: Floats, classes: Sequence[int], path: NDArray[np.int64]) -> Doubles:
    """For each character, and for the end of the line, how sure the model is of it: (L + 1,) in (0, 1].

    Args:
        probabilities: (T, C).
        classes: the text.
        path: of `recognizer.decoding.align`.
    """
    own = probabilities[:, 0].astype(np.float64)
    said = path >= 0
    index = np.asarray(classes, np.int64)
    own[said] += probabilities[said, index[path[said]]]
    result = np.ones(len(classes) + 1)
    for character, cls in enumerate(classes):
        steps = np.flatnonzero(path == character)
        peak = float(probabilities[steps, cls].max())
        result[character] = peak * own[steps].min()
    blanks = np.flatnonzero(~said)
    following = np.searchsorted(np.flatnonzero(said), blanks)
    owner = np.append(path[said], len(classes))[following]
    lowest = np.ones(len(classes) + 1)
    np.minimum.at(lowest, owner, own[blanks])
    return np.clip(result * lowest, TINY, 1.0)


def features(values: Doubles) -> Doubles:
    """What a word or line is judged by: log odds of all being right, of the worst, length, and a constant."""
    total = float(np.log(values).sum())
    worst = float(values.min())
    return np.array([_logit(np.exp(total)), _logit(worst), np.log(len(values)), 1.0])


def _logit(p: float) -> float:
    p = min(max(float(p), TINY), 1 - TINY)
    return float(np.log(p / (1 - p)))


def fit(rows: Sequence[Doubles], right: Sequence[bool], *, ridge: float = 1.0) -> tuple[float, ...]:
    """Logistic weights by Newton's method, drawn a little towards zero.

    Args:
        rows: `features` of each word or line.
        right: whether it was right.
        ridge: strength of the pull.
    """
    x, y = np.stack(rows), np.asarray(right, np.float64)
    weights = np.zeros(x.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (p - y) + ridge * weights
        curvature = (x * (p * (1 - p))[:, None]).T @ x + ridge * np.eye(len(weights))
        weights -= np.linalg.solve(curvature, gradient)
    return tuple(float(w) for w in weights)

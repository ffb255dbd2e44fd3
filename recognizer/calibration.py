"""Confidences that mean what they say: the probability, learnt on held-out lines, that a word or line is right.

A network's own probabilities are too sure of themselves, most of all on hands unlike those it learnt from. For each
character we take how sure its best step was and how sure the steps before it were that nothing else stands there, how
likely the language finds it after those before it, how common the word is that it belongs to, and how probable the
texts are that the beam found beside the best one and that hold something else there. A word is judged by its own
characters and by how sure the rest of its line was, which tells a hard hand from a clear one; through a logistic curve
fitted on lines that trained nothing.

Source: Platt 1999 (logistic calibration); Guo et al. 2017, https://arxiv.org/abs/1706.04599.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognizer.decoding.best_path import Floats
from recognizer.errors import BadModel

Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]
TINY = 1e-6


@dataclass(frozen=True)
class Evidence:
    """What speaks for a line's text, character by character.

    Attributes:
        certainties: (L + 1,) in (0, 1], of each character and of the line's end; see `certainties`.
        likelihoods: (L,), nats: what the language says of each character after those before it; 0 where none is known.
        doubts: (L,), how probable other texts are there; see `recognizer.decoding.looks.Settled`.
        commonness: (L,), nats: how common the word is that each character belongs to; 0 where no words are known.
    """

    certainties: Doubles
    likelihoods: Doubles
    doubts: Doubles
    commonness: Doubles

    def of_line(self) -> Doubles:
        """What the whole line is judged by: `LINE_FEATURES` numbers."""
        columns = self._features(np.array([0]), np.array([len(self.certainties)]))
        return np.append(np.concatenate(columns), 1.0)

    def of_words(self, spans: Sequence[tuple[int, int]]) -> Doubles:
        """What words from start to end are judged by, with the space or end behind each: (N, `WORD_FEATURES`)."""
        if not spans:
            return np.zeros((0, WORD_FEATURES))
        starts, ends = np.array(spans).T + np.array([[0], [1]])
        logs, sizes = np.log(self.certainties), ends - starts
        others = (logs.sum() - _over(np.add, logs, starts, ends)) / np.maximum(len(logs) - sizes, 1)
        around = _logit(np.exp(np.where(sizes < len(logs), others, logs.mean())))
        *own, rarest = self._features(starts, ends)
        return np.stack([*own, around, rarest, np.ones(len(spans))], axis=1)

    def _features(self, starts: Integers, ends: Integers) -> list[Doubles]:
        """Of each of N parts of the line, (N,) each.

        Log odds of all being right and of the worst, length, the mean and worst that the language says, most and mean
        doubt, and how common the rarest word is.
        """
        said = np.minimum(ends, len(self.likelihoods))
        count = np.maximum(said - starts, 1)
        return [
            _logit(np.exp(_over(np.add, np.log(self.certainties), starts, ends))),
            _logit(_over(np.minimum, self.certainties, starts, ends)),
            np.log(ends - starts),
            _over(np.add, self.likelihoods, starts, said) / count,
            _over(np.minimum, self.likelihoods, starts, said),
            np.log(_over(np.maximum, self.doubts, starts, said) + NO_DOUBT),
            np.log(_over(np.add, self.doubts, starts, said) / count + NO_DOUBT),
            np.clip(_over(np.minimum, self.commonness, starts, said), RAREST, 0.0),
        ]


LINE_FEATURES, WORD_FEATURES = 9, 10
RAREST = -20.0  # nats; beyond it a word is no stranger
NO_DOUBT = 1e-4  # about what the beam can still see


def _over(operation: np.ufunc, values: Doubles, starts: Integers, ends: Integers) -> Doubles:
    """(N,): what an operation makes of the values from each start to its end; of none at the very end 0."""
    between = np.stack([starts, ends], axis=1).ravel()
    return np.asarray(operation.reduceat(np.append(values, 0.0), between)[::2], np.float64)


@dataclass(frozen=True)
class Calibration:
    """Two logistic curves; each has a weight for every feature of `Evidence` and a constant."""

    word: tuple[float, ...] = (1.0,) + (0.0,) * (WORD_FEATURES - 1)
    line: tuple[float, ...] = (1.0,) + (0.0,) * (LINE_FEATURES - 1)

    @classmethod
    def from_json(cls, stored: Mapping[str, Sequence[float]] | None) -> "Calibration":
        """The curves a model card holds; None: a model that was never calibrated.

        Older ones know nothing of how common words are: to them all are alike.

        Raises:
            BadModel: they have another number of weights than ours.
        """
        if stored is None:
            return cls()
        curves = cls(tuple(stored["word"]), tuple(stored["line"]))
        if (len(curves.word), len(curves.line)) == (WORD_FEATURES - 1, LINE_FEATURES - 1):
            return cls(*((*weights[:-1], 0.0, weights[-1]) for weights in (curves.word, curves.line)))
        if (len(curves.word), len(curves.line)) != (WORD_FEATURES, LINE_FEATURES):
            raise BadModel(
                f"The card's calibration has {len(curves.word)} and {len(curves.line)} weights, this Inkloop needs "
                f"{WORD_FEATURES} and {LINE_FEATURES}: another version wrote it. Train or fine-tune the model again."
            )
        return curves

    def word_confidences(self, features: Doubles) -> list[float]:
        """Probability that each word of some is right, by its evidence: (N, `WORD_FEATURES`)."""
        return _curve(self.word, features)

    def line_confidence(self, features: Doubles) -> float:
        """Probability that a whole line of this evidence is right: (`LINE_FEATURES`,)."""
        return _curve(self.line, features[None])[0]


def _curve(weights: Sequence[float], rows: Doubles) -> list[float]:
    found: list[float] = (1 / (1 + np.exp(-np.clip(rows @ np.array(weights), -30, 30)))).tolist()
    return found


def certainties(probabilities: Floats, classes: Sequence[int], path: NDArray[np.int64]) -> Doubles:
    """For each character, and for the end of the line, how sure the model is of it: (L + 1,) in (0, 1].

    Args:
        probabilities: (T, C).
        classes: the text.
        path: of `recognizer.decoding.alignment.align`.
    """
    own = probabilities[:, 0].astype(np.float64)
    said = path >= 0
    index = np.asarray(classes, np.int64)
    spoken = probabilities[said, index[path[said]]]
    own[said] += spoken
    result = np.ones(len(classes) + 1)
    if len(classes):
        begins = np.searchsorted(path[said], np.arange(len(classes)))
        result[:-1] = np.maximum.reduceat(spoken, begins) * np.minimum.reduceat(own[said], begins)
    following = np.searchsorted(np.flatnonzero(said), np.flatnonzero(~said))
    owner = np.append(path[said], len(classes))[following]
    lowest = np.ones(len(classes) + 1)
    np.minimum.at(lowest, owner, own[~said])
    return np.clip(result * lowest, TINY, 1.0)


def _logit(p: Doubles) -> Doubles:
    p = np.clip(p, TINY, 1 - TINY)
    return np.asarray(np.log(p / (1 - p)), np.float64)


def fit(
    rows: Sequence[Doubles], right: Sequence[bool], *, shares: Sequence[float] | None = None, ridge: float = 1.0
) -> tuple[float, ...]:
    """Logistic weights by Newton's method, drawn a little towards zero.

    Args:
        rows: evidence of each word or line.
        right: whether it was right.
        shares: how much each row counts, 1 on average; None: all the same.
        ridge: strength of the pull.
    """
    x, y = np.stack(rows), np.asarray(right, np.float64)
    counts = np.ones(len(y)) if shares is None else np.asarray(shares, np.float64)
    weights = np.zeros(x.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (counts * (p - y)) + ridge * weights
        curvature = (x * (counts * p * (1 - p))[:, None]).T @ x + ridge * np.eye(len(weights))
        weights -= np.linalg.solve(curvature, gradient)
    return tuple(float(w) for w in weights)

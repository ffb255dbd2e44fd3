"""How far a line's image bears a text out: what keeps a vandal's words from ever teaching a model.

A wrong word leaves traces even where the model misreads: time steps that none of its characters explains, characters
squeezed into steps that say blank. So each word is held against the same text with that word left open, a filler that
takes any classes over any steps; and the whole text against the network's best path. What the text is worse by, in
nats per character, is measured by what true transcriptions of held-out writers may be worse by.

A character that the network has no class for is passed as seen, so only a few of them can be passed: a text that is
largely made of such is not borne out, whatever the image shows.

Source: Rose & Paul 1990 (word against filler models), https://doi.org/10.1109/ICASSP.1990.115555.
"""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recognizer.calibration import Doubles
from recognizer.charset import BLANK, Charset
from recognizer.decoding.best_path import Floats

CONTRADICTED_BELOW = 0.0
"""The plausibility under which the image does not bear a text out."""
LEAST = -9.0  # what no path spells at all
FOREIGN_LINE = 0.2  # of its characters: a tenth would hold one in five lines of Czech, of whose letters 6 % are unknown
FOREIGN_WORD = 0.5  # else a single word could be anything
LINE_ALLOWANCE = 1.8  # nats per character that a true line may be worse than the best path
WORD_ALLOWANCE = 3.5  # nats per character that a true word may be worse than the filler
PAD = 3  # characters added to a length: short texts stand on little evidence
WILDCARD = -1  # a character outside the charset, of which there are few: whatever the network sees there

Classes = Sequence[int]


def plausibility(logits: Floats, text: str, charset: Charset) -> float:
    """How far logits bear out a text: 1 fully, 0 as little as a true text may be, below: contradicted.

    Args:
        logits: (T, C), of one line.
        text: what somebody says the line holds; characters outside the charset count as seen while they are few.
        charset: of the network.
    """
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if is_foreign(text, charset):
        return LEAST
    log_p = log_softmax(logits)
    best = np.concatenate([[0.0], np.cumsum(log_p.max(axis=1))])
    lattice = Lattice(log_p, _classes(text, charset))
    if not np.isfinite(lattice.total):
        return LEAST
    worse = [(best[-1] - lattice.total) / (len(text) + PAD) / LINE_ALLOWANCE]
    for word in re.finditer("[^ ]+", text):
        lost = lattice.with_filler(word.start(), word.end(), best) - lattice.total
        worse.append(lost / (word.end() - word.start() + PAD) / WORD_ALLOWANCE)
    return float(np.clip(1 - max(worse), LEAST, 1.0))


def is_foreign(text: str, charset: Charset) -> bool:
    """Whether so much of a text, or of a word in it, is outside the charset that no image can bear it out.

    One odd character never is too much.
    """
    words = unicodedata.normalize("NFC", text).split()
    unknown = set(charset.unknown(text))
    parts = [("".join(words), FOREIGN_LINE), *((word, FOREIGN_WORD) for word in words)]
    return any(sum(map(unknown.__contains__, part)) > max(1, share * len(part)) for part, share in parts)


class Lattice:
    """Every CTC path that spells some classes, summed from both ends; the states are blank, character, …, blank.

    Attributes:
        ahead: (T, S), log probability of the steps up to t that end in s.
        behind: (T, S), of the steps from t on that begin in s.
        total: log probability of the classes.
    """

    def __init__(self, log_p: Doubles, classes: Classes) -> None:
        states = np.full(2 * len(classes) + 1, BLANK)
        states[1::2] = classes
        emitted = log_p[:, states]
        emitted[:, states == WILDCARD] = log_p[:, 1:].max(axis=1, keepdims=True)
        self.ahead = _sum_paths(emitted, states)
        self.behind = _sum_paths(emitted[::-1, ::-1], states[::-1])[::-1, ::-1]
        self.total = float(np.logaddexp.reduce(self.ahead[-1, -2:]))

    def with_filler(self, start: int, end: int, best: Doubles) -> float:
        """Log probability of the best path with the characters from ``start`` to ``end`` left open.

        Args:
            start: first character that is left open.
            end: the one after the last.
            best: (T + 1,), log probability of the best classes over the steps before each.
        """
        before = np.logaddexp.reduce(self.ahead[:, max(2 * start - 1, 0) : 2 * start + 1], axis=1)
        after = np.logaddexp.reduce(self.behind[:, 2 * end : 2 * end + 2], axis=1)
        entered = np.concatenate([[0.0 if start == 0 else -np.inf], before]) - best
        left = np.concatenate([after, [0.0 if 2 * end + 1 == self.behind.shape[1] else -np.inf]])
        return float((np.maximum.accumulate(entered) + best + left).max())


def _sum_paths(emitted: Doubles, states: NDArray[np.int64]) -> Doubles:
    """The forward sums: (T, S) log probabilities of all paths that end in each state."""
    skips = np.zeros(len(states), bool)
    skips[2:] = (states[2:] != BLANK) & ((states[2:] != states[:-2]) | (states[2:] == WILDCARD))
    sums = np.full(emitted.shape, -np.inf)
    sums[0, :2] = emitted[0, :2]
    for step in range(1, len(emitted)):
        before = sums[step - 1]
        now = before.copy()
        now[1:] = np.logaddexp(now[1:], before[:-1])
        now[2:] = np.where(skips[2:], np.logaddexp(now[2:], before[:-2]), now[2:])
        sums[step] = now + emitted[step]
    return sums


def _classes(text: str, charset: Charset) -> list[int]:
    unknown = set(charset.unknown(text))
    return [WILDCARD if character in unknown else charset.encode(character)[0] for character in text]


def log_softmax(logits: Floats) -> Doubles:
    """Log probabilities over the last axis, in double precision."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))

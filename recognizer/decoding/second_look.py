"""Two looks at one line: the texts found in either, weighed by what both see and by the language.

A line that leaves a network in doubt is shown to it again in another shape. The mistakes of the two looks differ: a
text that both bear out is right more often than what either likes best.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from recognizer.charset import BLANK
from recognizer.decoding.best_path import Floats
from recognizer.decoding.language_prior import LanguagePrior
from recognizer.decoding.lattice import Classes, Decoded, Hypothesis

DOUBTFUL = 0.5  # share of the best text under which a second look is worth its time
TEXTS = 3  # of each look that are weighed
TOGETHER = 48  # lines
Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Look:
    """What was seen of a line, and what a beam made of it.

    Attributes:
        probabilities: (T, C).
        found: the texts.
    """

    probabilities: Floats
    found: Decoded

    @property
    def doubtful(self) -> bool:
        """Whether another text is about as likely as the best."""
        return self.found.texts[0].probability < DOUBTFUL


def agree(looks: Sequence[tuple[Look, Look]], prior: LanguagePrior | None) -> list[Decoded]:
    """For each line the texts of its two looks, those first that both bear out and the language finds likely."""
    return list(chain(*(_agree(looks[i : i + TOGETHER], prior) for i in range(0, len(looks), TOGETHER))))


def _agree(looks: Sequence[tuple[Look, Look]], prior: LanguagePrior | None) -> list[Decoded]:
    texts = [list(dict.fromkeys(text.classes for look in pair for text in look.found.texts[:TEXTS])) for pair in looks]
    lines = np.repeat(np.arange(len(texts)), [len(some) for some in texts])
    flat = list(chain(*texts))
    seen = [log_likelihoods([pair[which].probabilities for pair in looks], lines, flat) for which in (0, 1)]
    scores = np.mean(seen, axis=0) + [_expected(text, prior) for text in flat]
    return [_decoded(some, scores[lines == line]) for line, some in enumerate(texts)]


def _expected(text: Classes, prior: LanguagePrior | None) -> float:
    """What the language adds to what is seen, in nats; see `LanguagePrior.weigh`."""
    return 0.0 if prior is None else prior.weight * sum(prior.likelihoods(text)) + prior.bonus * len(text)


def _decoded(texts: Sequence[Classes], scores: Doubles) -> Decoded:
    order = np.argsort(-scores, kind="stable")
    gaps = np.exp(scores[order] - scores[order[0]])
    best, *others = [texts[place] for place in order]
    doubts = np.zeros(len(best))
    for other, gap in zip(others, gaps[1:], strict=True):
        doubts[_difference(best, other)] += gap
    shares = gaps / gaps.sum()
    found = tuple(Hypothesis(text, float(share)) for text, share in zip((best, *others), shares, strict=True))
    return Decoded(found, doubts)


def _difference(best: Classes, other: Classes) -> slice:
    """The characters of ``best`` between what both texts begin with and what both end with; at least one."""
    begin = _alike(best, other)
    end = len(best) - _alike(best[begin:][::-1], other[begin:][::-1])
    return slice(min(begin, len(best) - 1) if best else 0, max(end, begin + 1))


def _alike(one: Classes, other: Classes) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def log_likelihoods(probabilities: Sequence[Floats], lines: Integers, texts: Sequence[Classes]) -> Doubles:
    """How probable texts are: the sum over all CTC paths that spell them, (N,) nats; minus infinity where none does.

    Args:
        probabilities: (T, C) of each line.
        lines: (N,), the line that each text is a text of.
        texts: N of them, in classes.
    """
    steps = np.array([len(line) for line in probabilities])
    padded = np.zeros((len(steps), steps.max(), probabilities[0].shape[1]))
    for line, said in zip(padded, probabilities, strict=True):
        line[: len(said)] = said
    states = np.full((len(texts), 2 * max(map(len, texts)) + 1), BLANK)
    for row, text in zip(states, texts, strict=True):
        row[1 : 2 * len(text) : 2] = text
    skips = np.zeros(states.shape)
    skips[:, 2:] = (states[:, 2:] != BLANK) & (states[:, 2:] != states[:, :-2])
    last = 2 * np.array([len(text) for text in texts])
    rows, sums = np.arange(len(texts)), np.zeros((len(texts), states.shape[1] + 2))
    sums[:, 1] = 1  # before the first state stand one that leads into it, and one that nothing reaches
    taken, found = np.zeros(len(texts)), np.full(len(texts), -np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        for step in range(steps.max()):
            reached = sums[:, 2:] + sums[:, 1:-1] + sums[:, :-2] * skips
            sums[:, 1] = 0
            if step == 0:
                reached[:, 1] = 1  # a text may begin with its first character at once
            reached *= padded[lines[:, None], step, states]
            most = reached.max(axis=1)
            taken += np.log(most)
            sums[:, 2:] = reached / most[:, None]
            ends = rows[steps[lines] == step + 1]
            whole = sums[ends, last[ends] + 2] + np.where(last[ends] > 0, sums[ends, last[ends] + 1], 0)
            found[ends] = np.log(whole) + taken[ends]
    return np.nan_to_num(found, nan=-np.inf, neginf=-np.inf)

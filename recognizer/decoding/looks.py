"""From what was seen of a line to its texts: one look or two, and what the language says of whole texts.

A line that leaves a network in doubt is shown to it again in another shape. The mistakes of the two looks differ: a
text that both bear out is right more often than what either likes best. And once its words are whole, a language knows
more of a text than character by character: by its words, and by a network that remembers the line from its beginning.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from recognizer.decoding.alignment import states_of
from recognizer.decoding.best_path import Floats
from recognizer.decoding.language_prior import LanguagePrior
from recognizer.decoding.lattice import Classes, Hypothesis, Texts

DOUBTFUL = 0.4  # share of the best text under which a second look is worth its time
CLOSE = 2.0  # nats behind the likeliest text within which the neural language model is asked
TOGETHER = 48  # lines
TINY = 1e-30
Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Look:
    """What was seen of a line, and what a beam made of it.

    Attributes:
        probabilities: (T, C).
        texts: the most probable, best first.
        far: how far it lies along the direction of a hand that was learnt later; see `recognizer.models.hands`.
    """

    probabilities: Floats
    texts: Texts
    far: float = -np.inf

    @property
    def doubtful(self) -> bool:
        """Whether another text is about as likely as the best."""
        return self.texts[0].probability < DOUBTFUL


@dataclass(frozen=True, eq=False, slots=True)
class Settled:
    """What a line is read as, after all.

    Attributes:
        texts: the most probable, best first.
        doubts: (L,), for each character of the first text how probable those texts are together, beside it, that hold
            something else there.
        likelihoods: (L,), nats: what the language says of each character of the first text after those before it; 0
            where none is known.
    """

    texts: Texts
    doubts: Doubles
    likelihoods: Doubles


def settle(lines: Sequence[Sequence[Look]], prior: LanguagePrior | None, *, workers: int = 1) -> list[Settled]:
    """The texts of each line, seen in one look or two: first what all looks bear out and the language finds likely.

    Args:
        lines: each line's looks.
        prior: what the language says; None: nothing.
        workers: threads that settle lines at the same time.
    """
    size = max(1, min(TOGETHER, -(-len(lines) // workers)))
    parts = [lines[begin : begin + size] for begin in range(0, len(lines), size)]
    with ThreadPoolExecutor(workers) as threads:
        return list(chain(*threads.map(lambda part: _settle(part, prior), parts)))


def _settle(lines: Sequence[Sequence[Look]], prior: LanguagePrior | None) -> list[Settled]:
    texts = [list(dict.fromkeys(text.classes for look in looks for text in look.texts)) for looks in lines]
    owners, flat = np.repeat(np.arange(len(lines)), [len(some) for some in texts]), list(chain(*texts))
    likely = prior.counted(flat) if prior else [np.zeros(len(text)) for text in flat]
    along = prior.along(likely) if prior else np.zeros(len(flat))
    seen = _seen(lines, owners, flat, along)
    scores = seen + (prior.whole(flat, along) if prior else 0.0)
    if prior and prior.neural:
        asked = _close(owners, scores)
        some = [flat[place] for place in asked]
        told = prior.told(some, owners[asked].tolist(), [likely[place] for place in asked])
        scores = _shifted(owners, scores, asked, seen[asked] + prior.weighed(some, told))
        for place, likelihoods in zip(asked, told, strict=True):
            likely[place] = likelihoods
    settled, begin = [], 0
    for some in texts:
        own = slice(begin, begin := begin + len(some))
        settled.append(_ranked(some, scores[own], likely[own]))
    return settled


def _close(owners: Integers, scores: Doubles) -> Integers:
    """The texts about which the neural language model is worth asking: each line's likeliest, and those close to it."""
    best = np.full(owners.max(initial=-1) + 1, -np.inf)
    np.maximum.at(best, owners, scores)
    return np.flatnonzero(scores > best[owners] - CLOSE)


def _shifted(owners: Integers, scores: Doubles, asked: Integers, told: Doubles) -> Doubles:
    """The scores with new ones for what was asked; what is far behind a line's likeliest text stays so far behind."""
    shifts = np.full(owners.max(initial=-1) + 1, -np.inf)
    order = np.argsort(scores[asked], kind="stable")
    shifts[owners[asked][order]] = (told - scores[asked])[order]
    changed = scores + shifts[owners]
    changed[asked] = told
    return np.asarray(changed, np.float64)


def _seen(lines: Sequence[Sequence[Look]], owners: Integers, texts: Sequence[Classes], along: Doubles) -> Doubles:
    """What was seen of each text, in nats that compare the texts of a line: by all looks at it, on average.

    A single look's beam has told it already, with what the language weighs along the text, which is taken out again.
    """
    shares = [{text.classes: text.probability for text in looks[0].texts} for looks in lines]
    seen = np.log([max(shares[line].get(text, 0.0), TINY) for line, text in zip(owners, texts, strict=True)])
    seen -= along
    twice = np.flatnonzero([len(lines[line]) == 2 for line in owners])
    if len(twice):
        again = [texts[place] for place in twice]
        known, of = np.unique(owners[twice], return_inverse=True)
        each = [log_likelihoods([lines[line][which].probabilities for line in known], of, again) for which in (0, 1)]
        seen[twice] = np.mean(each, axis=0)
    return np.asarray(seen, np.float64)


def _ranked(texts: Sequence[Classes], scores: Doubles, likely: Sequence[Doubles]) -> Settled:
    """A line's texts, best first, and where the best is in doubt."""
    order = np.argsort(-scores, kind="stable").tolist()
    gaps = np.exp(scores[order] - scores[order[0]])
    best = texts[order[0]]
    doubts = np.zeros(len(best))
    for place, gap in zip(order[1:], gaps[1:], strict=True):
        doubts[_difference(best, texts[place])] += gap
    shares = (gaps / gaps.sum()).tolist()
    ranked = tuple(Hypothesis(texts[place], share) for place, share in zip(order, shares, strict=True))
    return Settled(ranked, doubts, likely[order[0]])


def _difference(best: Classes, other: Classes) -> slice:
    """The characters of ``best`` between what both texts begin with and what both end with; at least one."""
    begin = _alike(best, other)
    end = len(best) - _alike(best[begin:][::-1], other[begin:][::-1])
    return slice(min(begin, len(best) - 1) if best else 0, max(end, begin + 1))


def _alike(one: Classes, other: Classes) -> int:
    """How many of the first classes two texts share."""
    most = min(len(one), len(other))
    return next((place for place in range(most) if one[place] != other[place]), most)


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
    states, skips = states_of(texts)
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

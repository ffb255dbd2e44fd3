"""Logits → text: probabilities, the best path, and which step said which character. More texts: `beam`."""

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recognizer.charset import BLANK, Charset

if TYPE_CHECKING:
    from torch import Tensor  # no more than a type here: commands that read nothing start without torch, twice as fast

Floats = NDArray[np.float32]


def best_path(logits: "Tensor", charset: Charset) -> str:
    """The text of the most probable class at each step, repeats collapsed, blanks dropped.

    Args:
        logits: (T, C).
        charset: of the model that gave them.
    """
    classes = (c for c, _ in groupby(logits.argmax(-1).tolist()))
    return charset.decode(c for c in classes if c != BLANK)


def softmax(logits: Floats) -> Floats:
    """Probabilities over the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), np.float32)


def needed_steps(spelt: Sequence[object]) -> int:
    """The fewest time steps that spell classes, or characters in NFC: one each, and a blank between two alike."""
    return len(spelt) + sum(one == other for one, other in pairwise(spelt))


def align(probabilities: Floats, classes: Sequence[int]) -> NDArray[np.int64]:
    """The most probable path through the steps that spells ``classes``: forced alignment by Viterbi.

    Args:
        probabilities: (T, C).
        classes: at most as many as steps allow.

    Returns:
        (T,): for each step the index in ``classes`` it belongs to, or -1 for blank.
    """
    states = np.zeros(2 * len(classes) + 1, np.int64)
    states[1::2] = classes
    skips = np.full(len(states), -np.inf)
    skips[2:][(states[2:] != BLANK) & (states[2:] != states[:-2])] = 0.0
    emit = np.log(probabilities[:, states].astype(np.float64) + 1e-12)
    scores = np.full((len(emit), len(states) + 2), -np.inf)  # two states that nothing reaches stand before the first
    scores[0, 2:4] = emit[0, :2]
    for before, now, said in zip(scores, scores[1:, 2:], emit[1:], strict=False):
        np.add(before[:-2], skips, out=now)
        np.maximum(now, before[1:-1], out=now)
        np.maximum(now, before[2:], out=now)
        now += said
    return _trace(scores, skips)


def _trace(scores: NDArray[np.float64], skips: NDArray[np.float64]) -> NDArray[np.int64]:
    """Back along the best scores: of moves that are equally good, the shortest."""
    rows, allowed = scores.tolist(), skips.tolist()
    state = len(allowed) - 1 if len(allowed) == 1 or rows[-1][-1] >= rows[-1][-2] else len(allowed) - 2
    path = np.empty(len(rows), np.int64)
    for step in range(len(rows) - 1, -1, -1):
        path[step] = state // 2 if state % 2 else -1
        if step:
            two, one, none = rows[step - 1][state : state + 3]
            state -= 0 if none >= one and none >= two + allowed[state] else 1 if one >= two + allowed[state] else 2
    return path

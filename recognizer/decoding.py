"""Logits → text: probabilities, the best path, and which step said which character. `recognizer.beam`: more texts."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recognizer.charset import BLANK, Charset

Floats = NDArray[np.float32]


def best_path(logits: Tensor, charset: Charset) -> str:
    """The text of the most probable class at each step, repeats collapsed, blanks dropped.

    Args:
        logits: (T, C).
        charset: of the model that gave them.
    """
    classes = torch.unique_consecutive(logits.argmax(-1))
    return charset.decode(c for c in classes.tolist() if c != BLANK)


def softmax(logits: Floats) -> Floats:
    """Probabilities over the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), np.float32)


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
    emit = np.log(probabilities[:, states] + 1e-12)
    skip = np.zeros(len(states), bool)
    skip[2:] = (states[2:] != BLANK) & (states[2:] != states[:-2])
    score = np.full(len(states), -np.inf, np.float32)
    score[:2] = emit[0, :2]
    moves = np.zeros((len(probabilities), len(states)), np.int8)
    for step in range(1, len(probabilities)):
        one = np.concatenate([[-np.inf], score[:-1]])
        two = np.where(skip, np.concatenate([[-np.inf, -np.inf], score[:-2]])[: len(states)], -np.inf)
        options = np.stack([score, one, two])
        moves[step] = options.argmax(axis=0)
        score = options.max(axis=0) + emit[step]
    state = len(states) - 1 if len(states) == 1 or score[-1] >= score[-2] else len(states) - 2
    path = np.empty(len(probabilities), np.int64)
    for step in range(len(probabilities) - 1, -1, -1):
        path[step] = state // 2 if state % 2 else -1
        state -= int(moves[step, state])
    return path

"""Which step said which character of a text: forced alignment by Viterbi, of many lines at once.

Source: Viterbi 1967, https://doi.org/10.1109/TIT.1967.1054010.
"""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from recognizer.charset import BLANK
from recognizer.decoding.best_path import Floats

TOGETHER = 64  # lines
TINY = 1e-12
Integers = NDArray[np.int64]


def align(lines: Sequence[Floats], texts: Sequence[Sequence[int]]) -> list[Integers]:
    """The most probable path through the steps of each line that spells its text.

    Args:
        lines: (T, C) probabilities each.
        texts: in classes, of each line one that its steps have room for.

    Returns:
        (T,) for each line: for each step the index in its text that it belongs to, or -1 for blank.
    """
    begins = range(0, len(lines), TOGETHER)
    return list(chain(*(_align(lines[at : at + TOGETHER], texts[at : at + TOGETHER]) for at in begins)))


def states_of(texts: Sequence[Sequence[int]]) -> tuple[Integers, NDArray[np.bool_]]:
    """The states of CTC that spell texts, and which may be reached past the blank before them; both (N, S).

    A blank stands before each class and after the last; more of them fill the rows.
    """
    states = np.full((len(texts), 2 * max(map(len, texts)) + 1), BLANK)
    for row, text in zip(states, texts, strict=True):
        row[1 : 2 * len(text) : 2] = text
    skips = np.zeros(states.shape, bool)
    skips[:, 2:] = (states[:, 2:] != BLANK) & (states[:, 2:] != states[:, :-2])
    return states, skips


def _align(lines: Sequence[Floats], texts: Sequence[Sequence[int]]) -> list[Integers]:
    steps, last = np.array([len(line) for line in lines]), np.array([2 * len(text) for text in texts])
    padded = np.ones((len(lines), steps.max(), lines[0].shape[1]), np.float32)
    for row, line in zip(padded, lines, strict=True):
        row[: len(line)] = line
    states, skips = states_of(texts)
    rows = np.arange(len(lines))
    barred = np.where(skips, 0.0, -np.inf)
    barred[:, 1:2] = 0  # a text may begin with its first character at once
    scores = np.full((len(lines), states.shape[1] + 2), -np.inf)
    scores[:, 1] = 0  # before the first state stand one that leads into it, and one that nothing reaches
    moves = np.zeros((steps.max(), *states.shape), np.int8)
    ends = np.zeros(len(lines), np.int64)
    for step, move in enumerate(moves):
        none, one, two = scores[:, 2:], scores[:, 1:-1], scores[:, :-2] + barred
        best = np.maximum(np.maximum(none, one), two)
        move[:] = np.where(none == best, 0, np.where(one == best, 1, 2))
        scores[:, 1] = -np.inf
        scores[:, 2:] = best + np.log(padded[rows[:, None], step, states].astype(np.float64) + TINY)
        over = rows[steps == step + 1]
        at_blank = scores[over, last[over] + 2] >= scores[over, last[over] + 1]
        ends[over] = last[over] - ~at_blank
    return _traced(moves, steps, ends)


def _traced(moves: NDArray[np.int8], steps: Integers, ends: Integers) -> list[Integers]:
    """Back along the best scores: of moves that are equally good, the shortest."""
    path = np.full((len(moves), len(steps)), -1)
    state = ends.copy()
    for step in range(len(moves) - 1, -1, -1):
        rows = np.flatnonzero(steps > step)
        now = state[rows]
        path[step, rows] = np.where(now % 2, now // 2, -1)
        state[rows] = now - moves[step, rows, now]
    return [path[:count, row] for row, count in enumerate(steps.tolist())]

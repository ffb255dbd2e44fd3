"""Logits → text: the best path, the n best texts by beam search, and which step said which character."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recognizer.charset import BLANK, Charset

Floats = NDArray[np.float32]
Classes = tuple[int, ...]


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


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One text a line may hold, as classes, with its share of the probability the beam kept."""

    classes: Classes
    probability: float


class Prior(Protocol):
    """What a language says of the next character; contexts are strings it chooses to remember."""

    @property
    def start(self) -> str:
        """The context at the beginning of a line."""

    def follow(self, context: str, character: int) -> tuple[str, float]:
        """The context after one more class, and the factor by which the class weighs after ``context``."""

    def likelihoods(self, classes: Sequence[int]) -> list[float]:
        """Log probability of each class after those before it, from the beginning of a line, in nats."""


def beam_search(
    probabilities: Floats, *, width: int = 8, floor: float = 5e-3, prior: Prior | None = None
) -> list[Hypothesis]:
    """The ``width`` most probable texts, best first: CTC prefix beam search.

    Args:
        probabilities: (T, C), rows summing to 1; class 0 is blank.
        width: prefixes kept after each step.
        floor: classes under this probability at a step are passed over there, its best class excepted.
        prior: of the language; None: the network's word alone.

    Source: Hannun et al. 2014, https://arxiv.org/abs/1408.2873
    """
    trie = _Trie(prior)
    beam: dict[int, tuple[float, float]] = {0: (1.0, 0.0)}
    for choices in _choices(probabilities, floor):
        beam = _prune(_extend(beam, choices, trie), width, trie.prior)
    weights = {node: sum(mass) * trie.prior[node] for node, mass in beam.items()}
    total = sum(weights.values())
    ranked = sorted(weights, key=weights.__getitem__, reverse=True)
    return [Hypothesis(trie.classes(node), weights[node] / total) for node in ranked]


class _Trie:
    """Prefixes as nodes: equal prefixes are one node, however they were reached.

    Attributes:
        last: each node's last class.
        prior: each node's weight by the language alone.
    """

    def __init__(self, prior: Prior | None) -> None:
        self.last, self.prior = [BLANK], [1.0]
        self._parent, self._context = [-1], [prior.start if prior else ""]
        self._language = prior
        self._child: dict[tuple[int, int], int] = {}

    def child(self, node: int, character: int) -> int:
        key = (node, character)
        found = self._child.get(key)
        if found is None:
            found = self._child[key] = len(self.last)
            self._parent.append(node)
            self.last.append(character)
            context, factor = self._language.follow(self._context[node], character) if self._language else ("", 1.0)
            self._context.append(context)
            self.prior.append(self.prior[node] * factor)
        return found

    def classes(self, node: int) -> Classes:
        found: list[int] = []
        while node:
            found.append(self.last[node])
            node = self._parent[node]
        return tuple(reversed(found))


def _choices(probabilities: Floats, floor: float) -> list[list[tuple[int, float]]]:
    """For each step the classes worth following, with their probabilities."""
    worth = probabilities >= np.minimum(floor, probabilities.max(axis=1, keepdims=True))
    steps, classes = np.nonzero(worth)
    choices: list[list[tuple[int, float]]] = [[] for _ in range(len(probabilities))]
    for step, c, p in zip(steps.tolist(), classes.tolist(), probabilities[steps, classes].tolist(), strict=True):
        choices[step].append((c, p))
    return choices


def _extend(
    beam: dict[int, tuple[float, float]], choices: list[tuple[int, float]], trie: _Trie
) -> dict[int, list[float]]:
    """One step: each prefix with each choice; masses are (ending in blank, ending in its last character)."""
    grown: dict[int, list[float]] = {}
    for node, (blank, character) in beam.items():
        for c, p in choices:
            if c == BLANK:
                grown.setdefault(node, [0.0, 0.0])[0] += (blank + character) * p
                continue
            mass = blank + character
            if c == trie.last[node]:
                grown.setdefault(node, [0.0, 0.0])[1] += character * p
                mass = blank
            if mass > 0:
                grown.setdefault(trie.child(node, c), [0.0, 0.0])[1] += mass * p
    return grown


def _prune(grown: dict[int, list[float]], width: int, prior: list[float]) -> dict[int, tuple[float, float]]:
    """The ``width`` best prefixes by mass and prior, their masses scaled to sum to 1."""
    kept = sorted(grown.items(), key=lambda item: -(item[1][0] + item[1][1]) * prior[item[0]])[:width]
    total = sum(blank + character for _, (blank, character) in kept)
    return {node: (blank / total, character / total) for node, (blank, character) in kept}


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

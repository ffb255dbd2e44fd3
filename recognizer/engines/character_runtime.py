"""Run the neural language model on texts: all the likely texts of many lines together, on one core."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognizer.decoding.text_tree import grow
from recognizer.engines.lstm_graph import step_graph
from recognizer.engines.runtimes import largest_weight, open_session
from recognizer.models.character_lstm import EDGE, CharacterLSTM, codes_of

Doubles = NDArray[np.float64]


class CharacterRuntime:
    """How probable a network finds texts; safe to share between threads.

    Args:
        model: the network.
        alphabet: its characters, in the order of their codes.
    """

    def __init__(self, model: CharacterLSTM, alphabet: str) -> None:
        weight, _, bias, other_bias = model.lstm.all_weights[0]
        brought = model.embedding.weight @ weight.T + bias + other_bias
        self._brought = brought.detach().numpy()
        self._alphabet = alphabet
        self._session = open_session(step_graph(model, largest_weight()), threads=1)
        nothing = np.zeros((1, model.lstm.hidden_size), np.float32)
        self._begun = self._step(np.array([EDGE]), nothing, nothing)

    def _step(self, codes: NDArray[np.int64], hidden: NDArray[np.float32], cell: NDArray[np.float32]) -> list[Any]:
        given = {"given": self._brought[codes], "hidden": hidden, "cell": cell}
        return list(self._session.run(["known", "kept", "likely"], given))

    def log_likelihoods(self, texts: Sequence[str], lines: Sequence[int]) -> list[Doubles]:
        """See `recognizer.decoding.language_prior.Neural`."""
        tree = grow(texts, lines)
        codes = np.array(codes_of(tree.characters, self._alphabet), np.int64)
        told = np.zeros((len(codes), self._begun[2].shape[1]), np.float32)
        leads_on = np.zeros(len(codes) + 1, bool)
        leads_on[tree.parents] = True
        hidden, cell, _ = self._begun
        place = np.zeros(len(codes) + 1, np.int64)
        for level in tree.levels:
            rows = level[leads_on[level]]
            if not len(rows):
                continue
            before = place[tree.parents[rows]]
            hidden, cell, told[rows] = self._step(codes[rows], hidden[before], cell[before])
            place[rows] = np.arange(len(rows))
        before = np.where(tree.parents[:, None] < 0, self._begun[2], told[tree.parents])
        likely = before[np.arange(len(codes)), codes].astype(np.float64)
        return [likely[way] for way in tree.texts]

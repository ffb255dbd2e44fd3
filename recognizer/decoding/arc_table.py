"""Where something stands in a list of (state, code) pairs: looked up for thousands at once, without searching.

For each state there is a bit per code, in words of 64, and for each word how many pairs stand before it: a pair's place
is that number, and the bits of its word under its own.
"""

import numpy as np
from numpy.typing import NDArray

WORD = 64  # bits
Integers = NDArray[np.int64]


class ArcTable:
    """Pairs of a state and a code, sorted by state, then code, each once.

    Args:
        states: (N,).
        codes: (N,).
        all_states: how many there are, those without a pair among them.
        most: the largest code that may be asked for.

    Raises:
        ValueError: they are not sorted, one is there twice, or a code is larger.
    """

    def __init__(self, states: Integers, codes: Integers, *, all_states: int, most: int) -> None:
        if codes.max(initial=0) > most or (np.diff(states * (most + 1) + codes) <= 0).any():
            raise ValueError("its n-grams are in disorder")
        self._words = most // WORD + 1
        self._word, bit = np.divmod(np.arange(most + 1), WORD)  # of each code
        self._bit = np.left_shift(np.uint64(1), bit.astype(np.uint64))
        self._under = self._bit - np.uint64(1)
        word = states * self._words + self._word[codes]
        counts = np.bincount(word, minlength=all_states * self._words)
        self._before = np.cumsum(counts) - counts
        self._bits = np.zeros(len(counts), np.uint64)
        begins = np.flatnonzero(np.diff(word, prepend=-1))
        if len(begins):
            self._bits[word[begins]] = np.bitwise_or.reduceat(self._bit[codes], begins)

    def find(self, states: Integers, codes: Integers) -> tuple[Integers, Integers, Integers]:
        """Which of (N,) pairs are there, (M,), where these stand, (M,), and which are not, (N - M,)."""
        word = states * self._words + self._word.take(codes)
        bits = self._bits.take(word)
        there = (bits & self._bit.take(codes)) != 0
        (hit,), (missed,) = there.nonzero(), (~there).nonzero()
        under = bits.take(hit) & self._under.take(codes.take(hit))
        return hit, self._before.take(word.take(hit)) + np.bitwise_count(under), missed

"""Short texts as numbers: the codes of their characters side by side, the last one in the lowest byte."""

import numpy as np
from numpy.typing import NDArray

ORDER = 7  # characters of the longest n-gram
CODE_BITS = 8  # of a character
MOST_CHARACTERS = (1 << CODE_BITS) - 1
Integers = NDArray[np.int64]


def mask_of(length: int) -> int:
    """The bits of a key's last characters, so many of them."""
    return (1 << (CODE_BITS * length)) - 1


def masks_of(lengths: Integers) -> Integers:
    """(N,): the same for each of some lengths."""
    return (np.int64(1) << (CODE_BITS * lengths)) - 1


def lengths_of(keys: Integers) -> Integers:
    """How many characters each key holds."""
    return np.asarray(sum((keys > mask_of(length)).astype(np.int64) for length in range(ORDER)))


def first_bits(keys: Integers) -> Integers:
    """The bits of each key's first character."""
    bits: Integers = np.zeros(len(keys), np.int64)
    for place in range(ORDER - 1):
        whole = np.int64(MOST_CHARACTERS << (CODE_BITS * place))
        bits = np.where(keys & whole, whole, bits)
    return bits


def key_of(text: str, code: dict[str, int]) -> int:
    """The key of a text."""
    key = 0
    for character in text:
        key = (key << CODE_BITS) | code[character]
    return key

"""Many texts as one tree, so that what most of them share is looked at once.

The likeliest texts of a line differ in a word or a letter. Whatever tells characters by those before them needs to be
asked once for each different beginning; and since what lies far back hardly matters, beginnings that end in the same
characters count as one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

REMEMBERED = 12  # characters of a beginning that tell it from others
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class TextTree:
    """What has to be asked for some texts.

    Attributes:
        characters: (N,), the last character of each different beginning.
        parents: (N,), the beginning without it; -1: nothing.
        levels: the beginnings that can be asked for at once, level by level: each after its parent.
        texts: the beginnings of each text, shortest first.
    """

    characters: str
    parents: Integers
    levels: list[Integers]
    texts: list[list[int]]


def grow(texts: Sequence[str]) -> TextTree:
    """The tree of some texts."""
    numbers: dict[str, int] = {}
    characters: list[str] = []
    parents: list[int] = []
    depths: list[int] = []
    ways: list[list[int]] = []
    for text in texts:
        padded, at, way = "\0" * (REMEMBERED - 1) + text, -1, []
        for end, character in enumerate(text):
            ending = padded[end : end + REMEMBERED]
            number = numbers.setdefault(ending, len(characters))
            if number == len(characters):
                characters.append(character)
                parents.append(at)
                depths.append(depths[at] + 1 if at >= 0 else 0)
            at = number
            way.append(at)
        ways.append(way)
    order = np.argsort(depths, kind="stable")
    sizes = np.bincount(np.array(depths, np.int64))
    levels = np.split(order, np.cumsum(sizes)[:-1]) if texts and characters else []
    return TextTree("".join(characters), np.array(parents, np.int64), levels, ways)

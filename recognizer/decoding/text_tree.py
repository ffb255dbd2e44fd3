"""The likely texts of lines as trees, so that what most texts of a line share is looked at once.

They differ in a word or a letter. Whatever tells characters by those before them needs to be asked once for each
different beginning; and since what lies far back hardly matters, beginnings that end in the same characters count as
one. Lines share nothing: what is told of a line's texts depends on no other line.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

REMEMBERED = 12  # characters of a beginning that tell it from others
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class TextTree:
    """What has to be asked for texts of some lines.

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


def grow(texts: Sequence[str], lines: Sequence[int]) -> TextTree:
    """The trees of some texts.

    Args:
        texts: N of them.
        lines: N, which line each is a text of.
    """
    numbers: dict[tuple[int, str], int] = {}
    characters: list[str] = []
    parents: list[int] = []
    depths: list[int] = []
    ways: list[list[int]] = []
    for text, line in zip(texts, lines, strict=True):
        padded, at, way = "\0" * (REMEMBERED - 1) + text, -1, []
        for end, character in enumerate(text):
            ending = line, padded[end : end + REMEMBERED]
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

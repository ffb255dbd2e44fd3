"""What a beam remembers: how its prefixes came to be, and which texts it found."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, chain

import numpy as np

from recognizer.decoding.prefixes import NOTHING, Doubles, Integers, Moves

MOST_TEXTS = 8  # given of a line
NOBODY = -1  # in place of a row
Classes = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One text a line may hold, as classes, with its share of the probability of those found."""

    classes: Classes
    probability: float


Texts = tuple[Hypothesis, ...]


class Past:
    """One step: how its prefixes came to be, and those given up for them. Lists: they are gone through singly.

    Args:
        kept: of each prefix.
        lost: of those given up; the score is by how many nats they were worse.
        best_lost: for each prefix the best of those given up for it, or `NOBODY`.

    Attributes:
        origin, said: of each prefix, see `Moves`.
        lost_origin, lost_said, gap: of those given up.
        best_lost: see above.
    """

    __slots__ = ("best_lost", "gap", "lost_origin", "lost_said", "origin", "said")

    def __init__(self, kept: Moves, lost: Moves, best_lost: Integers) -> None:
        self.origin: list[int] = kept.origin.tolist()
        self.said: list[int] = kept.said.tolist()
        self.lost_origin: list[int] = lost.origin.tolist()
        self.lost_said: list[int] = lost.said.tolist()
        self.gap: list[float] = lost.score.tolist()
        self.best_lost: list[int] = best_lost.tolist()


class Lattice:
    """The steps of one line that a beam went through; ``rows`` are those of its prefixes at the end, best first."""

    def __init__(self, past: list[Past], rows: Integers, scores: Doubles) -> None:
        self._past = past
        self._rows = rows.tolist()
        self._gaps = (scores[0] - scores).tolist()
        self._way, self._said = self._best_way()
        self._best = tuple(chain(*self._said))
        self._place = list(accumulate(map(len, self._said), initial=0))

    def texts(self) -> Texts:
        """The most probable texts of the line, best first."""
        ways = sorted(self._ways(), key=lambda way: way[0])
        found: dict[Classes, float] = {}
        for gap, step, row, tail in ways:
            found.setdefault(self._spell(row, step) + tail, gap)
            if len(found) == MOST_TEXTS:
                break
        shares = np.exp([-gap for gap in found.values()])
        return tuple(Hypothesis(classes, p) for classes, p in zip(found, (shares / shares.sum()).tolist(), strict=True))

    def _best_way(self) -> tuple[list[int], list[Classes]]:
        """The row of the best prefix before each step and after the last, and what was said in each step."""
        rows, said = [self._rows[0]], []
        for past in reversed(self._past):
            said.append(_one(past.said[rows[-1]]))
            rows.append(past.origin[rows[-1]])
        return rows[::-1], said[::-1]

    def _ways(self) -> Iterator[tuple[float, int, int, Classes]]:
        """What a text is made of: nats under the best, a step, its prefix's row before the step, and what followed."""
        for row, gap in zip(self._rows, self._gaps, strict=True):
            yield gap, len(self._past), row, ()
        tail: Classes = ()
        for step in range(len(self._past) - 1, -1, -1):
            past = self._past[step]
            lost = past.best_lost[self._way[step + 1]]
            if lost != NOBODY:
                yield past.gap[lost], step, past.lost_origin[lost], _one(past.lost_said[lost]) + tail
            tail = self._said[step] + tail

    def _spell(self, row: int, step: int) -> Classes:
        """The classes of a prefix, by its row before ``step``: those of the best way, from where it left that one."""
        said: list[int] = []
        while row != self._way[step]:
            step -= 1
            past = self._past[step]
            if past.said[row] != NOTHING:
                said.append(past.said[row])
            row = past.origin[row]
        return self._best[: self._place[step]] + tuple(reversed(said))


def _one(said: int) -> Classes:
    return (said,) if said != NOTHING else ()

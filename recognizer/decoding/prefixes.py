"""What a beam is made of: the steps of many lines, and the prefixes of all of them as flat arrays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognizer.charset import BLANK

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]
Hashes = NDArray[np.uint64]

NOTHING = -1  # in place of a class: none was said


@dataclass(frozen=True, slots=True)
class Step:
    """The same step of every line, counted over those at which something can be said.

    Attributes:
        seen: (R, C), probabilities: a row for each such step of any line, and one for a line that has ended.
        row: (B,), where each line's is.
        rested: (B,), whether certain blanks came before it.
        choices, chances: what may be said, line after line, and how probable it is.
        first, count: (B,), where a line's choices are.
    """

    seen: Floats
    row: Integers
    rested: NDArray[np.bool_]
    choices: Integers
    chances: Floats
    first: Integers
    count: Integers


def open_steps(lines: Sequence[Floats], floor: float) -> Iterator[Step]:
    """The steps of some lines, (T, C) each, as a beam takes them; those certainly blank are left out."""
    seen = np.concatenate(lines)
    said = seen[:, 1:] >= np.minimum(floor, seen.max(axis=1, keepdims=True))
    steps = np.flatnonzero(said.any(axis=1))
    lengths = np.array([len(of) for of in lines])
    line = np.repeat(np.arange(len(lines)), lengths)[steps]
    number = rank(line, len(lines))
    before = np.where(number == 0, (np.cumsum(lengths) - lengths)[line] - 1, np.roll(steps, 1))
    rested = steps - before > 1
    order = np.lexsort([line, number])
    steps, line, rested = steps[order], line[order], rested[order]
    rows, choices = np.nonzero(said[steps])
    chances, counts = seen[steps[rows], choices + 1], np.bincount(rows, minlength=len(steps))
    over = np.zeros((1, seen.shape[1]), np.float32)
    over[0, BLANK] = 1
    seen = np.concatenate([seen, over])
    begin, said_before = 0, 0
    for going in np.bincount(number).tolist():
        own = slice(begin, begin := begin + going)
        some = slice(said_before, said_before := said_before + int(counts[own].sum()))
        row, ended = np.full(len(lines), len(seen) - 1), np.zeros(len(lines), bool)
        row[line[own]], ended[line[own]] = steps[own], rested[own]
        count = np.zeros(len(lines), np.int64)
        count[line[own]] = counts[own]
        yield Step(seen, row, ended, choices[some] + 1, chances[some], np.cumsum(count) - count, count)


def rank(sorted_lines: Integers, lines: int) -> Integers:
    """For each row how many of the same line are before it."""
    counts = np.bincount(sorted_lines, minlength=lines)
    return np.asarray(np.arange(len(sorted_lines)) - (np.cumsum(counts) - counts)[sorted_lines])


@dataclass(frozen=True, slots=True)
class Prefixes:
    """A row for each prefix, line after line, a line's best first.

    Attributes:
        line: whose it is.
        hash: of line and classes.
        last: its last class; the blank where it has none.
        state: in the language.
        blank, character: its mass ending in a blank, and in its last class.
        weight: what the language says of it, nats.
    """

    line: Integers
    hash: Hashes
    last: Integers
    state: Integers
    blank: Doubles
    character: Doubles
    weight: Doubles

    def take(self, rows: Integers) -> "Prefixes":
        """Some of the rows."""
        return Prefixes(*(getattr(self, name)[rows] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Grown:
    """Prefixes with one more class.

    Attributes:
        origin: the row each comes from.
        said: the class.
        mass: ending in it.
        hash: of line and classes.
    """

    origin: Integers
    said: Integers
    mass: Doubles
    hash: Hashes

    def take(self, rows: Integers) -> "Grown":
        """Some of the rows."""
        return Grown(self.origin[rows], self.said[rows], self.mass[rows], self.hash[rows])


@dataclass(frozen=True, slots=True)
class Moves:
    """How prefixes come about in a step.

    Attributes:
        origin: the row each was before.
        said: the class it was given, or `NOTHING`.
        score: nats.
    """

    origin: Integers
    said: Integers
    score: Doubles

    def take(self, rows: Integers) -> "Moves":
        """Some of the rows."""
        return Moves(self.origin[rows], self.said[rows], self.score[rows])

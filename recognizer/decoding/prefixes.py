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
        probabilities: (B, C); the blank alone where a line has ended.
        rested: (B,), whether certain blanks came before it.
        choices, chances: what may be said, line after line, and how probable it is.
        first, count: (B,), where a line's choices are.
    """

    probabilities: Doubles
    rested: NDArray[np.bool_]
    choices: Integers
    chances: Doubles
    first: Integers
    count: Integers


def open_steps(lines: Sequence[Floats], floor: float) -> Iterator[Step]:
    """The steps of some lines, (T, C) each, as a beam takes them; those certainly blank are left out."""
    said = [line[:, 1:] >= np.minimum(floor, line.max(axis=1, keepdims=True)) for line in lines]
    steps = [np.flatnonzero(of.any(axis=1)) for of in said]
    rested = [np.diff(of, prepend=-1) > 1 for of in steps]
    ended = np.zeros(lines[0].shape[1])
    ended[BLANK] = 1
    for number in range(max(map(len, steps))):
        going = [number < len(of) for of in steps]
        probabilities = np.stack(
            [line[of[number]] if on else ended for line, of, on in zip(lines, steps, going, strict=True)]
        ).astype(np.float64)
        rows, choices = np.nonzero(
            np.stack(
                [
                    of[at[number]] if on else np.zeros(of.shape[1], bool)
                    for of, at, on in zip(said, steps, going, strict=True)
                ]
            )
        )
        count = np.bincount(rows, minlength=len(lines))
        yield Step(
            probabilities,
            np.array([on and bool(of[number]) for of, on in zip(rested, going, strict=True)]),
            choices + 1,
            probabilities[rows, choices + 1],
            np.cumsum(count) - count,
            count,
        )


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

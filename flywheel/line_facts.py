"""The settled lines as columns of numbers, scored once: every question about them is then a mask and a sum."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from flywheel.settled_lines import SettledLine
from recognizer.metrics import Pair, character_edits, reference_length, right_words, word_changes

TEXT = "text"
LONGEST_CHANGE = 80
"""Characters of a change that is remembered; longer ones are lost lines, and none comes twice."""

LINE = np.dtype(
    [
        ("day", np.int64),  # proleptic ordinal of the day (UTC) it was settled
        ("contributor", np.int64),  # indices into the names below; -1: none
        ("collection", np.int64),
        ("verdict", np.int64),
        ("model", np.int64),  # -1 also where there is no text to compare
        ("characters", np.int64),  # of the settled text, NFC
        ("edits", np.int64),  # that turn the prediction into it
        ("words", np.int64),  # of the prediction
        ("words_changed", np.int64),  # those that the settled text does not keep
        ("seconds", np.float64),  # NaN: not measured
        ("keystrokes", np.float64),
    ]
)
WORD = np.dtype([("line", np.int64), ("confidence", np.float64), ("right", np.bool_)])
CHANGE = np.dtype([("line", np.int64), ("change", np.int64)])

Table = NDArray[np.void]
Key = TypeVar("Key")


@dataclass(frozen=True)
class LineFacts:
    """Three tables of columns, and the names that their indices stand for.

    Attributes:
        current: which lines are settled this way at present; the others were corrected again, or taken away.
        lines: `LINE`.
        words: `WORD`, the predictions' words with the row of their line.
        changes: `CHANGE`, what people changed, with the row of the line.
        pairs: what a change's index stands for, as (said, settled).
    """

    current: NDArray[np.bool_]
    lines: Table
    words: Table
    changes: Table
    contributors: tuple[UUID, ...]
    collections: tuple[str, ...]
    verdicts: tuple[str, ...]
    models: tuple[str, ...]
    pairs: tuple[Pair, ...]


class ScoredLines:
    """Every line that was ever looked at, scored; grows by the new ones alone."""

    def __init__(self) -> None:
        self._rows: dict[UUID, int] = {}
        self._lines: Table = np.empty(0, LINE)
        self._words: Table = np.empty(0, WORD)
        self._changes: Table = np.empty(0, CHANGE)
        self._contributors: dict[UUID, int] = {}
        self._collections: dict[str, int] = {}
        self._verdicts: dict[str, int] = {}
        self._models: dict[str, int] = {}
        self._pairs: dict[Pair, int] = {}

    def __contains__(self, correction: UUID) -> bool:
        return correction in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, new: Iterable[SettledLine]) -> None:
        """Score each line against its prediction."""
        lines, words, changes = list[tuple[float, ...]](), list[tuple[float, ...]](), list[tuple[int, int]]()
        for line in new:
            row = _index(self._rows, line.id)
            right: list[bool] = []
            if line.verdict == TEXT and line.said is not None:
                right = right_words(line.text, line.said)
                changes += [(row, change) for change in self._changed(line.text, line.said)]
            if len(right) == len(line.confidences):
                words += [(row, *word) for word in zip(line.confidences, right, strict=True)]
            lines.append(self._measured(line, right))
        self._lines = np.append(self._lines, np.array(lines, LINE))
        self._words = np.append(self._words, np.array(words, WORD))
        self._changes = np.append(self._changes, np.array(changes, CHANGE))

    def facts(self, current: Iterable[UUID]) -> LineFacts:
        """What is known, these corrections being the newest of their lines."""
        alive = np.zeros(len(self._rows), np.bool_)
        alive[[self._rows[correction] for correction in current]] = True
        return LineFacts(
            current=alive,
            lines=self._lines,
            words=self._words,
            changes=self._changes,
            contributors=tuple(self._contributors),
            collections=tuple(self._collections),
            verdicts=tuple(self._verdicts),
            models=tuple(self._models),
            pairs=tuple(self._pairs),
        )

    def _measured(self, line: SettledLine, right: list[bool]) -> tuple[float, ...]:
        compared = line.verdict == TEXT and line.said is not None
        return (
            line.settled_at.toordinal(),
            _index(self._contributors, line.contributor_id),
            -1 if line.collection is None else _index(self._collections, line.collection),
            _index(self._verdicts, line.verdict),
            _index(self._models, line.model or "") if compared else -1,
            reference_length(line.text) if line.verdict == TEXT else 0,
            character_edits(line.text, line.said or "") if compared else 0,
            len(right),
            right.count(False),
            np.nan if line.seconds is None else line.seconds,
            np.nan if line.keystrokes is None else line.keystrokes,
        )

    def _changed(self, text: str, said: str) -> list[int]:
        if text == said:
            return []
        changes = [change for change in word_changes(text, said) if sum(map(len, change)) <= LONGEST_CHANGE]
        return [_index(self._pairs, change) for change in changes]


def _index(known: dict[Key, int], key: Key) -> int:
    return known.setdefault(key, len(known))

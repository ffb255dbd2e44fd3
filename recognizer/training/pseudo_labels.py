"""Lines that nobody transcribed, as a model reads them: they teach its network too.

A reader knows more than its network: a language, a second look. What it is surest of is learnt as if somebody had typed
it, beside lines that somebody did type, and distorted, so that the network has to find in strokes what the reader found
with the help of words. Mistakes are learnt too, but they contradict each other, and the typed lines.

Source: Lee 2013 (pseudo-labels); Xie et al. 2020, https://arxiv.org/abs/1911.04252 (noisy students).
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from recognizer.corpora import LineTruth
from recognizer.evaluation import read_rows
from recognizer.line_reader import LineReader

SUREST = 0.6  # of the lines, that are learnt
MOST_READ = 400  # lines: at most some ten seconds
T = TypeVar("T")


def pseudo_labelled(rows: Sequence[LineTruth], model: Path) -> list[LineTruth]:
    """The lines that the model in a folder is surest of, with what it reads in them; at most `MOST_READ` are looked at.

    Raises:
        BadModel: it cannot be loaded.
        NotAnImage: a line's image cannot be opened.
    """
    if not rows:
        return []
    reader = LineReader.load(model)
    looked_at = spread(rows, MOST_READ)
    readings = read_rows(reader, looked_at)
    said = [(row, reading) for row, reading in zip(looked_at, readings, strict=True) if reading.text]
    said.sort(key=lambda pair: -pair[1].confidence)
    return [replace(row, text=reading.text) for row, reading in said[: round(SUREST * len(said))]]


def spread(rows: Sequence[T], most: int) -> list[T]:
    """At most so many of the rows, evenly spread over all of them."""
    count = min(len(rows), most)
    return [rows[place * len(rows) // count] for place in range(count)]

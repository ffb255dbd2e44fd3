"""Accepted lines that a model cannot learn from: a turn of the wheel goes on without them, and says which and why.

One such line would otherwise stop every turn for everybody, until somebody has found and corrected it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flywheel.expectations import Broken, unfit
from flywheel.ground_truth import TrueLine
from flywheel.snapshot_files import write_lines
from flywheel.snapshots import as_frozen
from flywheel.store import Store
from recognizer.charset import Charset

LISTED = 20  # ids of lines in a run's row, of each expectation


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Lines that a turn goes on without.

    Attributes:
        broken: the expectations that they break.
    """

    broken: tuple[Broken, ...]

    @property
    def lines(self) -> frozenset[str]:
        """Their ids."""
        return frozenset(line for one in self.broken for line in one.lines)

    def to_json(self) -> dict[str, Any]:
        """What a run keeps of them: how many, a sentence, and of each expectation the first lines that break it."""
        told = " ".join(str(one) for one in self.broken)
        many = "1 line was" if len(self.lines) == 1 else f"{len(self.lines)} lines were"
        why = [{"name": one.name, "count": len(one.lines), "lines": list(one.lines[:LISTED])} for one in self.broken]
        return {"count": len(self.lines), "says": f"{many} left out, until somebody corrects them: {told}", "why": why}


def left_out(store: Store, truth: Sequence[TrueLine], charset: Charset, scratch: Path) -> LeftOut:
    """The lines that no model with this charset can learn from.

    Args:
        store: where their pages are.
        truth: accepted lines.
        charset: of the model that is to learn.
        scratch: a folder for the images of lines, which the training finds there again.

    Raises:
        BrokenBlob: a page image is missing or altered.
        NotAnImage: a page image cannot be opened.
        OSError: the folder cannot be written.
    """
    rows = write_lines(store, [as_frozen(line, "train") for line in truth], scratch)  # fit or not in any split
    return LeftOut(tuple(unfit(rows, charset)))

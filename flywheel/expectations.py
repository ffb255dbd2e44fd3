"""What ground truth must be like before a model may learn from it; whatever is not stops the run, rows named.

Training would otherwise pass such lines over in silence (CTC cannot align them), learn contradictions from them, or be
judged on what it was shown. Some expectations are of single lines: without those lines the others may be learnt from.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from flywheel.errors import UnfitSnapshot
from recognizer.charset import Charset
from recognizer.corpora import LineTruth
from recognizer.decoding.best_path import needed_steps
from recognizer.line_images import open_line, to_height
from recognizer.models.line_ctc import HEIGHT_PX, PX_PER_STEP

NAMED_ROWS = 5
NAMED_LETTERS = 20
DRIFT = 0.35  # total variation between the characters of two ground truths; French prose differs from English by 0.18
FEWEST_CHARACTERS = 500  # on both sides, before a drift means anything


@dataclass(frozen=True, slots=True)
class Broken:
    """One expectation that does not hold.

    Attributes:
        name: of the expectation.
        says: what is wrong and what to do, in a sentence.
        lines: ids of the lines that break it.
    """

    name: str
    says: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(self.lines[:NAMED_ROWS])
        more = f" and {len(self.lines) - NAMED_ROWS} more" if len(self.lines) > NAMED_ROWS else ""
        return f"{self.says} Lines: {shown}{more}."


def expect(rows: Sequence[LineTruth], charset: Charset, *, before: Sequence[str] = ()) -> None:
    """Return if every expectation holds.

    Args:
        rows: of a snapshot, as `snapshot_files.write_lines` gives them.
        charset: of the model that is to learn.
        before: texts of the ground truth that the model has learnt from; none: nothing to drift from.

    Raises:
        UnfitSnapshot: one does not; the message names every broken one and its lines.
    """
    found = broken(rows, charset, before=before)
    if found:
        told = " ".join(str(one) for one in found)
        raise UnfitSnapshot(f"{told} Correct them, or leave them out: python -m flywheel snapshot --without LINE.")


def broken(rows: Sequence[LineTruth], charset: Charset, *, before: Sequence[str] = ()) -> list[Broken]:
    """The expectations that do not hold."""
    return [*unfit(rows, charset), *_found(lambda: _leaking(rows), lambda: _drifting(rows, before))]


def unfit(rows: Sequence[LineTruth], charset: Charset) -> list[Broken]:
    """The expectations of single lines that do not hold; of lines that contradict each other, none is the right one."""
    return _found(
        lambda: _lines("empty text", "The text is empty.", (row for row in rows if not row.text.strip())),
        lambda: _outside(rows, charset),
        lambda: _too_long(rows, charset),
        lambda: _contradicting(rows),
    )


def _found(*checks: Callable[[], Broken | None]) -> list[Broken]:
    return [found for check in checks if (found := check()) is not None]


def _lines(name: str, says: str, rows: Iterable[LineTruth]) -> Broken | None:
    ids = tuple(str(row.extra["line"]) for row in rows)
    return Broken(name, says, ids) if ids else None


def _outside(rows: Sequence[LineTruth], charset: Charset) -> Broken | None:
    strange = {row.extra["line"]: charset.unknown(row.text) for row in rows}
    every = dict.fromkeys(letter for found in strange.values() for letter in found)
    letters = "".join(list(every)[:NAMED_LETTERS]) + "…" * (len(every) > NAMED_LETTERS)
    says = f"“{letters}” is not in charset {charset.name}: no model that has it can learn it."
    return _lines("charset", says, (row for row in rows if strange[row.extra["line"]]))


def _too_long(rows: Sequence[LineTruth], charset: Charset) -> Broken | None:
    def impossible(row: LineTruth) -> bool:
        if charset.unknown(row.text):
            return False
        width = to_height(open_line(row.image), HEIGHT_PX).shape[1]
        return needed_steps(charset.encode(row.text)) > width // PX_PER_STEP

    return _lines("length", "The text is longer than its box can hold.", filter(impossible, rows))


def _contradicting(rows: Sequence[LineTruth]) -> Broken | None:
    same = [group for group in _by_image(rows).values() if len({_plain(row.text) for row in group}) > 1]
    says = "The same image has different texts."
    return _lines("contradiction", says, (row for group in same for row in group))


def _leaking(rows: Sequence[LineTruth]) -> Broken | None:
    shared = [group for group in _by_image(rows).values() if len({row.extra["split"] for row in group}) > 1]
    says = "The same image is in training and in the test."
    return _lines("leakage", says, (row for group in shared for row in group))


def _drifting(rows: Sequence[LineTruth], before: Sequence[str]) -> Broken | None:
    now, then = Counter("".join(row.text for row in rows)), Counter("".join(before))
    if min(now.total(), then.total()) < FEWEST_CHARACTERS:
        return None
    change = {letter: now[letter] / now.total() - then[letter] / then.total() for letter in now | then}
    distance = sum(map(abs, change.values())) / 2
    if distance <= DRIFT:
        return None
    risen = max(change, key=change.__getitem__)
    says = (
        f"The characters have shifted by {distance:.0%} since the last training, “{risen}” most of all; "
        "another alphabet or nonsense may have come in."
    )
    return _lines("drift", says, sorted(rows, key=lambda row: -row.text.count(risen) / max(1, len(row.text)))[:20])


def _by_image(rows: Sequence[LineTruth]) -> dict[bytes, list[LineTruth]]:
    groups: dict[bytes, list[LineTruth]] = defaultdict(list)
    for row in rows:
        groups[sha256(row.image.read_bytes()).digest()].append(row)
    return groups


def _plain(text: str) -> str:
    """Two texts that differ in their spaces alone do not contradict each other."""
    return " ".join(unicodedata.normalize("NFC", text).split())

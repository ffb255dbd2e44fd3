"""Which lines are kept from training, to choose or to tell by: a hash of a name decides, so that it is for ever."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from recognizer.corpora import LineTruth
from recognizer.errors import BadManifest


def hold_out(lines: Sequence[LineTruth], *, share: float) -> tuple[list[LineTruth], list[LineTruth]]:
    """Split by a hash of the writer: (training lines, held-out lines); a writer is never in both.

    The hash decides for ever, whatever other lines there are. At least one writer is held out.

    Raises:
        BadManifest: all lines are of one writer.
    """
    place = {line.writer: _place(line.writer) for line in lines}
    if len(place) < 2:
        raise BadManifest("All training lines are of one writer. Add another, or use finetune.")
    limit = max(share, min(place.values()))
    held = [line for line in lines if place[line.writer] <= limit]
    return [line for line in lines if place[line.writer] > limit], held


def _place(name: str) -> float:
    """A name's fixed place in [0, 1)."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / 2**32


def hold_out_pages(rows: Sequence[LineTruth], *, share: float) -> tuple[list[LineTruth], list[LineTruth]]:
    """(training, held-out): whole pages until about ``share`` is held out; single lines where pages are few.

    Which is held out follows from a hash of the page's or image's name, not from the order of the rows.
    """
    pages = {str(row.extra.get("page") or "") for row in rows}
    by_page = len(pages) >= 1 / share
    groups: dict[str, list[LineTruth]] = defaultdict(list)
    for row in rows:
        groups[str(row.extra["page"]) if by_page and row.extra.get("page") else str(row.image)].append(row)
    held: list[LineTruth] = []
    kept: list[LineTruth] = []
    for name in sorted(groups, key=lambda name: hashlib.sha256(name.encode()).digest()):
        (held if len(held) < share * len(rows) else kept).extend(groups[name])
    return kept, held

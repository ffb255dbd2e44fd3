"""How often a training died without getting any further: a process that is killed leaves no other trace.

Where memory runs out, the operating system ends a process without a word, and a worker that comes back would run into
the same wall for ever. Whoever begins a training leaves a mark in its folder, and takes it away at any end of its own.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MARK = "begun.json"


@contextmanager
def attempt(folder: Path, checkpoints: Path) -> Iterator[int]:
    """One attempt at the training of a folder; gives how often it died before without a new checkpoint."""
    mark, reached = folder / MARK, _newest(checkpoints)
    deaths = 0
    if mark.exists():
        left = json.loads(mark.read_text(encoding="utf-8"))
        deaths = left["deaths"] + (reached <= left["reached"])
    unfinished = mark.with_suffix(".part")
    unfinished.write_text(json.dumps({"deaths": deaths, "reached": reached}), encoding="utf-8")
    unfinished.replace(mark)
    try:
        yield deaths
    except (Exception, KeyboardInterrupt):  # its own end; a kill comes to nobody's ears
        mark.unlink()
        raise
    mark.unlink()


def _newest(checkpoints: Path) -> int:
    """When the newest checkpoint was written; 0: there is none."""
    return max((file.stat().st_mtime_ns for file in checkpoints.glob("*")), default=0)

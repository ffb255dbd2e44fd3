"""Programs that tests start beside themselves, to share a store with them or to be killed in it.

python -m tests.integration.store_processes correct CONTRIBUTOR LINE TIMES LABEL
python -m tests.integration.store_processes keep-and-die CONTRIBUTOR TABLE
python -m tests.integration.store_processes begin-and-wait CONTRIBUTOR
python -m tests.integration.store_processes draft-and-die CONTRIBUTOR LINE TEXT
"""

import os
import signal
import sys
from uuid import UUID

from sqlalchemy import Engine, event

from flywheel.drafts import keep_drafts
from flywheel.records import Draft, NewCorrection
from flywheel.settings import Settings
from flywheel.store import Store
from tests.readings import a_page, an_upload


def correct(store: Store, contributor: str, line: str, times: str, label: str) -> None:
    """Correct one line again and again, each time in a batch of two."""
    for turn in range(int(times)):
        new = [NewCorrection(UUID(line), f"{label} {turn} {half}") for half in "ab"]
        store.keep_corrections(new, contributor=UUID(contributor))


def keep_and_die(store: Store, contributor: str, table: str) -> None:
    """Keep a reading, and die without warning right after the first row of ``table`` is in."""

    def die(*details: object) -> None:
        if str(details[2]).startswith(f"INSERT INTO {table} "):
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "after_cursor_execute", die)
    pages = [(a_page(["one", "two"], number=number), b"image %d" % number) for number in (1, 2)]
    store.keep_reading(an_upload(), pages, contributor=UUID(contributor), seconds=1)


def begin_and_wait(store: Store, contributor: str) -> None:
    """Keep one page of two, say so, and wait."""
    begun = store.begin_document(an_upload(), contributor=UUID(contributor), page_count=2)
    store.keep_page(begun.id, a_page(["one"]), b"image 1", seconds=1)
    print("kept", flush=True)
    sys.stdin.read()


def draft_and_die(store: Store, contributor: str, line: str, text: str) -> None:
    """Save a draft, and die without warning as soon as that has returned."""
    keep_drafts(store, [Draft(UUID(line), text)], contributor=UUID(contributor))
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    programs = {
        "correct": correct,
        "keep-and-die": keep_and_die,
        "begin-and-wait": begin_and_wait,
        "draft-and-die": draft_and_die,
    }
    with Store.open(Settings.from_env()) as opened:
        programs[sys.argv[1]](opened, *sys.argv[2:])

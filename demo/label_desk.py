"""Pushes and pulls for people at the page and for Label Studio's own calls: in the background, one at a time.

Nothing is lost if the process ends meanwhile: the next push or pull takes up what was left.
"""

import logging
import threading
import time
from dataclasses import dataclass
from typing import Literal

from demo.errors import Busy
from demo.services import Services
from flywheel.errors import FlywheelError
from flywheel.label_studio import LabelStudio
from flywheel.review_queue import review_queue
from flywheel.sync import broke_off, pull, push

log = logging.getLogger(__name__)

Direction = Literal["push", "pull"]
HINTS_APART_S = 5.0


@dataclass(frozen=True, slots=True)
class Bench:
    """What the desk is doing, and what its last work could not do."""

    running: Direction | None
    trouble: str | None


class LabelDesk:
    """Runs pushes and pulls of one app."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._bench = Bench(None, None)
        self._hinted_at = float("-inf")
        self._wanted: set[Direction] = set()

    @property
    def bench(self) -> Bench:
        """What happens now."""
        return self._bench

    def start(self, direction: Direction, *, new_project: bool = False) -> None:
        """Begin a push or a pull and return at once.

        Raises:
            Busy: one is under way.
        """
        with self._lock:
            if self._bench.running is not None:
                raise Busy(f"A {self._bench.running} is under way. Wait until it has ended, then try again.")
            self._begin(direction, new_project)

    def push_soon(self) -> None:
        """Push now, or as soon as what is under way has ended."""
        self._soon("push")

    def hint(self) -> None:
        """Pull soon: something may have changed on the server. Many hints at once are one."""
        with self._lock:
            now, running = time.monotonic(), self._bench.running is not None
            if not running and now - self._hinted_at < HINTS_APART_S:
                return
            self._hinted_at = self._hinted_at if running else now
        self._soon("pull")

    def _soon(self, direction: Direction) -> None:
        with self._lock:
            if self._bench.running is not None:
                self._wanted.add(direction)
            else:
                self._begin(direction, new_project=False)

    def _begin(self, direction: Direction, new_project: bool) -> None:
        self._bench = Bench(direction, None)
        threading.Thread(target=self._work, args=(direction, new_project), daemon=True).start()

    def _work(self, direction: Direction, new_project: bool) -> None:
        trouble = None
        try:
            self._run(direction, new_project)
        except FlywheelError as error:
            trouble = broke_off(direction, error)
            log.warning("%s", error)
        except Exception as error:
            trouble = broke_off(direction, error)  # nobody reads the log while the tab seems to be at rest
            log.exception("%s", trouble)
        finally:
            with self._lock:
                self._bench = Bench(None, trouble)
                again = self._wanted.pop() if self._wanted else None
        if again is not None:
            self._soon(again)

    def _run(self, direction: Direction, new_project: bool) -> None:
        store, settings = self._services.store, self._services.settings
        with LabelStudio.of(settings) as client:
            if direction == "push":
                push(store, client, settings, review_queue(store), new_project=new_project)
            else:
                pull(store, client, settings)

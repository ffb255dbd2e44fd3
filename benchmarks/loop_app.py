"""What a person and an operator do in a running Inkloop, over HTTP, as the page in the browser does it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import httpx

from benchmarks.old_hand import HandPage
from recognizer.datasets.handwriting import WrittenLine

WAIT_S = 300.0
LOOK_EVERY_S = 0.5


class StepFailed(Exception):
    """Something of the loop did not happen; the message says what."""


def matched(written: Sequence[WrittenLine], found: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], str]] | None:
    """Each found line with its true text; None where they are not the written ones, one by one."""
    if len(written) != len(found):
        return None
    pairs = list(zip(found, written, strict=True))
    heights = [sum(y for _, y in line["polygon"]) / len(line["polygon"]) for line in found]
    inside = [
        min(y for _, y in line.polygon) < height < max(y for _, y in line.polygon)
        for height, line in zip(heights, written, strict=True)
    ]
    return [(line, true.text) for line, true in pairs] if all(inside) else None


class App:
    """A running Inkloop.

    Args:
        http: a client of it.
    """

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    @classmethod
    @contextmanager
    def at(cls, url: str) -> Iterator["App"]:
        """The one at an address."""
        with httpx.Client(base_url=url, timeout=WAIT_S) as http:
            yield cls(http)

    def read(self, page: HandPage, **labels: str) -> dict[str, Any]:
        """Upload a page and get it read."""
        (answer,) = self._ask("POST", "/api/v1/read", files={"file": (page.name, page.png)}, data=labels)
        return dict(answer)

    def read_again(self, document: str) -> dict[str, Any]:
        """Let the model that serves now read a document of one page."""
        (answer,) = self._ask("POST", f"/api/v1/documents/{document}/read-again")["pages"]
        return dict(answer)

    def correct(self, page: HandPage, answer: dict[str, Any]) -> int:
        """Type the true text of every line and submit; returns how many, 0 where lines were not found as written."""
        texts = matched(page.lines, answer["lines"]) or []
        typed = [
            {
                "line_id": line["id"],
                "prediction_id": line["prediction_id"],
                "base_revision": line["revision"],
                "text": text,
            }
            for line, text in texts
        ]
        if typed:
            self._ask("POST", "/api/v1/corrections", json={"corrections": typed})
        return len(typed)

    def stages(self) -> dict[str, int]:
        """How many lines have come how far, as the Label tab counts them."""
        return dict(self._loop()["report"]["stages"])

    def await_judgement(self, lines: int) -> None:
        """Wait until so many corrections were judged, and held for a review."""
        await_that(lambda: self.stages()["quarantined"] >= lines, f"{lines} corrections are held for a review")

    def sync(self, direction: Literal["push", "pull"]) -> dict[str, int]:
        """Push or pull and wait for its end."""
        self._ask("POST", f"/api/v1/label-studio/{direction}")
        await_that(lambda: self._loop()["running"] is None, f"the {direction} has ended")
        if (trouble := self._loop()["trouble"]) is not None:
            raise StepFailed(str(trouble))
        return self.stages()

    def turn(self, minutes: float, watch: Callable[[str], None]) -> dict[str, Any]:
        """Ask for a turn of the wheel and wait for its end; ``watch`` is told every stage it comes to."""
        run = self._ask("POST", "/api/v1/models/turns", json={"minutes": minutes})["runs"][0]
        seen = [run["stage"]]

        def over() -> bool:
            run.update(next(each for each in self.wheel()["runs"] if each["id"] == run["id"]))
            if run["stage"] != seen[-1]:
                seen.append(run["stage"])
                watch(run["stage"])
            return run["finished_at"] is not None

        await_that(over, "the turn of the wheel is over", wait_s=WAIT_S + 180 * minutes)
        return dict(run)

    def wheel(self) -> dict[str, Any]:
        """What the Models tab shows."""
        return dict(self._ask("GET", "/api/v1/models"))

    def await_model(self, version: str) -> None:
        """Wait until this version reads."""
        await_that(lambda: self._ask("GET", "/readyz")["model"] == version, f"the app reads with {version}")

    def _loop(self) -> dict[str, Any]:
        return dict(self._ask("GET", "/api/v1/label-studio"))

    def _ask(self, method: str, path: str, **sent: Any) -> Any:
        answer = self._http.request(method, path, **sent)
        if answer.is_error:
            raise StepFailed(f"{method} {path} was answered {answer.status_code}: {answer.text[:500]}")
        return answer.json()


def await_that(holds: Callable[[], bool], what: str, *, wait_s: float = WAIT_S) -> None:
    """Look until something holds.

    Raises:
        StepFailed: it did not in time.
    """
    deadline = time.monotonic() + wait_s
    while not holds():
        if time.monotonic() > deadline:
            raise StepFailed(f"After {wait_s:.0f} s it is still not so that {what}.")
        time.sleep(LOOK_EVERY_S)

"""A reviewer in Label Studio, over its own API: submits the texts that people corrected and leaves the rest."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from benchmarks.loop_app import StepFailed
from flywheel.label_configs import Kind

WAIT_S = 120
TASKS_AT_ONCE = 100
CORRECTED = "correction"  # what a prediction calls itself that a person typed


class Reviewer:
    """Somebody logged in to a Label Studio.

    Args:
        http: a client of it, with a token.
    """

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    @classmethod
    @contextmanager
    def at(cls, url: str, token: str) -> Iterator["Reviewer"]:
        """One at an address."""
        with httpx.Client(base_url=url, timeout=WAIT_S, headers={"Authorization": f"Token {token}"}) as http:
            yield cls(http)

    def review(self) -> int:
        """Submit every open task whose text a person corrected; returns how many."""
        corrected = [task for task in self._open_tasks() if _prefilled(task)]
        for task in corrected:
            self._ask(
                "POST", f"/api/tasks/{task['id']}/annotations/", json={"result": _prefilled(task), "lead_time": 3.0}
            )
        return len(corrected)

    def _open_tasks(self) -> list[dict[str, Any]]:
        name = Kind.LINES.project_name
        projects = self._ask("GET", "/api/projects/", params={"title": name, "page_size": TASKS_AT_ONCE})["results"]
        numbers = [project["id"] for project in projects if project["title"] == name]
        if not numbers:
            raise StepFailed(f"Label Studio has no project {name!r}.")
        tasks: list[dict[str, Any]] = []
        while True:
            asked = {"project": numbers[0], "fields": "all", "page": 1 + len(tasks) // TASKS_AT_ONCE}
            answer = self._ask("GET", "/api/tasks/", params={**asked, "page_size": TASKS_AT_ONCE})
            tasks += answer["tasks"]
            if len(tasks) >= answer["total"] or not answer["tasks"]:
                return [task for task in tasks if not task["total_annotations"]]

    def _ask(self, method: str, path: str, **sent: Any) -> Any:
        answer = self._http.request(method, path, **sent)
        if answer.is_error:
            raise StepFailed(f"Label Studio answered {method} {path} with {answer.status_code}: {answer.text[:500]}")
        return answer.json()


def _prefilled(task: dict[str, Any]) -> list[dict[str, Any]]:
    """What the task's field holds if a person corrected it; else nothing."""
    corrected = [said for said in task["predictions"] if said["model_version"] == CORRECTED]
    return list(corrected[-1]["result"]) if corrected else []

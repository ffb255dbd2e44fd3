"""The client of a Label Studio server: its tasks and annotations as plain objects, its failures as sentences.

Nothing here retries. A create or an import that seems to have failed may have happened all the same, so the caller
looks up what arrived and sends the rest; the next push or pull is the retry of everything else. The SDK costs two
seconds and 117 MB to import, so it is imported with the first client.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx

from flywheel.errors import LabelStudioUnset
from flywheel.label_studio_failures import Failures
from flywheel.label_studio_records import FoundTask, Project, Server, Task, as_project, as_task, as_uuid
from flywheel.settings import Settings

TIMEOUT_S = 60.0
MOST_TASKS = 1000
"""Of one import: Label Studio makes all of them in one transaction, or none."""
MOST_FILES = 100
"""Of one upload: Label Studio takes no more by default."""
LOOKED_UP = 500
"""Sample ids of one look-up."""
NO_RETRY: Any = {"max_retries": 0}
VIEW_TITLE = "Inkloop pulls this (do not change)"
MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"


class LabelStudio:
    """One server, as the owner of one token; safe to share between threads.

    Args:
        url: its address.
        token: a legacy or a personal access token.
        timeout_s: how long one answer may take.

    Raises:
        LabelStudioRefused: the token has expired.
    """

    def __init__(self, url: str, token: str, *, timeout_s: float = TIMEOUT_S) -> None:
        from label_studio_sdk import LabelStudio as Sdk

        self.url = url
        self._failures = Failures(url, timeout_s=timeout_s)
        self._http = httpx.Client(timeout=timeout_s, follow_redirects=False)
        with self._failures.named():
            self._sdk: Any = Sdk(base_url=url, api_key=token, timeout=timeout_s, max_retries=0, httpx_client=self._http)

    @classmethod
    def of(cls, settings: Settings, *, timeout_s: float = TIMEOUT_S) -> "LabelStudio":
        """The server that the settings name.

        Raises:
            LabelStudioUnset: they name none, or no token.
            LabelStudioRefused: the token has expired.
        """
        if settings.label_studio_url is None or settings.label_studio_api_key is None:
            lacking = "URL" if settings.label_studio_url is None else "API_KEY"
            raise LabelStudioUnset(
                f"No Label Studio is set up: INKLOOP_LABEL_STUDIO_{lacking} is not set. "
                "`make labelstudio` starts one and prints both variables."
            )
        return cls(settings.label_studio_url, settings.label_studio_api_key, timeout_s=timeout_s)

    def __enter__(self) -> "LabelStudio":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def server(self) -> Server:
        """Ask the server who it is and who we are.

        Raises:
            LabelStudioError: it cannot be used; the kind says why. So does every method below.
        """
        with self._failures.named():
            account = self._sdk.users.whoami().email
            version = self._sdk.versions.get().release
        return Server(self.url, str(version), str(account))

    def projects(self, name: str) -> list[Project]:
        """Every project of exactly that name, oldest first."""
        with self._failures.named():
            found = [as_project(row) for row in self._sdk.projects.list(title=name, page_size=100)]
        return sorted((project for project in found if project.name == name), key=lambda project: project.number)

    def project(self, number: int) -> Project:
        """The project of that number."""
        with self._failures.named(project=number):
            return as_project(self._sdk.projects.get(number))

    def create_project(self, name: str, config: str, *, instruction: str) -> Project:
        """A new project that prefills what we predict and shows its people an instruction."""
        with self._failures.named():
            made = self._sdk.projects.create(
                title=name,
                label_config=config,
                expert_instruction=instruction,
                show_instruction=True,
                show_collab_predictions=True,
                request_options=NO_RETRY,
            )
        return as_project(made)

    def set_config(self, number: int, config: str) -> None:
        """Replace a project's labelling config."""
        with self._failures.named(project=number):
            self._sdk.projects.update(number, label_config=config, request_options=NO_RETRY)

    def upload_images(self, number: int, images: Sequence[tuple[str, bytes]]) -> list[str]:
        """Upload images, named ``….jpg`` or ``….webp``; returns where the server keeps each, in order."""
        paths: list[str] = []
        for start in range(0, len(images), MOST_FILES):
            paths += self._upload(number, images[start : start + MOST_FILES])
        return paths

    def import_tasks(self, number: int, tasks: Sequence[Mapping[str, Any]]) -> list[int]:
        """Import at most ``MOST_TASKS`` tasks, all or none; returns their ids in order.

        Only LabelStudioRefused and ProjectGone say for sure that nothing was imported.
        """
        with self._failures.named(project=number):
            done = self._sdk.projects.import_tasks(
                number, request=list(tasks), return_task_ids=True, request_options=NO_RETRY
            )
        return [int(task_id) for task_id in done.task_ids]

    def find_tasks(self, number: int, sample_ids: Sequence[UUID]) -> dict[UUID, list[FoundTask]]:
        """The tasks that carry these sample ids, answered ones first, then the oldest; others are left out."""
        found: dict[UUID, list[FoundTask]] = {}
        for start in range(0, len(sample_ids), LOOKED_UP):
            wanted = [str(sample_id) for sample_id in sample_ids[start : start + LOOKED_UP]]
            query = _filters(("data.sample_id", "in_list", "List", wanted))
            for row in self._tasks(number, query=json.dumps({"filters": query})):
                said, skipped = (row.total_annotations or 0) > 0, (row.cancelled_annotations or 0) > 0
                task = FoundTask(int(row.id), answered=said or skipped, said=said)
                found.setdefault(UUID(row.data["sample_id"]), []).append(task)
        return {sample_id: sorted(tasks, key=lambda t: (not t.answered, t.id)) for sample_id, tasks in found.items()}

    def samples(self, number: int) -> dict[UUID | None, list[int]]:
        """The ids of every task of a project by sample id; under None those that are none of ours."""
        found: dict[UUID | None, list[int]] = {}
        for row in self._tasks(number, include="id,data"):
            found.setdefault(as_uuid(row.data.get("sample_id")), []).append(int(row.id))
        return found

    def delete_task(self, task_id: int) -> None:
        """Delete a task with all that people answered to it; one that is gone already is no failure."""
        with self._gone_or_named():
            self._sdk.tasks.delete(str(task_id), request_options=NO_RETRY)

    def delete_annotation(self, annotation_id: int) -> None:
        """Delete what one person answered to a task; one that is gone already is no failure."""
        with self._gone_or_named():
            self._sdk.annotations.delete(annotation_id, request_options=NO_RETRY)

    def delete_images(self, number: int, paths: Collection[str]) -> None:
        """Serve images no more that ``upload_images`` uploaded; those that are gone already are no failure."""
        with self._failures.named(project=number):
            uploads = [row.id for row in self._sdk.files.list(number, all_=True) if f"/data/{row.file}" in paths]
        for upload in uploads:
            with self._gone_or_named():
                self._sdk.files.delete(upload, request_options=NO_RETRY)

    def touched_tasks(self, number: int, *, since: datetime | None) -> list[Task]:
        """The tasks that a person touched, or removed an answer from, at ``since`` or later by the server's clock.

        The export goes through a view, because that alone filters on the server. A view whose filter it does not
        understand exports everything: slower, and still right.
        """
        moment = (since or datetime(1970, 1, 1, tzinfo=UTC)).astimezone(UTC).strftime(MOMENT)
        filters = _filters(
            ("updated_at", "greater_or_equal", "Datetime", moment), ("updated_by", "empty", "List", False)
        )
        view = self._view(number, filters)
        with self._failures.named(project=number):
            exports = self._sdk.projects.exports
            made = exports.create(
                number,
                title=VIEW_TITLE,
                task_filter_options={"view": view},
                serialization_options={
                    "predictions": {"only_id": True},
                    "drafts": {"only_id": True},
                    "annotations__completed_by": {"only_id": False},
                },
                request_options=NO_RETRY,
            )
            try:
                rows = json.loads(b"".join(exports.download(number, made.id)))
            finally:
                exports.delete(number, made.id)
        return [as_task(row) for row in rows]

    @contextmanager
    def _gone_or_named(self) -> Iterator[None]:
        """Failures named, but for those of what is to be deleted and is not there."""
        from label_studio_sdk.core import ApiError

        with self._failures.named():
            try:
                yield
            except ApiError as error:
                if error.status_code != 404:
                    raise

    def _view(self, number: int, filters: dict[str, Any]) -> int:
        data = {"title": VIEW_TITLE, "filters": filters}
        with self._failures.named(project=number):
            for view in self._sdk.views.list(project=number):
                if (view.data or {}).get("title") == VIEW_TITLE:
                    self._sdk.views.update(str(view.id), project=number, data=data, request_options=NO_RETRY)
                    return int(view.id)
            return int(self._sdk.views.create(project=number, data=data, request_options=NO_RETRY).id)

    def _tasks(self, number: int, **options: Any) -> Iterator[Any]:
        with self._failures.named(project=number):
            yield from self._sdk.tasks.list(project=number, fields="task_only", page_size=LOOKED_UP, **options)

    def _upload(self, number: int, images: Sequence[tuple[str, bytes]]) -> list[str]:
        files = [(f"file{place}", (name, image, _media_type(name))) for place, (name, image) in enumerate(images)]
        with self._failures.named(project=number):
            # The SDK has no method for files; its own headers suit either kind of token.
            answer = self._http.post(
                f"{self.url}/api/projects/{number}/import",
                params={"commit_to_project": "false"},
                headers=self._sdk._client_wrapper.get_headers(),
                files=files,
            )
            if answer.status_code != 201:
                raise self._failures.error(answer.status_code, answer.text, project=number)
            ids = answer.json()["file_upload_ids"]
            paths = {row.id: row.file for row in self._sdk.files.list(number, ids=json.dumps(ids))}
        return [f"/data/{paths[upload]}" for upload in ids]


def _filters(*items: tuple[str, str, str, object]) -> dict[str, Any]:
    return {
        "conjunction": "and",
        "items": [
            {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}
            for column, operator, kind, value in items
        ],
    }


def _media_type(name: str) -> str:
    return "image/jpeg" if name.endswith(".jpg") else "image/webp"

"""What a Label Studio server tells, as plain objects."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

LONGEST_S = 10**9
"""No answer takes longer; what seems to is a broken clock."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answered, and whom it takes us for."""

    url: str
    version: str
    account: str


@dataclass(frozen=True, slots=True)
class Project:
    """A project as the server tells it."""

    number: int
    name: str
    config: str
    tasks: int


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one person answered to a task; ``cancelled``: they skipped it."""

    id: int
    annotator: str
    cancelled: bool
    seconds: float | None
    result: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Task:
    """A task of ours with everything that people answered; ``sample_id`` is None where it is none of ours."""

    id: int
    sample_id: UUID | None
    updated_at: datetime
    annotations: tuple[Annotation, ...]


@dataclass(frozen=True, slots=True)
class FoundTask:
    """A task on the server: whether somebody has answered or skipped it, and whether somebody has said something."""

    id: int
    answered: bool
    said: bool


def as_project(row: Any) -> Project:
    """A project as the SDK gives it."""
    return Project(int(row.id), str(row.title), str(row.label_config or ""), int(row.task_number or 0))


def as_task(row: Mapping[str, Any]) -> Task:
    """A task as the server's JSON gives it."""
    return Task(
        id=int(row["id"]),
        sample_id=as_uuid((row.get("data") or {}).get("sample_id")),
        updated_at=datetime.fromisoformat(row["updated_at"]),
        annotations=tuple(_annotation(given) for given in row.get("annotations") or ()),
    )


def _annotation(row: Mapping[str, Any]) -> Annotation:
    by, result = row.get("completed_by"), row.get("result")
    return Annotation(
        id=int(row["id"]),
        annotator=str(by.get("email") or by.get("id")) if isinstance(by, Mapping) else str(by),
        cancelled=bool(row.get("was_cancelled")),
        seconds=_seconds(row.get("lead_time")),
        result=tuple(part for part in result if isinstance(part, dict)) if isinstance(result, list) else (),
    )


def _seconds(given: object) -> float | None:
    """A duration; None where what was measured is none."""
    return float(given) if isinstance(given, int | float) and 0 <= given < LONGEST_S else None


def as_uuid(text: object) -> UUID | None:
    """A sample id; None: it is none of ours."""
    try:
        return UUID(str(text))
    except ValueError:
        return None

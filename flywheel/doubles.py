"""A sample whose task came twice, because an import was still under way when it was looked for.

Tasks that nobody answered go until one is left. An answer never goes: where people answered both, both stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flywheel.label_studio import LabelStudio


@dataclass(frozen=True, slots=True)
class Kept:
    """What is there of the samples that were looked up: the task of each, and how many tasks were deleted."""

    tasks: dict[UUID, int]
    deleted: int


def keep_one(client: LabelStudio, project: int, sample_ids: Sequence[UUID]) -> Kept:
    """Leave one task for each sample, the answered or else the oldest, and every other that was answered.

    Raises:
        LabelStudioError: the server cannot be used.
    """
    found = client.find_tasks(project, sample_ids)
    doubles = [task.id for tasks in found.values() for task in tasks[1:] if not task.answered]
    for double in doubles:
        client.delete_task(double)
    return Kept({sample_id: tasks[0].id for sample_id, tasks in found.items()}, len(doubles))

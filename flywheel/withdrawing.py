"""Takes back what people need not look at any more: lines that were retired, pages whose document was deleted.

What waits here is withdrawn; what is open in Label Studio is deleted there, unless somebody has answered it. That is
asked of the lines at each push and pull and not noted when a line goes, so that undoing in between costs nothing.
"""

from uuid import UUID

from sqlalchemy import select, update

from flywheel.label_projects import KnownProject
from flywheel.label_studio import LabelStudio
from flywheel.live_lines import is_live
from flywheel.outbox import mark_withdrawn
from flywheel.store import Store
from flywheel.tables import SampleRow


def withdraw_gone(store: Store, client: LabelStudio, project: KnownProject) -> int:
    """Take back the samples of a project whose line or page is no longer there; returns how many.

    Raises:
        LabelStudioError: the server cannot be used; the next push or pull goes on.
    """
    with store.writing() as session:
        waiting = list(session.scalars(select(SampleRow.id).where(SampleRow.state == "queued", ~is_live())))
        mark_withdrawn(session, waiting)
        wanted = select(SampleRow.id).where(SampleRow.state == "open", SampleRow.project_id == project.id, ~is_live())
        open_there = list(session.scalars(wanted))
    return len(waiting) + (_delete_open(store, client, project, open_there) if open_there else 0)


def _delete_open(store: Store, client: LabelStudio, project: KnownProject, sample_ids: list[UUID]) -> int:
    found = client.find_tasks(project.number, sample_ids)
    for task in (task for tasks in found.values() for task in tasks if not task.said):
        client.delete_task(task.id)
    said = {sample_id for sample_id, tasks in found.items() if any(task.said for task in tasks)}
    withdrawn = [sample_id for sample_id in sample_ids if sample_id not in said]
    with store.writing() as session:
        session.execute(
            update(SampleRow)
            .where(SampleRow.id.in_(withdrawn), SampleRow.state == "open")
            .values(state="withdrawn", task_id=None)
        )
    return len(withdrawn)

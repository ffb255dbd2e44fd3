"""What a Label Studio still has of somebody or of a page, and its end there.

The server is asked by our sample ids and by the annotator's name, since it may have tasks and answers that nobody here
has seen yet. What cannot be removed is named, so that a person can.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flywheel.erasure import Doomed
from flywheel.errors import LabelStudioError, ProjectGone
from flywheel.settings import Settings, without_password
from flywheel.sync import PACE
from flywheel.tables import ContributorRow, LabelProjectRow, LabelRow, SampleRow, now

if TYPE_CHECKING:
    from flywheel.label_studio import LabelStudio


@dataclass
class Left:
    """What one project on a server still has; what was removed is taken out.

    Attributes:
        server: its address.
        number: of the project.
        names: whose answers are to go.
        samples: whose tasks are to go, as our ids.
        unseen: those of them whose task was sent and not seen to arrive, with the moment.
        tasks: known ids.
        images: of lines and pages, where the server keeps them.
        answers: known ids, of tasks that stay.
    """

    server: str
    number: int
    names: frozenset[str]
    samples: set[UUID] = field(default_factory=set)
    unseen: dict[UUID, datetime] = field(default_factory=dict)
    tasks: set[int] = field(default_factory=set)
    images: set[str] = field(default_factory=set)
    answers: set[int] = field(default_factory=set)

    def __str__(self) -> str:
        named = {
            "tasks": _listed(self.tasks),
            "tasks of the samples": _listed(self.unseen.keys()),
            "pictures": _listed(self.images),
            "answers": _listed(self.answers),
        }
        return "; ".join(f"{what} {ids}" for what, ids in named.items() if ids)


@dataclass
class Removed:
    """What was removed from Label Studio, and what could not be, each in a sentence."""

    tasks: int = 0
    answers: int = 0
    images: int = 0
    problems: list[str] = field(default_factory=list)


def left_there(session: Session, doomed: Doomed) -> list[Left]:
    """What each project that is not known to be gone has of these rows, as far as the store knows."""
    people = select(ContributorRow.name).where(ContributorRow.id.in_(doomed["contributors"]))
    names = frozenset(session.scalars(people))
    projects = session.scalars(select(LabelProjectRow).where(LabelProjectRow.gone.is_(False)))
    left = {row.id: Left(row.server, row.number, names) for row in projects}
    for sample in session.scalars(select(SampleRow).where(SampleRow.id.in_(doomed["samples"]))):
        if sample.project_id in left:
            _add(left[sample.project_id], sample)
    answers = (
        select(SampleRow.project_id, LabelRow.annotation_id)
        .join(SampleRow, SampleRow.id == LabelRow.sample_id)
        .where(LabelRow.id.in_(doomed["labels"]), SampleRow.id.not_in(doomed["samples"]))
    )
    for project, annotation in session.execute(answers):
        if project in left:
            left[project].answers.add(annotation)
    return list(left.values())


def forget_there(settings: Settings, left: Sequence[Left]) -> Removed:
    """Remove it all from the server that the settings name; what is on another, or cannot be reached, is named."""
    done = Removed()
    here = [of for of in left if of.server == settings.label_studio_url]
    for of in left:
        if of not in here and str(of):
            told = f"{without_password(of.server)} is not the Label Studio that is set up, and has {of}."
            done.problems.append(f"{told} Delete them there.")
    if any(str(of) or of.names or of.samples for of in here):
        _ask(settings, here, done)
    return done


def _ask(settings: Settings, here: Sequence[Left], done: Removed) -> None:
    from flywheel.label_studio import LabelStudio

    try:
        with LabelStudio.of(settings) as client:
            client.server()
            for of in here:
                _remove(client, of, done)
    except LabelStudioError as error:
        done.problems += [f"Label Studio still has {of}: {error} Delete them there." for of in here if str(of)]


def _add(left: Left, sample: SampleRow) -> None:
    left.samples.add(sample.id)
    if sample.task_id is not None:
        left.tasks.add(sample.task_id)
    elif sample.state == "sending" and sample.sent_at is not None:
        left.unseen[sample.id] = sample.sent_at
    if sample.image is not None:
        left.images.add(sample.image)


def _remove(client: "LabelStudio", left: Left, done: Removed) -> None:
    try:
        client.project(left.number)
    except ProjectGone:  # with all that was in it
        left.unseen, left.tasks, left.images, left.answers = {}, set(), set(), set()
        return
    found = client.find_tasks(left.number, sorted(left.samples))
    left.tasks |= {task.id for tasks in found.values() for task in tasks}
    for task in sorted(left.tasks):
        client.delete_task(task)
        left.tasks.discard(task)
        done.tasks += 1
    late = now() - timedelta(seconds=PACE.settle_s)
    left.unseen = {one: sent for one, sent in left.unseen.items() if one not in found and sent > late}
    if left.unseen:
        samples = _listed(left.unseen.keys())
        done.problems.append(f"An import was cut off: look in a minute for tasks with the sample_id {samples}.")
        left.unseen = {}
    _remove_images(client, left, done)
    _remove_answers(client, left, done)


def _remove_images(client: "LabelStudio", left: Left, done: Removed) -> None:
    if left.images:
        client.delete_images(left.number, left.images)
        done.problems.append(_on_disk(left.images))
        done.images += len(left.images)
        left.images = set()


def _remove_answers(client: "LabelStudio", left: Left, done: Removed) -> None:
    if left.names:
        tasks = client.touched_tasks(left.number, since=None)
        left.answers |= {one.id for task in tasks for one in task.annotations if one.annotator in left.names}
    for answer in sorted(left.answers):
        client.delete_annotation(answer)
        left.answers.discard(answer)
        done.answers += 1


def _on_disk(images: Collection[str]) -> str:
    return (
        "Label Studio serves these pictures no more, but leaves their files where it keeps what is uploaded. "
        f"Delete them in its media folder: {_listed({image.removeprefix('/data/') for image in images})}."
    )


def _listed(ids: Collection[int] | Collection[str] | Collection[UUID]) -> str:
    return ", ".join(str(one) for one in sorted(ids))

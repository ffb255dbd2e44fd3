"""Brings back what people answered in Label Studio: what changed since the last pull, each answer once.

The watermark moves in the transaction that keeps the answers up to it, so a crash repeats work and loses none. A pull
looks a little further back than it must, for a save on the server shows its time before it can be seen; what it meets
again is recognised by its content.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from flywheel import outbox, trust
from flywheel.agreement import Settled, settle
from flywheel.doubles import keep_one
from flywheel.label_projects import KnownProject
from flywheel.label_studio import LabelStudio
from flywheel.label_studio_records import Task
from flywheel.labels import keep_labels, known_text, labels_of, newest_answers
from flywheel.settings import Policy
from flywheel.settling import OURS, accept, withdraw
from flywheel.store import Store
from flywheel.tables import LabelProjectRow, SampleRow
from flywheel.trust import Claim, alike
from flywheel.withdrawing import withdraw_gone

log = logging.getLogger(__name__)

OVERLAP = timedelta(seconds=60)
AT_ONCE = 200


@dataclass
class Pulled:
    """What a pull did.

    Attributes:
        tasks: read again because somebody touched them.
        labels: new answers and new revisions.
        accepted: lines whose text became ground truth.
        withdrawn: lines whose text no longer is.
        disagreed: lines that people disagree about.
        deleted: tasks found deleted on the server.
        removed: lines and pages that are no longer there and need no answer any more.
        problems: answers that cannot be used, each in a sentence.
    """

    tasks: int = 0
    labels: int = 0
    accepted: int = 0
    withdrawn: int = 0
    disagreed: int = 0
    deleted: int = 0
    removed: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass
class Pull:
    """One pull from one project; ``done`` is right also when it breaks off."""

    store: Store
    client: LabelStudio
    project: KnownProject
    policy: Policy
    done: Pulled

    def run(self, *, reconcile: bool) -> None:
        """Read what people touched, and take back what they need not look at any more.

        Then, if asked or if tasks are missing there, look for deleted ones.

        Raises:
            LabelStudioError: the server cannot be used; what was kept stays kept.
        """
        since = None if self.project.watermark is None else self.project.watermark - OVERLAP
        tasks = sorted(
            self.client.touched_tasks(self.project.number, since=since), key=lambda task: (task.updated_at, task.id)
        )
        for start in range(0, len(tasks), AT_ONCE):
            chunk = tasks[start : start + AT_ONCE]
            with self.store.writing() as session:
                self._keep(session, chunk)
                session.execute(
                    update(LabelProjectRow)
                    .where(LabelProjectRow.id == self.project.id)
                    .values(watermark=chunk[-1].updated_at)
                )
        self.done.removed += withdraw_gone(self.store, self.client, self.project)
        if reconcile or self._some_are_missing():
            self._reconcile()

    def _keep(self, session: Session, tasks: Sequence[Task]) -> None:
        touched: list[UUID] = []
        samples = _hold(session, [task.sample_id for task in tasks if task.sample_id is not None])
        for task in tasks:
            sample = None if task.sample_id is None else samples.get(task.sample_id)
            if sample is None:
                continue
            self.done.tasks += 1
            if sample.state in ("queued", "sending"):  # the push that made this task never heard of it
                sample.state, sample.task_id, sample.project_id = "open", task.id, self.project.id
            new = keep_labels(session, sample, task)
            self.done.labels += new
            if new:
                self.done.problems += _problems(session, self.project, sample)
                if sample.line_id is not None:
                    touched.append(sample.line_id)
        for line_id in dict.fromkeys(touched):
            self._judge(session, line_id)

    def _judge(self, session: Session, line_id: UUID) -> None:
        """Let what people say of a line now decide about it."""
        known = known_text(session, line_id)
        settled = settle([*([] if known is None else [known]), *labels_of(session, line_id)])
        if settled.answer is not None:
            said = settled.answer
            if known is not None and alike(said.text, known.text):
                return
            claim = Claim(line_id, said.text, OURS, said.contributor_id, verdict=said.verdict)
            self.done.accepted += accept(session, claim, self.policy)
            return
        if settled.disagreed:
            self.done.disagreed += 1
            reason = _disagreement(settled)
            if settled.answers == 2:
                outbox.ask_third(session, line_id, reason=f"{reason} A third opinion decides.")
        else:
            reason = "Its label was deleted in Label Studio."
        if known is None:
            self.done.withdrawn += withdraw(session, line_id, reason=reason)

    def _some_are_missing(self) -> bool:
        """Whether the server has another number of tasks than when they were last compared one by one."""
        with self.store.reading() as session:
            ours = select(func.count()).select_from(_there(self.project.id).subquery())
            expected = (session.scalar(ours) or 0) + self._foreign(session)
        return self.client.project(self.project.number).tasks != expected

    def _reconcile(self) -> None:
        """Remember as gone what was deleted there: it is not sent again by itself, and what people said of it stays.

        Of a task that came twice one stays, and every one that people answered.
        """
        there = self.client.samples(self.project.number)
        with self.store.reading() as session:
            known = {row[0]: row[1] for row in session.execute(_there(self.project.id))}
        twice = [sample_id for sample_id in known if len(there.get(sample_id, ())) > 1]
        one = keep_one(self.client, self.project.number, twice)
        gone = [sample_id for sample_id in known if sample_id not in there]
        foreign = sum(map(len, there.values())) - one.deleted - (len(known) - len(gone))
        with self.store.writing() as session:
            session.execute(update(SampleRow).where(SampleRow.id.in_(gone)).values(state="gone"))
            moved = [{"id": sample_id, "task_id": task_id} for sample_id, task_id in one.tasks.items()]
            if moved:
                session.execute(update(SampleRow), moved)
            session.execute(
                update(LabelProjectRow).where(LabelProjectRow.id == self.project.id).values(foreign_tasks=foreign)
            )
        self.done.deleted += len(gone)
        log.info("%d of %d tasks are gone from project %d.", len(gone), len(known), self.project.number)

    def _foreign(self, session: Session) -> int:
        """The tasks that are none of ours, and those of samples that have another, as last counted."""
        return session.get_one(LabelProjectRow, self.project.id).foreign_tasks


def _hold(session: Session, sample_ids: Sequence[UUID]) -> dict[UUID, SampleRow]:
    """Samples that are here, held until the transaction ends: first their lines, as whoever judges holds them."""
    about = select(SampleRow.line_id).where(SampleRow.id.in_(sample_ids))
    trust.lock(session, [line_id for line_id in session.scalars(about) if line_id is not None])
    wanted = select(SampleRow).where(SampleRow.id.in_(sample_ids)).order_by(SampleRow.id).with_for_update()
    return {row.id: row for row in session.scalars(wanted)}


def _there(project: UUID) -> Select[UUID, int | None]:
    """The tasks that should be on the server, by sample."""
    return select(SampleRow.id, SampleRow.task_id).where(
        SampleRow.project_id == project, SampleRow.state.in_(["open", "labelled"]), SampleRow.task_id.is_not(None)
    )


def _disagreement(settled: Settled) -> str:
    people = "Two people" if settled.answers == 2 else f"{settled.answers} people"
    return f"{people} disagree about it (CER {settled.distance:.0%})."


def _problems(session: Session, project: KnownProject, sample: SampleRow) -> list[str]:
    """What is wrong with the answers to a sample, and where to mend it."""
    told = []
    for row in newest_answers(session, sample.id):
        task_id = row.task_id or sample.task_id
        if row.problem and task_id is not None:
            told.append(f"Task {task_id}, answer {row.annotation_id}: {row.problem} {project.task_url(task_id)}")
    return told

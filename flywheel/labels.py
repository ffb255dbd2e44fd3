"""What people answered in Label Studio, kept once: the same answer pulled again adds nothing, an edit a revision.

What somebody answered who has been forgotten is not kept, however long the server still has it.

Whether an answer is new tells its content, never its time: the server moves times on any change, and its clock is not
ours.
"""

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased

from flywheel import additions
from flywheel.label_results import content_of, read_line, storable
from flywheel.label_studio_records import Annotation, Task
from flywheel.page_results import answer_of
from flywheel.settling import stands
from flywheel.tables import AcceptanceRow, ContributorRow, LabelRow, LineRow, SampleRow
from flywheel.tombstones import forgotten_among
from flywheel.trust import Outcome

log = logging.getLogger(__name__)

Lines = Collection[UUID] | Select[UUID | None]
"""Lines by their ids, or a statement that selects them."""

SAID = ("text", "illegible", "not_text")
"""The verdicts that say something about a line."""


@dataclass(frozen=True, slots=True)
class Label:
    """What one person says of a line now."""

    contributor_id: UUID
    annotator: str
    verdict: str
    text: str

    @property
    def says_text(self) -> bool:
        """Whether it gives the line a text."""
        return self.verdict == "text"


def keep_labels(session: Session, sample: SampleRow, task: Task) -> int:
    """Keep what is new among the answers to a sample's task; returns how many rows that were."""
    newest = _newest(session, sample.id)
    new = 0
    for annotation in _remembered(session, task):
        known = newest.pop(annotation.id, None)
        content = content_of(annotation)
        if known is None or known.content_sha256 != content:
            revision = 1 if known is None else known.revision + 1
            _add(session, sample, annotation, task_id=task.id, content=content, revision=revision)
            new += 1
    for known in newest.values():
        # Another task's answers are not in this one.
        if known.verdict != "deleted" and known.task_id in (None, task.id):
            session.add(_deleted(known))
            new += 1
    session.flush()
    sample.state = "labelled" if _is_answered(session, sample.id) else "open"
    return new


def labels_of(session: Session, line_id: UUID) -> list[Label]:
    """What people say of a line now, the newest answer of each, oldest first; whoever skipped it says nothing."""
    return labels_by_line(session, [line_id]).get(line_id, [])


def labels_by_line(session: Session, line_ids: Lines) -> dict[UUID, list[Label]]:
    """What people say of lines now, as `labels_of` tells it of one; those first that were answered first."""
    rows = session.execute(
        select(LineRow.id, LabelRow.contributor_id, ContributorRow.name, LabelRow.verdict, LabelRow.text)
        .join(SampleRow, SampleRow.id == LabelRow.sample_id)
        .join(LineRow, LineRow.id == SampleRow.line_id)
        .join(ContributorRow, ContributorRow.id == LabelRow.contributor_id)
        .where(LineRow.id.in_(line_ids), is_newest(), LabelRow.verdict.in_(SAID))
        .order_by(LabelRow.created_at, LabelRow.annotation_id)
    )
    by_person: dict[UUID, dict[UUID, Label]] = {}
    for line_id, person, name, verdict, text in rows:
        labels = by_person.setdefault(line_id, {})
        labels.pop(person, None)
        labels[person] = Label(person, name, verdict, text or "")
    return {line_id: list(labels.values()) for line_id, labels in by_person.items()}


def known_text(session: Session, line_id: UUID) -> Label | None:
    """The ground truth of a line that people were asked about only to see how they label; one opinion among theirs.

    Whatever changes it counts as theirs from then on.
    """
    return known_texts(session, [line_id]).get(line_id)


def known_texts(session: Session, line_ids: Lines) -> dict[UUID, Label]:
    """What `known_text` tells of one line, of several; lines without a known text are left out."""
    asked = (
        select(SampleRow.line_id, func.min(SampleRow.created_at).label("at"))
        .where(SampleRow.known, SampleRow.line_id.in_(line_ids))
        .group_by(SampleRow.line_id)
        .subquery()
    )
    rows = session.scalars(
        select(AcceptanceRow)
        .join(asked, asked.c.line_id == AcceptanceRow.line_id)
        .where(stands(), AcceptanceRow.outcome == Outcome.ACCEPTED, AcceptanceRow.created_at <= asked.c.at)
    )
    return {row.line_id: Label(row.contributor_id or row.id, "ground truth", "text", row.text) for row in rows}


def newest_answers(session: Session, sample_id: UUID) -> list[LabelRow]:
    """The newest revision of each answer to a sample."""
    return list(_newest(session, sample_id).values())


def is_newest() -> ColumnElement[bool]:
    """Whether the label at hand is the newest revision of its answer."""
    later = aliased(LabelRow)
    newest = (
        select(func.max(later.revision))
        .where(later.sample_id == LabelRow.sample_id, later.annotation_id == LabelRow.annotation_id)
        .scalar_subquery()
    )
    return LabelRow.revision == newest


def _remembered(session: Session, task: Task) -> Iterator[Annotation]:
    """The answers to a task, but for those of people who were forgotten."""
    forgotten = forgotten_among(session, {annotation.annotator for annotation in task.annotations})
    for annotation in task.annotations:
        if annotation.annotator not in forgotten:
            yield annotation
            continue
        log.warning("Answer %d to task %d is by somebody who was forgotten. Delete it there.", annotation.id, task.id)


def _newest(session: Session, sample_id: UUID) -> dict[int, LabelRow]:
    """The newest revision of each answer to a sample, by annotation."""
    rows = session.scalars(select(LabelRow).where(LabelRow.sample_id == sample_id).order_by(LabelRow.revision))
    return {row.annotation_id: row for row in rows}


def _add(
    session: Session, sample: SampleRow, annotation: Annotation, *, task_id: int, content: str, revision: int
) -> None:
    answer = read_line(annotation) if sample.line_id is not None else answer_of(annotation)
    session.add(
        LabelRow(
            sample_id=sample.id,
            task_id=task_id,
            annotation_id=annotation.id,
            revision=revision,
            content_sha256=content,
            contributor_id=additions.contributor(session, annotation.annotator),
            verdict=answer.verdict,
            text=answer.text,
            problem=answer.problem,
            seconds=annotation.seconds,
            result=storable(list(annotation.result)),
        )
    )


def _deleted(row: LabelRow) -> LabelRow:
    return LabelRow(
        sample_id=row.sample_id,
        task_id=row.task_id,
        annotation_id=row.annotation_id,
        revision=row.revision + 1,
        content_sha256="",
        contributor_id=row.contributor_id,
        verdict="deleted",
        text=None,
        problem=None,
        seconds=None,
        result=[],
    )


def _is_answered(session: Session, sample_id: UUID) -> bool:
    return any(row.verdict in (*SAID, "regions", "invalid") for row in _newest(session, sample_id).values())

"""What people answered in Label Studio, kept once: the same answer pulled again adds nothing, an edit a revision.

What somebody answered who has been forgotten is not kept, however long the server still has it.

Whether an answer is new tells its content, never its time: the server moves times on any change, and its clock is not
ours.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from flywheel import additions
from flywheel.label_results import Answer, content_of, read_line
from flywheel.label_studio_records import Annotation, Task
from flywheel.page_results import answer_of
from flywheel.settling import standing
from flywheel.tables import ContributorRow, LabelRow, SampleRow
from flywheel.tombstones import forgotten_among

log = logging.getLogger(__name__)

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
            _add(session, sample, annotation, content=content, revision=1 if known is None else known.revision + 1)
            new += 1
    for known in newest.values():
        if known.verdict != "deleted":
            session.add(_deleted(known))
            new += 1
    session.flush()
    sample.state = "labelled" if _is_answered(session, sample.id) else "open"
    return new


def labels_of(session: Session, line_id: UUID) -> list[Label]:
    """What people say of a line now, the newest answer of each, oldest first; whoever skipped it says nothing."""
    samples = list(session.scalars(select(SampleRow.id).where(SampleRow.line_id == line_id)))
    rows = [row for sample_id in samples for row in _newest(session, sample_id).values() if row.verdict in SAID]
    by_person: dict[UUID, LabelRow] = {}
    for row in sorted(rows, key=lambda row: row.created_at):
        by_person.pop(row.contributor_id, None)
        by_person[row.contributor_id] = row
    names: dict[UUID, str] = {}
    for person in by_person:
        names[person] = session.get_one(ContributorRow, person).name
    return [Label(person, names[person], row.verdict, row.text or "") for person, row in by_person.items()]


def known_text(session: Session, line_id: UUID) -> Label | None:
    """The ground truth of a line that people were asked about only to see how they label; one opinion among theirs.

    Whatever changes it counts as theirs from then on.
    """
    asked = session.scalar(select(func.min(SampleRow.created_at)).where(SampleRow.line_id == line_id, SampleRow.known))
    stands = None if asked is None else standing(session, line_id)
    if stands is None or asked is None or stands.outcome != "accepted" or stands.created_at > asked:
        return None
    return Label(stands.contributor_id or stands.id, "ground truth", "text", stands.text)


def newest_answers(session: Session, sample_id: UUID) -> list[LabelRow]:
    """The newest revision of each answer to a sample."""
    return list(_newest(session, sample_id).values())


def newest_labels(session: Session) -> Sequence[LabelRow]:
    """The newest revision of every answer, deleted ones left out."""
    later = aliased(LabelRow)
    newest = (
        select(func.max(later.revision))
        .where(later.sample_id == LabelRow.sample_id, later.annotation_id == LabelRow.annotation_id)
        .scalar_subquery()
    )
    wanted = select(LabelRow).where(LabelRow.revision == newest, LabelRow.verdict != "deleted")
    return session.scalars(wanted.order_by(LabelRow.created_at)).all()


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


def _add(session: Session, sample: SampleRow, annotation: Annotation, *, content: str, revision: int) -> None:
    answer = read_line(annotation) if sample.line_id is not None else answer_of(annotation)
    session.add(
        LabelRow(
            sample_id=sample.id,
            annotation_id=annotation.id,
            revision=revision,
            content_sha256=content,
            contributor_id=additions.contributor(session, annotation.annotator),
            verdict=answer.verdict,
            text=answer.text,
            problem=answer.problem,
            seconds=annotation.seconds,
            result=_kept(annotation, answer),
        )
    )


def _kept(annotation: Annotation, answer: Answer) -> list[Any]:
    """The raw answer, for whoever asks why; what no database stores has been told in the problem."""
    return [] if answer.problem and "no database" in answer.problem else list(annotation.result)


def _deleted(row: LabelRow) -> LabelRow:
    return LabelRow(
        sample_id=row.sample_id,
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

"""Keeps what people say of lines: every correction is the next revision of its line, and none is ever changed.

A tab may be old: it names the revision it saw, and where the store has another, nothing of its batch is kept.
"""

from collections.abc import Collection, Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from flywheel.errors import NotFound, StaleDocument
from flywheel.records import NewCorrection, StoredCorrection, Verdict
from flywheel.refusals import refuse_bad_effort, refuse_unstorable
from flywheel.tables import ContributorRow, CorrectionRow, DocumentRow, DraftRow, LineRow, PageRow, PredictionRow


def keep_corrections(
    session: Session, corrections: Sequence[NewCorrection], contributor: UUID
) -> list[StoredCorrection]:
    """New corrections, each the next revision of its line; the contributor's drafts of these lines are done with."""
    for correction in corrections:
        _refuse_bad(correction)
    require_contributor(session, contributor)
    line_ids = {correction.line_id for correction in corrections}
    lock_lines(session, line_ids, contributor)
    revisions = _revisions(session, line_ids)
    for correction in corrections:
        _refuse_stale(correction, revisions.get(correction.line_id, 0))
    predictions = _predictions(session, line_ids)
    rows = []
    for correction in corrections:
        revisions[correction.line_id] = revisions.get(correction.line_id, 0) + 1
        prediction = _answered(correction, predictions.get(correction.line_id, []))
        rows.append(_row(correction, contributor, prediction, revisions[correction.line_id]))
    session.add_all(rows)
    session.execute(delete(DraftRow).where(DraftRow.line_id.in_(line_ids), DraftRow.contributor_id == contributor))
    session.flush()
    return [correction_record(row) for row in rows]


def correction_record(row: CorrectionRow) -> StoredCorrection:
    """The row as callers see it."""
    return StoredCorrection(
        id=row.id,
        line_id=row.line_id,
        contributor_id=row.contributor_id,
        prediction_id=row.prediction_id,
        revision=row.revision,
        text=row.text,
        seconds=row.seconds,
        keystrokes=row.keystrokes,
        unknown_characters=tuple(row.unknown_characters),
        created_at=row.created_at,
        verdict=cast(Verdict, row.verdict),  # the database lets no other word in
    )


def require_contributor(session: Session, contributor: UUID) -> None:
    """Return if there is such a contributor.

    Raises:
        NotFound: there is none.
    """
    if session.get(ContributorRow, contributor) is None:
        raise NotFound(f"There is no contributor {contributor}. Sign in again.")


def lock_lines(session: Session, line_ids: Collection[UUID], contributor: UUID) -> None:
    """Hold a contributor's lines, in the order of their ids, until the transaction ends: nobody else changes them.

    Raises:
        NotFound: a line does not exist, or is not this contributor's.
        StaleDocument: a line has been retired.
    """
    owned = (
        select(LineRow.id, LineRow.retired_at)
        .join(PageRow, PageRow.id == LineRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(LineRow.id.in_(line_ids), DocumentRow.contributor_id == contributor, DocumentRow.deleted_at.is_(None))
        .order_by(LineRow.id)
        .with_for_update(of=LineRow, key_share=True)
    )
    found = dict(session.execute(owned).all())
    for line_id in line_ids:
        if line_id not in found:
            raise NotFound(f"There is no line {line_id} among your pages. Load the document again; nothing was stored.")
        if found[line_id] is not None:
            raise StaleDocument(
                f"Line {line_id} has been deleted, split, merged or moved in the meantime. "
                "Load the document again; nothing was stored."
            )


def _revisions(session: Session, line_ids: Collection[UUID]) -> dict[UUID, int]:
    """The newest revision of every line that has one."""
    newest = (
        select(CorrectionRow.line_id, func.max(CorrectionRow.revision))
        .where(CorrectionRow.line_id.in_(line_ids))
        .group_by(CorrectionRow.line_id)
    )
    return dict(session.execute(newest).all())


def _predictions(session: Session, line_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """The predictions of every line, oldest first."""
    rows = (
        select(PredictionRow.line_id, PredictionRow.id)
        .where(PredictionRow.line_id.in_(line_ids))
        .order_by(PredictionRow.created_at)
    )
    predictions: dict[UUID, list[UUID]] = {}
    for line_id, prediction_id in session.execute(rows):
        predictions.setdefault(line_id, []).append(prediction_id)
    return predictions


def _answered(correction: NewCorrection, predictions: Sequence[UUID]) -> UUID | None:
    """The prediction a correction answers: the one it names, else the line's newest."""
    if correction.prediction_id is None:
        return predictions[-1] if predictions else None
    if correction.prediction_id not in predictions:
        raise NotFound(
            f"Line {correction.line_id} has no prediction {correction.prediction_id}. "
            "Load the document again; nothing was stored."
        )
    return correction.prediction_id


def _row(new: NewCorrection, contributor: UUID, prediction: UUID | None, revision: int) -> CorrectionRow:
    return CorrectionRow(
        line_id=new.line_id,
        contributor_id=contributor,
        prediction_id=prediction,
        revision=revision,
        text=new.text,
        seconds=new.seconds,
        keystrokes=new.keystrokes,
        unknown_count=len(new.unknown_characters),
        unknown_characters=list(new.unknown_characters),
        verdict=new.verdict,
    )


def _refuse_bad(correction: NewCorrection) -> None:
    where = f"The correction of line {correction.line_id}"
    for text in (correction.text, *correction.unknown_characters):
        refuse_unstorable(text, where)
    refuse_bad_effort(correction.seconds, correction.keystrokes, where)


def _refuse_stale(correction: NewCorrection, revision: int) -> None:
    if correction.base_revision is not None and correction.base_revision != revision:
        raise StaleDocument(
            f"Line {correction.line_id} has been corrected since this page was loaded, in another tab or by somebody "
            "else. Load the document again to see it; nothing was stored."
        )

"""Keeps what a person has typed and not submitted yet, so that a closed tab or a killed server loses nothing.

A draft belongs to one person and one line; the next one takes its place, and submitting the line ends it.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from flywheel.corrections import lock_lines, require_contributor
from flywheel.records import Draft
from flywheel.refusals import refuse_bad_effort, refuse_unstorable
from flywheel.store import Store
from flywheel.tables import DraftRow, now


def keep_drafts(store: Store, drafts: Sequence[Draft], *, dropped: Sequence[UUID] = (), contributor: UUID) -> None:
    """Keep a person's drafts and drop those of other lines, all of it or nothing.

    Args:
        store: where they are kept.
        drafts: the last one of a line counts.
        dropped: other lines, whose draft goes; those that have none are no mistake.
        contributor: who typed.

    Raises:
        NotFound: a line does not exist, or is another contributor's.
        StaleDocument: a line has been retired.
        Unstorable: a text holds what databases refuse, or a number is negative or not finite.
    """
    for draft in drafts:
        where = f"The draft of line {draft.line_id}"
        refuse_unstorable(draft.text, where)
        refuse_bad_effort(draft.seconds, draft.keystrokes, where)
    line_ids = {*(draft.line_id for draft in drafts), *dropped}

    def keep(session: Session) -> None:
        require_contributor(session, contributor)
        lock_lines(session, line_ids, contributor)
        put_drafts(session, drafts, dropped=dropped, contributor=contributor)

    store.write(keep)


def put_drafts(session: Session, drafts: Sequence[Draft], *, dropped: Sequence[UUID] = (), contributor: UUID) -> None:
    """The same inside a transaction that holds the lines already."""
    newest = {draft.line_id: draft for draft in drafts}
    touched = {*newest, *dropped}
    session.execute(delete(DraftRow).where(DraftRow.line_id.in_(touched), DraftRow.contributor_id == contributor))
    session.add_all(
        DraftRow(
            line_id=draft.line_id,
            contributor_id=contributor,
            text=draft.text,
            verdict=draft.verdict,
            seconds=draft.seconds,
            keystrokes=draft.keystrokes,
            updated_at=now(),
        )
        for draft in newest.values()
    )
    session.flush()

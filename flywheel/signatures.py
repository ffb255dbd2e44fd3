"""The names under decisions: who asked for a training, promoted a model, settled a held text."""

from collections.abc import Collection

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from flywheel.tables import AcceptanceRow, ContributorRow, ErasureRow, PersonalPromotionRow, PromotionRow, RunRow

SOMEBODY = "somebody forgotten"
SIGNED = (RunRow.asked_by, PromotionRow.by, PersonalPromotionRow.by)


def unsign(session: Session, people: Collection[object]) -> None:
    """Take the names of these contributors, who are on their way out, from under what they decided; it stands on."""
    for person in session.scalars(select(ContributorRow).where(ContributorRow.id.in_(people))):
        session.merge(ErasureRow(contributor_id=person.id))
        session.flush()
        for column in SIGNED:
            session.execute(update(column.class_).where(column == person.name).values({column.key: SOMEBODY}))
        _unsign_reasons(session, person.name)


def _unsign_reasons(session: Session, name: str) -> None:
    """An operator's reason ends with their name in brackets (`flywheel.trust.decide`)."""
    signature = f"({name})"
    for row in session.scalars(select(AcceptanceRow).where(AcceptanceRow.reason.endswith(signature, autoescape=True))):
        if row.reason.endswith(signature):  # SQLite compares without case
            row.reason = f"{row.reason.removesuffix(signature)}({SOMEBODY})"
    session.flush()

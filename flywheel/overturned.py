"""What somebody's word had ended does not stand again because that somebody is forgotten."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flywheel.erasure import Doomed
from flywheel.settling import standing
from flywheel.tables import AcceptanceRow
from flywheel.trust import Outcome


@dataclass(frozen=True, slots=True)
class Decided:
    """A judgement that decides about a line and is to go, while the line stays."""

    line_id: UUID
    number: int
    source: str


def decided_by(session: Session, doomed: Doomed) -> list[Decided]:
    """The doomed judgements that decide about lines which are not."""
    words = select(AcceptanceRow.line_id).where(AcceptanceRow.id.in_(doomed["acceptances"])).distinct()
    stand = [standing(session, line) for line in session.scalars(words) if line not in doomed["lines"]]
    return [
        Decided(row.line_id, row.number, row.source)
        for row in stand
        if row is not None and row.id in doomed["acceptances"]
    ]


def keep_ended(session: Session, decided: list[Decided]) -> None:
    """Where an earlier text would stand now, put a withdrawal without a name in the place of what is gone.

    In its place and not after it: a text that is held since then still waits for a review.
    """
    for place in decided:
        stands = standing(session, place.line_id)
        if stands is not None and stands.outcome == Outcome.ACCEPTED:
            session.add(
                AcceptanceRow(
                    line_id=place.line_id,
                    number=place.number,
                    outcome=Outcome.WITHDRAWN,
                    text="",
                    source=place.source,
                    rule="forgotten",
                    reason="Whoever gave it another text was forgotten.",
                )
            )
    session.flush()

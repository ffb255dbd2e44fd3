"""Lets what reviewers say of a line become ground truth, once, through `flywheel.trust`."""

from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from flywheel import trust
from flywheel.settings import Policy
from flywheel.tables import AcceptanceRow
from flywheel.trust import Claim, Outcome

OURS: trust.Source = "label_studio"


def stands() -> ColumnElement[bool]:
    """Whether the judgement at hand decides about its line, as `flywheel.trust` reads it."""
    later = aliased(AcceptanceRow)
    newest = (
        select(func.max(later.number))
        .where(later.line_id == AcceptanceRow.line_id, later.outcome != Outcome.HELD)
        .scalar_subquery()
    )
    return AcceptanceRow.number == newest


def standing(session: Session, line_id: UUID) -> AcceptanceRow | None:
    """The judgement that decides about a line, as `flywheel.trust` reads it."""
    return session.scalars(
        select(AcceptanceRow)
        .where(AcceptanceRow.line_id == line_id, AcceptanceRow.outcome != Outcome.HELD)
        .order_by(AcceptanceRow.number.desc())
        .limit(1)
    ).first()


def accept(session: Session, claim: Claim, policy: Policy) -> bool:
    """Keep what a reviewer says of a line, unless it stands already; returns whether a text was accepted."""
    stands = standing(session, claim.line_id)
    outcome = Outcome.ACCEPTED if claim.verdict == "text" else Outcome.REFUSED
    if stands is not None and (stands.source, stands.outcome, stands.text) == (OURS, outcome, claim.text):
        return False
    return trust.keep(session, claim, policy).outcome is Outcome.ACCEPTED


def withdraw(session: Session, line_id: UUID, *, reason: str) -> bool:
    """End what reviewers had said of a line; returns whether anything of theirs stood."""
    stands = standing(session, line_id)
    if stands is None or (stands.source, stands.outcome) != (OURS, Outcome.ACCEPTED):
        return False
    trust.withdraw(session, line_id, by=None, source=OURS, reason=reason)
    return True

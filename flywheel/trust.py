"""What becomes ground truth: who may say it, and what the image says to it.

A text is accepted when it was reviewed in Label Studio; typed by somebody trusted; or typed alike by two people. What
the image does not bear out, what contradicts a review, and what an unknown hand typed alone is held until somebody
reviews it, or an operator decides. Every judgement is kept with its rule and its reason; the newest one that was not
held decides about a line.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, cast
from unicodedata import normalize
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from flywheel.errors import NotFound, StaleDocument
from flywheel.refusals import refuse_bad_label
from flywheel.settings import Policy
from flywheel.tables import AcceptanceRow, CorrectionRow, DocumentRow, LineRow, PageRow
from recognizer.decoding.plausibility import CONTRADICTED_BELOW

Source = Literal["label_studio", "correction", "import"]


class Outcome(StrEnum):
    """What became of a text; all but HELD end whatever was accepted for the line before."""

    ACCEPTED = "accepted"
    HELD = "held"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody says a line holds, and all that decides about it.

    Attributes:
        line_id: the line.
        text: exactly as typed.
        source: where it was said; what comes from Label Studio has been reviewed.
        by: whose words they are; None: not known here.
        correction_id: the correction, where it is one.
        verdict: ``text``, or that the line is ``illegible`` or ``not_text``.
        trusted: by an operator or by a contributor marked trusted.
        alike: somebody else typed the same.
        plausibility: of `recognizer.decoding.plausibility`; None: the image was not asked.
    """

    line_id: UUID
    text: str
    source: Source = "correction"
    by: UUID | None = None
    correction_id: UUID | None = None
    verdict: str = "text"
    trusted: bool = False
    alike: bool = False
    plausibility: float | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What becomes of a claim: the rule that decided, and a sentence for people."""

    outcome: Outcome
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class HeldText:
    """A text that waits for a review."""

    line_id: UUID
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What an operator decides about a held text.

    Attributes:
        text: the one that they saw.
        accept: it becomes ground truth; else it never does, and what was accepted before stands on.
        by: their name.
        why: in their words.
    """

    text: str
    accept: bool
    by: str
    why: str


def judge(claim: Claim, policy: Policy, *, reviewed: str | None = None) -> Judgement:
    """Decide about one claim.

    Args:
        claim: what was said, and by whom.
        policy: whose word is enough.
        reviewed: the text a reviewer gave the line before; None: nobody reviewed it.
    """
    rule, reason = _authority(claim, policy)
    typed = claim.source == "correction"
    if rule and not _says_text(claim):
        what = "It was left empty" if claim.verdict == "text" else f"It was marked {claim.verdict.replace('_', ' ')}"
        if typed and reviewed is not None:
            return Judgement(Outcome.HELD, "review", f"{what}, and a reviewer gave this line a text.")
        return Judgement(Outcome.REFUSED, rule, f"{what}: there is nothing to learn from.")
    if not typed:
        return Judgement(Outcome.ACCEPTED, rule, reason)
    if claim.plausibility is not None and claim.plausibility < CONTRADICTED_BELOW:
        return Judgement(Outcome.HELD, "image", "The image does not bear it out; somebody should look first.")
    if reviewed is not None and not alike(reviewed, claim.text):
        return Judgement(Outcome.HELD, "review", "A reviewer gave this line another text.")
    return Judgement(Outcome.ACCEPTED if rule else Outcome.HELD, rule or "unknown hand", reason)


def alike(one: str, other: str) -> bool:
    """Whether two people typed the same, spacing and Unicode composition apart."""
    return normalize("NFC", one).split() == normalize("NFC", other).split()


def lock(session: Session, line_ids: Iterable[UUID]) -> set[UUID]:
    """Hold lines until the transaction ends: nobody else corrects or judges them; returns those that are there.

    Whoever holds several lines takes them at once, in the order of their ids, so that no two wait for each other.
    """
    wanted = select(LineRow.id).where(LineRow.id.in_(list(line_ids))).order_by(LineRow.id)
    return set(session.scalars(wanted.with_for_update(key_share=True)))


def keep(session: Session, claim: Claim, policy: Policy) -> Judgement:
    """Judge a claim and keep the judgement.

    Whoever changes a text of their own that was accepted takes it back, even if the new one is held.

    Raises:
        NotFound: there is no such line.
    """
    number = _lock(session, claim.line_id)
    standing = session.scalars(_standing(claim.line_id)).first()
    accepted = standing if standing is not None and standing.outcome == Outcome.ACCEPTED else None
    reviewed = accepted.text if accepted is not None and accepted.source == "label_studio" else None
    judgement = judge(claim, policy, reviewed=reviewed)
    if judgement.outcome is Outcome.HELD and accepted is not None and _own(accepted, claim):
        withdrawal = Judgement(Outcome.WITHDRAWN, "author", "Its author changed it, and the change waits for a review.")
        session.add(_row(Claim(claim.line_id, accepted.text, by=claim.by), withdrawal, number))
        number += 1
    session.add(_row(claim, judgement, number))
    session.flush()
    return judgement


def decide(session: Session, line_id: UUID, decision: Decision) -> Outcome:
    """Let an operator settle a text that is held; returns what is true of the line then.

    Raises:
        NotFound: there is no such line.
        StaleDocument: that text is not held, or no longer.
        Unstorable: there is no reason, or no database holds it.
    """
    refuse_bad_label(decision.why, "reason")
    number = _lock(session, line_id)
    if [held.text for held in held_texts(session, [line_id])] != [decision.text]:
        raise StaleDocument("This text is not held any more: look at the tab again. Nothing was changed.")
    held = session.scalars(
        select(AcceptanceRow).where(AcceptanceRow.line_id == line_id, AcceptanceRow.number == number - 1)
    ).one()
    standing = session.scalars(_standing(line_id)).first()
    reason = f"{decision.why} ({decision.by})"
    if not decision.accept and standing is not None and standing.outcome == Outcome.ACCEPTED:
        claim = Claim(line_id, standing.text, cast(Source, standing.source), standing.contributor_id)
        outcome = Outcome.ACCEPTED
    else:
        claim = Claim(line_id, held.text, by=held.contributor_id, plausibility=held.plausibility)
        typed = None if held.correction_id is None else session.get(CorrectionRow, held.correction_id)
        says_text = held.text.strip() and (typed is None or typed.verdict == "text")
        outcome = Outcome.ACCEPTED if decision.accept and says_text else Outcome.REFUSED
    session.add(_row(claim, Judgement(outcome, "operator", reason), number))
    session.flush()
    return outcome


def withdraw(session: Session, line_id: UUID, *, by: UUID | None, source: Source, reason: str) -> None:
    """End what was accepted for a line; where nothing stands, nothing is written.

    Raises:
        NotFound: there is no such line.
    """
    number = _lock(session, line_id)
    standing = session.scalars(_standing(line_id)).first()
    if standing is not None and standing.outcome == Outcome.ACCEPTED:
        withdrawal = Judgement(Outcome.WITHDRAWN, "withdrawal", reason)
        session.add(_row(Claim(line_id, standing.text, source, by), withdrawal, number))
        session.flush()


def held_texts(session: Session, line_ids: Iterable[UUID] | None = None) -> list[HeldText]:
    """The texts whose lines wait for a review and are still there, oldest first; of some lines or of all."""
    other = aliased(AcceptanceRow)
    newest = select(func.max(other.number)).where(other.line_id == AcceptanceRow.line_id).scalar_subquery()
    wanted = (
        select(AcceptanceRow)
        .join(LineRow, LineRow.id == AcceptanceRow.line_id)
        .join(PageRow, PageRow.id == LineRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(
            AcceptanceRow.outcome == Outcome.HELD,
            AcceptanceRow.number == newest,
            LineRow.retired_at.is_(None),
            DocumentRow.deleted_at.is_(None),
        )
    )
    if line_ids is not None:
        wanted = wanted.where(AcceptanceRow.line_id.in_(list(line_ids)))
    rows = session.scalars(wanted.order_by(AcceptanceRow.created_at, AcceptanceRow.id))
    return [HeldText(row.line_id, row.text, row.reason) for row in rows]


def _authority(claim: Claim, policy: Policy) -> tuple[str, str]:
    """The rule by which a claim may become ground truth, and the reason; an empty rule: none does."""
    if claim.source == "label_studio":
        return "reviewed", "Reviewed in Label Studio."
    if claim.source == "import":
        return "imported", "Imported as ground truth."
    if policy == "reviewed":
        return "", "Only reviewed texts count here."
    if claim.trusted:
        return "trusted", "Typed by somebody trusted."
    if claim.alike:
        return "alike", "Typed alike by two people."
    if policy == "everybody":
        return "everybody", "Typed by a contributor."
    return "", "Typed by one person who is not marked trusted."


def _says_text(claim: Claim) -> bool:
    return claim.verdict == "text" and bool(claim.text.strip())


def _own(accepted: AcceptanceRow, claim: Claim) -> bool:
    return (
        accepted.source == claim.source and accepted.contributor_id == claim.by and not alike(accepted.text, claim.text)
    )


def _standing(line_id: UUID) -> Select[AcceptanceRow]:
    """The newest judgement of a line that decides: one that was not held."""
    return (
        select(AcceptanceRow)
        .where(AcceptanceRow.line_id == line_id, AcceptanceRow.outcome != Outcome.HELD)
        .order_by(AcceptanceRow.number.desc())
        .limit(1)
    )


def _lock(session: Session, line_id: UUID) -> int:
    """The number of the line's next judgement; the line stays locked until the transaction ends."""
    if not lock(session, [line_id]):
        raise NotFound(f"There is no line {line_id}. Load the document again; nothing was stored.")
    newest = select(func.max(AcceptanceRow.number)).where(AcceptanceRow.line_id == line_id)
    return (session.scalar(newest) or 0) + 1


def _row(claim: Claim, judgement: Judgement, number: int) -> AcceptanceRow:
    return AcceptanceRow(
        line_id=claim.line_id,
        number=number,
        outcome=judgement.outcome,
        text=claim.text,
        source=claim.source,
        rule=judgement.rule,
        reason=judgement.reason,
        correction_id=claim.correction_id,
        contributor_id=claim.by,
        plausibility=claim.plausibility,
    )

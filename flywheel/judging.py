"""Judges what people typed, after it was stored: nobody waits for it, and what a crash left over is judged next time.

Only the newest correction of a line is judged, each once, however many processes judge, while the line is live and its
document not deleted; the judgement is kept by `flywheel.trust`.
"""

import logging
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from flywheel import trust
from flywheel.errors import FlywheelError
from flywheel.settings import Policy
from flywheel.store import Store
from flywheel.tables import AcceptanceRow, ContributorRow, CorrectionRow, DocumentRow, LineRow, PageRow
from flywheel.trust import Claim, Judgement
from recognizer.errors import RecognizerError
from recognizer.images import open_pages
from recognizer.line_crops import crop_line
from recognizer.page import Outline

log = logging.getLogger(__name__)

AT_ONCE = 64


class Sight(Protocol):
    """What judging needs of `recognizer.line_reader.LineReader`."""

    def plausibility(self, images: Sequence[NDArray[np.uint8]], texts: Sequence[str]) -> Sequence[float]:
        """How far each line's image bears its text out; see `recognizer.decoding.plausibility`."""


@dataclass(frozen=True, slots=True)
class Unjudged:
    """The newest correction of a line, and where its image is."""

    claim: Claim
    page_id: UUID
    owner: UUID
    polygon: Outline
    baseline: Outline | None


def judge_new(store: Store, policy: Policy, sight: Sight | None) -> list[Judgement]:
    """Judge every correction that is the newest of its line and has no judgement yet.

    Args:
        store: where they are.
        policy: whose word is enough.
        sight: asks the image; None: it is not asked.
    """
    made: list[Judgement] = []
    while found := _unjudged(store):
        seen = _look(store, found, sight)
        made += store.write(partial(_keep_due, seen=seen, policy=policy))
    return made


def _unjudged(store: Store) -> list[Unjudged]:
    later = aliased(CorrectionRow)
    newest = select(func.max(later.revision)).where(later.line_id == CorrectionRow.line_id).scalar_subquery()
    wanted = (
        select(CorrectionRow, ContributorRow, LineRow, DocumentRow.contributor_id)
        .join(ContributorRow, ContributorRow.id == CorrectionRow.contributor_id)
        .join(LineRow, LineRow.id == CorrectionRow.line_id)
        .join(PageRow, PageRow.id == LineRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .outerjoin(AcceptanceRow, AcceptanceRow.correction_id == CorrectionRow.id)
        .where(
            CorrectionRow.revision == newest,
            AcceptanceRow.id.is_(None),
            LineRow.retired_at.is_(None),
            DocumentRow.deleted_at.is_(None),
        )
        .order_by(CorrectionRow.created_at, CorrectionRow.id)
        .limit(AT_ONCE)
    )
    with store.reading() as session:
        return [_describe(session, *row) for row in session.execute(wanted)]


def _describe(session: Session, row: CorrectionRow, author: ContributorRow, line: LineRow, owner: UUID) -> Unjudged:
    claim = Claim(
        line_id=row.line_id,
        text=row.text,
        by=row.contributor_id,
        correction_id=row.id,
        verdict=row.verdict,
        trusted=author.trusted or author.role == "operator",
        alike=_somebody_else_typed(session, row),
    )
    baseline = None if line.baseline is None else _outline(line.baseline)
    return Unjudged(claim, line.page_id, owner, _outline(line.polygon), baseline)


def _somebody_else_typed(session: Session, row: CorrectionRow) -> bool:
    """Whether the newest text of another contributor for the same line is alike."""
    others = session.execute(
        select(CorrectionRow.contributor_id, CorrectionRow.text, CorrectionRow.verdict)
        .where(CorrectionRow.line_id == row.line_id, CorrectionRow.contributor_id != row.contributor_id)
        .order_by(CorrectionRow.revision)
    )
    newest = {other[0]: (other[1], other[2]) for other in others}
    return any(verdict == "text" and trust.alike(text, row.text) for text, verdict in newest.values())


def _keep_due(session: Session, seen: Sequence[Claim], policy: Policy) -> list[Judgement]:
    """Judge the claims that still are to be judged, which the locks on their lines keep true.

    While the images were asked, somebody may have typed again, forgotten a page, or judged faster.
    """
    there = trust.lock(session, (claim.line_id for claim in seen))
    return [trust.keep(session, claim, policy) for claim in seen if claim.line_id in there and _is_due(session, claim)]


def _is_due(session: Session, claim: Claim) -> bool:
    """Whether a claim is the newest of its line, and unjudged."""
    newest = select(CorrectionRow.id).where(CorrectionRow.line_id == claim.line_id)
    judged = select(AcceptanceRow.id).where(AcceptanceRow.correction_id == claim.correction_id)
    return (
        session.scalar(newest.order_by(CorrectionRow.revision.desc()).limit(1)) == claim.correction_id
        and session.scalar(judged) is None
    )


def _look(store: Store, found: Sequence[Unjudged], sight: Sight | None) -> list[Claim]:
    """The claims with what their images make of them; a page that cannot be opened bears nothing out.

    The image is asked about texts alone: nothing says how well it bears out that a line cannot be read.
    """
    claims = [unjudged.claim for unjudged in found if sight is None or unjudged.claim.verdict != "text"]
    if sight is None:
        return claims
    pages: dict[UUID, list[Unjudged]] = defaultdict(list)
    for unjudged in found:
        if unjudged.claim.verdict == "text":
            pages[unjudged.page_id].append(unjudged)
    for page_id, lines in pages.items():
        try:
            images = _crops(store, page_id, lines)
            scores = sight.plausibility(images, [line.claim.text for line in lines])
        except (FlywheelError, RecognizerError) as error:
            log.error("The corrections of page %s are held, for its image cannot be asked: %s", page_id, error)
            scores = [-math.inf] * len(lines)
        claims += [replace(line.claim, plausibility=score) for line, score in zip(lines, scores, strict=True)]
    return claims


def _crops(store: Store, page_id: UUID, lines: Sequence[Unjudged]) -> list[NDArray[np.uint8]]:
    image, _ = store.page_image(page_id, lines[0].owner)
    grey = next(iter(open_pages(image, name=f"page {page_id}"))).grey
    return [crop_line(grey, line.polygon, line.baseline) for line in lines]


def _outline(points: list[list[float]]) -> Outline:
    return tuple((x, y) for x, y in points)

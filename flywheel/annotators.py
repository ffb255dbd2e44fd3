"""How people label: what each of them answered, and how far their texts agree with other people's and with known ones.

The number of statements does not depend on how many labels there are; only lines with several opinions are loaded.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, case, distinct, func, or_, select
from sqlalchemy.orm import Session

from flywheel.labels import SAID, Label, is_newest
from flywheel.live_lines import live_lines
from flywheel.tables import ContributorRow, LabelRow, SampleRow
from recognizer.metrics import cer


@dataclass(frozen=True, slots=True)
class Annotator:
    """How one person labels.

    Attributes:
        name: as Label Studio calls them.
        labels: lines they answered.
        skipped: lines they skipped.
        compared: texts of other people for the same lines, or known ones, that theirs were held against.
        agreement: 1 - the CER of their texts against those; None: nothing to compare.
    """

    name: str
    labels: int
    skipped: int
    compared: int
    agreement: float | None


def compared_lines() -> Select[UUID | None]:
    """The live lines whose answers can be held against something: other people's, or a known text."""
    contested = (
        select(SampleRow.line_id)
        .join(LabelRow, LabelRow.sample_id == SampleRow.id)
        .where(SampleRow.line_id.is_not(None), LabelRow.verdict.in_(SAID))
        .group_by(SampleRow.line_id)
        .having(func.count(distinct(LabelRow.contributor_id)) > 1)
    )
    return select(SampleRow.line_id).where(
        SampleRow.line_id.in_(live_lines()), or_(SampleRow.known, SampleRow.line_id.in_(contested))
    )


def annotators(
    session: Session, opinions: Mapping[UUID, Sequence[Label]], known: Mapping[UUID, Label]
) -> list[Annotator]:
    """Everybody who answered or skipped something, by name.

    Args:
        session: of a transaction.
        opinions: what people say of the lines that can be compared.
        known: the texts of those lines that were known before anybody was asked.
    """
    pairs: dict[UUID, list[tuple[str, str]]] = defaultdict(list)
    for line_id, labels in opinions.items():
        texts = [label for label in labels if label.says_text]
        for label in texts:
            against = [known[line_id]] if line_id in known else [other for other in texts if other is not label]
            pairs[label.contributor_id] += [(other.text, label.text) for other in against]
    return [
        Annotator(
            name=name,
            labels=answered,
            skipped=skipped,
            compared=len(pairs[person]),
            agreement=max(1 - cer(pairs[person]), 0.0) if pairs[person] else None,
        )
        for person, name, answered, skipped in session.execute(_counted())
    ]


def _counted() -> Select[UUID, str, int, int]:
    """Everybody with how many answers and how many skipped tasks of theirs stand."""
    skipped = LabelRow.verdict == "skipped"
    return (
        select(
            ContributorRow.id,
            ContributorRow.name,
            func.count(case((~skipped, LabelRow.id))),
            func.count(case((skipped, LabelRow.id))),
        )
        .join(LabelRow, LabelRow.contributor_id == ContributorRow.id)
        .where(is_newest(), LabelRow.verdict != "deleted")
        .group_by(ContributorRow.id, ContributorRow.name)
        .order_by(ContributorRow.name, ContributorRow.id)
    )

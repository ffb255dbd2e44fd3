"""What became ground truth and why: one row for each judgement of a line's text, append-only.

    lines ── acceptances ── corrections
                        └── contributors

`flywheel.trust` says how the rows of a line are read together. Triggers (in the migrations) refuse UPDATE always, and
DELETE unless whoever's words they are, or whoever's page it is, has a row in ``erasures``.
"""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from flywheel.tables.base import Base, now


class AcceptanceRow(Base):
    """One judgement of what a line holds; ``number`` counts those of one line from 1 and says which is the newest.

    ``contributor_id`` is whose words were judged; ``plausibility`` is what the image made of them where it was asked.
    """

    __tablename__ = "acceptances"
    __table_args__ = (
        UniqueConstraint("line_id", "number"),
        CheckConstraint("number >= 1", "number"),
        CheckConstraint("outcome IN ('accepted', 'held', 'refused', 'withdrawn')", "outcome"),
        CheckConstraint("source IN ('label_studio', 'correction', 'import')", "source"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("lines.id"))
    number: Mapped[int]
    outcome: Mapped[str]
    text: Mapped[str]
    source: Mapped[str]
    rule: Mapped[str]
    reason: Mapped[str]
    correction_id: Mapped[UUID | None] = mapped_column(ForeignKey("corrections.id"), unique=True)
    contributor_id: Mapped[UUID | None] = mapped_column(ForeignKey("contributors.id"), index=True)
    plausibility: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

"""How people and programs prove who they are: what they hold of ours, and how often somebody guessed wrong.

Tokens are never stored, only their SHA-256: who reads the database cannot log in with what is there.
"""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from flywheel.tables.base import Base, Sha256, now


class AccessRow(Base):
    """One login of a browser (``kind`` "session") or one token of a program ("program"), until it ends."""

    __tablename__ = "accesses"
    __table_args__ = (CheckConstraint("kind IN ('session', 'program')", "kind"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    contributor_id: Mapped[UUID] = mapped_column(ForeignKey("contributors.id"), index=True)
    kind: Mapped[str]
    token_sha256: Mapped[str] = mapped_column(Sha256, unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class LoginFailuresRow(Base):
    """Failed logins in a row, of one name or from one address; the subject is hashed, as people mistype secrets."""

    __tablename__ = "login_failures"
    subject_sha256: Mapped[str] = mapped_column(Sha256, primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(default=now, index=True)

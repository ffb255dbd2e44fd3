"""What lets a browser or a program in once its owner is known: random tokens, stored as their SHA-256 alone."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Literal
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from flywheel.accounts import Role, end_accesses
from flywheel.errors import NotFound
from flywheel.store import Store
from flywheel.tables import AccessRow, ContributorRow, now

Kind = Literal["session", "program"]

SESSION_LASTS = timedelta(days=30)
SESSION_SLEEPS = timedelta(days=7)
"""A browser that has not been heard of for so long is logged out."""

SEEN_EVERY = timedelta(minutes=5)
KEPT = timedelta(days=30)  # how long an ended session is remembered
PROGRAM_PREFIX = "inkloop_"


@dataclass(frozen=True, slots=True)
class Asker:
    """On whose behalf a request acts, and what they may do."""

    contributor_id: UUID
    name: str
    role: Role
    trusted: bool


def begin_session(session: Session, contributor: UUID) -> str:
    """A token for a browser that has just proved who it is; never one that it brought along."""
    session.execute(
        delete(AccessRow).where(AccessRow.kind == "session", AccessRow.last_seen_at < now() - SESSION_LASTS - KEPT)
    )
    token = secrets.token_urlsafe(32)
    session.add(
        AccessRow(
            contributor_id=contributor,
            kind="session",
            token_sha256=_digest(token),
            expires_at=now() + SESSION_LASTS,
        )
    )
    return token


def add_program(store: Store, name: str) -> str:
    """A token for the programs of an account; it works until it is revoked, and is shown only now.

    Raises:
        NotFound: there is no account of that name, or it is disabled.
    """
    token = PROGRAM_PREFIX + secrets.token_urlsafe(32)
    with store.writing() as session:
        session.add(AccessRow(contributor_id=_enabled(session, name), kind="program", token_sha256=_digest(token)))
    return token


def revoke_programs(store: Store, name: str) -> None:
    """Make every token of an account's programs worthless.

    Raises:
        NotFound: there is no account of that name, or it is disabled: its tokens are worthless already.
    """
    with store.writing() as session:
        end_accesses(session, _enabled(session, name), kind="program")


def find_asker(store: Store, token: str, *, kind: Kind) -> Asker | None:
    """Who holds a token; None where it is unknown, ended, or its owner disabled."""
    moment = now()
    with store.reading() as session:
        found = session.execute(
            select(AccessRow, ContributorRow)
            .join(ContributorRow, ContributorRow.id == AccessRow.contributor_id)
            .where(AccessRow.token_sha256 == _digest(token), AccessRow.kind == kind, AccessRow.revoked_at.is_(None))
            .where(or_(AccessRow.expires_at.is_(None), AccessRow.expires_at > moment))
            .where(or_(AccessRow.kind == "program", AccessRow.last_seen_at > moment - SESSION_SLEEPS))
            .where(ContributorRow.disabled_at.is_(None))
        ).first()
        if found is None:
            return None
        access, owner = found
        asker = Asker(owner.id, owner.name, Role(owner.role), owner.trusted)
        seen = access.last_seen_at
        access_id = access.id
    if seen < moment - SEEN_EVERY:
        with store.writing() as session:
            session.execute(update(AccessRow).where(AccessRow.id == access_id).values(last_seen_at=moment))
    return asker


def end_session(store: Store, token: str) -> None:
    """Log one browser out; a token that is none is none afterwards too."""
    with store.writing() as session:
        session.execute(
            update(AccessRow)
            .where(AccessRow.token_sha256 == _digest(token), AccessRow.kind == "session")
            .where(AccessRow.revoked_at.is_(None))
            .values(revoked_at=now())
        )


def _enabled(session: Session, name: str) -> UUID:
    found = session.scalar(
        select(ContributorRow.id)
        .where(ContributorRow.name == name, ContributorRow.password_hash.is_not(None))
        .where(ContributorRow.disabled_at.is_(None))
    )
    if found is None:
        raise NotFound(f"There is no account {name!r} that may log in. `python -m flywheel account list` shows them.")
    return found


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

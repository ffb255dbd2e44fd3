"""That somebody was forgotten is remembered, and of who it was a hash alone, so that nothing of theirs comes back."""

from collections.abc import Iterable
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flywheel.tables import ForgettingRow

FORGETTING = "forgetting"
"""The turn (`flywheel.locks.in_turn`) of whoever forgets, and of whoever keeps what was read a while ago."""


def remember(session: Session, names: Iterable[str]) -> None:
    """Note that these people were forgotten; without a name, that a page was."""
    people: list[str | None] = [_hash(name) for name in names]
    session.add_all(ForgettingRow(person_sha256=person) for person in people or [None])


def forgotten_among(session: Session, names: Iterable[str]) -> set[str]:
    """Those of these people that were forgotten."""
    hashes = {_hash(name): name for name in names}
    found = session.scalars(select(ForgettingRow.person_sha256).where(ForgettingRow.person_sha256.in_(hashes)))
    return {hashes[person] for person in found if person is not None}


def forgettings(session: Session) -> int:
    """How often somebody or a page was forgotten: another number than before means that what was read before may be."""
    return session.scalar(select(func.count()).select_from(ForgettingRow)) or 0


def _hash(name: str) -> str:
    return sha256(name.encode()).hexdigest()

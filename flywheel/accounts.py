"""Accounts: contributors who may log in, what each may do, and whose word is ground truth without a review."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from flywheel import additions, passwords
from flywheel.additions import LOCAL
from flywheel.errors import BadAccount, NotFound
from flywheel.store import Store
from flywheel.tables import AccessRow, ContributorRow, now

LONGEST_NAME = 64
NO_OPERATOR = (
    "People have to log in, and nobody can who may look after this Inkloop. Make the first account of that kind: "
    "python -m flywheel account add NAME --role operator"
)


class Role(StrEnum):
    """What an account may do; each may also do what those before it may."""

    READER = "reader"
    ANNOTATOR = "annotator"
    OPERATOR = "operator"

    def includes(self, least: "Role") -> bool:
        """Whether this role may do what ``least`` may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(least)


@dataclass(frozen=True, slots=True)
class Account:
    """One contributor as operators see them.

    Attributes:
        id: names the contributor.
        name: what they log in with.
        role: what they may do.
        trusted: what they type needs no review.
        can_log_in: they have a password and are not disabled.
        disabled_at: since when they may not log in; None: they may.
        sessions: browsers that are logged in.
        programs: tokens that still work.
        last_seen_at: when one of these last asked for something.
    """

    id: UUID
    name: str
    role: Role
    trusted: bool
    can_log_in: bool
    disabled_at: datetime | None
    sessions: int
    programs: int
    last_seen_at: datetime | None


def local_contributor(store: Store) -> UUID:
    """The one contributor of an Inkloop without accounts: an operator, made at the first use."""
    with store.reading() as session:
        found = session.scalar(select(ContributorRow.id).where(ContributorRow.name == LOCAL))
    return found or store.contributor(LOCAL)


def add_account(store: Store, name: str, *, password: str, role: Role, trusted: bool = False) -> Account:
    """Let a person log in; a contributor of that name who has no password yet keeps their pages.

    Raises:
        BadAccount: the name or the password cannot be one, or there is an account of that name.
    """
    _refuse_bad_name(name)
    kept = passwords.hashed(password)
    with store.writing() as session:
        row = session.get_one(ContributorRow, additions.contributor(session, name), with_for_update=True)
        if row.password_hash is not None:
            raise BadAccount(f"There is an account {name!r} already. Choose another name, or change its password.")
        row.password_hash, row.role, row.trusted, row.disabled_at = kept, role, trusted, None
        session.flush()
        return _account(session, row)


def accounts(store: Store) -> list[Account]:
    """Every contributor, by name."""
    with store.reading() as session:
        rows = session.scalars(select(ContributorRow).order_by(ContributorRow.name)).all()
        return [_account(session, row) for row in rows]


def has_operator(store: Store) -> bool:
    """Whether anybody can log in who may do everything."""
    with store.reading() as session:
        found = session.scalar(
            select(ContributorRow.id)
            .where(ContributorRow.role == Role.OPERATOR)
            .where(ContributorRow.password_hash.is_not(None), ContributorRow.disabled_at.is_(None))
            .limit(1)
        )
    return found is not None


def change_password(store: Store, name: str, password: str) -> Account:
    """Give an account another password, and log it out everywhere.

    Raises:
        BadAccount: this cannot be a password.
        NotFound: there is no account of that name.
    """
    kept = passwords.hashed(password)
    with _changed(store, name) as (session, row):
        row.password_hash = kept
        end_accesses(session, row.id, kind="session")
        return _account(session, row)


def change_role(store: Store, name: str, role: Role) -> Account:
    """Let an account do more, or less, from now on.

    Raises:
        NotFound: there is no account of that name.
    """
    with _changed(store, name) as (session, row):
        row.role = role
        return _account(session, row)


def change_trust(store: Store, name: str, *, trusted: bool) -> Account:
    """Say whether what a person types needs a review; what was accepted before stays.

    Raises:
        NotFound: there is no account of that name.
    """
    with _changed(store, name) as (session, row):
        row.trusted = trusted
        return _account(session, row)


def disable(store: Store, name: str) -> Account:
    """Log an account out everywhere, for good; its pages and corrections stay.

    Raises:
        NotFound: there is no account of that name.
    """
    with _changed(store, name) as (session, row):
        row.disabled_at = row.disabled_at or now()
        end_accesses(session, row.id)
        return _account(session, row)


def enable(store: Store, name: str) -> Account:
    """Let a disabled account log in again.

    Raises:
        NotFound: there is no account of that name.
    """
    with _changed(store, name) as (session, row):
        row.disabled_at = None
        return _account(session, row)


def end_accesses(session: Session, contributor: UUID, *, kind: str | None = None) -> None:
    """Make what a contributor's browsers ("session") or programs ("program") hold worthless; None: both."""
    open_ones = update(AccessRow).where(AccessRow.contributor_id == contributor, AccessRow.revoked_at.is_(None))
    session.execute((open_ones if kind is None else open_ones.where(AccessRow.kind == kind)).values(revoked_at=now()))


@contextmanager
def _changed(store: Store, name: str) -> Iterator[tuple[Session, ContributorRow]]:
    _refuse_bad_name(name)
    with store.writing() as session:
        row = session.scalar(select(ContributorRow).where(ContributorRow.name == name).with_for_update())
        if row is None or row.password_hash is None:
            raise NotFound(f"There is no account {name!r}. `python -m flywheel account list` shows those there are.")
        yield session, row


def _account(session: Session, row: ContributorRow) -> Account:
    session.flush()
    held = {
        kind: (number, last)
        for kind, number, last in session.execute(
            select(AccessRow.kind, func.count(), func.max(AccessRow.last_seen_at))
            .where(AccessRow.contributor_id == row.id, AccessRow.revoked_at.is_(None))
            .where(AccessRow.expires_at.is_(None) | (AccessRow.expires_at > now()))
            .group_by(AccessRow.kind)
        )
    }
    return Account(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        trusted=row.trusted,
        can_log_in=row.password_hash is not None and row.disabled_at is None,
        disabled_at=row.disabled_at,
        sessions=held.get("session", (0, None))[0],
        programs=held.get("program", (0, None))[0],
        last_seen_at=max((last for _, last in held.values()), default=None),
    )


def _refuse_bad_name(name: str) -> None:
    if not 1 <= len(name) <= LONGEST_NAME or name != name.strip() or not name.isprintable():
        raise BadAccount(
            f"{name!r} cannot be the name of an account. Give 1 to {LONGEST_NAME} printable characters "
            "without a space at either end."
        )

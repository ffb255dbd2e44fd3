"""Logging in: a name and a password against an account, and ever longer waits for whoever guesses.

Failures are counted per name and per address, in the store: a restart forgives nobody. An attempt counts as failed
from its beginning until the password has been found right, so that attempts made at once cannot slip through.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from flywheel import passwords
from flywheel.accesses import begin_session
from flywheel.errors import BadLogin, TooManyLogins
from flywheel.store import Store
from flywheel.tables import ContributorRow, LoginFailuresRow, now

FREE_FOR_NAME = 5
FREE_FOR_ADDRESS = 20
FIRST_WAIT_SECONDS = 5
LONGEST_WAIT_SECONDS = 900
FORGIVEN_AFTER = timedelta(hours=24)
BAD_LOGIN = "This name and this password do not belong together. Check both, or ask an operator for a new password."


def log_in(store: Store, name: str, password: str, *, address: str) -> str:
    """A token for a new session of an account.

    Args:
        store: where accounts are.
        name: as typed; spaces around it are not its own.
        password: as typed.
        address: where the attempt comes from.

    Raises:
        TooManyLogins: too many attempts with this name or from this address have failed; nothing was compared.
        BadLogin: there is no such account, or it has another password, or is disabled: told alike.
    """
    name = name.strip()
    subjects = (_subject("name", name), _subject("address", _neighbourhood(address)))
    with store.writing() as session:
        _refuse_impatient(session, subjects)
    with store.reading() as session:
        kept = (
            session.scalar(
                select(ContributorRow.password_hash).where(
                    ContributorRow.name == name, ContributorRow.disabled_at.is_(None)
                )
            )
            if _storable(name)
            else None
        )
    if not passwords.fits(password, kept) or kept is None:
        raise BadLogin(BAD_LOGIN)
    anew = passwords.hashed(password) if passwords.is_outdated(kept) else kept
    with store.writing() as session:
        _forgive(session, subjects)
        return _let_in(session, name, kept=kept, anew=anew)


def _let_in(session: Session, name: str, *, kept: str, anew: str) -> str:
    row = session.scalar(
        select(ContributorRow)
        .where(ContributorRow.name == name, ContributorRow.password_hash == kept)
        .where(ContributorRow.disabled_at.is_(None))
        .with_for_update()
    )
    if row is None:  # changed or disabled while the password was compared
        raise BadLogin(BAD_LOGIN)
    row.password_hash = anew
    return begin_session(session, row.id)


def _refuse_impatient(session: Session, subjects: Sequence[str]) -> None:
    """Count the attempt as failed, unless one of its subjects has to wait."""
    moment = now()
    session.execute(delete(LoginFailuresRow).where(LoginFailuresRow.last_at < moment - FORGIVEN_AFTER))
    rows = [_counted(session, subject, moment) for subject in subjects]
    waits = [_wait(row, free, moment) for row, free in zip(rows, (FREE_FOR_NAME, FREE_FOR_ADDRESS), strict=True)]
    if max(waits) > 0:
        raise TooManyLogins(seconds=max(waits), of="with this name" if waits[0] else "from this address")
    for row in rows:
        row.failures, row.last_at = row.failures + 1, moment


def _counted(session: Session, subject: str, moment: datetime) -> LoginFailuresRow:
    row = session.get(LoginFailuresRow, subject, with_for_update=True)
    if row is not None:
        return row
    try:
        with session.begin_nested():
            session.add(row := LoginFailuresRow(subject_sha256=subject, failures=0, last_at=moment))
    except IntegrityError:  # another process counts its first failure at this moment
        return session.get_one(LoginFailuresRow, subject, with_for_update=True, populate_existing=True)
    return row


def _wait(row: LoginFailuresRow, free: int, moment: datetime) -> int:
    """Whole seconds until the next attempt: none for the first failures, then twice as long after each."""
    if row.failures < free:
        return 0
    wait = min(FIRST_WAIT_SECONDS * 2 ** min(row.failures - free, 20), LONGEST_WAIT_SECONDS)
    left = (row.last_at + timedelta(seconds=wait) - moment).total_seconds()
    return max(0, -int(-left // 1))


def _forgive(session: Session, subjects: Sequence[str]) -> None:
    """Forget the name's failures; of the address's, only this attempt: it may guess at other names meanwhile."""
    name, address = subjects
    session.execute(delete(LoginFailuresRow).where(LoginFailuresRow.subject_sha256 == name))
    session.execute(
        update(LoginFailuresRow)
        .where(LoginFailuresRow.subject_sha256 == address, LoginFailuresRow.failures > 0)
        .values(failures=LoginFailuresRow.failures - 1)
    )


def _subject(kind: str, value: str) -> str:
    return sha256(f"{kind}:{value}".encode("utf-8", "surrogatepass")).hexdigest()


def _neighbourhood(address: str) -> str:
    """One subject for all the addresses that one line to the internet has: for IPv6 the whole /64."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(parsed) if parsed.version == 4 else str(ip_network((parsed, 64), strict=False))


def _storable(name: str) -> bool:
    """Whether a database can be asked for such a name at all."""
    return not any(character == "\0" or "\ud800" <= character <= "\udfff" for character in name)

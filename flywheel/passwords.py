"""Passwords: what may be one, how one is kept (Argon2id), how one is compared.

A comparison takes the same time whether or not there is such a name, and only so many run at once: each fills 64 MiB.
"""

import secrets
from functools import cache
from threading import BoundedSemaphore
from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from flywheel.errors import BadAccount

SHORTEST = 10
LONGEST = 256
HASHER = PasswordHasher()
"""The parameters of today (RFC 9106); a password kept with others is kept anew when its owner next logs in."""

_AT_ONCE = BoundedSemaphore(4)


def hashed(password: str) -> str:
    """What is kept of a password.

    Raises:
        BadAccount: it is too short or too long.
    """
    refuse_bad_password(password)
    with _AT_ONCE:
        return HASHER.hash(_as_typed_anywhere(password))


def refuse_bad_password(password: str) -> None:
    """Return if this may be a password.

    Raises:
        BadAccount: it is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadAccount(f"A password has {SHORTEST} to {LONGEST} characters; this one has {len(password)}.")


def fits(password: str, kept: str | None) -> bool:
    """Whether a password is the kept one; None (there is no such name, or no password) fits none, as slowly."""
    against = _nobodys(HASHER) if kept is None else kept
    try:
        with _AT_ONCE:
            HASHER.verify(against, _as_typed_anywhere(password[: LONGEST + 1]))
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether a password was kept with parameters other than today's."""
    return HASHER.check_needs_rehash(kept)


def generate() -> str:
    """A password that nobody guesses."""
    return secrets.token_urlsafe(15)


def _as_typed_anywhere(password: str) -> bytes:
    """One byte string for what different keyboards make of the same characters; half a surrogate pair is kept."""
    return normalize("NFKC", password).encode("utf-8", "surrogatepass")


@cache
def _nobodys(hasher: PasswordHasher) -> str:
    return hasher.hash(secrets.token_bytes(32))

"""Every error the web raises on purpose, beside those of the recognizer and the flywheel.

    DemoError
    ├── Busy            as many files are being read as may wait
    ├── NoWriting       not one line was found in the whole file
    ├── BadRequest      a request that breaks the contract, or that another site made
    ├── BodyTooLarge    more bytes than an upload may have
    ├── NoSuchAddress   nothing is served there
    ├── NotLoggedIn     accounts are on, and nobody has said who asks
    └── Forbidden       the account has a role that may not do this

A message says what is wrong, where, and what to do; the page and the API show the same one.
"""


class DemoError(Exception):
    """Root of the tree; catch it to catch everything the web raises on purpose."""


class Busy(DemoError):
    """As many files are being read as may wait; nothing was stored."""


class NoWriting(DemoError):
    """Not one line was found in the whole file; it is kept, with its page images."""


class BadRequest(DemoError):
    """A request that breaks the contract, or that a page of another site made; nothing was stored."""


class BodyTooLarge(DemoError):
    """More bytes than an upload may have; nothing was stored."""


class NoSuchAddress(DemoError):
    """Nothing is served at that address, or not with that method."""


class NotLoggedIn(DemoError):
    """Accounts are on, and the request names none that may come in."""

    def __init__(self) -> None:
        super().__init__(
            "Nobody is logged in, or no longer. Log in at /login and do this again; a program sends "
            "Authorization: Bearer with a token from `python -m flywheel account token NAME`."
        )


class Forbidden(DemoError):
    """The account has a role that may not do this; nothing was stored."""

    def __init__(self, *, role: str, name: str, has: str) -> None:
        super().__init__(f"This is for {role}s, and {name} is {_article(has)} {has}. Ask an operator to do it for you.")


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"

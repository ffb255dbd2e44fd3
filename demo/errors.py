"""Every error the web raises on purpose, beside those of the recognizer and the flywheel.

    DemoError
    ├── Busy            as many files are being read as may wait
    ├── NoWriting       not one line was found in the whole file
    ├── BadRequest      a request that breaks the contract, or that another site made
    ├── BodyTooLarge    more bytes than an upload may have
    └── NoSuchAddress   nothing is served there

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

"""Every error the flywheel raises on purpose.

    FlywheelError
    ├── BadSettings         an INKLOOP_ variable is misspelt or has a value that cannot work
    ├── StoreUnavailable    the database cannot be reached, is locked, or has other tables than this code
    │   └── WriteConflict   the database let another transaction go first that changed the same rows: try again
    ├── NotFound            no such thing, or not this contributor's: the two are told alike on purpose
    ├── StaleDocument       the document is no longer as the asker saw it: a page too many, a line retired or corrected
    ├── BadOutline          a box that a person drew has no size, or lies outside its page
    ├── Unstorable          a value that no database holds as given: NUL, half a surrogate pair, a negative duration
    ├── BrokenBlob          a file of the blob store is missing, altered, or cannot be written
    ├── BadAccount          a name or a password that no account can have, or a name that one has already
    ├── BadLogin            no account has this name and this password
    ├── TooManyLogins       too many logins with this name or from this address have failed: wait
    ├── WheelStopped        a turn of the wheel cannot go on; the model that serves is as it was
    │   ├── UnfitSnapshot   there is no ground truth, or it breaks an expectation; rows are named
    │   ├── NotPromotable   the gate has not let this model through, or it may no longer be used
    │   └── Cancelled       a person stopped it
    └── LabelStudioError    the loop with Label Studio cannot go on; what waits in the outbox stays there
        ├── LabelStudioUnset        the settings name no server, or no token
        ├── LabelStudioUnreachable  nobody answers, not in time, or not as Label Studio does
        ├── LabelStudioBusy         it answers that it cannot serve now
        ├── LabelStudioRefused      it does not accept the token, or what was sent
        ├── ProjectGone             a project of ours was deleted there
        ├── ProjectUnfit            a project of that name holds a labelling config that ours cannot replace
        └── SyncRunning             another push or pull is under way

A message says what is wrong, where, and what to do. Command lines print it; the web shows it.
"""


class FlywheelError(Exception):
    """Root of the tree; catch it to catch everything the flywheel raises on purpose."""


class BadSettings(FlywheelError):
    """An INKLOOP_ variable is unknown or has a value that cannot work."""


class StoreUnavailable(FlywheelError):
    """The database cannot be reached, stayed locked, or its tables are not those of this code."""


class WriteConflict(StoreUnavailable):
    """Two transactions changed the same rows, and the database let the other one go first; nothing was stored."""


class NotFound(FlywheelError):
    """There is no such thing, or it belongs to another contributor; nothing was stored."""


class StaleDocument(FlywheelError):
    """The document is no longer as the asker saw it; nothing was stored.

    The page is kept already or lies beyond the last, or a line has been retired or corrected in the meantime.
    """


class BadOutline(FlywheelError):
    """A box that a person drew has no size, or lies outside its page; nothing was stored."""


class Unstorable(FlywheelError):
    """A value cannot be stored exactly as given; nothing was stored."""


class BrokenBlob(FlywheelError):
    """A file of the blob store is missing, was altered, or cannot be written."""


class BadAccount(FlywheelError):
    """A name or a password cannot be an account's, or the name is taken; nothing was stored."""


class BadLogin(FlywheelError):
    """No account has this name and this password; which of the two is wrong, nobody is told."""


class TooManyLogins(FlywheelError):
    """Too many logins have failed; the password was not even compared.

    Attributes:
        seconds: how long to wait before the next attempt.
    """

    def __init__(self, *, seconds: int, of: str) -> None:
        self.seconds = seconds
        minutes = -(-seconds // 60)
        wait = f"{minutes} minutes" if seconds > 90 else "1 second" if seconds == 1 else f"{seconds} seconds"
        super().__init__(f"Too many logins {of} have failed. Wait {wait}, then try again.")


class WheelStopped(FlywheelError):
    """A turn of the wheel cannot go on; the model that serves is as it was."""


class UnfitSnapshot(WheelStopped):
    """There is no ground truth to train or test on, or it breaks an expectation; the message names rows."""


class NotPromotable(WheelStopped):
    """The gate has not let this model through, or a forgotten page was in what it learnt from."""


class Cancelled(WheelStopped):
    """A person stopped the run; nothing was promoted."""


class LabelStudioError(FlywheelError):
    """The loop with Label Studio cannot go on now; nothing is lost, and the next push or pull takes it up."""


class LabelStudioUnset(LabelStudioError):
    """The settings name no Label Studio server, or no token for it."""


class LabelStudioUnreachable(LabelStudioError):
    """Nobody answers at the address, not within the time-out, or not as Label Studio does."""


class LabelStudioBusy(LabelStudioError):
    """Label Studio, or a proxy before it, answers that it cannot serve now."""


class LabelStudioRefused(LabelStudioError):
    """Label Studio does not accept the token, or refuses what was sent."""


class ProjectGone(LabelStudioError):
    """A project of ours was deleted in Label Studio; only a person decides to begin a new one."""


class ProjectUnfit(LabelStudioError):
    """A project of our name cannot be used: its labelling config would lose labels, or two have that name."""


class SyncRunning(LabelStudioError):
    """Another process pushes or pulls at this moment."""

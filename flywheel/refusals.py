"""What no database holds exactly as given, refused with a sentence before anything is stored.

The checks live in one place because both engines must refuse the same things: PostgreSQL has no U+0000 in its texts,
half a surrogate pair has no UTF-8, and an integer column ends at 2³¹.
"""

from math import isfinite

from flywheel.errors import Unstorable

LONGEST_LABEL = 200
LARGEST_INTEGER = 2**31 - 1


def is_unstorable(character: str) -> bool:
    """Whether some database has no place for a character in its texts."""
    return character == "\0" or "\ud800" <= character <= "\udfff"


def refuse_unstorable(text: str, where: str) -> None:
    """Return if every database can hold the text; ``where`` opens the sentence.

    Raises:
        Unstorable: it cannot.
    """
    for place, character in enumerate(text):
        if is_unstorable(character):
            raise Unstorable(
                f"{where} holds U+{ord(character):04X} at character {place + 1}, which no database stores. Remove it."
            )


def refuse_bad_label(text: str, what: str) -> None:
    """Return if the text can name a person, a hand or a collection.

    Raises:
        Unstorable: it is empty, too long, or holds what databases refuse.
    """
    refuse_unstorable(text, f"The {what}")
    if not text.strip() or len(text) > LONGEST_LABEL:
        raise Unstorable(f"A {what} has 1 to {LONGEST_LABEL} characters; this one has {len(text)}.")


def refuse_bad_number(value: float, what: str) -> None:
    """Return if the value is a duration or a size.

    Raises:
        Unstorable: it is negative or not finite.
    """
    if not isfinite(value) or value < 0:
        raise Unstorable(f"{what} are {value}. Give a finite number from 0 up.")


def refuse_bad_effort(seconds: float | None, keystrokes: int | None, where: str) -> None:
    """Return if what was measured of a person's work on a line can be kept; None: not measured.

    Raises:
        Unstorable: a number is negative, not finite or too large.
    """
    if seconds is not None:
        refuse_bad_number(seconds, f"{where}: seconds")
    if keystrokes is not None and not 0 <= keystrokes <= LARGEST_INTEGER:
        raise Unstorable(f"{where}: keystrokes are {keystrokes}. Give a count from 0 up, or none.")

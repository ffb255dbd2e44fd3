"""Numbers on a command line that have to make sense: what does not is misuse, told by its option."""

import argparse
from math import isfinite


def positive(text: str) -> float:
    """A finite number above 0.

    Raises:
        ArgumentTypeError: it is another one.
    """
    number = float(text)
    if not (isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError(f"{text} is no finite number above 0")
    return number


def from_zero(text: str) -> float:
    """A finite number from 0 up.

    Raises:
        ArgumentTypeError: it is another one.
    """
    number = float(text)
    if not (isfinite(number) and number >= 0):
        raise argparse.ArgumentTypeError(f"{text} is no finite number from 0 up")
    return number

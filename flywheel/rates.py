"""Shares and error rates that say how sure they are: few lines give wide bounds, many give narrow ones."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Z = 1.96
"""Standard errors on either side that hold 95 % of a normal distribution."""

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rate:
    """A part of a whole, summed over lines, with the bounds of its 95 % interval; None where there is no whole."""

    value: float | None
    low: float | None
    high: float | None
    part: int
    whole: int


@dataclass(frozen=True, slots=True)
class Mean:
    """An average over the lines that were measured; None where none was."""

    value: float | None
    lines: int


def rate(part: Integers, whole: Integers) -> Rate:
    """The rate over all lines, ``part`` and ``whole`` counted for each."""
    return rates(part, whole, group=np.zeros(len(part), np.int64), groups=1)[0]


def rates(part: Integers, whole: Integers, *, group: Integers, groups: int) -> list[Rate]:
    """The rate of each group of lines.

    The bounds are the wider of two: a ratio's standard error over lines, because errors come in bad lines together,
    and Wilson's interval over single characters or words, which stays honest where there is one line or no error.

    Args:
        part: of each line, such as its edits.
        whole: of each line, such as its characters.
        group: of each line, from 0.
        groups: how many there are; an empty one has no value.

    Sources: Cochran 1977, Sampling Techniques, section 2.11; Wilson 1927, https://doi.org/10.2307/2276774.
    """

    def summed(values: Integers) -> NDArray[np.float64]:
        return np.bincount(group, values, groups).astype(np.float64)

    columns = (summed(part), summed(whole), summed(part * part), summed(part * whole), summed(whole * whole))
    lines = np.bincount(group, minlength=groups)
    return [_rate(*(float(column[g]) for column in columns), lines=int(lines[g])) for g in range(groups)]


def means(values: NDArray[np.float64], *, group: Integers, groups: int) -> list[Mean]:
    """The average of each group of lines; NaN: not measured."""
    measured = ~np.isnan(values)
    lines = np.bincount(group[measured], minlength=groups)
    sums = np.bincount(group[measured], values[measured], groups)
    return [Mean(float(sums[g] / lines[g]) if lines[g] else None, int(lines[g])) for g in range(groups)]


def share(part: int, whole: int) -> Rate:
    """The rate of independent single things, such as words."""
    if whole == 0:
        return Rate(None, None, None, 0, 0)
    return Rate(part / whole, *_wilson(part, whole), part, whole)


def _rate(part: float, whole: float, squares: float, products: float, wholes: float, *, lines: int) -> Rate:
    if whole == 0:
        return Rate(None, None, None, int(part), 0)
    value = part / whole
    spread = 0.0
    if lines > 1:
        residuals = max(squares - 2 * value * products + value * value * wholes, 0.0)
        spread = Z * sqrt(lines / (lines - 1) * residuals) / whole
    low, high = _wilson(min(part, whole), whole)
    return Rate(value, max(0.0, min(low, value - spread)), max(high, value + spread), int(part), int(whole))


def _wilson(part: float, whole: float) -> tuple[float, float]:
    share = part / whole
    centre = share + Z * Z / (2 * whole)
    reach = Z * sqrt(share * (1 - share) / whole + Z * Z / (4 * whole * whole))
    below = 1 + Z * Z / whole
    return max(0.0, (centre - reach) / below), min(1.0, (centre + reach) / below)

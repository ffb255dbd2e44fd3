"""What more lines of a hand would bring: a power law, begun from published figures and bent by one's own trainings.

A model that has learnt from n lines of its writers keeps (1 + n / 3) ** -b of the CER it began with. The published
−25 % after 16 and −50 % after 256 lines (arXiv 2302.06308) give b = 0.156, which counts as one training; each of our
own, as far as the gate measured it, counts as another.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

SCALE_LINES = 3.0
PUBLISHED = 0.156
BOUND = 0.6  # no exponent beyond it: one lucky training must not promise wonders


@dataclass(frozen=True, slots=True)
class Step:
    """One training as the gate measured it: lines learnt before and after, CER before and after."""

    lines_before: int
    lines_after: int
    cer_before: float
    cer_after: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What more lines would bring, as far as anybody can tell.

    Attributes:
        cer: now.
        lines: learnt from so far.
        more: lines.
        cer_then: with that many more.
        trainings: of our own that the estimate rests on.
    """

    cer: float
    lines: int
    more: int
    cer_then: float
    trainings: int


def estimate(steps: Sequence[Step], *, cer: float, lines: int, more: int = 100) -> Estimate:
    """Continue the curve from where the model is."""
    usable = [step for step in steps if step.lines_after > step.lines_before and step.cer_before > 0]
    exponents = [min(BOUND, max(0.0, _exponent(step))) for step in usable]
    exponent = (PUBLISHED + sum(exponents)) / (1 + len(exponents))
    then = cer * math.exp(-exponent * (_learnt(lines + more) - _learnt(lines)))
    return Estimate(cer, lines, more, then, len(usable))


def _learnt(lines: int) -> float:
    return math.log1p(lines / SCALE_LINES)


def _exponent(step: Step) -> float:
    ratio = max(step.cer_after, 1e-4) / step.cer_before
    return -math.log(ratio) / (_learnt(step.lines_after) - _learnt(step.lines_before))

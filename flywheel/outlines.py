"""What a person draws around a line, held against the page before anything is read or stored.

A box that hangs over the page's edge is cut off there, as the line finder does it; one that holds nothing is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import dist

from flywheel.errors import BadOutline
from recognizer.page import Outline

SMALLEST_PX = 4.0


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line that a person drew.

    Attributes:
        polygon: its outline in pixels of the page image.
        baseline: what the writing stands on, in writing direction; None: the reader says.
        text: what the person already knows of it, which becomes their draft; None: nothing.
    """

    polygon: Outline
    baseline: Outline | None = None
    text: str | None = None


def fit_to_page(lines: Sequence[NewLine], *, width: int, height: int) -> list[NewLine]:
    """The same lines without what reaches over the edge of their page.

    Raises:
        BadOutline: a line lies outside the page, or has no size.
    """
    return [_fit(line, f"Box {number} of {len(lines)}", width, height) for number, line in enumerate(lines, start=1)]


def _fit(line: NewLine, which: str, width: int, height: int) -> NewLine:
    def inside(points: Outline) -> Outline:
        return tuple((min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))) for x, y in points)

    _refuse_flat(line.polygon, f"{which} has no size")
    polygon = inside(line.polygon)
    _refuse_flat(polygon, f"{which} lies outside the page, which has {width} × {height} pixels")
    baseline = None if line.baseline is None else inside(line.baseline)
    if baseline is not None and dist(baseline[0], baseline[-1]) < SMALLEST_PX:
        raise BadOutline(f"{which} has a baseline without length on the page. Draw one along the writing, or none.")
    return replace(line, polygon=polygon, baseline=baseline)


def _refuse_flat(polygon: Outline, complaint: str) -> None:
    sides = [max(axis) - min(axis) for axis in zip(*polygon, strict=True)]
    if min(sides) < SMALLEST_PX or _area(polygon) < SMALLEST_PX**2:
        raise BadOutline(
            f"{complaint}. Draw it around the writing, at least {SMALLEST_PX:.0f} pixels wide and high; "
            "nothing was changed."
        )


def _area(polygon: Outline) -> float:
    following = [*polygon[1:], polygon[0]]
    return abs(sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in zip(polygon, following, strict=True))) / 2

"""How well lines were found: one to one matching of outlines by how much they overlap."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from shapely import Polygon, STRtree, make_valid
from shapely.geometry.base import BaseGeometry

from recognizer.page import Outline


class LineScore(NamedTuple):
    """Counts of lines; add them over pages, then take ``f1``."""

    matched: int
    found: int
    truth: int

    @property
    def precision(self) -> float:
        """Share of the found lines that are lines; 1 where none was found."""
        return self.matched / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the true lines that were found; 1 where there is none."""
        return self.matched / self.truth if self.truth else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where nothing was to find and nothing was found."""
        return 2 * self.matched / (self.found + self.truth) if self.found + self.truth else 1.0


def score_lines(found: Sequence[Outline], truth: Sequence[Outline], iou: float = 0.5) -> LineScore:
    """Match found lines with true ones, each at most once, best overlap first.

    Args:
        found: outlines on one page.
        truth: outlines on the same page.
        iou: least intersection over union that counts.
    """
    pairs = sorted(_overlaps(found, truth, least=iou), reverse=True)
    taken_found: set[int] = set()
    taken_truth: set[int] = set()
    for _, one, other in pairs:
        if one not in taken_found and other not in taken_truth:
            taken_found.add(one)
            taken_truth.add(other)
    return LineScore(len(taken_found), len(found), len(truth))


def _overlaps(found: Sequence[Outline], truth: Sequence[Outline], *, least: float) -> list[tuple[float, int, int]]:
    shapes, references = [_shape(o) for o in found], [_shape(o) for o in truth]
    pairs = []
    for one, other in STRtree(references).query(shapes).T.tolist() if shapes and references else ():
        common = shapes[one].intersection(references[other]).area
        union = shapes[one].area + references[other].area - common
        if union > 0 and common / union >= least:
            pairs.append((common / union, one, other))
    return pairs


def _shape(outline: Outline) -> BaseGeometry:
    """The area of an outline, also of one that crosses itself."""
    if len(outline) < 3:
        return Polygon()
    shape = Polygon(np.asarray(outline, np.float64))
    return shape if shape.is_valid else make_valid(shape)

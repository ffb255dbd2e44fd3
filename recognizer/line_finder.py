"""Page → lines: polygon, baseline and confidence of each, in reading order.

The network sees the page at one size; where its letters turn out to be very small or very large, it looks once more
at a size that suits them. Everything is deterministic and the same for a page alone or among others.
"""

import threading
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from recognizer.engines.runtimes import available_cores, open_session
from recognizer.finding.finder_graph import line_finder_graph
from recognizer.finding.finder_weights import load_finder
from recognizer.finding.line_tracing import trace_lines
from recognizer.finding.line_votes import TracedLine
from recognizer.finding.reading_order import reading_order
from recognizer.finding.show_through import fade
from recognizer.models.line_finder import STRIDE, LineFinderNet
from recognizer.page import Outline

LONGEST_SIDE_PX = 960.0  # of the page as the network first sees it
CLOSER_SIDE_PX = 1536.0  # where it saw nothing
SMALLEST_SIDE_PX, LARGEST_SIDE_PX = 448.0, 1920.0
COMFORTABLE_HEIGHT_PX = (17.0, 56.0)  # of a line in the network's input; outside, it looks again
WISHED_HEIGHT_PX = 34.0

Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FoundLine:
    """Where a line is, in pixels of the page.

    Attributes:
        polygon: around the writing.
        baseline: in writing direction; a line that stands on its head runs to the left.
        confidence: of being writing, in [0, 1].
    """

    polygon: Outline
    baseline: Outline
    confidence: float


class LineFinder:
    """Finds lines with one network; safe to share between threads."""

    def __init__(self, net: LineFinderNet) -> None:
        self._session = open_session(line_finder_graph(net), threads=available_cores())
        self._lock = threading.Lock()  # one page at a time: each already uses all cores

    @classmethod
    def load(cls, weights_dir: Path) -> "LineFinder":
        """Read the weights.

        Args:
            weights_dir: folder with ``line_finder.safetensors`` and ``line_finder.json``.

        Raises:
            BadModel: they are missing, broken or of another architecture.
        """
        return cls(load_finder(weights_dir)[0])

    def find(self, grey: Grey) -> list[FoundLine]:
        """Lines of a page in reading order; none on a page without writing.

        Args:
            grey: (H, W) uint8, dark ink on light paper.
        """
        lines, scale = self._look(grey, LONGEST_SIDE_PX)
        better = _better_side(lines)
        if better != LONGEST_SIDE_PX:
            lines, scale = self._look(grey, better)
        found = [_on_page(line, scale, grey.shape) for line in lines]
        order = reading_order([line.polygon for line in found], [line.baseline for line in found])
        return [found[index] for index in order]

    def _look(self, grey: Grey, side: float) -> tuple[list[TracedLine], float]:
        """Trace the page at a size; also the factor from page to network pixels."""
        scale = side / max(grey.shape)
        size = tuple(max(round(length * scale), 1) for length in grey.shape)
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        seen = fade(np.asarray(cv2.resize(grey, size[::-1], interpolation=interpolation), np.uint8))
        image = seen.astype(np.float32) / 127.5 - 1
        padding = [-length % STRIDE for length in size]
        batch = np.pad(image, ((0, padding[0]), (0, padding[1])), mode="edge")[None, None]
        with self._lock:
            text, geometry = self._session.run(["text", "geometry"], {"images": batch})
        return trace_lines(0.5 + 0.5 * np.tanh(text[0, 0] / 2), geometry[0]), scale  # the sigmoid of text


def _better_side(lines: list[TracedLine]) -> float:
    """The longest side at which these lines are comfortable to see; the usual one where they are already.

    Where nothing was found, the writing may have been too small.
    """
    if not lines:
        return CLOSER_SIDE_PX
    height = float(np.median([line.height for line in lines]))
    if COMFORTABLE_HEIGHT_PX[0] <= height <= COMFORTABLE_HEIGHT_PX[1]:
        return LONGEST_SIDE_PX
    return float(np.clip(LONGEST_SIDE_PX * WISHED_HEIGHT_PX / height, SMALLEST_SIDE_PX, LARGEST_SIDE_PX))


def _on_page(line: TracedLine, scale: float, shape: tuple[int, ...]) -> FoundLine:
    """Network pixels to page pixels, inside the page."""
    limits = np.array([shape[1], shape[0]], np.float64)

    def place(points: NDArray[np.float64]) -> Outline:
        return tuple((round(float(x), 1), round(float(y), 1)) for x, y in np.clip(points / scale, 0, limits))

    return FoundLine(place(line.outline), place(line.baseline), round(line.confidence, 4))

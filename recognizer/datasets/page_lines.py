"""Lines as the finder would cut them from their pages: with strips of their neighbours, a margin more or less.

Those of a manifest were cut along tracings by hand; what people send is cut along what the finder found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recognizer.corpora import LineTruth, PageTruth, TrueLine
from recognizer.datasets import augmentation
from recognizer.finding.baseline_frame import Floats
from recognizer.finding.line_tracks import track_line
from recognizer.line_crops import crop_line
from recognizer.line_images import Grey

Random = np.random.Generator
OPEN_PAGES = 8  # that lines are cut from; a page takes as long to decode as ten lines take to cut
LINES_PER_PAGE = 12  # on average, before another page is opened in its place


@dataclass(frozen=True, eq=False)
class OpenPage:
    """A decoded page with the lines that may be learnt, and their cumulative chances."""

    grey: Grey
    lines: Sequence[TrueLine]
    chances: NDArray[np.float64]


class PageLines:
    """Lines cut anew from their pages each time.

    Args:
        lines: what may be learnt, each with the page it is on; others on these pages are not, nor those of no page.
        chances: how often each of them is drawn, in any unit.
        pages: those pages.
        strength: of the distortions, 0 to 1.
    """

    def __init__(
        self, lines: Sequence[LineTruth], chances: Sequence[float], pages: Sequence[PageTruth], *, strength: float
    ) -> None:
        self._strength = strength
        self._known: Mapping[tuple[str, str], float] = {
            (str(line.extra["page"]), line.text): chance
            for line, chance in zip(lines, chances, strict=True)
            if line.extra.get("page")
        }
        self._pages = [page for page in pages if any(self._chances_on(page))]
        weights = np.array([sum(self._chances_on(page)) for page in self._pages])
        self._cumulative = np.cumsum(weights / weights.sum()) if len(weights) else weights
        self._open: dict[int, OpenPage] = {}

    def __len__(self) -> int:
        """How many pages hold such lines."""
        return len(self._pages)

    def draw(self, rng: Random) -> tuple[Grey, str] | None:
        """One line, cut and distorted; None where its page cannot be opened."""
        place = int(rng.integers(OPEN_PAGES))
        if place not in self._open or rng.random() < 1 / LINES_PER_PAGE:
            page = self._opened(self._pages[min(int(np.searchsorted(self._cumulative, rng.random())), len(self) - 1)])
            if page is None:
                return None
            self._open[place] = page
        page = self._open[place]
        line = page.lines[min(int(np.searchsorted(page.chances, rng.random())), len(page.lines) - 1)]
        image = cut(page.grey, line, rng)
        return augmentation.distort(image, rng, strength=self._strength), line.text

    def _chances_on(self, page: PageTruth) -> list[float]:
        name = str(page.extra.get("page"))
        return [self._known.get((name, line.text), 0.0) if line.baseline else 0.0 for line in page.lines]

    def _opened(self, page: PageTruth) -> OpenPage | None:
        grey = cv2.imread(str(page.image), cv2.IMREAD_GRAYSCALE)
        if grey is None:
            return None
        chances = np.cumsum(self._chances_on(page))
        return OpenPage(np.asarray(grey, np.uint8), page.lines, chances / chances[-1])


def cut(grey: Grey, line: TrueLine, rng: Random) -> Grey:
    """The crop of a line between a smooth upper and lower edge that miss the writing's by a little."""
    track = track_line(np.asarray(line.polygon, np.float64), np.asarray(line.baseline, np.float64).reshape(-1, 2))
    height = float(np.median(np.hypot(*(track.top - track.bottom).T)))
    above, below = np.exp(rng.normal(0, 0.12, 2))
    upper = track.baseline + (_smooth(track.top) - track.baseline) * above
    lower = track.baseline + (_smooth(track.bottom) - track.baseline) * below
    ends = (np.abs(rng.normal(0, 0.25, 2)) - 0.03) * height  # what lies beyond is paper; what was cut off is lost
    outline = np.concatenate([_lengthened(upper, ends), _lengthened(lower, ends)[::-1]])
    drift = rng.normal(0, 0.03, 2) * height  # the baseline that is found is not quite the one that was drawn
    baseline = _lengthened(track.baseline, ends) + drift
    return crop_line(grey, tuple(map(tuple, outline)), tuple(map(tuple, baseline)))


def _smooth(edge: Floats) -> Floats:
    """An edge without its single peaks: the finder's is a mean over what lies around."""
    kernel = np.ones(5) / 5
    padded = np.pad(edge, ((2, 2), (0, 0)), mode="edge")
    return np.stack([np.convolve(padded[:, axis], kernel, mode="valid") for axis in (0, 1)], axis=1)


def _lengthened(points: Floats, ends: Floats) -> Floats:
    """A polyline whose first and last point are moved outwards by so many pixels, or inwards where negative."""
    moved = points.copy()
    along = points[-1] - points[0]
    along /= max(float(np.hypot(*along)), 1e-6)
    moved[0] -= along * ends[0]
    moved[-1] += along * ends[1]
    return moved

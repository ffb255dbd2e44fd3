"""What the line finder is trained on: an endless stream of views of real pages, collages and blank sheets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from recognizer.datasets.finder_collage import LineSource, blank, lay_out
from recognizer.datasets.finder_pages import (
    Grey,
    PageTruth,
    Random,
    TrackedPage,
    bend,
    bleed,
    cut_view,
    photograph,
    rule,
)
from recognizer.finding.line_tracks import draw_targets
from recognizer.finding.show_through import fade


@dataclass(frozen=True)
class ViewMix:
    """What a training view is, by probability; the rest are views of real pages.

    Attributes:
        side_px: views are squares; a multiple of 32.
        collage: put together from single lines.
        blank: without any writing.
        plain: real page left as the camera saw it, only cut and scaled.
        bled: with what is written on the back of the sheet shining through, plain or not.
        shares: how much more often than others the pages of a collection are seen.
    """

    side_px: int = 512
    collage: float = 0.2
    blank: float = 0.03
    plain: float = 0.3
    bled: float = 0.25
    shares: Mapping[str, float] = field(default_factory=lambda: {"poilus": 2.5, "mss19": 1.5})


class FinderViews(IterableDataset[tuple[Tensor, Tensor, Tensor, Tensor]]):
    """Endless views with targets: image (1, H, W), text (1, H, W), geometry (5, H / 4, W / 4), inside (H / 4, W / 4).

    Args:
        pages: real pages to look at.
        source: lines for collages.
        mix: how often which kind.
        seed: the stream is the same for the same seed and number of workers.
    """

    def __init__(self, pages: Sequence[PageTruth], source: LineSource, *, mix: ViewMix, seed: int) -> None:
        self._pages, self._source, self._mix, self._seed = pages, source, mix, seed
        shares = np.array([mix.shares.get(str(page.extra.get("collection")), 1.0) for page in pages])
        self._chances = shares / shares.sum()

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
        worker = get_worker_info()
        rng = np.random.default_rng([self._seed, 0 if worker is None else worker.id])
        while True:
            yield as_tensors(self.view(rng))

    def view(self, rng: Random) -> TrackedPage:
        """One view with its lines, what shines through faded as the finder fades it."""
        page = self._taken(rng)
        return TrackedPage(fade(page.grey), page.tracks)

    def _taken(self, rng: Random) -> TrackedPage:
        """A view as a camera would take it."""
        kind, side_px = rng.random(), self._mix.side_px
        if kind < self._mix.blank:
            page = blank(rng, side_px=side_px)
        elif kind < self._mix.blank + self._mix.collage:
            page = lay_out(self._source, rng, side_px=side_px)
        else:
            page = self._part_of_a_page(rng)
            if rng.random() < self._mix.bled:
                page = TrackedPage(bleed(page.grey, self._part_of_a_page(rng).grey, rng), page.tracks)
            if rng.random() < self._mix.plain:
                return page
        if rng.random() < 0.4:
            page = bend(page, rng, amplitude_px=float(rng.uniform(2, 14)))
        grey = rule(page.grey, rng) if rng.random() < 0.2 else page.grey
        return TrackedPage(photograph(grey, rng), page.tracks)

    def _part_of_a_page(self, rng: Random) -> TrackedPage:
        page = self._pages[int(rng.choice(len(self._pages), p=self._chances))]
        return cut_view(page.open(), rng, side_px=self._mix.side_px)


def as_tensors(page: TrackedPage) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A page (H and W multiples of 32) as the network's input and targets."""
    height, width = page.grey.shape
    targets = draw_targets(page.tracks, (height, width))
    return (
        normalised(page.grey)[None],
        torch.from_numpy(targets.text)[None].float(),
        torch.from_numpy(targets.geometry),
        torch.from_numpy(targets.inside),
    )


def normalised(grey: Grey) -> Tensor:
    """(H, W) uint8 to float in [-1, 1], as the network wants it."""
    return torch.from_numpy(grey.astype(np.float32) / 127.5 - 1)

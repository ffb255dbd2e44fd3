"""Pages put together from single lines: columns, margin notes, clean modern sheets, photos of a desk.

The real pages are mostly single columns of old or classroom French. Lines cut from them, lines in handwriting fonts
and lines of pen strokes, laid out freely, teach the finder what those pages lack.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from recognizer.datasets.finder_pages import Grey, PageTruth, Random, TrackedPage
from recognizer.datasets.ink import InkBook, draw
from recognizer.datasets.synthesis import Prose
from recognizer.finding.baseline_frame import Floats
from recognizer.finding.line_tracks import LineTrack, track_line


@dataclass(frozen=True, eq=False)
class LooseLine:
    """A line without a page.

    Attributes:
        ink: (H, W) float32, 0 for bare paper to 1 for full ink.
        track: where it runs, in pixels of ``ink``.
    """

    ink: NDArray[np.float32]
    track: LineTrack


class LineSource:
    """Lines to lay out: cut from real pages, in fonts, of pen strokes; of these, whatever is given.

    Args:
        pages: to cut lines from; at least one.
        fonts: TrueType files, each with the letters that ``prose`` needs.
        prose: what is written in fonts.
        strokes: pen strokes of words.
    """

    def __init__(
        self,
        pages: Sequence[PageTruth],
        *,
        fonts: Sequence[Path] = (),
        prose: Prose | None = None,
        strokes: InkBook | None = None,
    ) -> None:
        self._pages, self._fonts, self._prose, self._strokes = pages, fonts, prose, strokes
        drawn: list[tuple[float, Callable[[Random, int], LooseLine | None]]] = []
        if fonts and prose is not None:
            drawn.append((0.3, self._in_a_font))
        if strokes is not None:
            drawn.append((0.25, self._in_strokes))
        self._drawn = drawn

    def lines(self, rng: Random, count: int) -> list[LooseLine]:
        """``count`` lines, or somewhat fewer, of one source and mostly one hand."""
        kind = rng.random()
        for share, make in self._drawn:
            if kind < share:
                seed = int(rng.integers(1 << 31))  # one font or pen for the whole page
                return [line for _ in range(count) if (line := make(rng, seed)) is not None]
            kind -= share
        page = _opened(self._pages[int(rng.integers(len(self._pages)))])
        chosen = rng.permutation(len(page.tracks))[:count]
        return [loose for index in chosen if (loose := _cut_loose(page, int(index))) is not None]

    def _in_a_font(self, rng: Random, seed: int) -> LooseLine | None:
        assert self._prose is not None
        text = self._prose.line(rng, characters=int(rng.integers(3, 60)))
        pen = np.random.default_rng(seed)
        font = _font(self._fonts[int(pen.integers(len(self._fonts)))])
        left, top, right, bottom = (round(edge) for edge in font.getbbox(text, anchor="ls"))
        if right - left < 8 or bottom - top < 8:
            return None
        image = Image.new("L", (right - left + 12, bottom - top + 12), 255)
        ImageDraw.Draw(image).text((6 - left, 6 - top), text, font=font, fill=0, anchor="ls")
        return _traced(np.asarray(image), baseline_px=6 - top)

    def _in_strokes(self, rng: Random, seed: int) -> LooseLine | None:
        assert self._strokes is not None
        ink = self._strokes.line(rng, characters=int(rng.integers(3, 50)))
        if not 1 < ink.width < 120:
            return None
        pen = np.random.default_rng(seed)
        unit, margin = 24.0, 6
        image = draw(ink, x_height_px=unit, pen_px=float(pen.uniform(1.5, 5)), margin_px=margin, shade=0)
        highest = float(min(stroke[:, 1].min() for stroke in ink.strokes))
        return _traced(image, baseline_px=margin - highest * unit)


def lay_out(source: LineSource, rng: Random, *, side_px: int) -> TrackedPage:
    """A square synthetic page: one to three columns, perhaps a margin note across, on some paper."""
    canvas = np.zeros((side_px, side_px), np.float32)
    tracks: list[LineTrack] = []
    columns = int(rng.choice([1, 2, 3], p=[0.4, 0.45, 0.15]))
    edges = np.linspace(0, side_px, columns + 1) + np.concatenate(
        [[0], rng.normal(0, 0.06 * side_px, columns - 1), [0]]
    )
    same = rng.random() < 0.6
    reach = float(np.exp(rng.uniform(np.log(9), np.log(42))))
    for left, right in itertools.pairwise(edges):
        gap = float(rng.uniform(0.008, 0.05)) * side_px
        box = (left + gap, right - gap)
        reach = reach if same else float(np.exp(rng.uniform(np.log(9), np.log(42))))
        _fill_column(canvas, tracks, source, rng, box=box, reach_px=reach)
    return TrackedPage(_on_paper(canvas, rng), tuple(tracks))


def blank(rng: Random, *, side_px: int) -> TrackedPage:
    """A sheet, a desk or a blur without any writing."""
    canvas = np.zeros((side_px, side_px), np.float32)
    for _ in range(int(rng.integers(0, 12))):
        start, end = (tuple(int(v) for v in rng.integers(0, side_px, 2)) for _ in range(2))
        if rng.random() < 0.5:
            cv2.line(canvas, start, end, float(rng.uniform(0.1, 0.9)), int(rng.integers(1, 9)), cv2.LINE_AA)
        else:
            cv2.ellipse(canvas, start, (int(rng.integers(5, 150)), int(rng.integers(5, 150))), 0, 0, 360,
                        float(rng.uniform(0.1, 0.9)), int(rng.choice([-1, 1, 2, 5])), cv2.LINE_AA)  # fmt: skip
    texture = cv2.resize(rng.random((40, 40), np.float32), (side_px, side_px), interpolation=cv2.INTER_CUBIC)
    return TrackedPage(_on_paper(np.maximum(canvas, 0.3 * texture * rng.random()), rng), ())


def _fill_column(
    canvas: NDArray[np.float32],
    tracks: list[LineTrack],
    source: LineSource,
    rng: Random,
    *,
    box: tuple[float, float],
    reach_px: float,
) -> None:
    """Write lines down a column whose letters reach ``reach_px`` above the baseline."""
    side_px = canvas.shape[0]
    pitch = reach_px * float(rng.uniform(1.3, 3.0))
    slope = float(rng.normal(0, 0.03))
    y = float(rng.uniform(0, 0.3)) * side_px + reach_px
    bottom = side_px * float(rng.uniform(0.5, 1.05))
    for line in source.lines(rng, int(max(bottom - y, 0) / pitch) + 1):
        if rng.random() > 0.06:  # an empty line now and then
            indent = box[0] + max(0.0, float(rng.normal(0, 0.02))) * side_px
            size = reach_px * float(np.exp(rng.normal(0, 0.06)))
            tilt = slope + float(rng.normal(0, 0.006))
            tracks += _write(canvas, line, at=(indent, y), right=box[1], reach_px=size, slope=tilt)
        y += pitch * float(rng.uniform(0.95, 1.05))


def _write(
    canvas: NDArray[np.float32],
    line: LooseLine,
    *,
    at: tuple[float, float],
    right: float,
    reach_px: float,
    slope: float,
) -> list[LineTrack]:
    """Draw one line with its baseline from ``at``, cut where it would pass ``right``; none if too little is left."""
    track = line.track
    scale = reach_px / max(float(np.percentile(np.hypot(*(track.top - track.baseline).T), 75)), 1.0)
    width_px = int((right - at[0]) / scale)
    keep = track.baseline[:, 0] < width_px
    if keep.sum() < 2 or width_px < 8:
        return []
    ink = line.ink[:, : max(width_px, 1)]
    chord = track.baseline[-1] - track.baseline[0]
    angle = np.arctan(slope) - np.arctan2(chord[1], chord[0])
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.concatenate([linear, (np.array(at) - linear @ track.baseline[0])[:, None]], axis=1)
    if scale < 0.6:
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), 0.35 / scale), np.float32)
    drawn = cv2.warpAffine(ink, matrix, canvas.shape[::-1], flags=cv2.INTER_LINEAR)
    np.maximum(canvas, drawn, out=canvas)

    def place(points: Floats) -> Floats:
        return np.asarray(points @ matrix[:, :2].T + matrix[:, 2])

    return [LineTrack(*(place(points[keep]) for points in (track.baseline, track.top, track.bottom)))]


def _on_paper(ink: NDArray[np.float32], rng: Random) -> Grey:
    """Ink in some shade on paper in some shade, with fibre, stains and sometimes rules."""
    paper = float(rng.uniform(0.6, 1.0)) + 0.05 * cv2.resize(
        rng.standard_normal((6, 6)).astype(np.float32), ink.shape[::-1], interpolation=cv2.INTER_CUBIC
    )
    shade = float(rng.uniform(0.0, 0.55))
    page = paper * (1 - ink * (1 - shade))
    return np.clip(page * 255, 0, 255).astype(np.uint8)


@lru_cache(maxsize=64)
def _font(path: Path) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), 48)


@lru_cache(maxsize=64)
def _opened(truth: PageTruth) -> TrackedPage:
    return truth.open()


def _cut_loose(page: TrackedPage, index: int) -> LooseLine | None:
    """The ink inside a line's track; None for a line that does not run to the right."""
    track = page.tracks[index]
    chord = track.baseline[-1] - track.baseline[0]
    if chord[0] < 3 * abs(chord[1]) or chord[0] < 10:
        return None
    outline = np.concatenate([track.top, track.bottom[::-1]])
    low = np.maximum(np.floor(outline.min(axis=0)).astype(int) - 2, 0)
    high = np.ceil(outline.max(axis=0)).astype(int) + 3
    part = page.grey[low[1] : high[1], low[0] : high[0]].astype(np.float32)
    if min(part.shape) < 6:
        return None
    mask = np.zeros(part.shape, np.float32)
    cv2.fillPoly(mask, [np.round(outline - low).astype(np.int32)], 1.0)
    inside = part[mask > 0]
    paper, dark = float(np.percentile(inside, 70)), float(np.percentile(inside, 1))
    ink = np.clip((paper - part - 6) / max(paper - dark, 30.0), 0, 1) * mask
    return LooseLine(ink.astype(np.float32), track.moved(lambda points: points - low))


def _traced(image: Grey, *, baseline_px: float) -> LooseLine | None:
    """A drawn line with a track around its ink."""
    ink = np.subtract(1, image.astype(np.float32) / 255, dtype=np.float32)
    columns = np.flatnonzero(ink.max(axis=0) > 0.3)
    if len(columns) < 8:
        return None
    filled = ink > 0.3
    step = max(int(0.35 * image.shape[0]), 1)
    upper, lower = [], []
    for x in range(int(columns[0]), int(columns[-1]) + step, step):
        rows = np.flatnonzero(filled[:, max(x - step, 0) : x + step].any(axis=1))
        near, far = (rows[0], rows[-1] + 1) if len(rows) else (baseline_px - 0.3 * image.shape[0], baseline_px)
        upper.append((min(x, columns[-1]), near))
        lower.append((min(x, columns[-1]), far))
    baseline = np.array([(columns[0], baseline_px), (columns[-1], baseline_px)], np.float64)
    return LooseLine(ink, track_line(np.array(upper + lower[::-1], np.float64), baseline))


def data_source(data: Path, pages: Sequence[PageTruth]) -> LineSource:
    """The line source over a data folder laid out as its README says (``fonts``, ``texts``, UNIPEN tables)."""
    return LineSource(
        pages,
        fonts=sorted((data / "fonts" / "ttf").glob("*-latin.ttf")),
        prose=Prose(sorted((data / "texts").glob("*.txt"))),
        strokes=InkBook(data / "unipen_text.parquet", split="train"),
    )

"""Handwriting made on the spot, so that nobody needs a file: replay while fine-tuning, the gate's base lines, tests.

Letters are the public-domain single-stroke faces that A. V. Hershey drew in 1967; a pen with its own slant, pressure
and unsteadiness (one ``Hand`` per seed) follows them. The same arguments always give the same pixels.
"""

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from HersheyFonts import HersheyFonts
from numpy.typing import NDArray

from recognizer.datasets.strokes import DESCENT_UNITS, Stroke, draw_character

Grey = NDArray[np.uint8]
Polyline = tuple[tuple[float, float], ...]
Paper = Literal["plain", "ruled", "squared"]

LINE_UNITS = 40  # from one line to the next, in the faces' units: capitals are 21 high, descenders 12 deep
_CROP_UNITS = 46  # a crop also holds a capital's accent
_OVERSAMPLING = 3


@dataclass(frozen=True, slots=True)
class Hand:
    """How one writer writes; lengths in the faces' units (a small x is 9 high)."""

    face: str
    capitals: str
    slant: float
    spacing: float
    pen: float
    unsteadiness: float
    waviness: float
    ink: float

    @classmethod
    def of(cls, seed: int) -> "Hand":
        """The hand that belongs to a seed: joined for even seeds, printed for odd ones."""
        rng = np.random.default_rng([seed, 1])
        joined = seed % 2 == 0
        return cls(
            face="scripts" if joined else "rowmans",
            capitals="scripts" if joined and rng.random() < 0.4 else "rowmans",
            slant=rng.uniform(-0.05, 0.25) if joined else rng.uniform(0.0, 0.35),
            spacing=0.0 if joined else rng.uniform(-2.0, 0.5),
            pen=rng.uniform(1.1, 1.8),
            unsteadiness=rng.uniform(0.25, 0.5),
            waviness=rng.uniform(0.2, 1.2),
            ink=rng.uniform(30, 80),
        )


@dataclass(frozen=True, slots=True)
class WrittenLine:
    """One line as it stands on a page, in the page's pixels."""

    text: str
    polygon: Polyline
    baseline: Polyline


@dataclass(frozen=True, slots=True)
class WrittenPage:
    """A page and where its lines are, in reading order."""

    image: Grey
    lines: tuple[WrittenLine, ...]


def write_line(text: str, *, seed: int, height_px: int = 64) -> Grey:
    """One line of handwriting, dark on paper, as a line crop looks.

    Args:
        text: what to write; accents, ligatures and French quotation marks included.
        seed: chooses the hand (see ``Hand.of``) and its accidents.
        height_px: height of the result; the width follows from the text.
    """
    hand, rng = Hand.of(seed), np.random.default_rng([seed, 2])
    unit_px = height_px / _CROP_UNITS
    strokes, width_units = _write(text, hand, rng)
    size = (height_px, max(height_px // 2, math.ceil((width_units + 16) * unit_px)))
    placed = [(stroke + (8, _CROP_UNITS - DESCENT_UNITS - 2)) * unit_px for stroke in strokes]
    return _ink(_paper(size, rng), placed, pen_px=hand.pen * unit_px, darkness=hand.ink, rng=rng)


def write_page(
    texts: Sequence[str],
    *,
    seed: int,
    width: int = 1000,
    height: int = 1400,
    columns: int = 1,
    paper: Paper = "plain",
) -> WrittenPage:
    """A page of handwriting, one line per text, filled column by column.

    Letters are as large as the longest text and the page's height allow. An empty text leaves its line empty.
    """
    hand, rng = Hand.of(seed), np.random.default_rng([seed, 3])
    written = [_write(text, hand, rng) for text in texts]
    rows = max(1, math.ceil(len(texts) / columns))
    margin = round(0.07 * width)
    column_px = (width - margin) / columns - margin
    pitch_px = min((height - 2 * margin) / rows, 0.07 * height)
    longest_units = max((units for _, units in written), default=1)
    unit_px = min(pitch_px / LINE_UNITS, 0.97 * column_px / max(1.0, longest_units))
    image = _rule(_paper((height, width), rng), paper=paper, pitch_px=pitch_px, top_px=margin + 0.7 * pitch_px)
    lines: list[WrittenLine] = []
    inked: list[Stroke] = []
    for index, (text, (strokes, units)) in enumerate(zip(texts, written, strict=True)):
        column, row = divmod(index, rows)
        left = margin + column * (column_px + margin) + rng.uniform(0, 0.03) * column_px
        base = margin + (row + 0.7) * pitch_px + rng.normal(0, 0.02) * pitch_px
        slope = rng.normal(0, 0.003)
        placed = [_place(stroke * unit_px, left=left, base=base, slope=slope) for stroke in strokes]
        if placed:
            lines.append(_outline(text, placed, base=(left, base, slope), width_px=units * unit_px))
            inked += placed
    return WrittenPage(_ink(image, inked, pen_px=hand.pen * unit_px, darkness=hand.ink, rng=rng), tuple(lines))


def _place(stroke: Stroke, *, left: float, base: float, slope: float) -> Stroke:
    shift: Stroke = np.stack([np.full(len(stroke), left), base + slope * stroke[:, 0]], axis=1)
    return stroke + shift


def _outline(text: str, strokes: list[Stroke], *, base: tuple[float, float, float], width_px: float) -> WrittenLine:
    left, y, slope = base
    points = np.concatenate(strokes)
    drop = points[:, 1] - (y + slope * (points[:, 0] - left))
    start, end = points[:, 0].min() - 3, max(points[:, 0].max() + 3, left + width_px)
    ends = [(float(x), float(y + slope * (x - left))) for x in (start, end)]
    above, below = float(drop.min()) - 3, float(drop.max()) + 3
    upper = [(x, at + above) for x, at in ends]
    lower = [(x, at + below) for x, at in reversed(ends)]
    return WrittenLine(text=text, polygon=tuple(upper + lower), baseline=tuple(ends))


@functools.cache
def _face(name: str) -> HersheyFonts:
    face = HersheyFonts()
    face.load_default_font(name)
    return face


def _write(text: str, hand: Hand, rng: np.random.Generator) -> tuple[list[Stroke], float]:
    """Strokes of a whole line in the faces' units, baseline at 0, y downwards; and the width."""
    strokes: list[Stroke] = []
    x = 0.0
    for character in text:
        face = _face(hand.capitals if character.isupper() else hand.face)
        drawn, advance = draw_character(character, face.all_glyphs)
        size = 1 + rng.normal(0, 0.1) * hand.unsteadiness
        turn = rng.normal(0, 0.05) * hand.unsteadiness
        lift = rng.normal(0, 0.6) * hand.unsteadiness
        for stroke in drawn:
            turned: Stroke = (stroke * size) @ np.array([[1, turn], [-turn, 1]])
            strokes.append(_smooth(turned + (x, lift)))
        x += advance * size + (hand.spacing if character != " " else rng.normal(0, 3) * hand.unsteadiness)
    phases = rng.uniform(0, 2 * math.pi, size=6)
    return [_unsteady(stroke, hand, phases) for stroke in strokes], x


def _smooth(stroke: Stroke, steps: int = 4) -> Stroke:
    """A Catmull-Rom curve through the stroke's points."""
    if len(stroke) < 3:
        return stroke
    padded = np.concatenate([2 * stroke[:1] - stroke[1:2], stroke, 2 * stroke[-1:] - stroke[-2:-1]])
    a, b, c, d = (padded[k : len(stroke) - 1 + k, None] for k in range(4))
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return np.concatenate([curve.reshape(-1, 2), stroke[-1:]])


def _unsteady(stroke: Stroke, hand: Hand, phases: NDArray[np.float64]) -> Stroke:
    """Slant, a slow wave of the baseline and a tremor that neighbouring letters share."""
    x, y = stroke[:, 0], stroke[:, 1]
    tremor = hand.unsteadiness
    dx = tremor * (np.sin(x / 5 + y / 7 + phases[0]) + 1.5 * np.sin(x / 17 + phases[1]))
    dy = tremor * (np.sin(x / 6 - y / 8 + phases[2]) + np.sin(x / 11 + phases[3]))
    wave = hand.waviness * (np.sin(x / 60 + phases[4]) + 0.5 * np.sin(x / 140 + phases[5]))
    return np.stack([x - hand.slant * y + dx, y + dy + wave], axis=1)


def _paper(size: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    tint = rng.uniform(215, 245)
    coarse = rng.normal(0, 4, size=(4, 4)).astype(np.float32)
    clouds = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)
    grain = rng.normal(0, 2, size=size).astype(np.float32)
    return np.asarray(tint + clouds + grain, np.float32)


def _rule(image: NDArray[np.float32], *, paper: Paper, pitch_px: float, top_px: float) -> NDArray[np.float32]:
    if paper == "plain":
        return image
    step = pitch_px if paper == "ruled" else pitch_px / 2
    for y in np.arange(top_px % step + 0.06 * pitch_px, image.shape[0], step):
        image[round(y) : round(y) + 2] -= 38
    if paper == "squared":
        for x in np.arange(step / 2, image.shape[1], step):
            image[:, round(x) : round(x) + 2] -= 38
    return image


def _ink(
    paper: NDArray[np.float32], strokes: list[Stroke], *, pen_px: float, darkness: float, rng: np.random.Generator
) -> Grey:
    """The strokes drawn on the paper; downstrokes are heavier, as a nib makes them."""
    height, width = paper.shape
    mask = np.zeros((height * _OVERSAMPLING, width * _OVERSAMPLING), np.uint8)
    for stroke in strokes:
        pressure = rng.uniform(0.85, 1.15)
        points = np.round(stroke * _OVERSAMPLING * 16).astype(np.int32)
        for start, end in itertools.pairwise(points):
            down = max(0.0, float(end[1] - start[1])) / (1e-6 + math.hypot(*(end - start)))
            thickness = max(1, round(pen_px * _OVERSAMPLING * pressure * (0.85 + 0.3 * down)))
            cv2.line(mask, start.tolist(), end.tolist(), 255, thickness, cv2.LINE_AA, shift=4)
    cover = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    flow = cv2.GaussianBlur(rng.uniform(0.6, 1.4, size=paper.shape).astype(np.float32), (0, 0), 2)
    cover *= np.clip(0.9 * flow, 0, 1)
    return np.clip(paper * (1 - cover) + darkness * cover, 0, 255).astype(np.uint8)

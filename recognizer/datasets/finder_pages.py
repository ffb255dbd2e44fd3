"""Pages with known lines, and honest distortions of them: what other cameras, desks and sheets would have done."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from recognizer.corpora import read_rows
from recognizer.errors import BadManifest
from recognizer.finding.baseline_frame import Floats
from recognizer.finding.line_tracks import LineTrack, track_line

Grey = NDArray[np.uint8]
Random = np.random.Generator

USUAL_SIDE_PX = 920  # longest side of a page, about as the finder will see it


@dataclass(frozen=True, eq=False)
class TrackedPage:
    """An image and the lines on it."""

    grey: Grey
    tracks: tuple[LineTrack, ...]


@dataclass(frozen=True, eq=False)
class PageTruth:
    """One row of a page manifest; ``extra`` keeps the optional keys."""

    image: Path
    lines: tuple[tuple[Floats, Floats], ...]  # polygon and baseline of each
    extra: dict[str, Any]

    def open(self) -> TrackedPage:
        """Decode the image and follow its lines.

        Raises:
            BadManifest: the image is missing or broken.
        """
        grey = cv2.imread(str(self.image), cv2.IMREAD_GRAYSCALE)
        if grey is None:
            raise BadManifest(f"{self.image} is missing or no image; the page manifest names it.")
        return TrackedPage(np.asarray(grey, np.uint8), tuple(track_line(*line) for line in self.lines))


def read_page_truths(manifest: Path) -> list[PageTruth]:
    """The pages of a page manifest; lines without a baseline are refused, for the finder learns baselines.

    Raises:
        BadManifest: the file is missing, or a row breaks the format.
    """
    pages = []
    for number, row in read_rows(manifest):
        try:
            lines = tuple(
                (np.asarray(line["polygon"], np.float64), np.asarray(line["baseline"], np.float64).reshape(-1, 2))
                for line in row["lines"]
            )
            image = manifest.parent / row["image"]
        except (KeyError, TypeError, ValueError) as error:
            raise BadManifest(
                f'{manifest}, line {number}: a page needs "image" and "lines" ("polygon", "baseline"): {error!r}.'
            ) from error
        extra = {key: value for key, value in row.items() if key not in ("image", "lines")}
        pages.append(PageTruth(image, lines, extra))
    return pages


def cut_view(page: TrackedPage, rng: Random, *, side_px: int) -> TrackedPage:
    """A random square part of a page at a random size, turned, tilted and bent."""
    height, width = page.grey.shape
    scale = float(np.clip(USUAL_SIDE_PX * np.exp(rng.normal(0, 0.25)), 500, 1700)) / max(height, width)
    small = cv2.resize(page.grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tracks = [track.moved(lambda points: points * scale) for track in page.tracks]
    if tracks and rng.random() < 0.9:
        centre = tracks[rng.integers(len(tracks))].baseline
        focus = centre[rng.integers(len(centre))] + rng.normal(0, side_px / 5, 2)
    else:
        focus = rng.uniform(0, 1, 2) * (width * scale, height * scale)
    matrix = _projection(focus, rng, side_px=side_px)
    view = cv2.warpPerspective(
        small,
        matrix,
        (side_px, side_px),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE if rng.random() < 0.5 else cv2.BORDER_CONSTANT,
        borderValue=float(rng.integers(0, 256)),
    )

    def project(points: Floats) -> Floats:
        return np.asarray(cv2.perspectiveTransform(points[None], matrix)[0], np.float64)

    return TrackedPage(np.asarray(view, np.uint8), tuple(_visible([t.moved(project) for t in tracks], side_px)))


def bend(page: TrackedPage, rng: Random, *, amplitude_px: float) -> TrackedPage:
    """The sheet does not lie flat: a smooth displacement of at most about ``amplitude_px``."""
    height, width = page.grey.shape
    grid = rng.normal(0, amplitude_px / 2, (2, 4, 4)).astype(np.float32)
    field = [cv2.resize(part, (width, height), interpolation=cv2.INTER_CUBIC) for part in grid]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    bent = cv2.remap(page.grey, x + field[0], y + field[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def follow(points: Floats) -> Floats:
        moved = points.copy()
        for _ in range(3):  # where does the pixel that shows this point lie? converges fast: the field is smooth
            column = np.clip(moved[:, 0], 0, width - 1).astype(int)
            row = np.clip(moved[:, 1], 0, height - 1).astype(int)
            moved = points - np.stack([part[row, column] for part in field], axis=1)
        return moved

    return TrackedPage(np.asarray(bent, np.uint8), tuple(track.moved(follow) for track in page.tracks))


def photograph(grey: Grey, rng: Random) -> Grey:
    """Light, shadow, focus, noise and compression of a photo or a scan."""
    image = np.power(grey.astype(np.float32) / 255, np.float32(np.exp(rng.normal(0, 0.25))))
    low, high = np.float32(rng.uniform(0, 0.35)), np.float32(rng.uniform(0.6, 1.0))
    if rng.random() < 0.7:
        image = low + image * (high - low)
    if rng.random() < 0.5:
        image = image * _soft_field(image.shape, rng, low=rng.uniform(0.35, 0.95))
    if rng.random() < 0.15:
        image = _cast_shadow(image, rng)
    if rng.random() < 0.4:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.4))), np.float32)
    if rng.random() < 0.5:
        image = image + rng.standard_normal(image.shape, np.float32) * np.float32(rng.uniform(0.005, 0.06))
    result = np.clip(image * 255, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        _, data = cv2.imencode(".jpg", result, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 80))])
        result = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    return result


def rule(grey: Grey, rng: Random) -> Grey:
    """Print ruled lines or squares over a page."""
    height, width = grey.shape
    step, shade = int(rng.integers(14, 60)), float(rng.uniform(0.5, 0.93))
    ink = np.ones_like(grey, np.float32)
    thickness = int(rng.integers(1, 3))
    tilt = int(rng.normal(0, 0.01) * width)
    for y in range(int(rng.integers(0, step)), height, step):
        cv2.line(ink, (0, y), (width, y + tilt), shade, thickness, cv2.LINE_AA)
    if rng.random() < 0.5:
        for x in range(int(rng.integers(0, step)), width, step):
            cv2.line(ink, (x, 0), (x - tilt, height), shade, thickness, cv2.LINE_AA)
    elif rng.random() < 0.5:
        x = int(rng.integers(20, width // 2))
        cv2.line(ink, (x, 0), (x - tilt, height), shade, 2, cv2.LINE_AA)
    return np.asarray(np.minimum(grey * ink, grey), np.uint8)


def bleed(grey: Grey, other: Grey, rng: Random) -> Grey:
    """Let the writing of another page of the same size shine through from the back of the sheet: mirrored, faint."""
    back = cv2.GaussianBlur(other[:, ::-1], (0, 0), float(rng.uniform(0.3, 1.6))).astype(np.float32)
    paper = cv2.blur(cv2.dilate(back, np.ones((15, 15), np.uint8)), (31, 31))
    shade = 1 - np.clip(back / np.maximum(paper, 1), 0, 1)
    shade *= float(rng.uniform(0.15, 0.65)) * _soft_field(grey.shape, rng, low=0.4)
    return np.asarray(np.clip(grey * (1 - shade), 0, 255), np.uint8)


def _projection(focus: Floats, rng: Random, *, side_px: int) -> Floats:
    """A 3 × 3 matrix that brings ``focus`` to the middle of the view, turned and tilted."""
    kind = rng.random()
    angle = rng.normal(0, 1.5) if kind < 0.72 else rng.uniform(-16, 16)
    if kind > 0.9:
        angle += 90 * rng.integers(1, 4)
    turn = np.deg2rad(angle)
    stretch = np.exp(rng.normal(0, 0.06))
    linear = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * [[stretch], [1 / stretch]]
    matrix = np.eye(3)
    matrix[:2, :2] = linear
    matrix[:2, 2] = side_px / 2 - linear @ focus
    if rng.random() < 0.35:
        corners = np.array([[0, 0], [side_px, 0], [side_px, side_px], [0, side_px]], np.float32)
        tilted = corners + rng.normal(0, 0.025 * side_px, (4, 2)).astype(np.float32)
        matrix = np.asarray(cv2.getPerspectiveTransform(corners, tilted.astype(np.float32)), np.float64) @ matrix
    return matrix


def _visible(tracks: Sequence[LineTrack], side_px: int) -> list[LineTrack]:
    return [t for t in tracks if ((t.baseline > -4) & (t.baseline < side_px + 4)).all(axis=1).any()]


def _soft_field(shape: tuple[int, ...], rng: Random, *, low: float) -> NDArray[np.float32]:
    """(H, W) light between ``low`` and 1, falling off smoothly."""
    coarse = rng.uniform(low, 1, (3, 3)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)


def _cast_shadow(image: NDArray[np.float32], rng: Random) -> NDArray[np.float32]:
    """The hand that holds the camera: a half-plane in shadow with a soft edge."""
    height, width = image.shape
    normal = rng.normal(0, 1, 2)
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    side = (x * normal[0] + y * normal[1]) / np.hypot(*normal) + rng.normal(0, 0.3)
    depth, softness = rng.uniform(0.4, 0.85), rng.uniform(0.01, 0.1)
    return np.asarray(image * (1 - (1 - depth) / (1 + np.exp(-side / softness))), np.float32)

"""Photos of a page that lies on a desk, and where its lines are in them: tilted, curled, badly lit, held by a finger.

What a phone does to a page, in the order it happens: the sheet curls, the camera looks at it askew, light and shadow
fall on it, a hand is in the picture, the lens blurs, the sensor adds noise, the file loses detail.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Floats = NDArray[np.float64]
Random = np.random.Generator

DENSITY_PX = 12  # between points of an outline, before it is bent


@dataclass(frozen=True, slots=True)
class Conditions:
    """What happens to a page before and in the camera; each from 0, not at all, to 1, as bad as people still send.

    Attributes:
        tilt: turned by up to 5 degrees, seen askew so that a far edge is up to a fifth shorter.
        curl: bent like a page of an open book, by up to a twenty-fifth of its height.
        dark: uneven light, a soft shadow, blur, noise.
        hand: whether fingers hold the sheet.
    """

    tilt: float = 0.0
    curl: float = 0.0
    dark: float = 0.0
    hand: bool = False


@dataclass(frozen=True, eq=False)
class Photo:
    """What the camera took.

    Attributes:
        grey: (H, W).
        project: points (N, 2) of the page to points of the photo.
    """

    grey: Grey
    project: Callable[[Floats], Floats]

    def outline(self, points: Floats) -> Floats:
        """A closed outline of the page in the photo, with points enough to follow its bends."""
        ends = np.roll(points, -1, axis=0)
        lengths = np.maximum(1, np.ceil(np.hypot(*(ends - points).T) / DENSITY_PX)).astype(int)
        dense = [
            start + (end - start) * np.linspace(0, 1, count, endpoint=False)[:, None]
            for start, end, count in zip(points, ends, lengths, strict=True)
        ]
        return self.project(np.concatenate(dense))


def take(page: Grey, conditions: Conditions, rng: Random) -> Photo:
    """Photograph a page (H, W) on a desk."""
    height, width = page.shape
    phase, depth = float(rng.uniform(0, 0.5)), conditions.curl * float(rng.uniform(0.5, 1)) * height / 25
    matrix, size = _view(width, height, conditions.tilt, rng)

    def curl(x: Floats) -> Floats:
        return np.asarray(depth * np.sin(np.pi * (x / width + phase)))

    def project(points: Floats) -> Floats:
        bent = np.stack([points[:, 0], points[:, 1] + curl(points[:, 0])], axis=1)
        return np.asarray(cv2.perspectiveTransform(bent[None], matrix)[0], np.float64)

    x, y = (part.astype(np.float64) for part in np.meshgrid(np.arange(size[0]), np.arange(size[1])))
    flat = cv2.perspectiveTransform(np.stack([x, y], axis=-1), np.linalg.inv(matrix))
    column = np.asarray(flat[..., 0], np.float64)
    row = flat[..., 1] - curl(column)
    seen = cv2.remap(page, column.astype(np.float32), row.astype(np.float32), cv2.INTER_LINEAR)
    on_page = (column >= 0) & (column <= width - 1) & (row >= 0) & (row <= height - 1)
    image = np.divide(np.where(on_page, seen, _desk(size, rng)), 255, dtype=np.float32)
    if conditions.hand:
        image = _fingers(image, project(np.array([[0.0, 0.6 * height], [float(width), 0.75 * height]])), height, rng)
    return Photo(_exposed(image, conditions.dark, rng), project)


def _view(width: int, height: int, tilt: float, rng: Random) -> tuple[Floats, tuple[int, int]]:
    """The 3 × 3 matrix from page to photo, and the photo's width and height; desk is seen all around."""
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    angle = np.deg2rad(tilt * rng.uniform(-5, 5))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    lean, side = tilt * rng.uniform(0.05, 0.2), rng.integers(4)
    centre = corners.mean(axis=0)
    seen = corners.copy()
    far = [side, (side + 1) % 4]
    middle = corners[far].mean(axis=0)
    seen[far] = middle + (corners[far] - middle) * (1 - lean) + (centre - middle) * lean / 2
    seen = (seen - centre) @ turn.T
    border = 0.06 * max(width, height)
    seen += border - seen.min(axis=0)
    size = np.ceil(seen.max(axis=0) + border).astype(int)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), seen.astype(np.float32))
    return np.asarray(matrix, np.float64), (int(size[0]), int(size[1]))


def _desk(size: tuple[int, int], rng: Random) -> Grey:
    """Wood, more or less: grain in one direction."""
    width, height = size
    grain = rng.normal(0, 1, (height // 3 + 1, 12)).astype(np.float32)
    wood = cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC) * rng.uniform(4, 14)
    return np.clip(rng.uniform(40, 150) + wood, 0, 255).astype(np.uint8)


def _fingers(image: NDArray[np.float32], edges: Floats, height: int, rng: Random) -> NDArray[np.float32]:
    """A thumb over the left or the right edge, short of the writing."""
    left = bool(rng.random() < 0.5)
    tip = edges[0 if left else 1]
    thick, reach = 0.028 * height, 0.03 * height
    sign = 1 if left else -1
    base = tip - np.array([sign * 4 * thick, -2 * thick])
    mask = np.zeros(image.shape, np.float32)
    ends = [tuple(int(value) for value in point) for point in (base, tip + np.array([sign * (reach - thick), 0]))]
    cv2.line(mask, ends[0], ends[1], 1.0, int(2 * thick), cv2.LINE_AA)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), 1.5), np.float32)
    return np.asarray(image * (1 - mask) + float(rng.uniform(0.5, 0.75)) * mask, np.float32)


def _exposed(image: NDArray[np.float32], dark: float, rng: Random) -> Grey:
    """What light, lens, sensor and file make of the scene."""
    height, width = image.shape
    if dark:
        light = rng.uniform(1 - 0.55 * dark, 1, (3, 3)).astype(np.float32)
        image = image * np.asarray(cv2.resize(light, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
        image = image * _shadow(width, height, 0.45 * dark, rng)
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.3 + 0.7 * dark), np.float32)
        image = image + rng.standard_normal(image.shape, np.float32) * np.float32(0.03 * dark)
    shot = np.clip(image * 255, 0, 255).astype(np.uint8)
    _, file = cv2.imencode(".jpg", shot, [cv2.IMWRITE_JPEG_QUALITY, 75])
    return np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.uint8)


def _shadow(width: int, height: int, depth: float, rng: Random) -> NDArray[np.float32]:
    """(H, W): the photographer's own shadow, a half-plane with a soft edge."""
    angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.4, 0.4)
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    inside = 1 / (1 + np.exp(-(x * np.cos(angle) + y * np.sin(angle) - offset) / 0.04))
    return np.asarray(1 - depth * inside, np.float32)

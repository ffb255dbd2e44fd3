"""Honest distortions of line images: what other pens, papers, cameras and crops would have done.

Every distortion keeps the text readable by a person. Images are (H, W) uint8, dark ink on light paper.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from recognizer.line_images import Grey

Random = np.random.Generator


def distort(image: Grey, rng: Random, *, strength: float = 1.0) -> Grey:
    """A random mix of distortions; ``strength`` 0 leaves the image, 1 is the training default."""
    if strength <= 0:
        return image
    steps = ((0.9, warp), (0.35, thicken), (0.3, rule), (0.15, bleed), (0.8, light), (0.3, blur), (0.4, grain))
    for probability, step in steps:
        if rng.random() < probability * min(1.0, strength):
            image = step(image, rng)
    return squeeze_file(image, rng) if rng.random() < 0.25 * strength else image


def paper_of(image: Grey) -> int:
    """The grey of the paper: what most of the image is lighter than or near."""
    return int(np.percentile(image, 80))


def warp(image: Grey, rng: Random) -> Grey:
    """Slant, rotation, stretch, another crop and a soft elastic wave, in one resampling."""
    height, width = image.shape
    stretch, zoom = float(np.exp(rng.normal(0, 0.12))), float(np.exp(rng.normal(0, 0.08)))
    slant, angle = float(rng.normal(0, 0.18)), float(rng.normal(0, 0.012))
    out_width = max(16, round(width * stretch))
    x, y = np.meshgrid(np.arange(out_width, dtype=np.float32), np.arange(height, dtype=np.float32))
    y_middle = y - height / 2
    shift = float(rng.normal(0, 0.04)) * height
    source_x = x / stretch + slant * y_middle
    source_y = height / 2 + y_middle / zoom + shift + angle * (x - out_width / 2) / stretch
    source_x += _wave(rng, height, out_width, amplitude=0.025 * height)
    source_y += _wave(rng, height, out_width, amplitude=0.03 * height)
    paper = paper_of(image)
    warped = cv2.remap(image, source_x, source_y, cv2.INTER_LINEAR, None, cv2.BORDER_CONSTANT, paper)
    return warped.astype(np.uint8, copy=False)


def _wave(rng: Random, height: int, width: int, *, amplitude: float) -> NDArray[np.float32]:
    """A smooth random field (H, W) in pixels: a coarse grid of noise, enlarged."""
    grid = rng.normal(0, amplitude, (3, max(2, width // max(8, height // 2)))).astype(np.float32)
    return np.asarray(cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def thicken(image: Grey, rng: Random) -> Grey:
    """A thicker or a thinner pen."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2, 2) if rng.random() < 0.7 else (3, 3))
    changed = cv2.erode(image, kernel) if rng.random() < 0.6 else cv2.dilate(image, kernel)
    mix = float(rng.uniform(0.3, 0.9))
    return np.asarray(cv2.addWeighted(changed, mix, image, 1 - mix, 0), np.uint8)


def rule(image: Grey, rng: Random) -> Grey:
    """A ruled line, sometimes squares, sometimes a strip of the neighbouring line's paper rule."""
    height, width = image.shape
    ruled = image.copy()
    shade = int(paper_of(image) * rng.uniform(0.45, 0.9))
    pitch = int(rng.integers(height // 3, height))
    first = int(rng.integers(0, height))
    thickness = int(rng.integers(1, 3))
    tilt = int(rng.normal(0, 2))
    for y in range(first % pitch if rng.random() < 0.4 else first, height, pitch if rng.random() < 0.4 else height):
        cv2.line(ruled, (0, y), (width, y + tilt), shade, thickness, cv2.LINE_AA)
    if rng.random() < 0.25:
        for x in range(int(rng.integers(0, pitch)), width, pitch):
            cv2.line(ruled, (x, 0), (x, height), shade, 1, cv2.LINE_AA)
    return np.minimum(image, ruled)


def bleed(image: Grey, rng: Random) -> Grey:
    """The other side of the sheet, faint and mirrored."""
    ghost = cv2.GaussianBlur(image[:, ::-1], (5, 5), 0).astype(np.float32)
    ghost = np.roll(ghost, int(rng.integers(0, image.shape[0])), axis=0)
    faint = paper_of(image) - (paper_of(image) - ghost) * float(rng.uniform(0.08, 0.3))
    return np.minimum(image, np.clip(faint, 0, 255).astype(np.uint8))


def light(image: Grey, rng: Random) -> Grey:
    """Other exposure, contrast and gamma, and light that falls off along the line."""
    width = image.shape[1]
    values = (image.astype(np.float32) / 255) ** float(np.exp(rng.normal(0, 0.3)))
    ink_shade = float(rng.uniform(0, 0.4))
    values = ink_shade + values * (1 - ink_shade)
    values *= float(rng.uniform(0.6, 1.0))
    values *= np.interp(np.arange(width), np.linspace(0, width, 4), rng.uniform(0.75, 1.0, 4)).astype(np.float32)
    return np.clip(values * 255, 0, 255).astype(np.uint8)


def blur(image: Grey, rng: Random) -> Grey:
    """Out of focus, or scanned small and enlarged."""
    if rng.random() < 0.5:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.3))), np.uint8)
    height, width = image.shape
    factor = float(rng.uniform(0.4, 0.8))
    small = cv2.resize(image, (max(8, int(width * factor)), max(8, int(height * factor))), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def grain(image: Grey, rng: Random) -> Grey:
    """Paper fibre and sensor noise."""
    height, width = image.shape
    noise = rng.standard_normal((height, width), np.float32) * float(rng.uniform(1, 10))
    if rng.random() < 0.5:
        coarse = rng.standard_normal((height // 4, max(1, width // 4)), np.float32)
        noise += 8 * np.asarray(cv2.resize(coarse, (width, height)), np.float32)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def squeeze_file(image: Grey, rng: Random) -> Grey:
    """What a small JPEG file leaves of the image."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 70))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)

"""Crops of lines: level, alone, on plain paper, of the asked height."""

import numpy as np
import pytest

from recognizer.line_crops import crop_line
from recognizer.page import Outline

PAPER, INK = 230, 20


def _page(height: int = 400, width: int = 600) -> np.ndarray:
    return np.full((height, width), PAPER, np.uint8)


def _stroke(page: np.ndarray, baseline: Outline, *, thickness: int = 3) -> None:
    xs = np.arange(baseline[0][0], baseline[-1][0])
    ys = np.interp(xs, [p[0] for p in baseline], [p[1] for p in baseline])
    for x, y in zip(xs.astype(int), np.round(ys).astype(int), strict=True):
        page[y - thickness : y, x] = INK


def _around(baseline: Outline, *, above: float = 30, below: float = 10) -> Outline:
    upper = tuple((x, y - above) for x, y in baseline)
    lower = tuple((x, y + below) for x, y in reversed(baseline))
    return upper + lower


def _ink_rows(crop: np.ndarray) -> np.ndarray:
    """Mean row of the ink in each column that has any."""
    dark = crop < (PAPER + INK) / 2
    columns = dark.any(axis=0)
    rows = np.arange(crop.shape[0])[:, None]
    return (rows * dark).sum(axis=0)[columns] / dark.sum(axis=0)[columns]


def test_a_level_line_keeps_its_proportions_and_gets_the_asked_height() -> None:
    baseline = ((100.0, 200.0), (400.0, 200.0))
    crop = crop_line(_page(), _around(baseline), baseline, height_px=64)
    assert crop.shape[0] == 64 and crop.dtype == np.uint8
    assert crop.shape[1] / 64 == pytest.approx((300 + 4) / (40 + 4), rel=0.02)


@pytest.mark.parametrize("slope", [-0.3, -0.1, 0.15, 0.3])
def test_a_slanted_line_comes_out_level(slope: float) -> None:
    page = _page()
    baseline = ((100.0, 200.0), (400.0, 200.0 + 300 * slope))
    _stroke(page, baseline)
    rows = _ink_rows(crop_line(page, _around(baseline), baseline))
    assert np.ptp(rows) < 5


def test_a_bent_line_comes_out_straight() -> None:
    page = _page()
    baseline = tuple((x, 200 + 25 * np.sin((x - 100) / 300 * np.pi)) for x in np.linspace(100, 400, 12))
    _stroke(page, baseline)
    rows = _ink_rows(crop_line(page, _around(baseline), baseline))
    assert np.ptp(rows) < 6


def test_a_line_written_upwards_reads_from_left_to_right() -> None:
    page = _page(600, 300)
    page[300:500, 98:100] = INK  # the first word, lower on the page because the line runs upwards
    baseline = ((100.0, 500.0), (100.0, 100.0))
    polygon = ((70.0, 500.0), (110.0, 500.0), (110.0, 100.0), (70.0, 100.0))
    crop = crop_line(page, polygon, baseline)
    dark = np.flatnonzero((crop < 128).any(axis=0))
    assert crop.shape[1] > 500
    assert dark.min() < 20 and dark.max() < crop.shape[1] * 0.55


def test_neighbours_outside_the_polygon_become_paper() -> None:
    page = _page()
    page[150:160, :] = INK  # the line above, touching the crop's rectangle but not the polygon
    polygon = (
        (100.0, 200.0),
        (100.0, 170.0),
        (200.0, 170.0),
        (200.0, 145.0),
        (210.0, 170.0),
        (400.0, 170.0),
        (400.0, 200.0),
    )
    crop = crop_line(page, polygon, ((100.0, 195.0), (400.0, 195.0)))
    assert (crop < 128).mean() < 0.01
    assert np.median(crop) == PAPER


def test_the_paper_outside_follows_a_shadow_along_the_line() -> None:
    page = np.tile(np.linspace(120, 240, 600).astype(np.uint8), (400, 1))
    baseline = ((20.0, 200.0), (580.0, 200.0))
    polygon = (*_around(baseline, below=5), (20.0, 150.0))
    crop = crop_line(page, polygon, baseline).astype(int)
    corner_left, corner_right = crop[-1, 10:40].mean(), crop[-1, -40:-10].mean()
    assert corner_left < 150 and corner_right > 210


def test_without_a_baseline_the_polygons_long_axis_serves() -> None:
    baseline = ((100.0, 200.0), (400.0, 245.0))
    page = _page()
    _stroke(page, baseline)
    polygon = _around(baseline, above=20, below=20)
    assert np.ptp(_ink_rows(crop_line(page, polygon, None))) < 6


def test_a_large_photo_is_averaged_not_sampled() -> None:
    page = _page(2000, 3000)
    page[::2] = INK  # finer than the crop can show: must come out grey, without stripes
    baseline = ((200.0, 1000.0), (2800.0, 1000.0))
    crop = crop_line(page, _around(baseline, above=300, below=100), baseline)
    assert np.std(crop[8:-8].astype(float)) < 15


@pytest.mark.parametrize(
    "polygon",
    [
        ((10.0, 10.0), (10.0, 10.0), (10.0, 10.0)),
        ((-50.0, -40.0), (700.0, -40.0), (700.0, 20.0), (-50.0, 20.0)),
        ((900.0, 900.0), (1000.0, 900.0), (1000.0, 940.0), (900.0, 940.0)),
        ((0.0, 5.0), (599.0, 5.0), (599.0, 5.5)),
    ],
    ids=["a point", "over the edge", "beyond the page", "a hair"],
)
@pytest.mark.parametrize("baseline", [None, ((5.0, 5.0), (5.0, 5.0)), ((10.0, 12.0), (400.0, 12.0))])
def test_odd_outlines_still_give_a_crop(polygon: Outline, baseline: Outline | None) -> None:
    crop = crop_line(_page(), polygon, baseline, height_px=48)
    assert crop.shape[0] == 48 and 1 <= crop.shape[1] <= 48 * 64

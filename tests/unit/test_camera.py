"""The benchmark's camera: what is at a point of the page is where the camera says it is in the photo."""

import itertools

import numpy as np
import pytest

from benchmarks.camera import Conditions, take
from benchmarks.photographs import CONDITIONS

POINTS = np.array(list(itertools.product((90, 300, 510), (100, 400, 700))), np.float64)  # x, y


@pytest.mark.parametrize("name", CONDITIONS)
def test_points_of_the_page_are_found_in_the_photo(name: str) -> None:
    page = np.full((800, 600), 230, np.uint8)
    for x, y in POINTS.astype(int):
        page[y - 6 : y + 7, x - 6 : x + 7] = 10
    for seed in range(5):
        photo = take(page, CONDITIONS[name], np.random.default_rng(seed))
        there = np.round(photo.project(POINTS)).astype(int)
        height, width = photo.grey.shape
        assert ((there > 0) & (there < (width, height))).all()
        for x, y in there:
            around = photo.grey[y - 20 : y + 21, x - 20 : x + 21]
            assert photo.grey[y, x] < 0.5 * np.median(around), (name, seed, x, y)


def test_an_outline_follows_the_bends() -> None:
    photo = take(np.full((800, 600), 255, np.uint8), Conditions(curl=1), np.random.default_rng(1))
    outline = photo.outline(np.array([[50.0, 300.0], [550.0, 300.0], [550.0, 340.0], [50.0, 340.0]]))
    top = outline[outline[:, 1] < np.median(outline[:, 1])]
    assert len(outline) > 80 and np.ptp(top[:, 1]) > 3


def test_the_same_seed_takes_the_same_photo() -> None:
    page = np.random.default_rng(0).integers(0, 255, (200, 150)).astype(np.uint8)
    one, two = (take(page, CONDITIONS["all of it"], np.random.default_rng(3)).grey for _ in range(2))
    assert (one == two).all()

"""Where writing stands in an outline that somebody drew."""

import numpy as np
import pytest

from recognizer.baselines import level_baseline
from recognizer.page import Outline


@pytest.mark.parametrize(
    ("polygon", "ends"),
    [
        (((10, 20), (110, 20), (110, 60), (10, 60)), ((10, 50), (110, 50))),
        (((10, 60), (10, 20), (110, 20), (110, 60)), ((10, 50), (110, 50))),
        (((0, 0), (100, 20), (100, 60), (0, 40)), ((0, 30), (100, 50))),
        (((10, 20), (40, 20), (40, 60), (10, 60)), ((10, 50), (40, 50))),
        (((20, 10), (60, 10), (60, 110), (20, 110)), ((50, 110), (50, 10))),
    ],
    ids=["a box", "another corner first", "rising", "a short word", "up the margin"],
)
def test_a_baseline_runs_through_the_lower_part_of_its_outline(polygon: Outline, ends: Outline) -> None:
    baseline = level_baseline(polygon)
    assert [baseline[0], baseline[-1]] == [pytest.approx(end, abs=1) for end in ends]


def test_a_baseline_bends_with_its_outline() -> None:
    x = np.linspace(0, 400, 30)
    top = 100 + 40 * np.sin(x / 400 * np.pi)
    polygon = (*zip(x, top, strict=True), *zip(x[::-1], top[::-1] + 40, strict=True))
    middle = level_baseline(polygon)[4]
    assert middle == pytest.approx((200, 170), abs=3)

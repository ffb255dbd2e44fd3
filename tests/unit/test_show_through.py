"""What shines through a sheet is no line of it; pencil beside ink, shadows and plain paper stay as they are."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from recognizer.finding.show_through import fade
from recognizer.line_finder import LineFinder
from recognizer.page_metrics import score_lines
from tests.handwriting import write_page

SHIPPED = Path(__file__).parents[2] / "recognizer" / "weights"
FRONT = ["what this page says", "in three lines of ink", "with room around them"]
BACK = ["the other side of it", "is written as densely", "and shines through it", "from top to bottom"]


def bars(*shades: int, paper: int = 230) -> np.ndarray:  # type: ignore[type-arg]
    """Strokes of these shades on paper, one under another."""
    page = np.full((60 * len(shades), 200), paper, np.uint8)
    for row, shade in enumerate(shades):
        page[60 * row + 25 : 60 * row + 30, 20:180] = shade
    return page


def test_the_faint_goes_and_ink_and_pencil_stay() -> None:
    faded = fade(bars(20, 120, 215))
    assert (faded[25:30, 30:170] == 20).all()
    assert np.abs(faded[85:90, 30:170].astype(int) - 120).max() <= 1
    assert (faded[145:150, 30:170] >= 228).all()


def test_it_is_faint_beside_the_pages_own_ink_not_beside_black() -> None:
    faded = fade(bars(150, 150, 150))
    assert np.abs(faded.astype(int) - bars(150, 150, 150)).max() <= 1


@pytest.mark.parametrize("page", [np.full((90, 120), 230, np.uint8), np.zeros((40, 40), np.uint8), bars(225)])
def test_a_page_without_ink_is_left_alone(page: np.ndarray) -> None:  # type: ignore[type-arg]
    assert (fade(page) == page).all()


def test_light_that_falls_off_is_no_writing_and_hides_none() -> None:
    light = np.linspace(1, 0.4, 200)
    faded = fade((bars(20, 20, 215) * light).astype(np.uint8))
    assert (faded[85:90, 30:170] < 40).all()
    assert np.abs(faded[145:150, 30:170] - (230 * light[30:170])).max() < 12


def test_the_writing_on_the_back_is_not_found() -> None:
    front, back = (write_page(texts, seed=7, width=640, height=420) for texts in (FRONT, BACK))
    through = cv2.GaussianBlur(back.image[:, ::-1], (0, 0), 1).astype(np.float32)
    page = np.minimum(front.image, 255 - 0.3 * (255 - through)).astype(np.uint8)
    found = LineFinder.load(SHIPPED).find(page)
    score = score_lines([line.polygon for line in found], [line.polygon for line in front.lines])
    assert (score.matched, score.found) == (3, 3)

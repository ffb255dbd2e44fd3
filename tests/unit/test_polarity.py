"""Writing is dark on light for networks, whatever it stands on."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from recognizer.images import open_pages
from recognizer.opening.polarity import is_light_on_dark
from tests.files import encode
from tests.handwriting import write_line, write_page

Grey = NDArray[np.uint8]
TEXTS = ["Dear Margaret, the garden", "is lovely this morning,", "and I wish you could see", "how the roses climb."]


def written(seed: int = 0, texts: list[str] = TEXTS) -> Grey:
    return write_page(texts, seed=seed, width=700, height=900, paper="ruled").image


def on_dark_table(page: Grey, *, angle_degrees: float = 0.0) -> Grey:
    """The page photographed small on a dark, grainy table."""
    rng = np.random.default_rng(3)
    height, width = page.shape
    grain = cv2.GaussianBlur(rng.normal(45, 50, (2 * height, 2 * width)), (0, 0), 2).clip(0, 255)
    turn = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), angle_degrees, 1.0), float)
    turn[:, 2] += (width / 2, height / 2)
    size = (2 * width, 2 * height)
    inside = cv2.warpAffine(np.ones(page.shape), turn, size)
    return (cv2.warpAffine(page.astype(float), turn, size) * inside + grain * (1 - inside)).astype(np.uint8)


@pytest.mark.parametrize("seed", range(6))
def test_ink_on_paper_is_left_alone(seed: int) -> None:
    assert not is_light_on_dark(written(seed))
    assert not is_light_on_dark((written(seed) * 0.35).astype(np.uint8))  # in bad light


@pytest.mark.parametrize("seed", range(6))
def test_chalk_on_a_blackboard_is_found(seed: int) -> None:
    board = ~written(seed)
    assert is_light_on_dark(board)
    assert is_light_on_dark((60 + board * 0.4).astype(np.uint8))  # grey and dusty


@pytest.mark.parametrize("angle_degrees", [0, 3, 17])
@pytest.mark.parametrize("texts", [TEXTS, ["", "Hello", "", "", "", ""]])
def test_a_letter_on_a_dark_table_is_left_alone(angle_degrees: float, texts: list[str]) -> None:
    photo = on_dark_table(written(texts=texts), angle_degrees=angle_degrees)
    assert photo.mean() < 128
    assert not is_light_on_dark(photo)


def test_a_blackboard_in_a_white_room_is_found() -> None:
    assert is_light_on_dark(np.pad(~written(), 300, constant_values=230))


def test_black_margins_of_a_scanner_change_nothing() -> None:
    assert not is_light_on_dark(np.pad(written(), ((0, 300), (200, 500)), constant_values=5))


@pytest.mark.parametrize("seed", range(4))
def test_single_lines_are_told_apart(seed: int) -> None:
    line = write_line("Ça va, Zoë ?", seed=seed)
    assert not is_light_on_dark(line)
    assert is_light_on_dark(~line)


@pytest.mark.parametrize("shade", [0, 90, 255])
def test_an_empty_page_is_left_alone(shade: int) -> None:
    assert not is_light_on_dark(np.full((300, 200), shade, np.uint8))
    assert not is_light_on_dark(np.full((1, 1), shade, np.uint8))


def test_an_opened_blackboard_is_dark_on_light_for_networks_and_itself_for_people() -> None:
    board = ~written()
    (page,) = open_pages(encode(Image.fromarray(board), "PNG"), name="board.png")
    assert np.array_equal(page.grey, ~board)
    assert np.array_equal(np.asarray(page.colour)[..., 0], board)

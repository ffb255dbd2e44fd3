"""The handwriting that tests and examples are made of is what it says, the same each time."""

import numpy as np
import pytest

from recognizer.images import open_pages
from tests.handwriting import Paper, write_line, write_page
from tests.make_examples import FOLDER

TEXTS = ["Dear Margaret,", "", "the garden is quite lovely", "this morning."]
EXAMPLES = sorted(path.name for path in FOLDER.iterdir())


@pytest.mark.parametrize("seed", range(4))
def test_lines_are_dark_on_light_and_as_high_as_asked(seed: int) -> None:
    line = write_line("où l’élève", seed=seed, height_px=48)
    assert line.shape[0] == 48 and line.shape[1] > 2 * 48 and line.dtype == np.uint8
    assert np.median(line) > 190 and line.min() < 110
    assert not (line[[0, -1]] < 150).any()  # nothing is cut off


def test_the_same_seed_writes_the_same_and_another_another_hand() -> None:
    assert np.array_equal(write_line("garden", seed=3), write_line("garden", seed=3))
    assert write_line("garden", seed=3).shape != write_line("garden", seed=4).shape


@pytest.mark.parametrize("pair", ["eé", "eè", "eê", "aà", "cç", "uù", "iî", "oô", "eë", "iï", "uû", "EÉ", "CÇ", "nñ"])
def test_accents_add_ink_to_their_letter(pair: str) -> None:
    plain, accented = (int((write_line(9 * letter, seed=1) < 130).sum()) for letter in pair)
    assert accented > plain


def test_characters_without_strokes_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="CJK UNIFIED IDEOGRAPH"):
        write_line("字", seed=0)


@pytest.mark.parametrize("paper", ["plain", "ruled", "squared"])
@pytest.mark.parametrize("seed", [0, 1])
def test_polygons_hold_the_ink_and_baselines_run_through_them(seed: int, paper: Paper) -> None:
    page = write_page(TEXTS, seed=seed, width=600, height=500, paper=paper)
    assert page.image.shape == (500, 600)
    assert [line.text for line in page.lines] == [text for text in TEXTS if text]
    outside = page.image < 110
    for line in page.lines:
        left, top, right, bottom = (round(edge(np.array(line.polygon)[:, axis]))
                                    for edge, axis in ((np.min, 0), (np.min, 1), (np.max, 0), (np.max, 1)))  # fmt: skip
        assert outside[top:bottom, left:right].sum() > 100
        outside[top : bottom + 1, left : right + 1] = False
        assert all(top < y < bottom for _, y in line.baseline)
    assert not outside.any()


def test_columns_are_filled_one_after_the_other() -> None:
    page = write_page(["one", "two", "three", "four"], seed=2, width=600, height=300, columns=2)
    starts = [line.baseline[0] for line in page.lines]
    assert [x < 300 for x, _ in starts] == [True, True, False, False]
    assert starts[0][1] < starts[1][1] and starts[2][1] < starts[3][1]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 4


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_small_pages_of_dark_writing(name: str) -> None:
    data = (FOLDER / name).read_bytes()
    assert len(data) <= 150_000
    (page,) = open_pages(data, name=name)
    assert max(page.colour.size) >= 1000
    assert np.array_equal(page.grey, np.asarray(page.colour.convert("L")))

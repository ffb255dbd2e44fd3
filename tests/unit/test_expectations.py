"""Ground truth that no model should learn from is stopped, and its lines are named."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from flywheel.errors import UnfitSnapshot
from flywheel.expectations import broken, expect
from recognizer.charset import LATIN_V1
from recognizer.corpora import LineTruth
from tests.unit.lines import written_lines

ENGLISH = "It was a bright cold day in April, and the clocks were striking thirteen. " * 12


@pytest.fixture
def rows(tmp_path: Path) -> list[LineTruth]:
    lines = written_lines(tmp_path)
    return [
        replace(row, extra={**row.extra, "line": f"line-{index}", "split": "test" if index > 5 else "train"})
        for index, row in enumerate(lines)
    ]


def names(rows: list[LineTruth], **options: list[str]) -> dict[str, tuple[str, ...]]:
    return {found.name: found.lines for found in broken(rows, LATIN_V1, **options)}  # type: ignore[arg-type]


def test_good_ground_truth_passes(rows: list[LineTruth]) -> None:
    expect(rows, LATIN_V1)
    expect([*rows, *rows], LATIN_V1, before=[row.text for row in rows])


@pytest.mark.parametrize(
    ("text", "name"),
    [("", "empty text"), ("  ", "empty text"), ("dear ✠", "charset"), ("much too long " * 30, "length")],
)
def test_a_text_that_cannot_be_learnt_is_named(rows: list[LineTruth], text: str, name: str) -> None:
    assert names([replace(rows[0], text=text), *rows[1:]])[name] == ("line-0",)


def test_one_image_with_two_texts_is_named(rows: list[LineTruth]) -> None:
    shutil.copy(rows[0].image, rows[1].image)
    assert names(rows) == {"contradiction": ("line-0", "line-1")}
    assert names([rows[0], replace(rows[1], text=rows[0].text), *rows[2:]]) == {}
    spaced = rows[0].text.replace(" ", "\u00a0")
    assert names([rows[0], replace(rows[1], text=f"{spaced} "), *rows[2:]]) == {}


def test_an_image_in_training_and_test_is_named(rows: list[LineTruth]) -> None:
    shutil.copy(rows[0].image, rows[7].image)
    assert names([*rows[:7], replace(rows[7], text=rows[0].text)]) == {"leakage": ("line-0", "line-7")}


def test_another_alphabet_is_a_drift_but_another_language_is_none(rows: list[LineTruth]) -> None:
    mash = [replace(row, text="qwzxj kqzwx") for row in rows] * 12
    assert list(names(mash, before=[ENGLISH]))[-1] == "drift"
    french = "Nous voilà enfin arrivés après deux jours de route, et la maison est petite mais claire. " * 8
    letters = [replace(row, text=french) for row in rows]
    assert set(names(letters, before=[ENGLISH])) == {"length"}


def test_the_message_says_what_and_where_and_what_to_do(rows: list[LineTruth]) -> None:
    spoilt = [replace(row, text="✠") for row in rows]
    with pytest.raises(UnfitSnapshot) as caught:
        expect(spoilt, LATIN_V1)
    assert str(caught.value) == (
        "“✠” is not in charset latin-v1: no model that has it can learn it. "
        "Lines: line-0, line-1, line-2, line-3, line-4 and 3 more. "
        "Correct them, or leave them out: python -m flywheel snapshot --without LINE."
    )

"""Counting found lines: one to one, by overlap."""

import pytest

from recognizer.page import Outline
from recognizer.page_metrics import LineScore, score_lines


def _box(x: float, y: float, width: float = 100, height: float = 20) -> Outline:
    return (x, y), (x + width, y), (x + width, y + height), (x, y + height)


def test_the_same_lines_match_whatever_their_order() -> None:
    truth = [_box(0, 0), _box(0, 40), _box(0, 80)]
    assert score_lines(truth[::-1], truth) == LineScore(3, 3, 3)


def test_half_an_overlap_counts_and_less_does_not() -> None:
    assert score_lines([_box(0, 0, width=50)], [_box(0, 0)]).matched == 1
    assert score_lines([_box(0, 0, width=49)], [_box(0, 0)]).matched == 0


def test_two_found_on_one_true_line_count_once() -> None:
    assert score_lines([_box(0, 0), _box(0, 1)], [_box(0, 0)]) == LineScore(1, 2, 1)


def test_one_found_line_over_two_true_ones_counts_once() -> None:
    assert score_lines([_box(0, 0, width=190)], [_box(0, 0), _box(100, 0, width=90)]) == LineScore(1, 1, 2)


def test_a_page_without_writing_on_which_nothing_is_found_is_perfect() -> None:
    score = score_lines([], [])
    assert (score.precision, score.recall, score.f1) == (1.0, 1.0, 1.0)


def test_missing_and_false_lines_cost() -> None:
    score = score_lines([_box(0, 0), _box(500, 500)], [_box(0, 0), _box(0, 40), _box(0, 80)])
    assert score.precision == 0.5
    assert score.recall == pytest.approx(1 / 3)
    assert score.f1 == pytest.approx(0.4)


def test_outlines_that_cross_themselves_or_have_no_area_are_survived() -> None:
    bow = ((0.0, 0.0), (100.0, 20.0), (100.0, 0.0), (0.0, 20.0))
    flat = ((0.0, 0.0), (10.0, 0.0))
    assert score_lines([bow, flat, ()], [bow]) == LineScore(1, 3, 1)

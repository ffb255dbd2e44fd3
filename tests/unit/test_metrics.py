"""Error rates and calibration on cases that can be counted by hand."""

import pytest

from recognizer.metrics import calibration_error, cer, right_words, wer


def test_cer_sums_edits_before_it_divides() -> None:
    assert cer([("abcd", "abxd"), ("a", "")]) == pytest.approx(2 / 5)


def test_composed_and_decomposed_accents_are_equal() -> None:
    assert cer([("é", "e\u0301")]) == 0


def test_case_and_spaces_count() -> None:
    assert cer([("A b", "a  b")]) == pytest.approx(2 / 3)


def test_wer_counts_words() -> None:
    assert wer([("le chat dort", "le chien dort bien")]) == pytest.approx(2 / 3)


def test_an_empty_set_has_no_errors() -> None:
    assert cer([]) == wer([]) == 0


def test_right_words_are_those_the_alignment_keeps() -> None:
    assert right_words("un beau jour de mai", "un bel jour mai") == [True, False, True, True]


def test_calibration_error_is_the_gap_between_said_and_true() -> None:
    assert calibration_error([0.9] * 10, [True] * 5 + [False] * 5) == pytest.approx(0.4)
    assert calibration_error([0.5] * 10, [True] * 5 + [False] * 5) == pytest.approx(0)
    assert calibration_error([], []) == 0

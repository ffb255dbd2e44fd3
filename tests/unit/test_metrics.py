"""Error rates and calibration on cases that can be counted by hand."""

import pytest

from recognizer.metrics import calibration_error, cer, reliability, right_words, wer, word_changes


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


@pytest.mark.parametrize(
    ("settled", "said", "changes"),
    [
        ("has lost two teeth", "has lost lwo teeth", [("lwo", "two")]),
        ("a better day", "o letter day", [("o", "a"), ("letter", "better")]),
        ("today it rains", "to day it rains", [("to day", "today")]),
        ("it rains", "it rains .", [(".", "")]),
        ("it really rains", "it rains", [("", "really")]),
        ("café", "cafe\u0301", []),
        ("", "", []),
    ],
)
def test_word_changes_tell_what_was_said_and_what_it_became(
    settled: str, said: str, changes: list[tuple[str, str]]
) -> None:
    assert word_changes(settled, said) == changes


def test_reliability_sorts_words_by_confidence_and_counts_the_right_ones() -> None:
    low, high = reliability([0.2, 0.4, 0.9, 1.0, 0.5], [True, False, True, True, False], bins=2)
    assert (low.low, low.high, low.words, low.right) == (0, 0.5, 2, 1)
    assert (high.low, high.high, high.words, high.right) == (0.5, 1, 3, 2)
    assert (low.confidence, high.confidence) == (pytest.approx(0.3), pytest.approx(0.8))
    assert [each.words for each in reliability([], [], bins=3)] == [0, 0, 0]


def test_calibration_error_is_the_gap_between_said_and_true() -> None:
    assert calibration_error([0.9] * 10, [True] * 5 + [False] * 5) == pytest.approx(0.4)
    assert calibration_error([0.5] * 10, [True] * 5 + [False] * 5) == pytest.approx(0)
    assert calibration_error([], []) == 0

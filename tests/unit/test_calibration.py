"""Confidences: what they look at, and that fitting makes them true."""

import numpy as np
import pytest

from recognizer.calibration import LINE_FEATURES, WORD_FEATURES, Calibration, Evidence, certainties, fit
from recognizer.decoding.alignment import align
from recognizer.decoding.best_path import softmax
from recognizer.errors import BadModel


def test_certainties_lie_in_the_unit_interval_and_one_more_than_the_text() -> None:
    probabilities = softmax(np.random.default_rng(0).normal(0, 3, (20, 5)).astype(np.float32))
    sure = certainties(probabilities, (1, 2, 3), align([probabilities], [(1, 2, 3)])[0])
    assert sure.shape == (4,) and (sure > 0).all() and (sure <= 1).all()


def test_a_rival_character_in_a_gap_lowers_the_next_certainty() -> None:
    steps = np.array([[0.01, 0.98, 0.01], [0.98, 0.01, 0.01], [0.01, 0.01, 0.98]], np.float32)
    clear = certainties(steps, (1, 2), align([steps], [(1, 2)])[0])
    steps[1] = [0.6, 0.1, 0.3]
    doubtful = certainties(steps, (1, 2), align([steps], [(1, 2)])[0])
    assert doubtful[1] < clear[1] and doubtful[0] == pytest.approx(clear[0])


def evidence_of(line: list[float], *, likely: float = -2.0, doubt: float = 0.0, common: float = 0.0) -> Evidence:
    """The same of every character."""
    return Evidence(np.array(line), *(np.full(len(line) - 1, value) for value in (likely, doubt, common)))


def word_in(line: list[float], **said: float) -> float:
    """The confidence of a line's first three characters by curves that trust everything alike."""
    evidence = evidence_of(line, **said)
    curves = Calibration(word=(0.3, 0.3, 0.0, 0.5, 0.0, -0.3, 0.0, 0.3, 0.1, 1.0))
    return curves.word_confidences(evidence.of_words([(0, 3)]))[0]


def test_a_word_in_an_unsure_line_is_less_sure() -> None:
    assert word_in([0.9] * 4 + [0.3] * 8) < word_in([0.9] * 4 + [0.95] * 8)


def test_a_word_that_the_language_finds_strange_is_less_sure() -> None:
    assert word_in([0.9] * 12, likely=-6.0) < word_in([0.9] * 12, likely=-1.0)


def test_a_word_that_is_rare_is_less_sure() -> None:
    assert word_in([0.9] * 12, common=-15.0) < word_in([0.9] * 12, common=-5.0)
    assert word_in([0.9] * 12, common=-90.0) == word_in([0.9] * 12, common=-30.0)


def test_a_word_that_other_texts_spell_otherwise_is_less_sure() -> None:
    assert word_in([0.9] * 12, doubt=0.4) < word_in([0.9] * 12, doubt=0.01)


def test_a_word_that_is_the_whole_line_is_judged_by_itself() -> None:
    evidence = evidence_of([0.9, 0.8, 0.95, 0.99])
    (features,) = evidence.of_words([(0, 3)])
    assert features.shape == (WORD_FEATURES,) and np.isfinite(features).all()
    assert evidence.of_line().shape == (LINE_FEATURES,)


def test_words_are_judged_together_as_each_would_be_alone() -> None:
    rng = np.random.default_rng(8)
    sure, likely, doubts, common = (rng.uniform(*ends) for ends in ((0.1, 1, 18), (-9, 0, 17), (0, 1, 17), (-9, 0, 17)))
    evidence, spans = Evidence(sure, likely, doubts, common), [(0, 4), (5, 6), (6, 9), (11, 17)]
    alone = np.concatenate([evidence.of_words([span]) for span in spans])
    assert evidence.of_words(spans) == pytest.approx(alone)
    assert 1 / (1 + np.exp(-alone[1, :2])) == pytest.approx([sure[5:7].prod(), sure[5:7].min()])
    assert alone[1, 3:6] == pytest.approx([likely[5:7].mean(), likely[5:7].min(), np.log(doubts[5:7].max() + 1e-4)])


def test_an_empty_line_has_evidence_too() -> None:
    assert np.isfinite(evidence_of([0.9]).of_line()).all()
    assert evidence_of([0.9]).of_words([]).shape == (0, WORD_FEATURES)


def test_fitted_confidence_is_the_share_that_is_right() -> None:
    rng = np.random.default_rng(5)
    sure = rng.uniform(0.2, 1.0, (4000, 3))
    right = rng.uniform(size=4000) < sure.min(axis=1) ** 3
    words = np.concatenate([evidence_of(row).of_words([(0, 2)]) for row in sure.tolist()])
    curves = Calibration(word=fit(list(words), list(right)))
    said = np.array(curves.word_confidences(words))
    for low in np.arange(0, 1, 0.2):
        chosen = (said >= low) & (said < low + 0.2)
        if chosen.sum() > 100:
            assert said[chosen].mean() == pytest.approx(right[chosen].mean(), abs=0.08)


def test_groups_of_any_size_count_the_same_when_told_so() -> None:
    rows = [np.array([1.0])] * 90 + [np.array([1.0])] * 10
    right = [True] * 90 + [False] * 10
    shares = [100 / 2 / 90] * 90 + [100 / 2 / 10] * 10
    assert fit(rows, right, ridge=1e-9)[0] == pytest.approx(np.log(9))
    assert fit(rows, right, shares=shares, ridge=1e-9)[0] == pytest.approx(0.0, abs=1e-6)


def test_calibration_survives_a_model_card() -> None:
    curves = Calibration(tuple(map(float, range(WORD_FEATURES))), tuple(map(float, range(LINE_FEATURES))))
    assert Calibration.from_json({"word": list(curves.word), "line": list(curves.line)}) == curves
    assert Calibration.from_json(None) == Calibration()


def test_curves_of_an_older_card_take_all_words_for_equally_common() -> None:
    curves = Calibration.from_json({"word": [0.1] * 8 + [1.0], "line": [0.2] * 7 + [1.0]})
    assert curves == Calibration((0.1,) * 8 + (0.0, 1.0), (0.2,) * 7 + (0.0, 1.0))


def test_a_card_of_another_version_says_what_to_do() -> None:
    with pytest.raises(BadModel, match=r"4 and 4 weights, this Inkloop needs 10 and 9.*Train or fine-tune"):
        Calibration.from_json({"word": [1.0] * 4, "line": [1.0] * 4})

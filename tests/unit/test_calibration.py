"""Confidences: what they look at, and that fitting makes them true."""

import numpy as np
import pytest

from recognizer.calibration import Calibration, certainties, features, fit
from recognizer.decoding import align, softmax


def test_certainties_lie_in_the_unit_interval_and_one_more_than_the_text() -> None:
    probabilities = softmax(np.random.default_rng(0).normal(0, 3, (20, 5)).astype(np.float32))
    sure = certainties(probabilities, (1, 2, 3), align(probabilities, (1, 2, 3)))
    assert sure.shape == (4,) and (sure > 0).all() and (sure <= 1).all()


def test_a_rival_character_in_a_gap_lowers_the_next_certainty() -> None:
    steps = np.array([[0.01, 0.98, 0.01], [0.98, 0.01, 0.01], [0.01, 0.01, 0.98]], np.float32)
    clear = certainties(steps, (1, 2), align(steps, (1, 2)))
    steps[1] = [0.6, 0.1, 0.3]
    doubtful = certainties(steps, (1, 2), align(steps, (1, 2)))
    assert doubtful[1] < clear[1] and doubtful[0] == pytest.approx(clear[0])


def test_fitted_confidence_is_the_share_that_is_right() -> None:
    rng = np.random.default_rng(5)
    sure = rng.uniform(0.2, 1.0, (4000, 3))
    right = rng.uniform(size=4000) < sure.min(axis=1) ** 3
    curves = Calibration(word=fit([features(row) for row in sure], list(right)))
    said = np.array([curves.word_confidence(row) for row in sure])
    for low in np.arange(0, 1, 0.2):
        chosen = (said >= low) & (said < low + 0.2)
        if chosen.sum() > 100:
            assert said[chosen].mean() == pytest.approx(right[chosen].mean(), abs=0.08)


def test_calibration_survives_a_model_card() -> None:
    curves = Calibration((1.0, 2.0, 3.0, 4.0), (5.0, 6.0, 7.0, 8.0))
    assert Calibration.from_json({"word": list(curves.word), "line": list(curves.line)}) == curves
    assert Calibration.from_json(None) == Calibration()

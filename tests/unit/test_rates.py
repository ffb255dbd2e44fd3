"""Rates and their bounds on counts that can be checked by hand or against a simulation."""

import numpy as np
import pytest

from flywheel.rates import means, rate, rates, share


def counts(*values: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.array(values, np.int64)


def test_a_rate_sums_before_it_divides() -> None:
    found = rate(counts(1, 0, 5), counts(10, 80, 10))
    assert (found.value, found.part, found.whole) == (pytest.approx(0.06), 6, 100)


def test_nothing_counted_has_no_rate() -> None:
    for empty in (rate(counts(), counts()), rate(counts(0), counts(0)), share(0, 0)):
        assert (empty.value, empty.low, empty.high, empty.whole) == (None, None, None, 0)


def test_one_line_without_an_error_does_not_promise_that_there_will_be_none() -> None:
    found = rate(counts(0), counts(40))
    assert (found.value, found.low) == (0, 0)
    assert found.high == pytest.approx(0.0876, abs=1e-4)  # Wilson: z² / (n + z²)


def test_independent_words_get_wilsons_interval() -> None:
    found = share(8, 10)
    assert (found.low, found.high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))


def test_errors_that_come_in_bad_lines_make_the_bounds_wider() -> None:
    even = rate(counts(*[1] * 20), counts(*[10] * 20))
    uneven = rate(counts(*[10] * 2, *[0] * 18), counts(*[10] * 20))
    assert even.value == uneven.value == pytest.approx(0.1)
    assert even.high is not None and uneven.high is not None
    assert uneven.high - 0.1 == pytest.approx(1.96 * np.sqrt(0.1 * 0.9 / 19), rel=1e-6)
    assert even.high < uneven.high


def test_more_edits_than_characters_stay_a_rate_within_its_bounds() -> None:
    found = rate(counts(30), counts(10))
    assert found.value == 3
    assert found.high == 3 and found.low is not None and 0 < found.low < 1


def test_each_group_has_its_own_rate_and_an_empty_one_has_none() -> None:
    first, second, third = rates(counts(1, 2, 3), counts(10, 10, 10), group=counts(0, 2, 2), groups=3)
    assert (first.value, second.value, third.value) == (pytest.approx(0.1), None, pytest.approx(0.25))


def test_means_leave_out_what_was_not_measured() -> None:
    found = means(np.array([2.0, np.nan, 4.0]), group=counts(0, 0, 0), groups=2)
    assert [(each.value, each.lines) for each in found] == [(3.0, 2), (None, 0)]


def test_the_bounds_hold_the_truth_about_as_often_as_they_say() -> None:
    random = np.random.default_rng(7)
    held = 0
    for _ in range(400):
        lengths = random.integers(20, 50, 60)
        badness = random.beta(0.6, 9, 60)  # most lines read well, a few badly: 0.0625 on average
        found = rate(random.binomial(lengths, badness), lengths)
        assert found.low is not None and found.high is not None
        held += found.low <= 0.0625 <= found.high
    assert 0.90 <= held / 400 <= 0.99

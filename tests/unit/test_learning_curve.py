"""The estimate follows the published curve at first and one's own trainings later."""

import pytest

from flywheel.learning_curve import Step, estimate


@pytest.mark.parametrize(("more", "left"), [(16, 0.75), (256, 0.5)])
def test_without_trainings_it_is_the_published_curve(more: int, left: float) -> None:
    assert estimate([], cer=0.2, lines=0, more=more).cer_then == pytest.approx(0.2 * left, rel=0.02)


def test_more_lines_bring_less_the_more_there_are() -> None:
    early, late = estimate([], cer=0.2, lines=10), estimate([], cer=0.2, lines=1000)
    assert early.cer_then < late.cer_then < 0.2


def test_own_trainings_bend_it_and_a_lucky_one_promises_no_wonder() -> None:
    poor = [Step(0, 100, 0.2, 0.2)] * 3
    lucky = [Step(0, 10, 0.2, 0.0)] * 3
    plain = estimate([], cer=0.2, lines=50)
    assert estimate(poor, cer=0.2, lines=50).cer_then > plain.cer_then > estimate(lucky, cer=0.2, lines=50).cer_then
    assert estimate(lucky, cer=0.2, lines=50).cer_then > 0.05
    assert estimate(poor, cer=0.2, lines=50).trainings == 3
    assert estimate([Step(5, 5, 0.2, 0.1), Step(0, 5, 0.0, 0.0)], cer=0.2, lines=5).trainings == 0

"""The gate lets through what is surely better, and nothing that is not."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from flywheel.bootstrap import Counted, change
from flywheel.gate import BASE, OLDER, TEST, Decision, JudgedLine, Rules, judge
from recognizer.corpora import LineTruth

TRIALS = 200
LINES = 400
BASE_LINES = 200


def judged(
    champion: Sequence[int],
    challenger: Sequence[int],
    characters: Sequence[int],
    *,
    slices: Sequence[tuple[str, ...]] = (),
    per_page: int = 20,
) -> list[JudgedLine]:
    return [
        JudgedLine(
            LineTruth(Path("x.png"), f"line {index}", extra={"line": str(index)}),
            "old",
            "new",
            Counted(int(old), int(new), int(length), page=f"page {index // per_page}"),
            slices[index] if slices else (TEST,),
        )
        for index, (old, new, length) in enumerate(zip(champion, challenger, characters, strict=True))
    ]


def trial(rng: np.random.Generator, *, better: float) -> Decision:
    """One challenger on 400 test lines of 20 pages and 200 base lines.

    Lines hold 10 to 60 characters; how hard a line is varies tenfold (gamma), and pages have hands of their own. A
    model's errors on a line are Poisson around its difficulty, so two models of equal skill err on other characters.
    """
    count = LINES + BASE_LINES
    characters = rng.integers(10, 61, count)
    hands = np.repeat(rng.gamma(8, 1 / 8, count // 20), 20)
    expected = characters * 0.10 * rng.gamma(1.5, 1 / 1.5, count) * hands
    champion = rng.poisson(expected)
    skill = np.where(np.arange(count) < LINES, 1 - better, 1.0)
    moved = rng.random(count) < 0.6  # a fine-tuned model reads many lines just as its parent
    challenger = np.where(moved, rng.poisson(expected * skill), rng.binomial(champion, skill))
    slices = [(TEST, OLDER) if index % 2 else (TEST,) for index in range(LINES)] + [(BASE,)] * BASE_LINES
    return judge(judged(champion, challenger, characters, slices=slices), Rules(resamples=800)).decision


def test_of_champions_with_noise_at_most_five_percent_pass() -> None:
    rng = np.random.default_rng(20)
    passed = sum(trial(rng, better=0.0) is Decision.PROMOTE for _ in range(TRIALS))
    assert passed <= 0.05 * TRIALS, passed


def test_of_challengers_that_are_truly_better_ninety_percent_pass() -> None:
    rng = np.random.default_rng(21)
    passed = sum(trial(rng, better=0.15) is Decision.PROMOTE for _ in range(TRIALS))
    assert passed >= 0.9 * TRIALS, passed


def test_few_test_lines_are_not_enough_evidence() -> None:
    verdict = judge(judged([5] * 29, [0] * 29, [40] * 29))
    assert verdict.decision is Decision.UNDECIDED
    assert verdict.reason.startswith("The test split has 29 lines and needs 30: correct more pages;")
    assert judge([]).decision is Decision.UNDECIDED
    assert judge(judged([5] * 30, [0] * 30, [40] * 30)).decision is Decision.PROMOTE


def test_base_lines_are_no_test_lines() -> None:
    assert judge(judged([5] * 90, [0] * 90, [40] * 90, slices=[(BASE,)] * 90)).decision is Decision.UNDECIDED


def test_a_challenger_that_forgets_is_kept_out_and_the_reason_says_what() -> None:
    slices = [(TEST,)] * 100 + [(BASE,)] * 50 + [(TEST, "collection letters")] * 40
    old = [4] * 100 + [1] * 50 + [2] * 40
    new = [2] * 100 + [3] * 50 + [4] * 40
    verdict = judge(judged(old, new, [40] * 190, slices=slices))
    assert verdict.decision is Decision.KEEP
    assert "but it forgets: base lines +5.0 points, collection letters +5.0 points; 1.0 are allowed." in verdict.reason
    assert [(part.name, part.harmed) for part in verdict.slices] == [
        (TEST, False),
        (BASE, True),
        ("collection letters", True),
    ]


def test_a_slice_of_a_few_lines_has_no_say() -> None:
    slices = [(TEST,)] * 100 + [(TEST, "collection letters")] * 5
    verdict = judge(judged([4] * 105, [2] * 100 + [8] * 5, [40] * 105, slices=slices))
    assert verdict.decision is Decision.PROMOTE


def test_a_worse_one_and_an_uncertain_one_are_told_apart() -> None:
    worse = judge(judged([2] * 60, [3] * 60, [40] * 60))
    assert worse.decision is Decision.KEEP and worse.reason.endswith("it is no better.")
    lucky = judge(judged([2] * 60, [0, 4, 1] * 20, [40] * 60))
    assert lucky.decision is Decision.KEEP and lucky.reason.endswith("that may be chance.")
    assert lucky.reason.startswith("CER 5.0% → 4.2% on 60 test lines (95 % interval of the change ")


def test_the_worst_lines_are_those_it_made_worse() -> None:
    verdict = judge(judged([0, 5, 9, 0], [3, 5, 1, 0], [40] * 4), Rules(worst=2))
    assert [(row["line"], row["challenger_edits"]) for row in verdict.worst] == [("0", 3), ("1", 5)]


@pytest.mark.parametrize(
    ("writers", "pages", "unit"), [(12, 12, "writer"), (3, 12, "page"), (0, 12, "page"), (0, 4, "line")]
)
def test_whole_writers_or_pages_are_drawn_where_there_are_enough(writers: int, pages: int, unit: str) -> None:
    lines = [
        Counted(2, 1, 40, page=f"p{index % pages}", writer=f"w{index % writers}" if writers else None)
        for index in range(60)
    ]
    assert change(lines, resamples=50, seed=1).unit == unit


def test_lines_that_err_together_leave_more_doubt() -> None:
    rng = np.random.default_rng(3)
    of_page = rng.integers(-3, 3, 20)
    lines = [Counted(5, 5 + int(of_page[index // 20]), 40, page=f"p{index // 20}") for index in range(400)]
    alone = [Counted(line.champion, line.challenger, 40, page="p0") for line in lines]
    together, apart = (change(some, resamples=1000, seed=1) for some in (lines, alone))
    assert together.unit == "page" and apart.unit == "line"
    assert together.estimate == apart.estimate
    assert together.high - together.low > 2 * (apart.high - apart.low)

"""Which lines people are asked about: instructive ones first, some at random, a few whose text is known."""

import math
import random
from collections import Counter

import pytest

from flywheel.selection import Candidate, Shares, lesson, rank, select
from recognizer.page import Word

NOTHING_DRAWN = Shares(random=0.0, known=0.0)


def a_line(key: str, text: str, confidence: float) -> Candidate[str]:
    words = tuple(Word(word, confidence) for word in text.split())
    return Candidate(key, confidence ** len(words), words)


def many(count: int) -> list[Candidate[str]]:
    """Lines of all kinds, the same every time."""
    rng = random.Random(7)
    words = ["vous", "le", "maison", "j’ai", "river", "lamp", "écrire", "zèbre", "12", "Wagram"]
    return [a_line(f"line {n}", " ".join(rng.choices(words, k=5)), rng.uniform(0.2, 0.99)) for n in range(count)]


def test_the_unsure_line_comes_before_the_sure_one() -> None:
    sure, unsure = a_line("sure", "the same words", 0.99), a_line("unsure", "the same words", 0.4)
    assert [line.key for line in rank([sure, unsure], count=2)] == ["unsure", "sure"]


def test_the_line_with_more_to_learn_comes_before_the_short_one() -> None:
    short, long = a_line("short", "oui", 0.5), a_line("long", "oui nous viendrons demain", 0.5)
    assert rank([short, long], count=1)[0].key == "long"


def test_what_was_chosen_already_is_worth_less() -> None:
    one, again = a_line("one", "the harbour lights", 0.3), a_line("again", "the harbour lights", 0.3)
    other = a_line("other", "une jument zébrée", 0.4)
    assert [line.key for line in rank([one, again, other], count=2)] == ["one", "other"]


def test_what_cannot_be_read_at_all_teaches_little() -> None:
    scrawl, writing = a_line("scrawl", "xq zk wv", 1e-6), a_line("writing", "le lac bleu", 0.5)
    assert rank([scrawl, writing], count=1)[0].key == "writing"


def test_the_lazy_choice_is_the_greedy_choice() -> None:
    lines, learnt, chosen = many(60), Counter[str](), []

    def gain(line: Candidate[str]) -> float:
        return sum(math.sqrt(learnt[gram] + worth) - math.sqrt(learnt[gram]) for gram, worth in lesson(line).items())

    for _ in range(15):
        best = max((line for line in lines if line.key not in chosen), key=gain)
        chosen.append(best.key)
        for gram, worth in lesson(best).items():
            learnt[gram] += worth  # type: ignore[assignment]
    assert [line.key for line in rank(lines, count=15)] == chosen


def test_the_shares_are_drawn_and_every_choice_says_why() -> None:
    lines, known = many(200), [f"known {n}" for n in range(30)]
    queue = select(lines, known, count=100, seed=3)
    assert Counter(choice.why for choice in queue) == {"uncertain": 85, "random": 10, "known": 5}
    assert len({choice.key for choice in queue}) == 100
    for choice in queue:
        assert choice.reason.startswith(
            {"uncertain": "uncertain: ", "random": "random sample", "known": "known line"}[choice.why]
        )
    first = next(choice for choice in queue if choice.why == "uncertain")
    confidence = next(line.confidence for line in lines if line.key == first.key)
    assert first.reason == f"uncertain: {confidence:.0%} sure"


def test_the_same_seed_chooses_the_same_and_another_draws_others() -> None:
    lines, known = many(200), ["a", "b", "c"]
    assert select(lines, known, count=60, seed=1) == select(lines, known, count=60, seed=1)
    drawn = [{c.key for c in select(lines, count=60, seed=seed) if c.why == "random"} for seed in (1, 2)]
    assert drawn[0] != drawn[1]


def test_the_random_sample_is_drawn_from_all_lines_alike() -> None:
    lines = many(40)
    counted = Counter(
        choice.key for seed in range(400) for choice in select(lines, count=20, seed=seed) if choice.why == "random"
    )
    assert len(counted) == 40  # sure ones too
    assert max(counted.values()) < 3 * min(counted.values())


@pytest.mark.parametrize("count", [0, 3, 10])
def test_no_more_are_chosen_than_there_are_or_than_were_asked_for(count: int) -> None:
    assert len(select(many(5), count=count, seed=1)) == min(count, 5)
    assert len(select(many(50), ["known"], count=count, seed=1, shares=NOTHING_DRAWN)) == count


def test_the_shares_are_of_what_is_chosen_not_of_what_was_asked_for() -> None:
    queue = select(many(17), [f"known {n}" for n in range(30)], count=1000, seed=1)
    assert Counter(choice.why for choice in queue) == {"uncertain": 15, "random": 2, "known": 1}

"""Which lines are worth a person's time: those that teach the most, some at random, a few whose text is known.

A line teaches by the errors the model probably made in it, and less where lines chosen before it hold the same
characters: uncertainty × diversity. Lines drawn at random, whatever the model thinks of them, keep statistics honest;
known lines measure how far annotators agree with ground truth.
"""

import heapq
import math
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from recognizer.page import Word

Key = TypeVar("Key")
Why = Literal["uncertain", "random", "known"]

FAMILIAR = 0.1  # what a character that was surely read right still teaches, in errors
GRAM = 2  # characters in a row that are one thing to learn


@dataclass(frozen=True, slots=True)
class Candidate(Generic[Key]):
    """A line that a person could label.

    Attributes:
        key: names it.
        confidence: that all of its reading is right.
        words: of its reading.
    """

    key: Key
    confidence: float
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Choice(Generic[Key]):
    """A chosen line, and in a sentence why it was chosen."""

    key: Key
    why: Why
    reason: str


@dataclass(frozen=True, slots=True)
class Shares:
    """Of the chosen lines, those drawn from all candidates alike, and those whose text is known."""

    random: float = 0.1
    known: float = 0.05

    def of(self, count: int, instructive: int) -> int:
        """How many lines to choose of ``count`` at most, so that the shares hold where few teach anything."""
        return min(count, math.ceil(instructive / max(1 - self.random - self.known, 0.01)))


SHARES = Shares()


def select(
    candidates: Sequence[Candidate[Key]],
    known: Sequence[Key] = (),
    *,
    count: int,
    seed: int,
    shares: Shares = SHARES,
) -> list[Choice[Key]]:
    """The lines to label next, in order; the same arguments always choose the same.

    Args:
        candidates: lines nobody has labelled.
        known: lines of ground truth.
        count: how many at most.
        seed: of what is drawn.
        shares: how much is drawn.
    """
    rng = random.Random(seed)
    count = shares.of(count, len(candidates))
    planted = draw(known, round(shares.known * count), rng)
    drawn = draw(candidates, round(shares.random * count), rng)
    keys = {candidate.key for candidate in drawn}
    rest = [candidate for candidate in candidates if candidate.key not in keys]
    ranked = rank(rest, count=count - len(planted) - len(drawn))
    return mix(ranked, [candidate.key for candidate in drawn], planted, rng)


def draw(lines: Sequence[Key], count: int, rng: random.Random) -> list[Key]:
    """``count`` lines, or all there are, each as likely as any other."""
    return rng.sample(lines, min(count, len(lines)))


def mix(
    ranked: Sequence[Candidate[Key]], drawn: Sequence[Key], planted: Sequence[Key], rng: random.Random
) -> list[Choice[Key]]:
    """One queue: the ranked lines in their order, the others anywhere among them, so that nobody can tell them."""
    queue = [Choice(line.key, "uncertain", f"uncertain: {line.confidence:.0%} sure") for line in ranked]
    others = [Choice(key, "random", "random sample") for key in drawn]
    others += [Choice(key, "known", "known line, to measure agreement") for key in planted]
    for choice in others:
        queue.insert(rng.randint(0, len(queue)), choice)
    return queue


def rank(candidates: Sequence[Candidate[Key]], *, count: int) -> list[Candidate[Key]]:
    """The ``count`` lines that teach the most together, the first alone, each next one beside those before it.

    Greedy choice under a concave coverage of what there is to learn; a line's gain only falls while others are chosen,
    so that old gains are upper bounds and most need not be computed again.

    Source: Minoux 1978 (lazy greedy); Wei, Iyer & Bilmes 2015 (feature-based submodular selection).
    """
    lessons = [lesson(candidate) for candidate in candidates]
    learnt: dict[str, float] = defaultdict(float)
    heap = [(-_gain(each, learnt), place) for place, each in enumerate(lessons)]
    heapq.heapify(heap)
    chosen: list[Candidate[Key]] = []
    while heap and len(chosen) < count:
        _, place = heapq.heappop(heap)
        gain = _gain(lessons[place], learnt)
        if heap and (-gain, place) > heap[0]:
            heapq.heappush(heap, (-gain, place))
            continue
        chosen.append(candidates[place])
        for gram, errors in lessons[place].items():
            learnt[gram] += errors
    return chosen


def lesson(candidate: Candidate[Key]) -> dict[str, float]:
    """What a line could teach: for each few characters in a row the errors expected there.

    A word teaches most where the model is undecided; what it cannot read at all is probably no writing.
    """
    expected: dict[str, float] = {}
    for word in candidate.words:
        each = 1 - max(word.confidence, 1e-6) ** (1 / max(len(word.text), 1))
        worth = FAMILIAR + min(each, 1 - each)
        padded = f" {word.text} "
        for start in range(len(padded) - GRAM + 1):
            gram = padded[start : start + GRAM]
            expected[gram] = expected.get(gram, 0.0) + worth
    return expected


def _gain(lesson: dict[str, float], learnt: Mapping[str, float]) -> float:
    before = [(learnt.get(gram, 0.0), errors) for gram, errors in lesson.items()]
    return sum(math.sqrt(known + errors) - math.sqrt(known) for known, errors in before)

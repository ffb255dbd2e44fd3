"""What several people's answers to one line come to: one that stands, or a disagreement with its size.

How far two people disagree is the CER of one's text against the other's, as everywhere in Inkloop.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from flywheel.labels import Label
from flywheel.trust import alike
from recognizer.metrics import cer


@dataclass(frozen=True, slots=True)
class Settled:
    """What people's answers come to.

    Attributes:
        answer: the one that stands; None: nobody answered, or they disagree.
        alike: how many gave it.
        answers: how many answered.
        distance: the largest CER between two of the texts; 1 where one gives a text and another says there is none.
    """

    answer: Label | None
    alike: int
    answers: int
    distance: float

    @property
    def disagreed(self) -> bool:
        """Whether people answered, and no answer stands."""
        return self.answer is None and self.answers > 0


def settle(labels: Sequence[Label]) -> Settled:
    """One answer stands alone; among several the one that more than half of the people gave."""
    groups: list[list[Label]] = []
    for label in labels:
        group = next((group for group in groups if _agree(group[0], label)), None)
        if group is None:
            groups.append([label])
        else:
            group.append(label)
    largest = max(groups, key=len, default=[])
    stands = len(largest) * 2 > len(labels)
    distance = max((distance_between(one, other) for one, other in combinations(labels, 2)), default=0.0)
    return Settled(largest[-1] if stands else None, len(largest), len(labels), distance)


def distance_between(one: Label, other: Label) -> float:
    """The CER of one answer against the other; the longer text is the reference, so that order does not matter."""
    if _agree(one, other):
        return 0.0
    if not (one.says_text and other.says_text):
        return 1.0
    reference, text = sorted((one.text, other.text), key=lambda text: (len(text), text), reverse=True)
    return min(cer([(reference, text)]), 1.0)


def _agree(one: Label, other: Label) -> bool:
    return one.verdict == other.verdict and (not one.says_text or alike(one.text, other.text))

"""Character and word error rates: edits over reference length, summed over the set.

CER and WER follow the definition of Levenshtein edits (substitutions, insertions, deletions) divided by the
reference length; texts are compared as NFC and otherwise as they stand.

Source: Levenshtein 1966; rapidfuzz computes the distance.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

Pair = tuple[str, str]
Numbers = NDArray[np.floating]
Truths = NDArray[np.bool_]


def character_edits(reference: str, hypothesis: str) -> int:
    """Edits that turn ``hypothesis`` into ``reference``, both NFC."""
    return Levenshtein.distance(unicodedata.normalize("NFC", reference), unicodedata.normalize("NFC", hypothesis))


def reference_length(reference: str) -> int:
    """Characters that edits are counted against, NFC."""
    return len(unicodedata.normalize("NFC", reference))


def cer(pairs: Iterable[Pair]) -> float:
    """Character error rate of (reference, hypothesis) pairs, as a fraction; 0 for a set without characters."""
    edits = characters = 0
    for reference, hypothesis in pairs:
        edits += character_edits(reference, hypothesis)
        characters += reference_length(reference)
    return edits / characters if characters else 0.0


def wer(pairs: Iterable[Pair]) -> float:
    """Word error rate of (reference, hypothesis) pairs, words split at white space."""
    edits = words = 0
    for reference, hypothesis in pairs:
        expected = unicodedata.normalize("NFC", reference).split()
        edits += Levenshtein.distance(expected, unicodedata.normalize("NFC", hypothesis).split())
        words += len(expected)
    return edits / words if words else 0.0


def right_words(reference: str, hypothesis: str) -> list[bool]:
    """For each word of ``hypothesis``, whether the best alignment with ``reference`` leaves it untouched."""
    expected = unicodedata.normalize("NFC", reference).split()
    said = unicodedata.normalize("NFC", hypothesis).split()
    right = [False] * len(said)
    for operation in Levenshtein.opcodes(expected, said):
        if operation.tag == "equal":
            right[operation.dest_start : operation.dest_end] = [True] * (operation.dest_end - operation.dest_start)
    return right


def word_changes(reference: str, hypothesis: str) -> list[Pair]:
    """What turns ``hypothesis`` into ``reference``, as (said, expected).

    Words that stand for each other are told one by one; where words were joined, split, added or dropped, the whole
    run of changed words is told together, and either side may be empty.
    """
    expected = unicodedata.normalize("NFC", reference).split()
    said = unicodedata.normalize("NFC", hypothesis).split()
    changes: list[Pair] = []
    for unchanged, run in groupby(Levenshtein.opcodes(said, expected), key=lambda operation: operation.tag == "equal"):
        operations = list(run)
        if unchanged:
            continue
        from_words = said[operations[0].src_start : operations[-1].src_end]
        to_words = expected[operations[0].dest_start : operations[-1].dest_end]
        if all(operation.tag == "replace" for operation in operations):
            changes += zip(from_words, to_words, strict=True)
        else:
            changes.append((" ".join(from_words), " ".join(to_words)))
    return changes


@dataclass(frozen=True, slots=True)
class ConfidenceBin:
    """The words whose confidence lies between two bounds: how many, how sure the model was, how many were right."""

    low: float
    high: float
    words: int
    confidence: float
    right: int


def reliability(
    confidences: Sequence[float] | Numbers, right: Sequence[bool] | Truths, *, bins: int = 15
) -> list[ConfidenceBin]:
    """The words in bins of equal width; ``confidence`` is the mean of a bin's, 0 where it is empty.

    Source: Guo et al. 2017, https://arxiv.org/abs/1706.04599.
    """
    said, was = np.asarray(confidences, float), np.asarray(right, float)
    bin_of = np.minimum((said * bins).astype(int), bins - 1)
    words = np.bincount(bin_of, minlength=bins)
    sure = np.bincount(bin_of, said, bins) / np.maximum(words, 1)
    hits = np.bincount(bin_of, was, bins)
    return [ConfidenceBin(b / bins, (b + 1) / bins, int(words[b]), float(sure[b]), int(hits[b])) for b in range(bins)]


def calibration_error(
    confidences: Sequence[float] | Numbers, right: Sequence[bool] | Truths, *, bins: int = 15
) -> float:
    """Expected calibration error with bins of equal width: the mean gap between confidence and share of right words.

    Source: Guo et al. 2017, https://arxiv.org/abs/1706.04599.
    """
    if not len(confidences):
        return 0.0
    gaps = [abs(each.words * each.confidence - each.right) for each in reliability(confidences, right, bins=bins)]
    return float(sum(gaps) / len(confidences))

"""Character and word error rates: edits over reference length, summed over the set.

CER and WER follow the definition of Levenshtein edits (substitutions, insertions, deletions) divided by the
reference length; texts are compared as NFC and otherwise as they stand.

Source: Levenshtein 1966; rapidfuzz computes the distance.
"""

import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein

Pair = tuple[str, str]


def character_edits(reference: str, hypothesis: str) -> int:
    """Edits that turn ``hypothesis`` into ``reference``, both NFC."""
    return Levenshtein.distance(unicodedata.normalize("NFC", reference), unicodedata.normalize("NFC", hypothesis))


def cer(pairs: Iterable[Pair]) -> float:
    """Character error rate of (reference, hypothesis) pairs, as a fraction; 0 for a set without characters."""
    edits = characters = 0
    for reference, hypothesis in pairs:
        edits += character_edits(reference, hypothesis)
        characters += len(unicodedata.normalize("NFC", reference))
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


def calibration_error(confidences: Sequence[float], right: Sequence[bool], *, bins: int = 15) -> float:
    """Expected calibration error with bins of equal width.

    Source: Guo et al. 2017, https://arxiv.org/abs/1706.04599.
    """
    if not confidences:
        return 0.0
    said, was = np.asarray(confidences, float), np.asarray(right, float)
    bin_of = np.minimum((said * bins).astype(int), bins - 1)
    gaps = [abs(said[bin_of == b].sum() - was[bin_of == b].sum()) for b in range(bins)]
    return float(sum(gaps) / len(said))

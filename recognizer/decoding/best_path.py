"""Logits → text: probabilities, and the best path. More texts: `beam`; which step said which character: `alignment`."""

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recognizer.charset import BLANK, Charset

if TYPE_CHECKING:
    from torch import Tensor  # no more than a type here: commands that read nothing start without torch, twice as fast

Floats = NDArray[np.float32]


def best_path(logits: "Tensor", charset: Charset) -> str:
    """The text of the most probable class at each step, repeats collapsed, blanks dropped.

    Args:
        logits: (T, C).
        charset: of the model that gave them.
    """
    classes = (c for c, _ in groupby(logits.argmax(-1).tolist()))
    return charset.decode(c for c in classes if c != BLANK)


def softmax(logits: Floats) -> Floats:
    """Probabilities over the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), np.float32)


def needed_steps(spelt: Sequence[object]) -> int:
    """The fewest time steps that spell classes, or characters in NFC: one each, and a blank between two alike."""
    return len(spelt) + sum(one == other for one, other in pairwise(spelt))

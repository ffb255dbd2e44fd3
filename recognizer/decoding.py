"""Logits → text: the best path."""

import torch
from torch import Tensor

from recognizer.charset import BLANK, Charset


def best_path(logits: Tensor, charset: Charset) -> str:
    """The text of the most probable class at each step, repeats collapsed, blanks dropped.

    Args:
        logits: (T, C).
        charset: of the model that gave them.
    """
    classes = torch.unique_consecutive(logits.argmax(-1))
    return charset.decode(c for c in classes.tolist() if c != BLANK)

"""The neural language model's network: an LSTM that says after each character of a line how probable the next ones are.

The same embedding takes characters in and tells them, so that what is rare has few weights of its own.

Source: Hochreiter & Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735; Press & Wolf 2017,
https://arxiv.org/abs/1608.05859 (one embedding).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EDGE, UNKNOWN = 0, 1  # codes: what stands before and after a line; any character not in the alphabet
FIRST = 2  # the code of the alphabet's first character; there are so many codes and the alphabet's


class CharacterLSTM(nn.Module):
    """(B, L) codes of the characters so far, `EDGE` first → (B, L, C) logits of the next one.

    Args:
        classes: C, codes in all.
        hidden: numbers that stand for what was seen.
        width: of a character's embedding.
        dropout: of what was seen, while training.
    """

    def __init__(self, classes: int, *, hidden: int = 768, width: int = 96, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = dropout
        self.embedding = nn.Embedding(classes, width)
        self.lstm = nn.LSTM(width, hidden, batch_first=True)
        self.narrow = nn.Linear(hidden, width)
        self.bias = nn.Parameter(torch.zeros(classes))

    def forward(self, codes: Tensor) -> Tensor:
        """See the class."""
        seen, _ = self.lstm(self.embedding(codes))
        narrow = self.narrow(F.dropout(seen, self.dropout, self.training))
        return F.linear(narrow, self.embedding.weight, self.bias)


def codes_of(text: str, alphabet: str) -> list[int]:
    """The codes of an NFC text's characters."""
    places = {character: place for place, character in enumerate(alphabet, start=FIRST)}
    return [places.get(character, UNKNOWN) for character in text]

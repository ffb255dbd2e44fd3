"""Texts of several lines ↔ tokens. Token 0 pads, a charset's characters follow, then newline, start and end."""

from collections.abc import Iterable
from dataclasses import dataclass

from recognizer.charset import Charset

PADDING = 0


@dataclass(frozen=True)
class ParagraphTokens:
    """The tokens over a charset."""

    charset: Charset

    @property
    def newline(self) -> int:
        """Stands between two lines."""
        return self.charset.classes

    @property
    def start(self) -> int:
        """Stands before every text."""
        return self.charset.classes + 1

    @property
    def end(self) -> int:
        """Ends every text."""
        return self.charset.classes + 2

    @property
    def count(self) -> int:
        """All of them, padding among them."""
        return self.charset.classes + 3

    def encode(self, text: str) -> list[int]:
        """A text between start and end.

        Raises:
            UnknownCharacter: a character is not in the charset.
        """
        tokens = [self.start]
        for index, line in enumerate(text.split("\n")):
            tokens += [self.newline] * (index > 0) + self.charset.encode(line)
        return [*tokens, self.end]

    def decode(self, tokens: Iterable[int]) -> str:
        """The text up to the first end; start and padding say nothing."""
        text = ""
        for token in tokens:
            if token == self.end:
                break
            if token == self.newline:
                text += "\n"
            elif PADDING < token < self.newline:
                text += self.charset.decode([token])
        return text

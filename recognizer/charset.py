"""Characters ↔ classes. Class 0 is the CTC blank; class i + 1 is the i-th character."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from recognizer.errors import UnknownCharacter

BLANK = 0

LATIN = (
    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
    "¡£§«°±²³·»¼½¾¿×÷"
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿ"
    "ŒœŸſ–—‘’‚“”„†•…€™π"
)


@dataclass(frozen=True)
class Charset:
    """An ordered set of characters, NFC.

    Attributes:
        name: shown in errors and model cards.
        characters: each once, in class order.
    """

    name: str
    characters: str

    def __post_init__(self) -> None:
        if len(set(self.characters)) != len(self.characters):
            raise ValueError(f"Charset {self.name} repeats a character. List each once.")

    @cached_property
    def _class_of(self) -> dict[str, int]:
        return {character: index for index, character in enumerate(self.characters, start=1)}

    @property
    def classes(self) -> int:
        """Characters plus the blank."""
        return len(self.characters) + 1

    def unknown(self, text: str) -> list[str]:
        """The characters of ``text`` (NFC) outside the set, each once, in order of appearance."""
        return list(dict.fromkeys(c for c in unicodedata.normalize("NFC", text) if c not in self._class_of))

    def encode(self, text: str) -> list[int]:
        """Class indices of ``text`` after NFC.

        Raises:
            UnknownCharacter: a character is not in the set.
        """
        if unknown := self.unknown(text):
            raise UnknownCharacter(
                f'"{unknown[0]}" is not in charset {self.name}, in the line "{text}". '
                "Add it and retrain, or leave the line out."
            )
        return [self._class_of[character] for character in unicodedata.normalize("NFC", text)]

    def decode(self, classes: Iterable[int]) -> str:
        """The text of class indices that are already collapsed: no blank among them."""
        return "".join(self.characters[index - 1] for index in classes)


LATIN_V1 = Charset("latin-v1", LATIN)

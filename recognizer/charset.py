"""Characters ↔ classes. Class 0 is the CTC blank; class i + 1 is the i-th character.

Ink does not tell one space from another: a no-break or thin space that is not in the set is learnt as the common one.
"""

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

    def _class(self, character: str) -> int | None:
        found = self._class_of.get(character)
        if found is None and unicodedata.category(character) == "Zs":
            return self._class_of.get(" ")
        return found

    @property
    def classes(self) -> int:
        """Characters plus the blank."""
        return len(self.characters) + 1

    def unknown(self, text: str) -> list[str]:
        """The characters of ``text`` (NFC) that no class is for, each once, in order of appearance."""
        return list(dict.fromkeys(c for c in unicodedata.normalize("NFC", text) if self._class(c) is None))

    def encode(self, text: str) -> list[int]:
        """Class indices of ``text`` after NFC, one for each character.

        Raises:
            UnknownCharacter: a character is not in the set.
        """
        if unknown := self.unknown(text):
            raise UnknownCharacter(
                f'"{unknown[0]}" is not in charset {self.name}, in the line "{text}". '
                "Add it and retrain, or leave the line out."
            )
        classes = map(self._class, unicodedata.normalize("NFC", text))
        return [number for number in classes if number is not None]

    def decode(self, classes: Iterable[int]) -> str:
        """The text of class indices that are already collapsed: no blank among them."""
        return "".join(self.characters[index - 1] for index in classes)


LATIN_V1 = Charset("latin-v1", LATIN)

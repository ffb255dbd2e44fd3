"""What a reader knows of languages, in one file: their characters and their words."""

import io
import lzma
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from recognizer.decoding.characters import CharacterModel
from recognizer.decoding.words import WordModel
from recognizer.errors import BadModel


@dataclass(frozen=True)
class Language:
    """One language or several, as texts show them.

    Attributes:
        characters: what is likely after what.
        words: which there are; None: an older file that does not tell.
    """

    characters: CharacterModel
    words: WordModel | None

    @classmethod
    def learn(cls, lines: Iterable[str]) -> "Language":
        """Count lines of text."""
        texts = list(lines)
        return cls(CharacterModel.learn(texts), WordModel.learn(texts))

    def joined(self, other: "Language") -> "Language":
        """What both know; of words only where both do."""
        words = None if self.words is None or other.words is None else self.words.joined(other.words)
        return Language(self.characters.joined(other.characters), words)

    def save(self, path: Path) -> None:
        """Write the counts, compressed; equal counts give equal bytes."""
        raw = io.BytesIO()
        self.characters.write(raw)
        if self.words is not None:
            self.words.write(raw)
        path.write_bytes(lzma.compress(raw.getvalue(), preset=9))

    @classmethod
    def load(cls, path: Path) -> "Language":
        """Read what `save` wrote.

        Raises:
            BadModel: the file is missing or damaged.
        """
        try:
            raw = io.BytesIO(lzma.decompress(path.read_bytes()))
            characters = CharacterModel.read(raw)
            whole = raw.tell() == len(raw.getbuffer())
            return cls(characters, None if whole else WordModel.read(raw))
        except (OSError, lzma.LZMAError, ValueError, EOFError) as error:
            raise BadModel(f"{path} cannot be loaded: {error}. Restore the file or choose a model.") from error

"""Synthetic lines from handwriting fonts and prose: the letters and languages that real lines lack."""

import json
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from recognizer.line_images import Grey

MARGIN_PX = 6
LINE_WORDS = 9  # of a line cut from running text
SYMBOLS = "0123456789&%$€£@#+=*/()[]<>«»“”’–—°§½;:!?"


class Prose:
    """Running text to cut lines from, all sources alike."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._words = [unicodedata.normalize("NFC", path.read_text(encoding="utf-8")).split() for path in paths]

    def line(self, rng: np.random.Generator, *, characters: int) -> str:
        """Consecutive words of one source, at most about ``characters`` long; now and then numbers and signs."""
        words = self._words[rng.integers(len(self._words))]
        start = int(rng.integers(len(words) - 40))
        line = words[start]
        for word in words[start + 1 : start + 40]:
            if len(line) + len(word) >= characters:
                break
            line += " " + (_noise(rng) if rng.random() < 0.04 else word)
        line = re.sub(r"[_*]", "", line)
        return line.upper() if rng.random() < 0.03 else line


def running_lines(text: str) -> list[str]:
    """Running text cut into lines about as long as those that people write."""
    words = text.split()
    return [" ".join(words[start : start + LINE_WORDS]) for start in range(0, len(words), LINE_WORDS)]


def _noise(rng: np.random.Generator) -> str:
    """A number, a date or a few signs, as prose seldom holds them."""
    kind = rng.integers(4)
    if kind == 0:
        return str(int(rng.integers(0, 10 ** int(rng.integers(1, 6)))))
    if kind == 1:
        return f"{rng.integers(1, 32)}/{rng.integers(1, 13)}/{rng.integers(1800, 2030)}"
    if kind == 2:
        return f"{rng.integers(1, 1000)},{rng.integers(10, 100)}" + str(rng.choice(list("€$£%")))
    return "".join(rng.choice(list(SYMBOLS), int(rng.integers(1, 4))))


class FontBook:
    """Handwriting fonts with the characters each can write."""

    def __init__(self, folder: Path) -> None:
        listed = json.loads((folder / "fonts.json").read_text(encoding="utf-8"))
        self._fonts = [
            (folder / font["font"], set(font["missing_ascii"] + font["missing_latin1"]))
            for font in listed
            if font["subset"] == "latin"
        ]

    def draw(self, text: str, rng: np.random.Generator) -> Grey | None:
        """``text`` in a font drawn at random, dark on white; None where that font lacks a character."""
        path, missing = self._fonts[rng.integers(len(self._fonts))]
        if missing & set(text) or any(ord(c) > 0x24F and c not in "–—‘’“”„†•…€™" for c in text):
            return None
        font = _font(path, int(rng.integers(34, 60)))
        left, top, right, bottom = font.getbbox(text)
        if right <= left or bottom <= top:
            return None
        size = (round(right - left) + 2 * MARGIN_PX, round(bottom - top) + 2 * MARGIN_PX)
        image = Image.new("L", size, 255)
        draw = ImageDraw.Draw(image)
        draw.text((MARGIN_PX - left, MARGIN_PX - top), text, font=font, fill=int(rng.integers(0, 70)))
        return np.asarray(image)


@lru_cache(maxsize=512)
def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size)

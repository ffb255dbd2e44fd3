"""Characters as pen strokes: Hershey's faces hold ASCII alone, French and German need more.

Accents, ligatures, quotation marks and old letterforms are drawn here, onto or out of the letters that the faces have.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Stroke = NDArray[np.float64]  # (N, 2): x to the right, y downwards, baseline at 0

DESCENT_UNITS = 12
_BASELINE = 9  # where the faces' own coordinates have it

_ACCENTS: dict[str, list[list[tuple[float, float]]]] = {  # around x 0, bottom at y 0
    "\N{COMBINING ACUTE ACCENT}": [[(-1.5, 0), (2.5, -4.5)]],
    "\N{COMBINING GRAVE ACCENT}": [[(-2.5, -4.5), (1.5, 0)]],
    "\N{COMBINING CIRCUMFLEX ACCENT}": [[(-3.5, 0), (0, -4), (3.5, 0)]],
    "\N{COMBINING DIAERESIS}": [[(-3.4, -0.6), (-2.4, -2), (-2.1, -0.8)], [(2.1, -0.6), (3.1, -2), (3.4, -0.8)]],
    "\N{COMBINING TILDE}": [[(-4, -1), (-2, -3), (1.5, -1), (3.5, -3)]],
    "\N{COMBINING RING ABOVE}": [[(0, 0), (-1.8, -1.8), (0, -3.6), (1.8, -1.8), (0, 0)]],
    "\N{COMBINING CARON}": [[(-3.5, -4), (0, 0), (3.5, -4)]],
}
_CEDILLA: list[list[tuple[float, float]]] = [[(0, 0), (0.3, 2), (2.3, 3.2), (1.5, 5.5), (-1.5, 5.8)]]
_DRAWN: dict[str, tuple[list[list[tuple[float, float]]], float]] = {
    "€": ([[(15, -18), (11, -21), (6, -18), (4, -11), (6, -3), (11, 0), (15, -3)],
           [(1, -13), (12, -13)], [(1, -8), (12, -8)]], 18),
    "«": ([[(7, -11), (2, -6), (7, -1)], [(13, -11), (8, -6), (13, -1)]], 16),
    "»": ([[(2, -11), (7, -6), (2, -1)], [(8, -11), (13, -6), (8, -1)]], 16),
    "-": ([[(1.5, -6), (8.5, -6.3)]], 11),
    "–": ([[(1.5, -6), (13, -6.3)]], 15),
    "—": ([[(1.5, -6), (21, -6.4)]], 23),
    "°": ([[(4, -21), (1.5, -18.5), (4, -16), (6.5, -18.5), (4, -21)]], 9),
    "·": ([[(4, -7), (4.5, -6.5)]], 9),
    # Letters as people wrote them before about 1800: long s, open e, r rotunda, uncial d, low t, insular g.
    "ſ": ([[(11, -18), (9.5, -20.5), (7, -20), (5.5, -16), (4.5, -6), (4, 3), (2.5, 7.5), (0, 8)]], 7),
    "ɛ": ([[(8, -7.5), (5.5, -9), (3, -7.5), (3.3, -5.3), (6, -4.8)],
           [(6, -4.8), (2.5, -4), (1.5, -1.8), (3.5, 0), (6.5, 0), (9.5, -2)]], 10),
    "ꝛ": ([[(1, -7.5), (3, -9), (6, -8.5), (6.5, -6), (4, -2.5), (1.5, 0), (5, -0.8), (9, -0.3)]], 9.5),
    "ꝺ": ([[(9, -6), (6, -9), (2.5, -7.5), (1.5, -4), (2.5, -1), (5.5, 0), (8.5, -2), (9.3, -6), (8, -12),
            (4, -17), (-1, -19)]], 11.5),
    "ꞇ": ([[(1, -9), (4, -9.5), (9, -9)], [(4.5, -9.3), (2.5, -5), (2.5, -1.5), (5, 0), (8.5, -1.5)]], 9.5),
    "ᵹ": ([[(1, -9), (9, -9)], [(5, -9), (2, -4.5), (6, -4.5), (9, -1), (8, 5), (4, 8), (0, 6)]], 10.5),
    "ß": ([[(2, 2), (3, -14), (6, -20), (10, -18), (9, -13), (6, -11), (11, -7), (10, -2), (6, 0)]], 14),
}  # fmt: skip
_REPLACED = {"’": "'", "‘": "'", "“": '"', "”": '"', "…": "...", "œ": "oe", "Œ": "OE", "æ": "ae",
             "Æ": "AE", "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " "}  # fmt: skip


def draw_character(character: str, glyphs: Mapping[str, Any]) -> tuple[list[Stroke], float]:
    """One character's strokes and its width, in the faces' units.

    Args:
        character: a single character, precomposed or plain.
        glyphs: a face's ASCII glyphs, as ``HersheyFonts.all_glyphs`` has them.

    Raises:
        ValueError: no way is known to draw the character.
    """
    if character in _DRAWN:
        drawn, width = _DRAWN[character]
        return _strokes(drawn), width
    strokes: list[Stroke] = []
    width = 0.0
    for base in _REPLACED.get(character, unicodedata.normalize("NFD", character)):
        if base in _ACCENTS or base == "\N{COMBINING CEDILLA}":
            strokes = _accented(_without_dot(strokes) if character in "ìíîï" else strokes, base, width)
        elif base in glyphs:
            glyph = glyphs[base]
            origin = (width - glyph.left_offset, -_BASELINE)
            strokes += [np.array(stroke, np.float64) + origin for stroke in glyph.strokes if len(stroke) > 1]
            width += glyph.char_width
        else:
            raise ValueError(
                f"No strokes for {base!r} ({unicodedata.name(base, 'no name')}): "
                "add it to recognizer/datasets/strokes.py."
            )
    return strokes, width


def _strokes(lists: list[list[tuple[float, float]]]) -> list[Stroke]:
    return [np.array(points, np.float64) for points in lists]


def _accented(strokes: list[Stroke], accent: str, width: float) -> list[Stroke]:
    """The letter with the accent above its middle, or the cedilla below it."""
    if accent == "\N{COMBINING CEDILLA}":
        return strokes + [stroke + (width / 2, 0) for stroke in _strokes(_CEDILLA)]
    points = np.concatenate(strokes)
    top = points[:, 1].min()
    middle = points[points[:, 1] < top + 3, 0].mean()
    return strokes + [stroke + (middle, top - 2.5) for stroke in _strokes(_ACCENTS[accent])]


def _without_dot(strokes: list[Stroke]) -> list[Stroke]:
    return [stroke for stroke in strokes if stroke[:, 1].max() > -5]

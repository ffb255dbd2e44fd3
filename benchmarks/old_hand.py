"""Pages in a hand that the shipped reader reads badly and always alike: letters as people wrote them before 1800.

The strokes are those of `recognizer.datasets.handwriting`, which the reader reads almost without a mistake, but seven
letters have forms of their own: the long s that is taken for f, the round r that is taken for 2 or z, uncial d, open e,
low t, insular g, and y with two dots. Only the shapes are strange: the text is that of the modern letters. It comes
with the program, so nobody needs a file: the person copies out the Apache licence, and writes a letter, which is never
corrected and tells how well the hand is read.
"""

import io
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from flywheel.settings import ROOT
from recognizer.datasets.handwriting import WrittenLine, write_page

SEED = 4  # a joined hand
FORMS = str.maketrans({"e": "ɛ", "r": "ꝛ", "d": "ꝺ", "t": "ꞇ", "g": "ᵹ", "y": "ÿ"})
LONG_S = re.compile(r"s(?=[a-z])")  # the last letter of a word is a short one
LINES_PER_PAGE = 8
LINE_LENGTHS = (40, 37, 43)  # characters, of one copy and the next
WIDTH_PX, HEIGHT_PX = 1000, 800

LETTER = """
Dear Sister, your letter reached us on Sunday, when the roads were dry again after three days of storm. We read it
aloud by the fire, and mother asked to hear the part about the harbour twice. The orchard has suffered: four of the
oldest trees are down, and the rest stand crooked, yet the younger ones by the wall kept nearly all their fruit. Father
says that he will plant pears there instead. You ask after the dog. He is as greedy as ever, sleeps under the desk and
dreams loudly. Yesterday he stole a whole cheese from the larder and looked so sorry that nobody had the heart to scold
him. Doctor Grey visited us on Thursday and found grandfather much stronger; he goes out into the garden every day, and
has started to mend the gate, which as you know has waited for it since the spring. There is news from the village as
well. The schoolmaster is going to marry the eldest daughter of the miller, and the old ferry has been sold to a
stranger, who wants to paint it green and carry travellers across for a penny. If your plans have not changed, write to
us on which day your ship is due, so that the cart can meet you at the bridge. Your room is ready, the books are dusted
and there are fresh curtains, blue ones, as you wished. Everybody here sends you their dearest greetings. Stay well,
dress warmly on deck, and do not trust the steward with your trunk.
"""


@dataclass(frozen=True, slots=True)
class HandPage:
    """One page of the hand.

    Attributes:
        name: of the file.
        png: the file.
        lines: what stands where, with the text in modern letters.
    """

    name: str
    png: bytes
    lines: tuple[WrittenLine, ...]

    @property
    def text(self) -> str:
        """Of the whole page."""
        return "\n".join(line.text for line in self.lines)


def copied_pages() -> Iterator[HandPage]:
    """Pages to learn from; the person copies the same text three times, into other lines each time."""
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    for length in LINE_LENGTHS:
        yield from _pages(f"copy-{length}", text, length)


def letter_pages() -> list[HandPage]:
    """Pages with other words, to judge by."""
    return list(_pages("letter", LETTER, LINE_LENGTHS[0]))


def in_old_forms(text: str) -> str:
    """A text with each letter as the hand shapes it."""
    return LONG_S.sub("ſ", text).translate(FORMS)


def _pages(name: str, text: str, length: int) -> Iterator[HandPage]:
    lines = textwrap.wrap(" ".join(text.split()), length)
    for number, start in enumerate(range(0, len(lines), LINES_PER_PAGE), 1):
        yield _page(f"{name}-{number:02}.png", lines[start : start + LINES_PER_PAGE])


def _page(name: str, texts: list[str]) -> HandPage:
    written = write_page([in_old_forms(text) for text in texts], seed=SEED, width=WIDTH_PX, height=HEIGHT_PX)
    packed = io.BytesIO()
    Image.fromarray(written.image).save(packed, "PNG")
    lines = zip(texts, written.lines, strict=True)
    return HandPage(name, packed.getvalue(), tuple(WrittenLine(text, at.polygon, at.baseline) for text, at in lines))

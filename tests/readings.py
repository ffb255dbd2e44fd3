"""Read pages made on the spot, for tests that need a page and not its pixels."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from flywheel.records import Upload
from recognizer.page import Line, Page, Reading, Word

WIDTH, HEIGHT, PITCH, BLOT = 400, 600, 50, 10


def a_line(text: str, *, top: float = 0, confidence: float = 0.75) -> Line:
    """A line as the recognizer hands it out."""
    words = tuple(Word(word, confidence) for word in text.split())
    polygon = ((10.0, top), (390.0, top), (390.5, top + 40), (10.0, top + 40))
    return Line(polygon, ((10.0, top + 30), (390.0, top + 30)), Reading(text, confidence, (f"{text}?",), words))


def a_page(texts: Sequence[str], *, number: int = 1, model: str = "inkloop-test-1", path: str = "letter.png") -> Page:
    """A page with one line per text."""
    lines = tuple(a_line(text, top=index * PITCH) for index, text in enumerate(texts))
    return Page(path, number, WIDTH, HEIGHT, lines, model)


def an_image(seed: int = 0, *, height: int = HEIGHT) -> bytes:
    """An image of such a page on which no two lines look alike, for what cuts lines out of it."""
    blots = np.random.default_rng(seed).integers(0, 256, (height // BLOT, WIDTH // BLOT), np.uint8)
    packed = io.BytesIO()
    Image.fromarray(blots.repeat(BLOT, 0).repeat(BLOT, 1)).convert("RGB").save(packed, "WEBP", lossless=True)
    return packed.getvalue()


def an_upload(name: str = "letter.png", data: bytes = b"the original file") -> Upload:
    """A file as a person gave it; its bytes are no image, and the store does not ask."""
    return Upload(name, data, "image/png")

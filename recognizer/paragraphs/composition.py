"""Paragraphs made of lines: some of one page or of one font under each other, as a person might have written them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np

from recognizer.charset import Charset
from recognizer.corpora import LineTruth
from recognizer.datasets import augmentation
from recognizer.datasets.batches import LineSource
from recognizer.datasets.synthesis import FontBook, Prose
from recognizer.line_images import Grey, open_line, to_height
from recognizer.models.paragraph_transformer import ParagraphShape
from recognizer.paragraphs.images import fit_paragraph

Random = np.random.Generator
Lines = list[tuple[Grey, str]]

DRAWN_HEIGHT_PX = 64
PITCH = (0.72, 1.2)  # from one line to the next, in line heights
SMALLEST_LINE_PX, LARGEST_LINE_PX = 24, 60  # heights of lines in a paragraph as networks see it
ALONE = 0.2  # share of paragraphs that are one line
TILT = 0.012  # radians
WHOLE = ((0.3, augmentation.thicken), (0.2, augmentation.rule), (0.1, augmentation.bleed), (0.8, augmentation.light))
THEN = ((0.3, augmentation.blur), (0.4, augmentation.grain), (0.2, augmentation.squeeze_file))


class ParagraphSource(Protocol):
    """Something that gives lines of one paragraph each time it is asked."""

    def draw(self, rng: Random, *, count: int) -> Lines:
        """At most ``count`` lines from top to bottom, of one height; none where this draw gives nothing usable."""


class PageLines:
    """Lines that follow each other on one page of a manifest; flagged ones and unknown characters are left out.

    A collection counts by the square root of its lines, a page within it by the number of its own.
    """

    def __init__(self, lines: Sequence[LineTruth], charset: Charset) -> None:
        pages: dict[tuple[str, str], list[LineTruth]] = defaultdict(list)
        for line in lines:
            if line.text and not line.flags and not charset.unknown(line.text):
                pages[line.writer, str(line.extra.get("page") or "")].append(line)
        self.pages = list(pages.values())
        sizes = Counter(str(line.extra.get("collection")) for page in self.pages for line in page)
        shares = [len(page) / np.sqrt(sizes[str(page[0].extra.get("collection"))]) for page in self.pages]
        self._shares = np.array(shares) / sum(shares)

    def draw(self, rng: Random, *, count: int) -> Lines:
        """Lines of one page, each bent a little."""
        page = self.pages[rng.choice(len(self.pages), p=self._shares)]
        first = int(rng.integers(max(1, len(page) - count + 1)))
        return [(augmentation.warp(_open(line), rng), line.text) for line in page[first : first + count]]


class OneFont:
    """Prose in one handwriting font."""

    def __init__(self, fonts: FontBook, prose: Prose) -> None:
        self._fonts, self._prose = fonts, prose

    def draw(self, rng: Random, *, count: int) -> Lines:
        """Lines of one font and size, each bent a little; fewer where the font lacks a character."""
        hand, longest, lines = int(rng.integers(2**31)), int(rng.integers(12, 64)), []
        for _ in range(count):
            text = self._prose.line(rng, characters=longest)
            image = self._fonts.draw(text, np.random.default_rng(hand))
            if image is not None:
                lines.append((augmentation.warp(to_height(image, DRAWN_HEIGHT_PX), rng), text))
        return lines


class Together:
    """Lines of a line source, whatever hands they are in."""

    def __init__(self, source: LineSource) -> None:
        self._source = source

    def draw(self, rng: Random, *, count: int) -> Lines:
        """As many lines as the source gives when it is asked that often."""
        return [line for _ in range(count) if (line := self._source.draw(rng)) is not None]


def draw_count(rng: Random, shape: ParagraphShape) -> int:
    """How many lines the next paragraph has: often one, for line crops, else any number."""
    return 1 if rng.random() < ALONE else int(rng.integers(1, shape.most_lines + 1))


def compose(lines: Lines, shape: ParagraphShape, rng: Random) -> tuple[Grey, str]:
    """Lines under each other with random spacing, indents and size, on one paper; those that find no room are left out.

    Returns:
        The image, no larger than networks read, and its lines' texts joined by newlines.
    """
    height = int(rng.integers(SMALLEST_LINE_PX, LARGEST_LINE_PX + 1))
    scale = min(1.0, 0.94 * shape.image_width_px / max(image.shape[1] * height / image.shape[0] for image, _ in lines))
    height = max(8, int(height * scale))
    pitch = max(1, round(height * float(rng.uniform(*PITCH))))
    margin = int(rng.integers(1, 6))
    room = max(1, 1 + (shape.image_height_px - height - 2 * margin - 2) // (pitch + 2))
    small = [to_height(image, height) for image, _ in lines[:room]]
    width = min(shape.image_width_px, max(image.shape[1] for image in small) + int(rng.integers(4, 30)))
    paper = augmentation.paper_of(small[0])
    whole = np.full((height + 2 * margin + (len(small) - 1) * (pitch + 2), width), paper, np.uint8)
    indent = int(rng.integers(0, 12))
    for row, image in enumerate(small):
        top = margin + row * pitch + int(rng.integers(0, 2 * (row > 0) + 1))
        slack = width - image.shape[1]
        left = min(
            slack, indent + int(rng.integers(0, 4)) if row or rng.random() < 0.7 else int(rng.integers(slack + 1))
        )
        part = whole[top : top + height, left : left + image.shape[1]]
        shade = image.astype(np.int16) + paper - augmentation.paper_of(image)
        np.minimum(part, np.clip(shade, 0, 255).astype(np.uint8), out=part)
    return fit_paragraph(whole, shape), "\n".join(text for _, text in lines[:room])


def distort(image: Grey, rng: Random) -> Grey:
    """What another camera, paper and pen would have made of a paragraph; its lines may be bent already."""
    height, width = image.shape
    turned = cv2.getRotationMatrix2D((width / 2, height / 2), float(np.degrees(rng.normal(0, TILT))), 1.0)
    paper = augmentation.paper_of(image)
    image = np.asarray(
        cv2.warpAffine(image, turned, (width, height), None, cv2.INTER_LINEAR, cv2.BORDER_CONSTANT, paper), np.uint8
    )
    for probability, step in (*WHOLE, *THEN):
        if rng.random() < probability:
            image = step(image, rng)
    return image


def whole_pages(source: PageLines, shape: ParagraphShape, *, most: int) -> list[tuple[Grey, str]]:
    """At most ``most`` undistorted paragraphs, always the same: of each page some lines, then some more of each."""
    rng = np.random.default_rng(17)
    starts = [(first, page) for page in source.pages for first in range(0, len(page), shape.most_lines)]
    starts.sort(key=lambda start: start[0])
    chosen = [page[first : first + draw_count(rng, shape)] for first, page in starts[:most]]
    return [compose([(_open(line), line.text) for line in page], shape, rng) for page in chosen]


def _open(line: LineTruth) -> Grey:
    return to_height(open_line(line.image), DRAWN_HEIGHT_PX)

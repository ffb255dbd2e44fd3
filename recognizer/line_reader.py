"""The public reader: files, pages or line images in; lines with texts and confidences out."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from recognizer.baselines import level_baseline
from recognizer.calibration import Calibration
from recognizer.charset import Charset
from recognizer.engines.runtimes import choose
from recognizer.finding.reading_order import reading_order
from recognizer.images import Limits, PageImage, open_pages
from recognizer.line_crops import crop_line
from recognizer.line_finder import FoundLine, LineFinder
from recognizer.line_images import Grey
from recognizer.line_recogniser import CAREFUL, HASTY, LineRecogniser
from recognizer.model_card import PARAGRAPHS, SHIPPED, has_finder, read_card
from recognizer.page import Line, Outline, Page, Reading
from recognizer.weights_files import load_prior, load_reader

FAST = Path("fast")  # the name of the fast model
CLEAR = 0.85  # mean word confidence under which a few lines are tried the other way up
CLEAR_PAGE = 0.7  # the same where there are more: upside down no page of 44 came over 0.49, in haste over 0.62
CLEARER = 0.08  # by how much the other way must be better
PROBED_LINES = 6  # read upside down to decide


class Recogniser(Protocol):
    """What reads the crops of lines: `LineRecogniser`, or the paragraph reader's."""

    charset: Charset

    def read(self, images: Sequence[Grey], pages: Sequence[Hashable | None] | None = None) -> list[Reading]:
        """Readings of line crops, in their order; ``pages``: which page each stands on, where that is known."""

    def plausibility(self, images: Sequence[Grey], texts: Sequence[str]) -> list[float]:
        """How far the image of each line crop bears out a text."""


class LineReader:
    """Reads with one line finder and one line recogniser; safe to share between threads.

    Args:
        finder: of the lines of pages; None: there is nothing to be found on any.
        recogniser: of their crops.
        version: see below.

    Attributes:
        version: of the recogniser, as its card names it.
    """

    def __init__(self, finder: LineFinder | None, recogniser: Recogniser, *, version: str) -> None:
        self.version = version
        self._finder = finder
        self._recogniser = recogniser

    @classmethod
    def load(cls, model_dir: Path | None = None) -> "LineReader":
        """The model in ``model_dir``, or the shipped one; a folder without a finder borrows the shipped finder.

        What its card calls a paragraph model is loaded as one, and reads pages whole.

        Args:
            model_dir: where it lies; None: the shipped model; `FAST`, where no folder is called so: the shipped model
                read twice as fast and less exactly: lines of fewer pixel rows, at one look, with a narrower beam and
                without the neural language model.

        Raises:
            BadModel: files are missing, damaged or of another architecture.
        """
        fast = model_dir == FAST and not FAST.exists()
        folder = SHIPPED if model_dir is None or fast else model_dir
        if read_card(folder)["architecture"] == PARAGRAPHS:
            from recognizer.paragraphs.reader import ParagraphReader

            return ParagraphReader.load(folder)
        model, charset, card = load_reader(folder)
        calibration = Calibration.from_json(card.get("calibration"))
        prior = load_prior(folder, charset, card)
        runtime = choose(model, card.get("int8"))
        recogniser = LineRecogniser(runtime, charset, calibration, prior=prior, effort=HASTY if fast else CAREFUL)
        finder = LineFinder.load(folder if has_finder(folder) else SHIPPED)
        return cls(finder, recogniser, version=card["version"] + ("-fast" if fast else ""))

    def unknown_characters(self, text: str) -> list[str]:
        """The characters of ``text`` that the model can never say, each once."""
        return self._recogniser.charset.unknown(text)

    def read_file(self, data: bytes, *, name: str, limits: Limits | None = None) -> Iterator[Page]:
        """Open, find and read, page by page.

        Raises:
            BadInput: the file cannot be opened; see `recognizer.images.open_pages`.
        """
        for page in open_pages(data, name=name, limits=limits or Limits()):
            yield self.read_page(page, path=name)

    def read_page(self, page: PageImage, *, path: str) -> Page:
        """Find the lines of an opened page and read them; what reads as nothing is no line.

        Lines that are not clear are tried the other way up: a page laid in upside down is read all the same.
        """
        found = self._finder.find(page.grey) if self._finder else []
        readings = self._read(page, found)
        if found and _sense(readings) < (CLEAR if len(found) <= PROBED_LINES else CLEAR_PAGE):
            every = -(-len(found) // PROBED_LINES)
            if _sense(self._read(page, turn(found[::every]))) > CLEARER + _sense(readings[::every]):
                found = turn(found)
                readings = self._read(page, found)
        lines = tuple(
            Line(line.polygon, line.baseline, reading)
            for line, reading in zip(found, readings, strict=True)
            if reading.text
        )
        height, width = page.grey.shape
        return Page(path, page.number, width, height, lines, self.version)

    def read_outlines(self, page: PageImage, outlines: Sequence[tuple[Outline, Outline | None]]) -> list[Line]:
        """Read the lines that somebody drew on an opened page, and nothing else; what reads as nothing stays a line.

        Args:
            page: the page.
            outlines: polygon and baseline of each line, in pixels of the page. Without a baseline the writing is
                taken to run along the polygon, left to right or, where that is much clearer, the other way.
        """
        drawn = [FoundLine(polygon, baseline or level_baseline(polygon), 1.0) for polygon, baseline in outlines]
        readings = self._read(page, drawn)
        for index, (_, baseline) in enumerate(outlines):
            if baseline is None and _sense(readings[index : index + 1]) < CLEAR:
                drawn[index], readings[index] = self._clearer_way(page, drawn[index], readings[index])
        return [Line(line.polygon, line.baseline, reading) for line, reading in zip(drawn, readings, strict=True)]

    def _clearer_way(self, page: PageImage, line: FoundLine, reading: Reading) -> tuple[FoundLine, Reading]:
        (turned,) = turn([line])
        (other,) = self._read(page, [turned])
        better = _sense([other]) > CLEARER + _sense([reading])
        return (turned, other) if better else (line, reading)

    def _read(self, page: PageImage, found: Sequence[FoundLine]) -> list[Reading]:
        crops = [crop_line(page.grey, line.polygon, line.baseline) for line in found]
        return self.read_lines(crops, pages=[page.number] * len(crops))

    def read_lines(self, images: Sequence[Grey], *, pages: Sequence[Hashable | None] | None = None) -> list[Reading]:
        """Readings of line crops (H, W), dark on light, of any height, in their order.

        Args:
            images: the lines.
            pages: which page each stands on, where that is known: lines of one page are most likely in one hand, and
                a model that learnt some knows a hand better by several lines.
        """
        return self._recogniser.read(images, pages)

    def plausibility(self, images: Sequence[Grey], texts: Sequence[str]) -> list[float]:
        """How far the image of each line crop bears out a text; see `recognizer.decoding.plausibility`."""
        return self._recogniser.plausibility(images, texts)


def turn(found: Sequence[FoundLine]) -> list[FoundLine]:
    """The same lines written the other way round, in the order that then is theirs."""
    lines = [replace(line, baseline=line.baseline[::-1]) for line in found]
    order = reading_order([line.polygon for line in lines], [line.baseline for line in lines])
    return [lines[index] for index in order]


def _sense(readings: Sequence[Reading]) -> float:
    """How sure the model is of these readings' words: the mean over all of them."""
    words = [word.confidence for reading in readings for word in reading.words]
    return sum(words) / len(words) if words else 0.0

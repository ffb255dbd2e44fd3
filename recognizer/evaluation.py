"""The one scoring code: lines and whole pages, accuracy and speed. Everything that compares models calls it."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recognizer.calibration import Calibration, Doubles, fit
from recognizer.corpora import LineTruth, PageTruth
from recognizer.datasets.augmentation import distort
from recognizer.errors import BadManifest
from recognizer.line_images import open_line
from recognizer.line_reader import LineReader
from recognizer.line_recogniser import LineRecogniser
from recognizer.metrics import calibration_error, cer, character_edits, reference_length, right_words, wer
from recognizer.page import Page, Reading
from recognizer.page_metrics import LineScore, score_lines

WARM_UP_LINES = 8
CHUNK_LINES = 256


@dataclass(frozen=True)
class LineScores:
    """What `evaluate` reports of line images.

    Attributes:
        lines: scored.
        excluded: rows left out because they are flagged.
        characters: of the references, NFC.
        cer: character error rate, a fraction.
        wer: word error rate, a fraction.
        calibration_error: expected calibration error of word confidence, 15 bins.
        lines_per_second: from the first file opened to the last text decoded, after a warm-up.
        model: version.
    """

    lines: int
    excluded: int
    characters: int
    cer: float
    wer: float
    calibration_error: float
    lines_per_second: float
    model: str

    def to_json(self) -> dict[str, Any]:
        """The scores under their contract's names."""
        return asdict(self)


def evaluate_lines(reader: LineReader, rows: Sequence[LineTruth], *, flagged: bool = False) -> LineScores:
    """Read every row's image and compare; rows with flags only when ``flagged``.

    Raises:
        BadManifest: no row is left to score.
        NotAnImage: a row's image cannot be opened.
    """
    chosen = [row for row in rows if flagged or not row.flags]
    if not chosen:
        raise BadManifest(f"None of the {len(rows)} rows can be scored. Add rows, or score flagged ones: --flagged.")
    reader.read_lines([open_line(row.image) for row in chosen[:WARM_UP_LINES]])
    begun = time.perf_counter()
    readings = read_rows(reader, chosen)
    seconds = time.perf_counter() - begun
    pairs = [(row.text, reading.text) for row, reading in zip(chosen, readings, strict=True)]
    confidences = [word.confidence for reading in readings for word in reading.words]
    right = [ok for reference, said in pairs for ok in right_words(reference, said)]
    return LineScores(
        lines=len(chosen),
        excluded=len(rows) - len(chosen),
        characters=sum(reference_length(row.text) for row in chosen),
        cer=cer(pairs),
        wer=wer(pairs),
        calibration_error=calibration_error(confidences, right),
        lines_per_second=len(chosen) / seconds,
        model=reader.version,
    )


def read_rows(reader: LineReader, rows: Sequence[LineTruth]) -> list[Reading]:
    """What a reader says of each row's image.

    Raises:
        NotAnImage: a row's image cannot be opened.
    """
    readings: list[Reading] = []
    for start in range(0, len(rows), CHUNK_LINES):
        chunk = rows[start : start + CHUNK_LINES]
        readings += reader.read_lines([open_line(row.image) for row in chunk], pages=[row.page for row in chunk])
    return readings


@dataclass(frozen=True)
class PageScores:
    """What `evaluate-pages` reports.

    Attributes:
        pages: scored.
        line_precision: found lines that match a true one at polygon IoU ≥ 0.5.
        line_recall: true lines that were found.
        line_f1: their harmonic mean.
        page_cer: edits over characters, a page's lines joined by newlines in reading order.
        pages_per_second: from the first file opened to the last text decoded, after one page.
        model: version of the line network.
    """

    pages: int
    line_precision: float
    line_recall: float
    line_f1: float
    page_cer: float
    pages_per_second: float
    model: str

    def to_json(self) -> dict[str, Any]:
        """The scores under their contract's names."""
        return asdict(self)


def evaluate_pages(reader: LineReader, pages: Sequence[PageTruth]) -> PageScores:
    """Find and read every page and compare lines and texts.

    Raises:
        BadManifest: there is no page.
        BadInput: a page's image cannot be opened.
    """
    if not pages:
        raise BadManifest("The manifest holds no page. Give one JSON object a line.")
    _read(reader, pages[0])
    begun = time.perf_counter()
    read = [_read(reader, page) for page in pages]
    seconds = time.perf_counter() - begun
    scores = [
        score_lines([line.polygon for line in page.lines], [line.polygon for line in truth.lines])
        for page, truth in zip(read, pages, strict=True)
    ]
    total = LineScore(*(sum(column) for column in zip(*scores, strict=True)))
    return PageScores(
        pages=len(pages),
        line_precision=total.precision,
        line_recall=total.recall,
        line_f1=total.f1,
        page_cer=cer((truth.text, page.text) for page, truth in zip(read, pages, strict=True)),
        pages_per_second=len(pages) / seconds,
        model=reader.version,
    )


def _read(reader: LineReader, truth: PageTruth) -> Page:
    """The page, its lines in the manifest's pixels even where the file opens at another size."""
    page = next(iter(reader.read_file(open_bytes(truth.image), name=str(truth.image))))
    return page if (page.width, page.height) == (truth.width, truth.height) else page.scaled(truth.width, truth.height)


def open_bytes(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        BadManifest: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadManifest(f"{path} cannot be read ({error.strerror}). Correct the path.") from error


def calibrate(recogniser: LineRecogniser, rows: Sequence[LineTruth], *, views: int = 3, seed: int = 5) -> Calibration:
    """Confidence curves fitted on lines that did not train the recogniser; flagged rows are left out.

    Each line is also looked at distorted, and every collection counts the same: the hands that people bring are harder
    than most of those held out.

    Args:
        recogniser: whose confidences these will be.
        rows: held-out lines.
        views: distorted ones per line, beside the line as it is.
        seed: of the distortions.
    """
    chosen = [row for row in rows if not row.flags]
    images, rng = [open_line(row.image) for row in chosen], np.random.default_rng(seed)
    seen = recogniser.examine(images + [distort(image, rng) for _ in range(views) for image in images])
    words, lines = _Trials(), _Trials()
    for row, examined in zip(chosen * (views + 1), seen, strict=True):
        group = str(row.extra.get("collection"))
        lines.add(examined.evidence.of_line(), character_edits(row.text, examined.text) == 0, group)
        for features, right in zip(examined.words()[1], right_words(row.text, examined.text), strict=True):
            words.add(features, right, group)
    return Calibration(word=words.fit(), line=lines.fit())


class _Trials:
    """Words or lines whose truth is known; every group of them counts the same."""

    def __init__(self) -> None:
        self._features: list[Doubles] = []
        self._right: list[bool] = []
        self._groups: list[str] = []

    def add(self, features: Doubles, right: bool, group: str) -> None:
        self._features.append(features)
        self._right.append(right)
        self._groups.append(group)

    def fit(self) -> tuple[float, ...]:
        sizes = Counter(self._groups)
        shares = [len(self._groups) / len(sizes) / sizes[group] for group in self._groups]
        return fit(self._features, self._right, shares=shares)

"""The one scoring code: lines and whole pages, accuracy and speed. Everything that compares models calls it."""

import time
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from recognizer.calibration import Calibration, features, fit
from recognizer.corpora import LineTruth, PageTruth
from recognizer.errors import BadManifest
from recognizer.line_images import open_line
from recognizer.line_reader import LineReader
from recognizer.line_recogniser import LineRecogniser
from recognizer.metrics import calibration_error, cer, character_edits, right_words, wer
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
    readings: list[Reading] = []
    for start in range(0, len(chosen), CHUNK_LINES):
        readings += reader.read_lines([open_line(row.image) for row in chosen[start : start + CHUNK_LINES]])
    seconds = time.perf_counter() - begun
    pairs = [(row.text, reading.text) for row, reading in zip(chosen, readings, strict=True)]
    confidences = [word.confidence for reading in readings for word in reading.words]
    right = [ok for reference, said in pairs for ok in right_words(reference, said)]
    return LineScores(
        lines=len(chosen),
        excluded=len(rows) - len(chosen),
        characters=sum(len(unicodedata.normalize("NFC", row.text)) for row in chosen),
        cer=cer(pairs),
        wer=wer(pairs),
        calibration_error=calibration_error(confidences, right),
        lines_per_second=len(chosen) / seconds,
        model=reader.version,
    )


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


def calibrate(recogniser: LineRecogniser, rows: Sequence[LineTruth]) -> Calibration:
    """Confidence curves fitted on lines that did not train the recogniser; flagged rows are left out."""
    chosen = [row for row in rows if not row.flags]
    word_rows, word_right, line_rows, line_right = [], [], [], []
    for row, seen in zip(chosen, recogniser.examine([open_line(row.image) for row in chosen]), strict=True):
        line_rows.append(features(seen.certainties))
        line_right.append(character_edits(row.text, seen.text) == 0)
        word_rows += [features(sure) for _, sure in seen.words()]
        word_right += right_words(row.text, seen.text)
    return Calibration(word=fit(word_rows, word_right), line=fit(line_rows, line_right))

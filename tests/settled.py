"""Stores in which people have settled lines on days and at costs that a test chooses."""

import base64
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flywheel.records import StoredLine, StoredPage, Verdict
from flywheel.store import Store
from flywheel.tables import CorrectionRow
from recognizer.page import Line, Page, Reading, Word
from tests.readings import HEIGHT, PITCH, WIDTH, a_line, an_upload

WHITE = base64.b64decode("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")  # one pixel of WebP
TODAY = datetime(2026, 3, 18, 12, tzinfo=UTC)  # a Wednesday


@dataclass(frozen=True)
class Settled:
    """A line that a model read and that somebody settled, some days ago."""

    said: str
    text: str
    days_ago: int = 0
    seconds: float | None = None
    keystrokes: int | None = None
    confidences: tuple[float, ...] = ()
    verdict: Verdict = "text"


def settle(
    store: Store,
    *lines: Settled,
    model: str = "inkloop-test-1",
    contributor: str = "Ann",
    collection: str | None = None,
    today: datetime = TODAY,
) -> StoredPage:
    """Keep a page that a model read and what somebody made of each of its lines; gives the page as it was read."""
    who = store.contributor(contributor)
    page = Page("letter.png", 1, WIDTH, HEIGHT, tuple(_line(line, row) for row, line in enumerate(lines)), model)
    upload = replace(an_upload(), collection=collection)
    (kept,) = store.keep_reading(upload, [(page, WHITE)], contributor=who, seconds=1).pages
    for line, stored in zip(lines, kept.lines, strict=True):
        correct(store, stored, line, who, revision=1, today=today)
    return kept


def correct(
    store: Store, stored: StoredLine, line: Settled, who: UUID, *, revision: int, today: datetime = TODAY
) -> None:
    """Keep one more correction of a line, made on its day."""
    row = CorrectionRow(
        line_id=stored.id,
        contributor_id=who,
        prediction_id=stored.prediction.id,
        revision=revision,
        text=line.text,
        verdict=line.verdict,
        seconds=line.seconds,
        keystrokes=line.keystrokes,
        unknown_count=0,
        unknown_characters=[],
        created_at=today - timedelta(days=line.days_ago),
    )
    with store.writing() as session:
        session.add(row)


def _line(line: Settled, row: int) -> Line:
    found = a_line(line.said, top=row * PITCH)
    sure = line.confidences or (0.75,) * len(line.said.split())
    words = tuple(Word(word, confidence) for word, confidence in zip(line.said.split(), sure, strict=True))
    return Line(found.polygon, found.baseline, Reading(line.said, found.reading.confidence, (), words))

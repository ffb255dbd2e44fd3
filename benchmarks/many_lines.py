"""A store with thousands of lines, for benchmarks that ask what many cost and not what they say."""

import io
from uuid import UUID

import numpy as np
from PIL import Image
from sqlalchemy import select

from flywheel.records import Upload
from flywheel.store import Store
from flywheel.tables import LineRow
from recognizer.page import Line, Page, Reading

LINES_PER_PAGE = 50
PITCH_PX, WIDTH_PX = 60, 1200


def keep_lines(store: Store, count: int) -> None:
    """Keep so many lines; their pages share one picture of specks, which nobody can tell from writing."""
    picture, person = _picture(), store.contributor("benchmark")
    for start in range(0, count, LINES_PER_PAGE):
        lines = tuple(_line(row, start + row) for row in range(min(LINES_PER_PAGE, count - start)))
        page = Page("benchmark.webp", 1, WIDTH_PX, PITCH_PX * (LINES_PER_PAGE + 1), lines, "benchmark-1")
        upload = Upload("benchmark.webp", picture, "image/webp")
        store.keep_reading(upload, [(page, picture)], contributor=person, seconds=1)


def line_ids(store: Store) -> list[UUID]:
    """Every line of a store."""
    with store.reading() as session:
        return list(session.scalars(select(LineRow.id)))


def _picture() -> bytes:
    grey = np.full((PITCH_PX * (LINES_PER_PAGE + 1), WIDTH_PX), 235, np.uint8)
    grey[np.random.default_rng(0).random(grey.shape) < 0.05] = 40
    packed = io.BytesIO()
    Image.fromarray(grey).save(packed, "WEBP", quality=80)
    return packed.getvalue()


def _line(row: int, number: int) -> Line:
    top = float(row * PITCH_PX + 10)
    outline = ((20.0, top), (WIDTH_PX - 20.0, top), (WIDTH_PX - 20.0, top + 50), (20.0, top + 50))
    return Line(
        outline,
        ((20.0, top + 40), (WIDTH_PX - 20.0, top + 40)),
        Reading(f"line {number} of many that say little", 0.5, (), ()),
    )

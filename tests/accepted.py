"""Pages of real pixels in a store, and their lines as accepted ground truth, without anybody having reviewed them."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from PIL import Image

from flywheel.ground_truth import TrueLine
from flywheel.store import Store
from recognizer.page import Line, Page, Reading
from tests.handwriting import write_page
from tests.readings import an_upload

WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def accepted(
    texts: Sequence[str],
    *,
    image: str,
    writer: str | None = None,
    collection: str | None = None,
) -> list[TrueLine]:
    """Lines of one page that exists nowhere; ``image`` begins its hash."""
    page, document, person = uuid4(), uuid4(), uuid4()
    return [
        TrueLine(
            uuid4(), page, document, person, writer, collection, text,
            ((0.0, row * 50.0), (400.0, row * 50.0), (400.0, row * 50.0 + 40), (0.0, row * 50.0 + 40)),
            None, image.ljust(64, "0"), 400, 600, WHEN, "reviewed",
        )
        for row, text in enumerate(texts)
    ]  # fmt: skip


def written_page(store: Store, texts: Sequence[str], *, seed: int, writer: str | None = None) -> list[TrueLine]:
    """A handwritten page kept in the store, with the truth about its lines."""
    written = write_page(texts, seed=seed, width=900, height=120 + 70 * len(texts))
    height, width = written.image.shape
    lines = tuple(Line(line.polygon, line.baseline, Reading("?", 0.1, (), ())) for line in written.lines)
    packed = io.BytesIO()
    Image.fromarray(written.image).convert("RGB").save(packed, "WEBP", lossless=True)
    person = store.contributor("Ann")
    page = Page("letter.png", 1, width, height, lines, "inkloop-test-1")
    document = store.keep_reading(
        an_upload(data=packed.getvalue()), [(page, packed.getvalue())], contributor=person, seconds=1
    )
    (kept,) = document.pages
    key = store.blobs.put(packed.getvalue())
    return [
        TrueLine(
            line.id,
            kept.id,
            document.id,
            person,
            writer,
            None,
            text,
            line.polygon,
            line.baseline,
            key,
            width,
            height,
            WHEN,
            "reviewed",
        )
        for line, text in zip(kept.lines, texts, strict=True)
    ]

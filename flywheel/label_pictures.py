"""What a person is shown of a line in Label Studio: its image, where it stands, and the text that is there so far."""

import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from flywheel.errors import FlywheelError
from flywheel.label_results import Shown, line_task
from flywheel.outbox import Sample
from flywheel.store import Store
from flywheel.tables import CorrectionRow, DocumentRow, LineRow, ModelVersionRow, PageRow, PredictionRow
from recognizer.errors import RecognizerError
from recognizer.images import open_pages
from recognizer.line_crops import crop_line
from recognizer.page import Outline

HEIGHT_PX = 96
QUALITY = 85
SUFFIX = ".jpg"
"""JPEG, for a WebP half as large takes ten times as long to write, and a push writes thousands."""
ROWS_AT_ONCE = 1000
CORRECTION = "correction"
"""What Label Studio calls the model whose text a person typed."""


@dataclass(frozen=True, slots=True)
class LineView:
    """One line as people see it; ``path`` is where the server keeps its image."""

    where: str
    shown: Shown
    path: str

    def task(self, sample_id: UUID) -> dict[str, Any]:
        """The task that asks for the line."""
        return line_task(sample_id, image=self.path, where=self.where, shown=self.shown)

    @property
    def columns(self) -> dict[str, Any]:
        """What the outbox remembers of it."""
        return {"shown": self.shown.text, "shown_by": self.shown.by, "score": self.shown.score}


def line_images(store: Store, samples: Sequence[Sample]) -> Iterator[tuple[UUID, bytes | str]]:
    """The image of each sample's line, page by page, so that each page is opened once.

    A sentence stands for an image that cannot be read; lines that are no longer there are left out.
    """
    page_of: dict[UUID, UUID] = {}
    with store.reading() as session:
        for start in range(0, len(samples), ROWS_AT_ONCE):
            ids = [sample.line_id for sample in samples[start : start + ROWS_AT_ONCE]]
            rows = session.execute(select(LineRow.id, LineRow.page_id).where(LineRow.id.in_(ids)))
            page_of |= {row[0]: row[1] for row in rows}
    by_page: dict[UUID, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.line_id in page_of:
            by_page[page_of[sample.line_id]].append(sample)
    for page_id, on_page in by_page.items():
        try:
            yield from _on_page(store, page_id, on_page)
        except (FlywheelError, RecognizerError) as error:
            for sample in on_page:
                yield sample.id, f"Line {sample.line_id} cannot be shown to anybody, so it was not sent: {error}"


def line_views(session: Session, samples: Sequence[Sample]) -> dict[UUID, LineView]:
    """What people see of each sample, at most a thousand; lines that are no longer there are left out."""
    ids = [sample.line_id for sample in samples]
    places = session.execute(
        select(LineRow.id, DocumentRow.name, PageRow.number, LineRow.position)
        .join(PageRow, PageRow.id == LineRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(LineRow.id.in_(ids), LineRow.retired_at.is_(None), DocumentRow.deleted_at.is_(None))
    )
    where = {row[0]: f"{row[1]}, page {row[2]}, line {row[3] + 1}" for row in places}
    typed, read = _typed(session, ids), _read(session, ids)
    views = {}
    for sample in samples:
        if sample.line_id is not None and sample.line_id in where:
            shown = read.get(sample.line_id, Shown("", "nobody", None))
            if not sample.blind:  # people who are to decide between two see neither
                shown = typed.get(sample.line_id, shown)
            views[sample.id] = LineView(where[sample.line_id], shown, sample.image or "")
    return views


def _on_page(store: Store, page_id: UUID, samples: Sequence[Sample]) -> Iterator[tuple[UUID, bytes]]:
    with store.reading() as session:
        rows = session.execute(
            select(LineRow.id, LineRow.polygon, LineRow.baseline, PageRow.image_sha256)
            .join(PageRow, PageRow.id == LineRow.page_id)
            .join(DocumentRow, DocumentRow.id == PageRow.document_id)
            .where(LineRow.page_id == page_id, LineRow.retired_at.is_(None), DocumentRow.deleted_at.is_(None))
        ).all()
    lines = {row.id: row for row in rows}
    there = [(sample.id, lines[sample.line_id]) for sample in samples if sample.line_id in lines]
    if there:
        grey = next(iter(open_pages(store.blobs.get(rows[0].image_sha256), name=f"page {page_id}"))).grey
        for sample_id, line in there:
            baseline = None if line.baseline is None else _outline(line.baseline)
            yield sample_id, _cut(grey, _outline(line.polygon), baseline)


def _cut(grey: NDArray[np.uint8], polygon: Outline, baseline: Outline | None) -> bytes:
    packed = io.BytesIO()
    Image.fromarray(crop_line(grey, polygon, baseline, height_px=HEIGHT_PX)).save(packed, "JPEG", quality=QUALITY)
    return packed.getvalue()


def _typed(session: Session, ids: Sequence[UUID | None]) -> dict[UUID, Shown]:
    """The newest correction of each line that has one."""
    rows = session.execute(
        select(CorrectionRow.line_id, CorrectionRow.text)
        .where(CorrectionRow.line_id.in_(ids), CorrectionRow.verdict == "text")
        .order_by(CorrectionRow.revision)
    )
    return {row[0]: Shown(row[1], CORRECTION, None) for row in rows}


def _read(session: Session, ids: Sequence[UUID | None]) -> dict[UUID, Shown]:
    """What a model read last in each line."""
    rows = session.execute(
        select(PredictionRow.line_id, PredictionRow.text, ModelVersionRow.name, PredictionRow.confidence)
        .join(ModelVersionRow, ModelVersionRow.id == PredictionRow.model_version_id)
        .where(PredictionRow.line_id.in_(ids))
        .order_by(PredictionRow.created_at)
    )
    return {row[0]: Shown(*row[1:]) for row in rows}


def _outline(points: list[Any]) -> Outline:
    return tuple((point[0], point[1]) for point in points)

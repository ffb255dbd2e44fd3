"""What a person is shown of a line in Label Studio: its image, where it stands, and the text that is there so far."""

import io
from collections import defaultdict
from collections.abc import Sequence
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
CORRECTION = "correction"
"""What Label Studio calls the model whose text a person typed."""


@dataclass
class Picture:
    """One line as people see it; ``path`` is where the server keeps the image, None until it is uploaded."""

    webp: bytes
    where: str
    shown: Shown
    path: str | None

    def task(self, sample_id: UUID) -> dict[str, Any]:
        """The task that asks for the line."""
        return line_task(sample_id, image=self.path or "", where=self.where, shown=self.shown)

    @property
    def columns(self) -> dict[str, Any]:
        """What the outbox remembers of it."""
        return {"shown": self.shown.text, "shown_by": self.shown.by, "score": self.shown.score, "image": self.path}


@dataclass(frozen=True, slots=True)
class _Place:
    """A line, where its pixels are, and what is said of it."""

    page_id: UUID
    owner: UUID
    where: str
    polygon: Outline
    baseline: Outline | None
    shown: Shown


def pictures(store: Store, samples: Sequence[Sample]) -> list[tuple[Sample, Picture | str | None]]:
    """What people see of each sample, in order.

    A sentence stands for a line whose image cannot be read, None for a line that is no longer there.
    """
    with store.reading() as session:
        places = {sample.id: _place(session, sample) for sample in samples}
    by_page: dict[tuple[UUID, UUID], list[Sample]] = defaultdict(list)
    for sample in samples:
        place = places[sample.id]
        if place is not None:
            by_page[place.page_id, place.owner].append(sample)
    seen: dict[UUID, Picture | str] = {}
    for (page_id, owner), on_page in by_page.items():
        try:
            seen |= _on_page(store, page_id, owner, [(sample, places[sample.id]) for sample in on_page])
        except (FlywheelError, RecognizerError) as error:
            for sample in on_page:
                seen[sample.id] = f"Line {sample.line_id} cannot be shown to anybody, so it was not sent: {error}"
    return [(sample, seen.get(sample.id)) for sample in samples]


def _on_page(
    store: Store, page_id: UUID, owner: UUID, lines: Sequence[tuple[Sample, _Place | None]]
) -> dict[UUID, Picture | str]:
    grey = None
    found: dict[UUID, Picture | str] = {}
    for sample, place in lines:
        assert place is not None
        if sample.image is None and grey is None:
            image, _ = store.page_image(page_id, owner)
            grey = next(iter(open_pages(image, name=place.where))).grey
        webp = b"" if sample.image is not None or grey is None else _crop(grey, place)
        found[sample.id] = Picture(webp, place.where, place.shown, sample.image)
    return found


def _crop(grey: NDArray[np.uint8], place: _Place) -> bytes:
    crop = crop_line(grey, place.polygon, place.baseline, height_px=HEIGHT_PX)
    packed = io.BytesIO()
    Image.fromarray(crop).save(packed, "WEBP", quality=QUALITY, method=2)
    return packed.getvalue()


def _place(session: Session, sample: Sample) -> _Place | None:
    found = session.execute(
        select(LineRow, PageRow, DocumentRow)
        .join(PageRow, PageRow.id == LineRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(LineRow.id == sample.line_id, LineRow.retired_at.is_(None), DocumentRow.deleted_at.is_(None))
    ).first()
    if found is None:
        return None
    line, page, document = found
    return _Place(
        page_id=page.id,
        owner=document.contributor_id,
        where=f"{document.name}, page {page.number}, line {line.position + 1}",
        polygon=_outline(line.polygon),
        baseline=None if line.baseline is None else _outline(line.baseline),
        shown=_shown(session, sample),
    )


def _shown(session: Session, sample: Sample) -> Shown:
    """The newest correction, or else what a model read; people who are to decide between two are shown neither."""
    corrected = session.scalar(
        select(CorrectionRow.text)
        .where(CorrectionRow.line_id == sample.line_id, CorrectionRow.verdict == "text")
        .order_by(CorrectionRow.revision.desc())
        .limit(1)
    )
    if corrected is not None and not sample.blind:
        return Shown(corrected, CORRECTION, None)
    read = session.execute(
        select(PredictionRow.text, ModelVersionRow.name, PredictionRow.confidence)
        .join(ModelVersionRow, ModelVersionRow.id == PredictionRow.model_version_id)
        .where(PredictionRow.line_id == sample.line_id)
        .order_by(PredictionRow.created_at.desc())
        .limit(1)
    ).first()
    return Shown("", "nobody", None) if read is None else Shown(read[0], read[1], read[2])


def _outline(points: list[Any]) -> Outline:
    return tuple((point[0], point[1]) for point in points)

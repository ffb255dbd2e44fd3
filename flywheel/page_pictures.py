"""What a person is shown of a page in Label Studio: its image, and its lines as regions with their texts."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from flywheel import queries
from flywheel.errors import FlywheelError
from flywheel.outbox import Sample
from flywheel.page_results import asked_lines, page_task
from flywheel.records import StoredPage
from flywheel.store import Store
from flywheel.tables import DocumentRow, PageRow

SUFFIX = ".webp"
"""As the store keeps what people are shown of a page."""


@dataclass(frozen=True, slots=True)
class PageView:
    """One page as people see it; ``path`` is where the server keeps its image."""

    where: str
    page: StoredPage
    path: str

    def task(self, sample_id: UUID) -> dict[str, Any]:
        """The task that asks for the page's regions."""
        return page_task(sample_id, self.page, image=self.path, where=self.where)

    @property
    def columns(self) -> dict[str, Any]:
        """What the outbox remembers of it: which region stands for which line."""
        lines = {str(line.id): str(line.id) for line in asked_lines(self.page)}
        return {"shown": json.dumps({"lines": lines}), "shown_by": self.page.model}


def page_images(store: Store, samples: Sequence[Sample]) -> Iterator[tuple[UUID, bytes | str]]:
    """The image of each sample's page; a sentence where it cannot be read. Deleted pages are left out."""
    for sample in samples:
        with store.reading() as session:
            found = _find(session, sample)
        if found is not None:
            try:
                yield sample.id, store.blobs.get(found.image_sha256)
            except FlywheelError as error:
                yield sample.id, f"Page {sample.page_id} cannot be shown to anybody, so it was not sent: {error}"


def page_views(session: Session, samples: Sequence[Sample]) -> dict[UUID, PageView]:
    """What people see of each sample; deleted pages are left out."""
    views = {}
    for sample in samples:
        found = _find(session, sample)
        if found is not None and sample.page_id is not None:
            page = queries.page(session, sample.page_id)
            views[sample.id] = PageView(f"{found.name}, page {page.number}", page, sample.image or "")
    return views


def _find(session: Session, sample: Sample) -> Row[str, str] | None:
    return session.execute(
        select(DocumentRow.name, PageRow.image_sha256)
        .join(PageRow, PageRow.document_id == DocumentRow.id)
        .where(PageRow.id == sample.page_id, DocumentRow.deleted_at.is_(None))
    ).first()

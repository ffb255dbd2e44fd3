"""What a person is shown of a page in Label Studio: its image, and its lines as regions with their texts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from flywheel import queries
from flywheel.errors import FlywheelError
from flywheel.outbox import Sample
from flywheel.page_results import page_task
from flywheel.records import StoredPage
from flywheel.store import Store
from flywheel.tables import DocumentRow, PageRow


@dataclass
class PagePicture:
    """One page as people see it; ``path`` is where the server keeps the image, None until it is uploaded."""

    webp: bytes
    where: str
    page: StoredPage
    path: str | None

    def task(self, sample_id: UUID) -> dict[str, Any]:
        """The task that asks for the page's regions."""
        return page_task(sample_id, self.page, image=self.path or "", where=self.where)

    @property
    def columns(self) -> dict[str, Any]:
        """What the outbox remembers of it: which region stands for which line."""
        lines = {str(line.id): str(line.id) for line in self.page.lines}
        return {"shown": json.dumps({"lines": lines}), "shown_by": self.page.model, "image": self.path}


def page_pictures(store: Store, samples: Sequence[Sample]) -> list[tuple[Sample, PagePicture | str | None]]:
    """What people see of each sample, in order; a sentence where the image cannot be read, None for a deleted page."""
    return [(sample, _picture(store, sample)) for sample in samples]


def _picture(store: Store, sample: Sample) -> PagePicture | str | None:
    with store.reading() as session:
        found = session.execute(
            select(DocumentRow.name, DocumentRow.contributor_id)
            .join(PageRow, PageRow.document_id == DocumentRow.id)
            .where(PageRow.id == sample.page_id, DocumentRow.deleted_at.is_(None))
        ).first()
        if found is None or sample.page_id is None:
            return None
        page = queries.page(session, sample.page_id)
    name, owner = found
    try:
        webp = b"" if sample.image is not None else store.page_image(page.id, owner)[0]
    except FlywheelError as error:
        return f"Page {page.id} cannot be shown to anybody, so it was not sent: {error}"
    return PagePicture(webp, f"{name}, page {page.number}", page, sample.image)

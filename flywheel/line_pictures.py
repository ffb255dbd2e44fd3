"""One stored line cut out of its page, for whoever has to see why a model was kept out."""

from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from flywheel.store import Store
from flywheel.tables import DocumentRow, LineRow, PageRow
from recognizer.images import open_pages
from recognizer.line_crops import crop_line


def line_picture(store: Store, line_id: UUID) -> NDArray[np.uint8] | None:
    """The line's image, grey and level; None where the line or its document is no longer there.

    Raises:
        BrokenBlob: the page's image is missing or altered.
    """
    with store.reading() as session:
        found = session.execute(
            select(LineRow.polygon, LineRow.baseline, PageRow.image_sha256)
            .join(PageRow, PageRow.id == LineRow.page_id)
            .join(DocumentRow, DocumentRow.id == PageRow.document_id)
            .where(LineRow.id == line_id, DocumentRow.deleted_at.is_(None))
        ).first()
    if found is None:
        return None
    grey = next(iter(open_pages(store.blobs.get(found.image_sha256), name="the page's image"))).grey
    polygon, baseline = (
        None if points is None else tuple((x, y) for x, y in points) for points in (found.polygon, found.baseline)
    )
    return crop_line(grey, polygon or (), baseline)

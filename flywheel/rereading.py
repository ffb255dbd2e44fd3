"""Keeps what a newer model says of lines that are there already.

Which lines a page has stays as people left it, and so does what they typed: the newer text stands beside it.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from flywheel import additions, queries
from flywheel.refusals import refuse_bad_number
from flywheel.store import Store
from flywheel.tables import PredictionRow
from recognizer.page import Reading


def keep_rereading(
    store: Store, page_id: UUID, readings: Mapping[UUID, Reading], *, model: str, seconds: float, contributor: UUID
) -> None:
    """Keep one more reading of a page.

    Args:
        store: where the page is kept.
        page_id: the page.
        readings: what the model read, by line; a line that this version has read before keeps what it said then.
        model: the version of the model, which from now on is the one that read the page.
        seconds: the time it took.
        contributor: whose page it is.

    Raises:
        NotFound: there is no such page, or it is another contributor's.
        Unstorable: the seconds are negative or not finite.
    """
    refuse_bad_number(seconds, f"The reading of page {page_id}: seconds")
    with store.writing() as session:
        queries.own_page(session, page_id, contributor, lock=True)
        version = additions.keep_reading(session, page_id, model=model, seconds=seconds).model_version_id
        known = select(PredictionRow.line_id).where(
            PredictionRow.line_id.in_(readings), PredictionRow.model_version_id == version
        )
        read_before = set(session.scalars(known))
        new = {line_id: said for line_id, said in readings.items() if line_id not in read_before}
        additions.add_predictions(session, new, model=version)

"""What Label Studio shows in a field when it asks us live: the newest reading, also of a model newer than its own."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flywheel.label_results import Shown, prediction
from flywheel.live_lines import is_live
from flywheel.store import Store
from flywheel.tables import ModelVersionRow, PredictionRow, SampleRow


def predictions(store: Store, sample_ids: Sequence[UUID | None]) -> list[dict[str, Any]]:
    """One prediction for each sample, in order; an empty one for what is not ours, was never read, or is gone."""
    with store.reading() as session:
        return [_newest(session, sample_id) for sample_id in sample_ids]


def _newest(session: Session, sample_id: UUID | None) -> dict[str, Any]:
    found = session.execute(
        select(PredictionRow.text, ModelVersionRow.name, PredictionRow.confidence)
        .join(ModelVersionRow, ModelVersionRow.id == PredictionRow.model_version_id)
        .join(SampleRow, SampleRow.line_id == PredictionRow.line_id)
        .where(SampleRow.id == sample_id, is_live())
        .order_by(PredictionRow.created_at.desc())
        .limit(1)
    ).first()
    return {"result": []} if found is None else prediction(Shown(found[0], found[1], found[2]))

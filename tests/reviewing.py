"""Pages of real pixels whose lines wait for a review, and the whole loop of a store and a Label Studio."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from PIL import Image
from sqlalchemy import select

from flywheel.ground_truth import ground_truth
from flywheel.label_studio import LabelStudio
from flywheel.outbox import Wanted
from flywheel.pulling import Pulled
from flywheel.pushing import Pushed
from flywheel.records import StoredPage
from flywheel.settings import Settings
from flywheel.store import Store
from flywheel.sync import pull, push
from flywheel.tables import LabelProjectRow, SampleRow
from recognizer.page import Line, Page, Reading
from tests.handwriting import write_page
from tests.label_studio import Studio
from tests.readings import an_upload

MODEL = "inkloop-test-1"


def misread_page(store: Store, texts: Sequence[str], *, seed: int = 7) -> StoredPage:
    """A handwritten page whose lines the model read in capitals, with growing confidence."""
    written = write_page(texts, seed=seed, width=900, height=120 + 70 * len(texts))
    height, width = written.image.shape
    lines = tuple(
        Line(line.polygon, line.baseline, Reading(line.text.upper(), 0.1 + 0.8 * place / len(texts), (), ()))
        for place, line in enumerate(written.lines)
    )
    packed = io.BytesIO()
    Image.fromarray(written.image).convert("RGB").save(packed, "WEBP", lossless=True)
    read = [(Page("letter.png", 1, width, height, lines, MODEL), packed.getvalue())]
    return store.keep_reading(an_upload(), read, contributor=store.contributor("Ann"), seconds=1).pages[0]


def these(line_ids: Iterable[UUID]) -> Any:
    """A queue of given lines, the first one first."""
    wanted = [Wanted(line_id, "The test wants it.", 1.0 - place / 1000) for place, line_id in enumerate(line_ids)]
    return lambda limit: wanted[:limit]


def samples(store: Store) -> list[SampleRow]:
    """Every sample, oldest first, detached."""
    with store.reading() as session:
        rows = list(session.scalars(select(SampleRow).order_by(SampleRow.created_at, SampleRow.priority.desc())))
        session.expunge_all()
    return rows


def states(store: Store) -> list[str]:
    """The states of the samples, in the order of the queue."""
    return [row.state for row in samples(store)]


def truth(store: Store) -> dict[UUID, str]:
    """What is ground truth, by line."""
    return {line.line_id: line.text for line in ground_truth(store)}


@dataclass(frozen=True)
class Loop:
    """A store and a Label Studio, and what is in each."""

    store: Store
    client: LabelStudio
    settings: Settings
    studio: Studio

    def page(self, texts: Sequence[str] = ("Dear Bob,", "it rains.", "Ann"), *, seed: int = 7) -> StoredPage:
        """A page that waits for a review."""
        return misread_page(self.store, texts, seed=seed)

    def push(self, page: StoredPage | Sequence[UUID], **options: Any) -> Pushed:
        """Send the lines of a page, or some lines."""
        ids = [line.id for line in page.lines] if isinstance(page, StoredPage) else page
        return push(self.store, self.client, self.settings, these(ids), **options)

    def pull(self, **options: Any) -> Pulled:
        """Bring back what people answered."""
        return pull(self.store, self.client, self.settings, **options)

    def tasks(self) -> list[Any]:
        """Every task of lines on the server with its data and its predictions, oldest first."""
        with self.store.reading() as session:
            number = session.scalars(select(LabelProjectRow.number).where(LabelProjectRow.kind == "lines")).one()
        rows = self.client._sdk.tasks.list(project=number, fields="all")
        return sorted(rows, key=lambda row: int(row.id))

    def task_of(self, line_id: UUID, *, round_: int = 1) -> int:
        """The task that asks for a line."""
        (task_id,) = [row.task_id for row in samples(self.store) if (row.line_id, row.round) == (line_id, round_)]
        assert task_id is not None
        return task_id

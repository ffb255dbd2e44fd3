"""Which lines people should look at first: texts that are held for a review, then those of `flywheel.selection`."""

from collections.abc import Callable, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from flywheel.candidates import next_lines
from flywheel.outbox import Wanted
from flywheel.store import Store
from flywheel.tables import SampleRow
from flywheel.trust import held_texts

HELD, CHOSEN = 1.0, 0.9
SEED = 1


def review_queue(store: Store) -> Callable[[int], Iterable[Wanted]]:
    """The queue of a store, for a push: at most so many lines that nobody was asked about yet."""

    def first(limit: int) -> list[Wanted]:
        with store.reading() as session:
            held = _held(session, limit)
        return [*held, *_instructive(store, limit - len(held))]

    return first


def _held(session: Session, limit: int) -> list[Wanted]:
    asked = set(session.scalars(select(SampleRow.line_id)))
    texts = [text for text in held_texts(session) if text.line_id not in asked]
    return [Wanted(text.line_id, text.reason, HELD) for text in texts[:limit]]


def _instructive(store: Store, limit: int) -> list[Wanted]:
    asked = select(SampleRow.line_id).where(SampleRow.line_id.is_not(None))
    chosen = next_lines(store, limit, seed=SEED, leaving_out=asked)
    return [
        Wanted(choice.key, choice.reason, CHOSEN * (1 - place / len(chosen))) for place, choice in enumerate(chosen)
    ]

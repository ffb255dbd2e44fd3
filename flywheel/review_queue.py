"""Which lines people should look at first: texts that are held for a review, then those of `flywheel.selection`.

A held text leaves the queue when an operator decides about it.
"""

from collections.abc import Callable, Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flywheel.candidates import next_lines
from flywheel.outbox import LIVE, THIRD_OPINION, Wanted, mark_withdrawn
from flywheel.store import Store
from flywheel.tables import SampleRow
from flywheel.trust import Decision, Outcome, decide, held_texts

HELD, CHOSEN = 1.0, 0.9
SEED = 1


def review_queue(store: Store) -> Callable[[int], Iterable[Wanted]]:
    """The queue of a store, for a push: at most so many lines, the most urgent first."""

    def first(limit: int) -> list[Wanted]:
        with store.reading() as session:
            held = _held(session, limit)
        return [*held, *_instructive(store, limit - len(held))]

    return first


def settle_held(store: Store, line_id: UUID, decision: Decision) -> Outcome:
    """Let an operator accept or dismiss a held text; what waited here for a reviewer because of it waits no longer.

    Raises:
        NotFound: there is no such line.
        StaleDocument: that text is not held, or no longer.
        Unstorable: there is no reason, or no database holds it.
    """
    with store.writing() as session:
        outcome = decide(session, line_id, decision)
        waiting = select(SampleRow.id).where(
            SampleRow.line_id == line_id, SampleRow.state == "queued", SampleRow.priority < THIRD_OPINION
        )
        mark_withdrawn(session, session.scalars(waiting).all())
        return outcome


def _held(session: Session, limit: int) -> list[Wanted]:
    """Held texts, also of lines that were asked about before; what waits there or was deleted there stays as it is."""
    rows = session.execute(select(SampleRow.line_id, SampleRow.state).order_by(SampleRow.round))
    newest = {row[0]: row[1] for row in rows}
    texts = [text for text in held_texts(session) if newest.get(text.line_id) not in (*LIVE, "gone")]
    return [Wanted(text.line_id, text.reason, HELD, again=text.line_id in newest) for text in texts[:limit]]


def _instructive(store: Store, limit: int) -> list[Wanted]:
    asked = select(SampleRow.line_id).where(SampleRow.line_id.is_not(None))
    chosen = next_lines(store, limit, seed=SEED, leaving_out=asked)
    return [
        Wanted(choice.key, choice.reason, CHOSEN * (1 - place / len(chosen)), known=choice.why == "known")
        for place, choice in enumerate(chosen)
    ]

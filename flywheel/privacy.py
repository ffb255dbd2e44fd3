"""Forget a person or a page: everything that came from them goes, and what learnt from it is named and marked.

Rows go by the foreign keys of the tables, so a table that is added later is forgotten too. Snapshots lose the lines,
and no training begins from what is left of them. Models cannot unlearn: they are marked, none is trained from or
promoted again. A marked model of one hand or collection stops serving at once, because the common model can.
"""

import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flywheel import registry
from flywheel.erasure import Doomed, Meant, doom, erase, lines_of
from flywheel.errors import BrokenBlob, NotFound, SyncRunning
from flywheel.forgotten_tasks import forget_there, left_there
from flywheel.learnt import containing, mark, scrub_verdicts
from flywheel.locks import in_turn
from flywheel.overturned import decided_by, keep_ended
from flywheel.personal import drop_forgotten
from flywheel.retraining import BY_THE_PROGRAM, LEARNS
from flywheel.settings import Settings
from flywheel.signatures import unsign
from flywheel.store import Store
from flywheel.sync import LOCK
from flywheel.tables import ContributorRow, PageRow
from flywheel.thinning import thin
from flywheel.tombstones import FORGETTING, remember

PATIENCE_S, LOOK_S = 60.0, 0.2
"""How long a push or pull may still take, and between two looks whether it has ended."""


@dataclass
class Forgotten:
    """What was forgotten and what still holds it.

    Attributes:
        rows: removed, by table.
        blobs: originals and page images removed.
        tasks: removed from Label Studio, with everything that people answered to them.
        answers: removed there, of tasks that stay.
        images: of lines and pages that it serves no more.
        snapshots: that held lines of it and do no more, by id; nothing is trained on them again.
        models: marked, by version.
        serving: a marked model that serves everybody: roll it back, or retrain and promote.
        dropped: marked models that served one hand or collection, which the common model reads again.
        problems: what could not be reached, each in a sentence.
    """

    rows: dict[str, int] = field(default_factory=dict)
    blobs: int = 0
    tasks: int = 0
    answers: int = 0
    images: int = 0
    snapshots: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    serving: str | None = None
    dropped: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The report as commands print it."""
        return asdict(self)


def forget(store: Store, settings: Settings, who: str) -> Forgotten:
    """Forget a contributor, by name or id, or one page, by id; doing it again finds nothing.

    Raises:
        NotFound: there is no such contributor or page.
        SyncRunning: a push or pull goes on and on; nothing is forgotten then.
        StoreUnavailable: the store cannot be changed; nothing is forgotten then.
    """
    done = Forgotten()
    with _nobody_syncs(store):
        with store.reading() as session:
            meant = _meant(session, who)
            left = left_there(session, doom(session, meant))
        removed = forget_there(settings, left)
        done.tasks, done.answers, done.images = removed.tasks, removed.answers, removed.images
        done.problems += removed.problems
        why = f"It holds lines that were forgotten on {datetime.now(UTC):%Y-%m-%d}."
        with store.writing() as session:
            in_turn(session, FORGETTING)
            doomed = doom(session, meant, lock=True)
            lines = lines_of(session, doomed)
            held = containing(store, lines)
            done.snapshots = list(held)
            done.models = mark(session, held, {str(page) for page in doomed["pages"]}, why=why)
            done.dropped = drop_forgotten(session, by=BY_THE_PROGRAM, why=why)
            scrub_verdicts(session, set(lines))
            remember(session, _names(session, doomed))
            thinned = thin(session, store.blobs, held, lines, why=why)
            unsign(session, doomed["contributors"])
            decided = decided_by(session, doomed)
            done.rows, unnamed = erase(session, doomed)
            keep_ended(session, decided)
    done.problems += _delete(store, unnamed | thinned)
    done.blobs = len(unnamed)
    done.problems += _told_elsewhere(settings, done)
    _empty_scratch(settings.scratch, {str(page) for page in doomed["pages"]}, done.snapshots)
    serving = registry.serving(store)
    done.serving = serving.version if serving and serving.version in done.models else None
    return done


def _names(session: Session, doomed: Doomed) -> list[str]:
    return list(session.scalars(select(ContributorRow.name).where(ContributorRow.id.in_(doomed["contributors"]))))


def _meant(session: Session, who: str) -> Meant:
    try:
        asked = UUID(who)
    except ValueError:
        asked = None
    by_name = session.scalar(select(ContributorRow.id).where(ContributorRow.name == who))
    if by_name is not None:
        return ContributorRow, by_name
    if asked is not None:
        for table in (ContributorRow, PageRow):
            if session.get(table, asked) is not None:
                return table, asked
    raise NotFound(f"There is no contributor and no page {who!r}. `python -m flywheel account list` names people.")


@contextmanager
def _nobody_syncs(store: Store) -> Iterator[None]:
    """Alone with Label Studio: what a push has on its way, or a pull in its hands, would be there again afterwards."""
    until = time.monotonic() + PATIENCE_S
    while True:
        with store.alone(LOCK) as alone:
            if alone:
                yield
                return
        if time.monotonic() > until:
            raise SyncRunning("A push or pull is under way, so nothing was forgotten yet. Try again when it has ended.")
        time.sleep(LOOK_S)


def _delete(store: Store, keys: set[str]) -> list[str]:
    """Delete files; what cannot be is told, and the others go all the same."""
    problems = []
    for key in sorted(keys):
        try:
            store.blobs.delete(key)
        except BrokenBlob as error:
            problems.append(f"{error} Remove it by hand: it holds what was forgotten.")
    return problems


def _told_elsewhere(settings: Settings, done: Forgotten) -> list[str]:
    """What trainings sent to Weights & Biases, from where nothing is fetched back."""
    if settings.wandb != "online" or not (done.snapshots or done.models):
        return []
    return [
        "INKLOOP_WANDB is online: trainings have sent lines, as they were read and transcribed, and models to Weights "
        f"& Biases. Delete the runs there that name one of these: {', '.join([*done.snapshots, *done.models])}."
    ]


def _empty_scratch(scratch: Path, pages: set[str], tainted: Iterable[str]) -> None:
    for page in pages:
        shutil.rmtree(scratch / "lines" / page, ignore_errors=True)
    for file in (scratch / "trainings").glob(f"*/{LEARNS}"):
        if pages.union(tainted).intersection(file.read_text(encoding="utf-8").split()):
            shutil.rmtree(file.parent, ignore_errors=True)

"""Forget a person or a page: everything that came from them goes, and what learnt from it is named and marked.

Rows go by the foreign keys of the tables, so a table that is added later is forgotten too. Snapshots and models cannot
unlearn: they are marked, no training begins from them, and none of them is promoted again. A marked model of one hand
or collection stops serving at once, because the common model can.
"""

import json
import shutil
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session

from flywheel import registry
from flywheel.errors import FlywheelError, NotFound
from flywheel.personal import drop_forgotten
from flywheel.retraining import BY_THE_PROGRAM, LEARNS, UNCORRECTED
from flywheel.scopes import find_scope
from flywheel.settings import Settings
from flywheel.snapshots import FrozenLine, snapshots
from flywheel.snapshots import unpack as unpack_shard
from flywheel.store import Store
from flywheel.tables import (
    AcceptanceRow,
    Base,
    ContributorRow,
    CorrectionRow,
    DocumentRow,
    ErasureRow,
    ForgottenPageRow,
    LineRow,
    ModelRow,
    PageRow,
    SampleRow,
    ScopeRow,
    SnapshotRow,
    SnapshotShardRow,
    SplitRow,
    VerdictRow,
)

LOOSE = ("lines", "retired_by")
"""The link that is cut instead of taking the row with it."""

Doomed = dict[str, set[Any]]


@dataclass
class Forgotten:
    """What was forgotten and what still holds it.

    Attributes:
        rows: removed, by table.
        blobs: files removed.
        tasks: removed from Label Studio.
        snapshots: marked, by id.
        models: marked, by version.
        serving: a marked model that serves everybody: roll it back, or retrain and promote.
        dropped: marked models that served one hand or collection, which the common model reads again.
        problems: what could not be reached, each in a sentence.
    """

    rows: dict[str, int] = field(default_factory=dict)
    blobs: int = 0
    tasks: int = 0
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
        StoreUnavailable: the store cannot be changed; nothing is forgotten then.
    """
    done = Forgotten()
    with store.reading() as session:
        doomed = _doom(session, *_meant(session, who))
        lines = _images_of_lines(session, doomed)
        files = _blobs(session, doomed)
    _forget_tasks(store, settings, doomed, done)
    held = _containing(store, lines)
    done.snapshots = list(held)
    why = f"It holds lines that were forgotten on {datetime.now(UTC):%Y-%m-%d}."
    with store.writing() as session:
        _mark(session, held, {str(page) for page in doomed["pages"]}, done, why=why)
        done.dropped = drop_forgotten(session, by=BY_THE_PROGRAM, why=why)
        _scrub_verdicts(session, set(lines))
        _remove(session, doomed, done)
        named = {row for row in files if not _still_named(session, row)}
        _forget_splits(session, named)
        _forget_scopes(session)
    for key in named:
        store.blobs.delete(key)
    done.blobs = len(named)
    _empty_scratch(settings.scratch, {str(page) for page in doomed["pages"]}, done.snapshots)
    serving = registry.serving(store)
    done.serving = serving.version if serving and serving.version in done.models else None
    return done


def _meant(session: Session, who: str) -> tuple[type[ContributorRow] | type[PageRow], UUID]:
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


def _doom(session: Session, table: type[ContributorRow] | type[PageRow], key: UUID) -> Doomed:
    """The keys of every row that hangs on one row, by table; a document whose last page goes, goes too."""
    doomed: Doomed = defaultdict(set)
    doomed[table.__tablename__] = {key}
    if table is PageRow:
        document = session.get_one(PageRow, key).document_id
        others = select(PageRow.id).where(PageRow.document_id == document, PageRow.id != key)
        if session.scalar(others.limit(1)) is None:
            doomed["documents"] = {document}
    for child in Base.metadata.sorted_tables:
        for link in child.foreign_keys:
            keys = doomed.get(link.column.table.name)
            if keys and (child.name, link.parent.name) != LOOSE and link.column.primary_key:
                doomed[child.name] |= _hanging(session, child, link.parent.name, keys)
    return doomed


def _hanging(session: Session, table: Table, column: str, keys: Iterable[Any]) -> set[Any]:
    key = list(table.primary_key.columns)
    wanted = select(*key).where(table.c[column].in_(list(keys)))
    return {tuple(row) if len(key) > 1 else row[0] for row in session.execute(wanted)}


def _images_of_lines(session: Session, doomed: Doomed) -> dict[str, str]:
    """The lines whose image or accepted text is forgotten, each with the page image it stands on."""
    typed = select(AcceptanceRow.line_id).where(AcceptanceRow.id.in_(doomed["acceptances"]))
    corrected = select(CorrectionRow.line_id).where(CorrectionRow.id.in_(doomed["corrections"]))
    wanted = doomed["lines"] | set(session.scalars(typed.union(corrected)))
    rows = session.execute(
        select(LineRow.id, PageRow.image_sha256)
        .join(PageRow, PageRow.id == LineRow.page_id)
        .where(LineRow.id.in_(wanted))
    )
    return {str(row.id): row.image_sha256 for row in rows}


def _blobs(session: Session, doomed: Doomed) -> set[str]:
    originals = select(DocumentRow.sha256).where(DocumentRow.id.in_(doomed["documents"]))
    images = select(PageRow.image_sha256).where(PageRow.id.in_(doomed["pages"]))
    return set(session.scalars(originals.union(images)))


def _containing(store: Store, lines: dict[str, str]) -> dict[str, list[FrozenLine]]:
    """The snapshots that hold some of these lines, with those; only shards that can are read."""
    buckets = {int(image[:2], 16) for image in lines.values()}
    found = {}
    for snapshot in snapshots(store):
        with store.reading() as session:
            wanted = select(SnapshotShardRow.sha256).where(
                SnapshotShardRow.snapshot_id == snapshot.id, SnapshotShardRow.bucket.in_(buckets)
            )
            shards = list(session.scalars(wanted))
        held = [line for shard in shards for line in unpack_shard(store.blobs.get(shard)) if line.line_id in lines]
        if held:
            found[snapshot.id] = held
    return found


def _mark(session: Session, held: dict[str, list[FrozenLine]], pages: set[str], done: Forgotten, *, why: str) -> None:
    """Mark the snapshots, the models that learnt these lines or pages, and every model trained from those."""
    session.execute(update(SnapshotRow).where(SnapshotRow.id.in_(held)).values(forgotten=why))
    marked = {
        row.id
        for row in session.scalars(select(ModelRow).where(ModelRow.snapshot_id.is_not(None)))
        if _has_learnt(session, row, held.get(row.snapshot_id or "", []))
        or pages & set(row.metrics.get(UNCORRECTED, ()))
    }
    while True:
        children = set(session.scalars(select(ModelRow.id).where(ModelRow.parent_id.in_(marked)))) - marked
        if not children:
            break
        marked |= children
    session.execute(update(ModelRow).where(ModelRow.id.in_(marked)).values(forgotten=why))
    done.models = sorted(session.scalars(select(ModelRow.version).where(ModelRow.id.in_(marked))))


def _has_learnt(session: Session, row: ModelRow, lines: list[FrozenLine]) -> bool:
    """Whether a model trained on a snapshot with these lines was shown some: one of a single scope only its own."""
    scope = find_scope(session, row.scope_id)
    return any(scope is None or scope.holds(line) for line in lines)


def _scrub_verdicts(session: Session, lines: set[str]) -> None:
    for row in session.scalars(select(VerdictRow)):
        worst = [line for line in row.report["worst"] if line["line"] not in lines]
        if len(worst) < len(row.report["worst"]):
            row.report = json.loads(json.dumps({**row.report, "worst": worst}))


def _remove(session: Session, doomed: Doomed, done: Forgotten) -> None:
    """Delete the rows, children first; the triggers ask for a reason, which is given and taken back."""
    session.add_all(ForgottenPageRow(page_id=page) for page in doomed["pages"])
    for person in doomed["contributors"]:
        if session.get(ErasureRow, person) is None:
            session.add(ErasureRow(contributor_id=person))
        doomed["erasures"].add(person)
    session.flush()
    session.execute(update(LineRow).where(LineRow.retired_by.in_(doomed["contributors"])).values(retired_by=None))
    for table in reversed(Base.metadata.sorted_tables):
        keys = doomed.get(table.name)
        if keys:
            _delete(session, table, keys)
            done.rows[table.name] = len(keys)
    session.execute(delete(ForgottenPageRow).where(ForgottenPageRow.page_id.in_(doomed["pages"])))


def _delete(session: Session, table: Table, keys: set[Any]) -> None:
    columns = list(table.primary_key.columns)
    for key in keys:
        values = key if len(columns) > 1 else (key,)
        session.execute(delete(table).where(*(column == value for column, value in zip(columns, values, strict=True))))


def _still_named(session: Session, key: str) -> bool:
    return (
        session.scalar(select(DocumentRow.id).where(DocumentRow.sha256 == key).limit(1)) is not None
        or session.scalar(select(PageRow.id).where(PageRow.image_sha256 == key).limit(1)) is not None
    )


def _forget_splits(session: Session, images: set[str]) -> None:
    session.execute(delete(SplitRow).where(SplitRow.name.in_([f"page:{image}" for image in images])))
    known = set(session.scalars(select(DocumentRow.writer).where(DocumentRow.writer.is_not(None))))
    for row in session.scalars(select(SplitRow).where(SplitRow.name.startswith("writer:"))):
        if row.name.removeprefix("writer:") not in known:
            session.delete(row)


def _forget_scopes(session: Session) -> None:
    """A hand or collection that no document names any more has no name here either; what served it when, stays."""
    for row in session.scalars(select(ScopeRow)):
        named = DocumentRow.writer if row.kind == "writer" else DocumentRow.collection
        if session.scalar(select(DocumentRow.id).where(named == row.name).limit(1)) is None:
            row.name = f"forgotten-{row.id.hex[:12]}"


def _forget_tasks(store: Store, settings: Settings, doomed: Doomed, done: Forgotten) -> None:
    """Remove tasks from Label Studio; where it cannot be reached, they are named."""
    with store.reading() as session:
        wanted = select(SampleRow.task_id).where(SampleRow.id.in_(doomed["samples"]), SampleRow.task_id.is_not(None))
        tasks = [task for task in session.scalars(wanted) if task is not None]
    if not tasks:
        return
    from flywheel.label_studio import LabelStudio

    try:
        with LabelStudio.of(settings) as client:
            for task in tasks:
                client.delete_task(task)
                done.tasks += 1
    except FlywheelError as error:
        left = ", ".join(map(str, tasks[done.tasks :]))
        done.problems.append(f"Label Studio still has the tasks {left}: {error} Delete them there.")


def _empty_scratch(scratch: Path, pages: set[str], tainted: Iterable[str]) -> None:
    for page in pages:
        shutil.rmtree(scratch / "lines" / page, ignore_errors=True)
    for file in (scratch / "trainings").glob(f"*/{LEARNS}"):
        if pages.union(tainted).intersection(file.read_text(encoding="utf-8").split()):
            shutil.rmtree(file.parent, ignore_errors=True)

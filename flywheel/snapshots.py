"""Freeze ground truth: what a model learns from and is judged by never changes afterwards.

A snapshot is Parquet shards in the blob store, one per first byte of the page image's hash, and a manifest that names
them. Its id is the hash of its lines, so the same ground truth has the same id, and snapshots that differ in one line
share all shards but one. Pixels stay in the page images: a row names the image and the outline in it. Forgetting alone
takes lines out (`flywheel.thinning`): the manifest then says how many, and nothing is trained on the rest.
"""

import io
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import select
from sqlalchemy.orm import Session

from flywheel.blobs import Blobs
from flywheel.errors import NotFound, UnfitSnapshot
from flywheel.ground_truth import TrueLine
from flywheel.locks import in_turn
from flywheel.splits import Split, assign
from flywheel.store import Store
from flywheel.tables import SnapshotRow, SnapshotShardRow
from flywheel.tombstones import FORGETTING, forgettings
from recognizer.page import Outline

FORMAT = 1
SHORTEST_PREFIX = 6


@dataclass(frozen=True, slots=True)
class FrozenLine:
    """One line of a snapshot; ids as text, points as they were stored."""

    line_id: str
    page_id: str
    document_id: str
    contributor_id: str
    writer: str | None
    collection: str | None
    text: str
    polygon: Outline
    baseline: Outline | None
    image_sha256: str
    page_width: int
    page_height: int
    split: Split

    @property
    def canonical(self) -> bytes:
        """The line as one sequence of bytes: equal lines have equal ones."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A frozen ground truth.

    Attributes:
        id: the hash of its lines.
        manifest_sha256: the blob that lists its shards.
        pages: how many.
        lines: how many, by split.
        forgotten: why it may not be trained on any more; None: it may.
        created_at: UTC.
    """

    id: str
    manifest_sha256: str
    pages: int
    lines: dict[str, int]
    forgotten: str | None
    created_at: datetime

    def to_json(self) -> dict[str, Any]:
        """The snapshot as commands print it."""
        return asdict(self) | {"created_at": self.created_at.isoformat()}


@dataclass(frozen=True, slots=True)
class Difference:
    """What the second of two snapshots has that the first has not, by line id."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    def to_json(self) -> dict[str, list[str]]:
        """The difference as commands print it."""
        return {name: list(ids) for name, ids in asdict(self).items()}


def freeze(store: Store, truth: Iterable[TrueLine], *, without: Collection[str] = ()) -> Snapshot:
    """Freeze accepted lines; the same lines again are the same snapshot.

    Args:
        store: where it is kept.
        truth: accepted lines, in any order.
        without: ids of lines to leave out.

    Raises:
        UnfitSnapshot: no line is left, or something was forgotten since the first line was taken from ``truth``.
        BrokenBlob: the blob store takes no file.
    """
    with store.reading() as session:
        forgotten = forgettings(session)
    accepted = [line for line in truth if str(line.line_id) not in without]
    if not accepted:
        raise UnfitSnapshot(
            "There is no ground truth to freeze. Correct some lines and let them be accepted, or import a manifest."
        )
    with store.writing() as session:
        in_turn(session, FORGETTING)
        if forgettings(session) != forgotten:
            raise UnfitSnapshot("Something was forgotten while it was frozen, so nothing was. Freeze it again.")
        splits = assign(session, accepted)
        manifest = _keep_shards(store, [as_frozen(line, splits[line.image_sha256]) for line in accepted])
        key = keep_manifest(store.blobs, manifest)
        if session.get(SnapshotRow, manifest["id"]) is None:
            _keep_rows(session, manifest, key)
    return find(store, manifest["id"])


def find(store: Store, prefix: str | None = None) -> Snapshot:
    """The snapshot whose id begins with ``prefix``; the newest where none is given.

    Raises:
        NotFound: there is none, or several begin so.
    """
    wanted = [s for s in snapshots(store) if prefix is None or s.id.startswith(prefix)]
    if prefix is None and wanted:
        return wanted[0]
    if len(wanted) != 1 or len(prefix or "") < SHORTEST_PREFIX:
        raise NotFound(
            f"There {'are several snapshots' if wanted else 'is no snapshot'} {prefix or ''}".rstrip()
            + ". Freeze one with `python -m flywheel snapshot`, or give more of its id."
        )
    return wanted[0]


def snapshots(store: Store) -> list[Snapshot]:
    """Every snapshot, newest first."""
    with store.reading() as session:
        rows = session.scalars(select(SnapshotRow).order_by(SnapshotRow.created_at.desc(), SnapshotRow.id))
        return [
            Snapshot(row.id, row.manifest_sha256, row.pages, row.lines, row.forgotten, row.created_at) for row in rows
        ]


def lines_of(store: Store, snapshot: Snapshot) -> Iterator[FrozenLine]:
    """A snapshot's lines, page by page.

    Raises:
        BrokenBlob: a shard is missing or altered.
    """
    manifest = json.loads(store.blobs.get(snapshot.manifest_sha256))
    for shard in manifest["shards"]:
        yield from unpack(store.blobs.get(shard["sha256"]))


def compare(store: Store, before: Snapshot, after: Snapshot) -> Difference:
    """What changed from one snapshot to another; only shards that differ are read."""
    old, new = (_shards(store, snapshot) for snapshot in (before, after))
    touched = [bucket for bucket in old.keys() | new.keys() if old.get(bucket) != new.get(bucket)]
    had, has = ({line.line_id: line for b in touched if b in of for line in unpack(store.blobs.get(of[b]))}
                for of in (old, new))  # fmt: skip
    return Difference(
        added=tuple(sorted(has.keys() - had.keys())),
        removed=tuple(sorted(had.keys() - has.keys())),
        changed=tuple(sorted(key for key in has.keys() & had.keys() if has[key] != had[key])),
    )


def as_frozen(line: TrueLine, split: Split) -> FrozenLine:
    """A line of ground truth as snapshots hold it."""
    values = {field.name: getattr(line, field.name) for field in fields(FrozenLine) if field.name != "split"}
    ids = {name: str(value) for name, value in values.items() if isinstance(value, UUID)}
    outlines = {"polygon": points(line.polygon), "baseline": points(line.baseline) if line.baseline else None}
    return FrozenLine(**(values | ids | outlines), split=split)


def points(outline: Iterable[Sequence[float]]) -> Outline:
    """An outline as frozen lines have it."""
    return tuple((float(x), float(y)) for x, y in outline)


def _keep_shards(store: Store, lines: list[FrozenLine]) -> dict[str, Any]:
    """Write the shards; the manifest says what was frozen and where it lies."""
    buckets: dict[int, list[FrozenLine]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: (line.image_sha256, line.line_id)):
        buckets[int(line.image_sha256[:2], 16)].append(line)
    whole = sha256(f"inkloop snapshot {FORMAT}".encode())
    shards = []
    for bucket, held in sorted(buckets.items()):
        for line in held:
            whole.update(sha256(line.canonical).digest())
        shards.append({"bucket": bucket, "lines": len(held), "sha256": store.blobs.put(pack(held))})
    return {
        "format": FORMAT,
        "id": whole.hexdigest(),
        "pages": len({line.page_id for line in lines}),
        "lines": dict(Counter(line.split for line in lines)),
        "shards": shards,
    }


def keep_manifest(blobs: Blobs, manifest: dict[str, Any]) -> str:
    """Keep what says where the shards lie; returns its key."""
    return blobs.put(json.dumps(manifest, sort_keys=True, indent=1).encode())


def _keep_rows(session: Session, manifest: dict[str, Any], key: str) -> None:
    session.add(
        SnapshotRow(
            id=manifest["id"],
            manifest_sha256=key,
            pages=manifest["pages"],
            lines=manifest["lines"],
        )
    )
    session.flush()
    session.add_all(
        SnapshotShardRow(snapshot_id=manifest["id"], bucket=shard["bucket"], sha256=shard["sha256"])
        for shard in manifest["shards"]
    )


def _shards(store: Store, snapshot: Snapshot) -> dict[int, str]:
    with store.reading() as session:
        wanted = select(SnapshotShardRow.bucket, SnapshotShardRow.sha256)
        rows = session.execute(wanted.where(SnapshotShardRow.snapshot_id == snapshot.id))
        return {row.bucket: row.sha256 for row in rows}


POINTS = pa.list_(pa.list_(pa.float64()))
TYPES = {"polygon": POINTS, "baseline": POINTS, "page_width": pa.int64(), "page_height": pa.int64()}
SCHEMA = pa.schema([(field.name, TYPES.get(field.name, pa.string())) for field in fields(FrozenLine)])


def pack(lines: Sequence[FrozenLine]) -> bytes:
    """One shard's file of these lines."""
    packed = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([asdict(line) for line in lines], SCHEMA), packed, compression="zstd")
    return packed.getvalue()


def unpack(shard: bytes) -> list[FrozenLine]:
    """The lines of one shard's file."""
    rows = (FrozenLine(**row) for row in pq.read_table(io.BytesIO(shard)).to_pylist())
    return [
        replace(row, polygon=points(row.polygon), baseline=points(row.baseline) if row.baseline else None)
        for row in rows
    ]

"""Take forgotten lines out of the snapshots that hold them, words and names and all.

Such a snapshot keeps its id, which is the hash of what was frozen, and its manifest says what is no longer there.
"""

import json
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from flywheel.blobs import Blobs
from flywheel.snapshots import FrozenLine, keep_manifest, pack, unpack
from flywheel.tables import SnapshotRow, SnapshotShardRow


def thin(session: Session, blobs: Blobs, snapshots: Collection[str], lines: Collection[str], *, why: str) -> set[str]:
    """Rewrite the shards of snapshots without these lines, by id, and the manifests.

    Returns:
        The files that nothing names any more, to be deleted once this is committed.

    Raises:
        BrokenBlob: a shard is missing or altered, or cannot be written.
    """
    old: set[str] = set()
    for row in session.scalars(select(SnapshotRow).where(SnapshotRow.id.in_(snapshots))):
        old |= {row.manifest_sha256} | _thin(session, blobs, row, lines, why=why)
    session.flush()
    named = select(SnapshotShardRow.sha256).where(SnapshotShardRow.sha256.in_(old))
    return old - set(session.scalars(named))


def _thin(session: Session, blobs: Blobs, row: SnapshotRow, lines: Collection[str], *, why: str) -> set[str]:
    """Rewrite one; returns the shards that it does without now."""
    manifest = json.loads(blobs.get(row.manifest_sha256))
    shards, removed, old = [], [], set()
    for shard in session.scalars(select(SnapshotShardRow).where(SnapshotShardRow.snapshot_id == row.id)):
        held = unpack(blobs.get(shard.sha256))
        kept = [line for line in held if line.line_id not in lines]
        if len(kept) < len(held):
            old.add(shard.sha256)
            removed += [line for line in held if line.line_id in lines]
            shard.sha256 = blobs.put(pack(kept))
        shards.append({"bucket": shard.bucket, "lines": len(kept), "sha256": shard.sha256})
        row.pages -= len(_pages(held)) - len(_pages(kept))
    row.lines = dict(Counter(row.lines) - Counter(line.split for line in removed))
    row.manifest_sha256 = keep_manifest(blobs, manifest | _now(row, shards, len(removed), manifest, why))
    return old


def _pages(lines: Sequence[FrozenLine]) -> set[str]:
    return {line.page_id for line in lines}


def _now(
    row: SnapshotRow, shards: list[dict[str, Any]], removed: int, before: dict[str, Any], why: str
) -> dict[str, Any]:
    """What a manifest says after a removal."""
    gone = removed + before.get("removed", {}).get("lines", 0)
    shards.sort(key=lambda shard: shard["bucket"])
    return {"pages": row.pages, "lines": row.lines, "shards": shards, "removed": {"lines": gone, "why": why}}

"""Frozen ground truth: one id for one truth, splits that never move, few files rewritten."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from flywheel.errors import BrokenBlob, NotFound, UnfitSnapshot
from flywheel.ground_truth import TrueLine
from flywheel.snapshots import compare, find, freeze, lines_of, snapshots
from flywheel.splits import SPLITS
from flywheel.store import Store
from tests.accepted import accepted


@pytest.fixture
def truth() -> list[TrueLine]:
    return [line for page in range(60) for line in accepted(["dear Bob,", "it rains"], image=f"{page * 4:02x}ab{page}")]


def test_the_same_ground_truth_is_the_same_snapshot_in_any_order(store: Store, truth: list[TrueLine]) -> None:
    first = freeze(store, truth)
    shuffled = list(truth)
    random.Random(1).shuffle(shuffled)
    assert freeze(store, iter(shuffled)) == first
    assert snapshots(store) == [first] and first.pages == 60
    assert sum(first.lines.values()) == 120


def test_a_snapshot_gives_back_what_was_frozen(store: Store, truth: list[TrueLine]) -> None:
    snapshot = freeze(store, truth)
    frozen = {line.line_id: line for line in lines_of(store, snapshot)}
    for line in truth:
        back = frozen[str(line.line_id)]
        assert (back.text, back.polygon, back.baseline, back.writer) == (line.text, line.polygon, None, None)
        assert back.split in SPLITS
    assert {split: sum(line.split == split for line in frozen.values()) for split in snapshot.lines} == snapshot.lines


def test_one_correction_rewrites_one_shard(store: Store, truth: list[TrueLine]) -> None:
    before = freeze(store, truth)
    kept = store.blobs.keys()
    after = freeze(store, [replace(truth[0], text="Dear Bob,"), *truth[1:-1]])
    assert after.id != before.id
    assert len(store.blobs.keys() - kept) == 3  # the corrected page's shard, the shortened one, the manifest
    changes = compare(store, before, after)
    assert changes.changed == (str(truth[0].line_id),)
    assert (changes.added, changes.removed) == ((), (str(truth[-1].line_id),))
    assert compare(store, after, before).added == (str(truth[-1].line_id),)


def test_no_line_ever_moves_from_test_to_train(store: Store, truth: list[TrueLine]) -> None:
    place = {line.image_sha256: line.split for line in lines_of(store, freeze(store, truth))}
    assert set(place.values()) == set(SPLITS)
    newcomers = [line for page in range(40) for line in accepted(["x"], image=f"{page:02x}cd{page}", writer=f"w{page}")]
    renamed = [replace(line, writer=f"writer {index % 9}") for index, line in enumerate(truth)]
    later = freeze(store, [*newcomers, *renamed])
    assert place == {line.image_sha256: line.split for line in lines_of(store, later) if line.image_sha256 in place}


def test_a_tenth_of_known_writers_is_held_out_whole_but_never_the_first_few(store: Store) -> None:
    first = [line for page in range(30) for line in accepted(["x"], image=f"{page:02x}ef{page}", writer="Anna")]
    lines = list(lines_of(store, freeze(store, first)))
    assert {line.split for line in lines} == set(SPLITS)
    crowd = [
        line
        for writer in range(80)
        for page in range(6)
        for line in accepted(["x"], image=f"{writer:02x}{page:02x}", writer=f"w{writer}")
    ]
    splits: dict[str, set[str]] = {}
    for line in lines_of(store, freeze(store, crowd)):
        splits.setdefault(str(line.writer), set()).add(line.split)
    whole = [writer for writer, found in splits.items() if found == {"test"}]
    assert 2 <= len(whole) <= 20


def test_lines_can_be_left_out(store: Store, truth: list[TrueLine]) -> None:
    less = freeze(store, truth, without={str(truth[0].line_id)})
    assert str(truth[0].line_id) not in {line.line_id for line in lines_of(store, less)}
    assert less.id != freeze(store, truth).id


def test_nothing_to_freeze_is_told(store: Store) -> None:
    with pytest.raises(UnfitSnapshot, match="There is no ground truth to freeze"):
        freeze(store, [])
    assert snapshots(store) == [] and store.blobs.keys() == set()


def test_a_snapshot_is_found_by_the_beginning_of_its_id(store: Store, truth: list[TrueLine]) -> None:
    with pytest.raises(NotFound, match="There is no snapshot"):
        find(store)
    one, two = freeze(store, truth), freeze(store, truth[:50])
    assert find(store, one.id[:10]) == one and find(store).id == two.id
    with pytest.raises(NotFound, match="give more of its id"):
        find(store, "")


def test_a_missing_shard_is_told_and_counted(store: Store, truth: list[TrueLine], tmp_path: Path) -> None:
    snapshot = freeze(store, truth)
    named, missing = store.blob_keys()
    assert snapshot.manifest_sha256 in named and not missing
    next((tmp_path / "blobs").rglob(snapshot.manifest_sha256)).unlink()
    assert store.blob_keys()[1] == {snapshot.manifest_sha256}
    with pytest.raises(BrokenBlob, match="is missing"):
        list(lines_of(store, snapshot))

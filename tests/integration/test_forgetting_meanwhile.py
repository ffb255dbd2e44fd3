"""What was begun before somebody was forgotten, or comes in while they are, does not bring them back."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from flywheel import privacy
from flywheel.errors import NotPromotable, UnfitSnapshot
from flywheel.forgotten_tasks import Removed
from flywheel.ground_truth import TrueLine, ground_truth
from flywheel.privacy import forget
from flywheel.records import Document, NewCorrection
from flywheel.registry import UNCORRECTED, promote, register
from flywheel.settings import Settings
from flywheel.snapshots import freeze, snapshots
from flywheel.store import Store
from tests.integration.test_privacy import keep
from tests.integration.test_registry import folder_of


@pytest.fixture
def anns(store: Store) -> Document:
    """Ann's document; Bob has one, too."""
    keep(store, store.contributor("Bob"), "bob.png")
    return keep(store, store.contributor("Ann"), "ann.png")


def refused(store: Store, version: str) -> None:
    with pytest.raises(NotPromotable, match=f"{version} may not serve any more: It holds lines"):
        promote(store, version, by="Bob", why="All the same.", anyway=True)


def test_a_model_whose_training_a_forgetting_overtook_is_registered_marked(
    store: Store, settings: Settings, anns: Document, tmp_path: Path
) -> None:
    snapshot = freeze(store, ground_truth(store))
    register(store, folder_of(tmp_path, "base-1"))
    forget(store, settings, "Ann")
    register(store, folder_of(tmp_path, "child-2"), parent="base-1", snapshot=snapshot.id)
    register(store, folder_of(tmp_path, "grandchild-3"), parent="child-2")
    refused(store, "child-2")
    refused(store, "grandchild-3")


def test_a_model_that_learnt_uncorrected_lines_of_a_page_forgotten_meanwhile_is_registered_marked(
    store: Store, settings: Settings, anns: Document, tmp_path: Path
) -> None:
    snapshot = freeze(store, [line for line in ground_truth(store) if line.text == "bob.png!"])
    pages = [str(page.id) for page in anns.pages]
    forget(store, settings, pages[0])
    register(store, folder_of(tmp_path, "with-2"), snapshot=snapshot.id, metrics={UNCORRECTED: pages})
    register(store, folder_of(tmp_path, "without-3"), snapshot=snapshot.id, metrics={UNCORRECTED: pages[1:]})
    refused(store, "with-2")
    assert promote(store, "without-3", by="Bob", why="A trial.", anyway=True).version == "without-3"


def test_what_is_forgotten_while_it_is_frozen_is_not_frozen(store: Store, settings: Settings, anns: Document) -> None:
    def overtaken() -> Iterator[TrueLine]:
        read = list(ground_truth(store))
        forget(store, settings, "Ann")
        yield from read

    blobs = store.blobs.keys()
    with pytest.raises(UnfitSnapshot, match="Something was forgotten while it was frozen, so nothing was"):
        freeze(store, overtaken())
    assert snapshots(store) == [] and store.blobs.keys() < blobs
    assert len({line.contributor_id for line in ground_truth(store)}) == 1
    assert freeze(store, ground_truth(store)).forgotten is None


def test_what_is_typed_and_frozen_while_label_studio_is_asked_is_forgotten_too(
    store: Store, settings: Settings, anns: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann: UUID = store.contributor("Ann")
    ask = privacy.forget_there

    def slowly(*asked: object) -> Removed:
        new = NewCorrection(anns.pages[0].lines[0].id, "Meanwhile.")
        store.keep_corrections([new], contributor=ann)
        keep(store, ann, "another.png")
        freeze(store, ground_truth(store))
        return ask(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(privacy, "forget_there", slowly)
    done = forget(store, settings, "Ann")
    assert (done.rows["corrections"], done.rows["documents"]) == (5, 2)
    assert [snapshot.forgotten is not None for snapshot in snapshots(store)] == [True]
    assert {line.text for line in ground_truth(store)} == {"bob.png!"}

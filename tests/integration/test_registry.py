"""Models, who promoted them and why; the read they must pass; what serves."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from flywheel import registry
from flywheel.errors import BrokenBlob, NotFound, NotPromotable
from flywheel.gate import Decision, Verdict
from flywheel.model_folders import load, unpack
from flywheel.registry import Model, promote, register, roll_back, serving
from flywheel.snapshots import freeze
from flywheel.store import Store
from flywheel.tables import now
from flywheel.verdicts import keep_verdict, verdicts
from recognizer.errors import BadModel
from recognizer.model_card import SHIPPED
from tests.accepted import accepted
from tests.readings import a_page, an_upload


def folder_of(tmp_path: Path, name: str) -> Path:
    """A model folder with the shipped weights under another version."""
    folder = tmp_path / "made" / name
    shutil.copytree(SHIPPED, folder)
    card = json.loads((folder / "line_reader.json").read_text(encoding="utf-8")) | {"version": name}
    (folder / "line_reader.json").write_text(json.dumps(card), encoding="utf-8")
    return folder


def broken_folder(tmp_path: Path, name: str) -> Path:
    """The same with weights that cannot be loaded."""
    folder = folder_of(tmp_path, name)
    (folder / "line_reader.safetensors").write_bytes(b"nothing")
    return folder


@pytest.fixture
def base(store: Store, tmp_path: Path) -> Model:
    model = register(store, folder_of(tmp_path, "base-1"))
    promote(store, "base-1", by="Ann", why="It came with the program.", anyway=True)
    return model


@pytest.fixture
def child(store: Store, base: Model, tmp_path: Path) -> Model:
    return register(store, folder_of(tmp_path, "child-2"), parent="base-1", metrics={"cer_after": 0.1})


def consent(store: Store, champion: Model, challenger: Model, decision: Decision = Decision.PROMOTE) -> None:
    snapshot = freeze(store, accepted(["x"], image="ab"))
    verdict = Verdict(decision, "CER 9 % → 5 %.")
    keep_verdict(store, verdict, champion=champion, challenger=challenger, snapshot=snapshot.id)


def test_a_model_is_registered_once_with_its_parent(store: Store, child: Model, tmp_path: Path) -> None:
    assert register(store, folder_of(tmp_path / "again", "child-2")) == child
    assert (child.parent, child.metrics) == ("base-1", {"cer_after": 0.1})
    assert [model.version for model in registry.models(store)] == ["child-2", "base-1"]
    assert registry.find(store, "-2") == child
    with pytest.raises(NotFound, match="There is no model nothing"):
        registry.find(store, "nothing")
    assert store.blob_keys()[1] == set()


def test_only_what_the_gate_let_through_is_promoted(store: Store, base: Model, child: Model) -> None:
    with pytest.raises(NotPromotable, match="The gate has not let child-2 through"):
        promote(store, "child-2", by="Ann")
    consent(store, base, child, Decision.KEEP)
    with pytest.raises(NotPromotable, match="The gate has not let child-2 through"):
        promote(store, "child-2", by="Ann", why="I like it")
    assert serving(store) == base
    consent(store, base, child)
    promotion = promote(store, "child-2", by="Ann")
    assert (promotion.number, promotion.kind, promotion.by, promotion.why) == (2, "promotion", "Ann", "CER 9 % → 5 %.")
    assert serving(store) == child
    with pytest.raises(NotPromotable, match="child-2 serves already"):
        promote(store, "child-2", by="Ann")
    assert [verdict.decision for verdict in verdicts(store)] == ["promote", "keep"]


def test_a_verdict_against_an_earlier_champion_does_not_count(
    store: Store, base: Model, child: Model, tmp_path: Path
) -> None:
    third = register(store, folder_of(tmp_path, "third-3"), parent="base-1")
    consent(store, base, child)
    consent(store, base, third)
    promote(store, "third-3", by="Ann")
    with pytest.raises(NotPromotable, match="against the model that serves now"):
        promote(store, "child-2", by="Ann")


def test_an_operator_may_promote_anyway_but_must_say_why(store: Store, base: Model, child: Model) -> None:
    with pytest.raises(NotPromotable):
        promote(store, "child-2", by="Ann", anyway=True)
    assert promote(store, "child-2", by="Ann", why="A trial.", anyway=True).why == "A trial."


def test_a_rollback_is_one_more_entry_of_the_history(store: Store, base: Model, child: Model) -> None:
    promote(store, "child-2", by="Ann", why="A trial.", anyway=True)
    back = roll_back(store, by="Bob", why="It reads my hand worse.")
    assert (back.version, back.kind, back.by, back.why) == ("base-1", "rollback", "Bob", "It reads my hand worse.")
    assert serving(store) == base
    assert [(row.number, row.version) for row in registry.promotions(store)] == [
        (3, "base-1"),
        (2, "child-2"),
        (1, "base-1"),
    ]
    assert roll_back(store, by="Bob", why="No, it does not.", version="child-2").version == "child-2"
    with pytest.raises(NotFound):
        roll_back(store, by="Bob", why="x", version="nothing")


def test_rolling_back_again_goes_further_back_and_never_to_what_was_rolled_back(
    store: Store, child: Model, tmp_path: Path
) -> None:
    register(store, folder_of(tmp_path, "third-3"), parent="base-1")
    for version in ("child-2", "third-3"):
        promote(store, version, by="Ann", why="A trial.", anyway=True)
    assert [roll_back(store, by="Bob", why="Worse.").version for _ in range(2)] == ["child-2", "base-1"]
    with pytest.raises(NotFound, match="No other model has served before"):
        roll_back(store, by="Bob", why="Worse.")


def test_what_another_was_faster_to_roll_back_is_not_rolled_back_further(store: Store, child: Model) -> None:
    promote(store, "child-2", by="Ann", why="A trial.", anyway=True)
    roll_back(store, by="inkloop", why="Broken.", serving="child-2")
    with pytest.raises(NotPromotable, match="child-2 does not serve any more, so it is not rolled back"):
        roll_back(store, by="inkloop", why="Broken.", serving="child-2")
    assert len(registry.promotions(store)) == 3


def test_there_is_nothing_to_roll_back_to_at_first(store: Store, base: Model) -> None:
    with pytest.raises(NotFound, match="No other model has served before"):
        roll_back(store, by="Ann", why="x")
    assert serving(store) == base


def test_a_model_is_unpacked_whole_and_a_spoilt_folder_is_made_again(store: Store, base: Model, tmp_path: Path) -> None:
    place = unpack(store, base, tmp_path / "models")
    assert {path.name for path in place.iterdir()} == {path.name for path in SHIPPED.iterdir() if path.suffix != ".md"}
    (place / "line_reader.safetensors").write_bytes(b"cut short")
    assert unpack(store, base, tmp_path / "models") == place
    assert (place / "line_reader.safetensors").read_bytes() == (SHIPPED / "line_reader.safetensors").read_bytes()
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["base-1"]


def test_a_model_must_read_a_plain_line_before_it_serves(store: Store, base: Model, tmp_path: Path) -> None:
    assert load(store, base, tmp_path / "models").version == "base-1"
    broken = register(store, broken_folder(tmp_path, "broken-2"))
    with pytest.raises(BadModel, match="cannot be loaded"):
        load(store, broken, tmp_path / "models")


def test_a_model_whose_file_is_lost_is_told(store: Store, base: Model, tmp_path: Path) -> None:
    key = next(iter(store.blobs.keys()))
    next((tmp_path / "blobs").rglob(key)).unlink()
    with pytest.raises(BrokenBlob, match="is missing"):
        load(store, base, tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_history_tells_which_model_read_a_line_on_a_day(store: Store) -> None:
    ann = store.contributor("Ann")
    before = now()
    kept = store.keep_reading(an_upload(), [(a_page(["one"]), b"image")], contributor=ann, seconds=1)
    line = kept.pages[0].lines[0].id
    assert registry.reader_of(store, line, now()) == "inkloop-test-1"
    assert registry.reader_of(store, line, before - timedelta(days=1)) is None

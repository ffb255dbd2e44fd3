"""Hands and collections with a model of their own: who gets one, what reads whom, and the way back; both engines."""

from dataclasses import replace
from hashlib import sha256
from itertools import count as count_from
from pathlib import Path
from uuid import uuid4

import pytest

from flywheel import jobs, personal, personal_contest, registry, runs, trust, turning
from flywheel.errors import NotFound, NotPromotable, UnfitSnapshot
from flywheel.gate import Decision, Verdict
from flywheel.ground_truth import ground_truth
from flywheel.personal_contest import judge_again
from flywheel.records import Upload
from flywheel.registry import Model, promote, register, serving
from flywheel.retraining import Trained
from flywheel.scope_lines import ScopeLines, count, everybody, require_enough
from flywheel.scopes import Scope, scopes_of, scopes_of_page
from flywheel.settings import Settings
from flywheel.snapshots import Snapshot, freeze
from flywheel.splits import TEST, VALIDATION, Split, place_of
from flywheel.store import Store
from flywheel.trust import Claim
from flywheel.turning import Wheel
from flywheel.verdicts import StoredVerdict, keep_verdict
from tests.accepted import accepted
from tests.integration.test_registry import broken_folder, consent, folder_of
from tests.readings import PITCH, a_page, an_image, an_upload

ANN, LETTERS = Scope("writer", "Ann"), Scope("collection", "Letters")


@pytest.fixture
def base(store: Store, tmp_path: Path) -> Model:
    model = register(store, folder_of(tmp_path, "base-1"))
    promote(store, "base-1", by="inkloop", why="It came with the program.", anyway=True)
    return model


@pytest.fixture
def own(store: Store, base: Model, tmp_path: Path) -> Model:
    return register(store, folder_of(tmp_path, "anns-2"), parent="base-1", scope=ANN)


@pytest.fixture
def snapshot(store: Store) -> Snapshot:
    return freeze(store, accepted(["x"], image="ab"))


def let_through(
    store: Store, snapshot: Snapshot, champion: Model, challenger: Model, decision: Decision = Decision.PROMOTE
) -> StoredVerdict:
    verdict = Verdict(decision, "CER 9 % → 5 %.")
    return keep_verdict(store, verdict, champion=champion, challenger=challenger, snapshot=snapshot.id, scope=ANN)


def of(*, writer: str | None = None, collection: str | None = None) -> Upload:
    """A file that says whose it is."""
    return replace(an_upload(data=uuid4().bytes), writer=writer, collection=collection)


def accept(
    store: Store, lines: int, *, writer: str | None = "Ann", collection: str | None = None, split: Split = "train"
) -> None:
    """A page of accepted lines, whose image lies in that split."""
    named = of(writer=writer, collection=collection)
    page = a_page([f"line {n}" for n in range(lines)])
    images = (an_image(uuid4().int, height=PITCH * lines) for _ in count_from(1))
    image = next(image for image in images if split_of(image) == split)
    kept = store.keep_reading(named, [(page, image)], contributor=store.contributor("Ann"), seconds=1)
    with store.writing() as session:
        for line in kept.pages[0].lines:
            trust.keep(session, Claim(line.id, f"{line.text}!", source="import"), "trusted")


def split_of(image: bytes) -> Split:
    place = place_of(f"page:{sha256(image).hexdigest()}")
    return "test" if place < TEST else "validation" if place < TEST + VALIDATION else "train"


def test_a_hand_comes_before_a_collection_and_both_before_the_common_model(
    store: Store, own: Model, tmp_path: Path
) -> None:
    letters = register(store, folder_of(tmp_path, "letters-3"), parent="base-1", scope=LETTERS)
    letter = of(writer="Ann", collection="Letters")
    assert personal.model_for(store, scopes_of(letter)) is None
    personal.promote(store, "letters-3", LETTERS, by="Ann", why="A trial.", anyway=True)
    assert personal.model_for(store, scopes_of(letter)) == (LETTERS, letters)
    personal.promote(store, "anns-2", ANN, by="Ann", why="A trial.", anyway=True)
    kept = store.keep_reading(letter, [(a_page(["one"]), b"image")], contributor=store.contributor("Ann"), seconds=1)
    scopes = scopes_of_page(store, kept.pages[0].id)
    assert scopes == scopes_of(kept) == (ANN, LETTERS)
    assert personal.model_for(store, scopes) == (ANN, own)
    assert personal.model_for(store, scopes_of(of(writer="Bob"))) is None
    assert scopes_of_page(store, uuid4()) == scopes_of(of()) == ()
    serves = serving(store)
    assert serves is not None and serves.version == "base-1"


def test_the_gate_s_word_counts_for_whom_it_was_said(
    store: Store, base: Model, own: Model, snapshot: Snapshot, tmp_path: Path
) -> None:
    consent(store, base, own)
    with pytest.raises(NotPromotable, match="has not let anns-2 through for writer Ann against what reads it now"):
        personal.promote(store, "anns-2", ANN, by="Ann")
    better = register(store, folder_of(tmp_path, "anns-3"), parent="base-1", scope=ANN)
    let_through(store, snapshot, base, better)
    with pytest.raises(NotPromotable, match="against the model that serves now"):
        promote(store, "anns-3", by="Ann")
    with pytest.raises(NotPromotable, match="for collection Letters"):
        personal.promote(store, "anns-3", LETTERS, by="Ann")
    assert personal.history(store) == []
    done = personal.promote(store, "anns-3", ANN, by="Ann")
    assert (done.number, done.scope, done.version, done.why) == (1, ANN, "anns-3", "CER 9 % → 5 %.")
    let_through(store, snapshot, base, own)
    with pytest.raises(NotPromotable, match="against what reads it now"):
        personal.promote(store, "anns-2", ANN, by="Ann")  # it was compared with the common model, not with Ann's
    for version, why in (("anns-3", "reads writer Ann already"), ("base-1", "has no model of its own")):
        with pytest.raises(NotPromotable, match=why):
            personal.promote(store, version, ANN, by="Ann", why="x", anyway=True)


def test_a_scope_is_rolled_back_step_by_step_to_the_common_model(store: Store, own: Model, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="The common model reads writer Ann, so there is nothing to roll back"):
        personal.roll_back(store, ANN, by="Ann", why="x")
    register(store, folder_of(tmp_path, "anns-3"), parent="base-1", scope=ANN)
    for version in ("anns-2", "anns-3"):
        personal.promote(store, version, ANN, by="Ann", why="A trial.", anyway=True)
    assert personal.roll_back(store, ANN, by="Bob", why="It reads worse.").version == "anns-2"
    assert personal.roll_back(store, ANN, by="Bob", why="This too.").version is None
    assert personal.serving(store) == {}
    assert [(row.version, row.kind, row.by) for row in personal.history(store)] == [
        (None, "rollback", "Bob"),
        ("anns-2", "rollback", "Bob"),
        ("anns-3", "promotion", "Ann"),
        ("anns-2", "promotion", "Ann"),
    ]
    assert personal.roll_back(store, ANN, by="Bob", why="No.", version="anns-3").version == "anns-3"
    with pytest.raises(NotFound, match="base-1 did not read writer Ann before"):
        personal.roll_back(store, ANN, by="Bob", why="x", version="base-1")


def test_too_few_lines_are_told_and_nothing_is_begun(store: Store, settings: Settings) -> None:
    accept(store, 30)
    accept(store, 3, collection="Letters")
    accept(store, 50, writer=None)
    assert count(store) == {ANN: ScopeLines(undecided=33), LETTERS: ScopeLines(undecided=3)}
    assert everybody(store) == ScopeLines(undecided=83)
    with pytest.raises(
        UnfitSnapshot,
        match=r"^Writer Ann has too few accepted lines for a model of its own: 0 to learn from, 0 to test with, "
        r"and 33 that may become either, where 16 and 30 are asked for\. Correct more of its pages",
    ):
        jobs.ask(store, settings, asked_by="Ann", scope=ANN)
    assert runs.runs(store) == []
    accept(store, 13)
    run = jobs.ask(store, settings, asked_by="Ann", scope=ANN)
    for_all = jobs.ask(store, settings, asked_by="Ann")
    assert (run.scope, for_all.scope) == (ANN, None)  # the second waits until the first is over
    assert jobs.ask(store, settings, asked_by="Bob", scope=ANN) == run
    assert [going.id for going in runs.going(store)] == [run.id, for_all.id]
    freeze(store, ground_truth(store))
    frozen = count(store)[ANN]
    assert frozen == ScopeLines(train=46)
    with pytest.raises(UnfitSnapshot, match="46 to learn from, 0 to test with, where"):
        require_enough(ANN, frozen)


def test_a_turn_for_a_hand_promotes_for_that_hand_alone(
    store: Store, settings: Settings, own: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(store, 16)
    accept(store, 30, split="test")

    def train(_: Store, __: Settings, snapshot: Snapshot, *, scope: Scope, **___: object) -> Trained:
        assert scope == ANN
        return Trained(own, {"kept": "child"})

    def judge(_: Store, __: Settings, challenger: Model, snapshot: Snapshot, *, scope: Scope) -> StoredVerdict:
        assert scope == ANN
        return let_through(store, snapshot, registry.find(store, "base-1"), challenger)

    monkeypatch.setattr(turning, "retrain", train)
    monkeypatch.setattr(turning, "contest", judge)
    monkeypatch.setattr(Wheel, "pull", lambda _: None)
    for _ in range(2):  # the second time it serves already
        run = jobs.ask(store, settings, asked_by="Ann", scope=ANN)
        done = turning.turn(Wheel(store, settings, run.id))
        assert (done.state, done.message, done.scope) == ("done", "Promoted: CER 9 % → 5 %.", ANN)
    assert personal.serving(store) == {ANN: own}
    assert [(row.version, row.by) for row in personal.history(store)] == [("anns-2", "Ann")]
    assert [row.version for row in registry.promotions(store)] == ["base-1"]


@pytest.mark.parametrize("decision", [Decision.PROMOTE, Decision.KEEP])
def test_another_common_model_must_be_beaten_again(
    store: Store, settings: Settings, own: Model, decision: Decision, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    let_through(store, freeze(store, accepted(["x"], image="ab")), registry.find(store, "base-1"), own)
    personal.promote(store, "anns-2", ANN, by="Ann")
    assert judge_again(store, settings) == {}
    newer = register(store, folder_of(tmp_path, "newer-3"), parent="base-1")
    promote(store, "newer-3", by="Ann", why="A trial.", anyway=True)
    assert personal.unjudged(store) == personal.serving(store) == {ANN: own}
    asked: list[Scope] = []

    def judge(_: Store, __: Settings, model: Model, on: Snapshot, *, scope: Scope, rules: None) -> StoredVerdict:
        asked.append(scope)
        return let_through(store, on, newer, model, decision)

    monkeypatch.setattr(personal_contest, "contest", judge)
    dropped = judge_again(store, settings)
    assert judge_again(store, settings) == personal.unjudged(store) == {} and asked == [ANN]
    if decision == Decision.PROMOTE:
        assert dropped == {} and personal.serving(store) == {ANN: own}
    else:
        assert dropped == {ANN: "Beside the new common model: CER 9 % → 5 %."} and personal.serving(store) == {}
        newest = personal.history(store)[0]
        assert (newest.version, newest.by, newest.why) == (None, "inkloop", dropped[ANN])


def test_a_personal_model_that_cannot_be_loaded_is_not_compared_but_dropped(
    store: Store, settings: Settings, base: Model, snapshot: Snapshot, tmp_path: Path
) -> None:
    register(store, broken_folder(tmp_path, "broken-2"), parent="base-1", scope=ANN)
    personal.promote(store, "broken-2", ANN, by="Ann", why="A trial.", anyway=True)
    register(store, folder_of(tmp_path, "newer-3"), parent="base-1")
    promote(store, "newer-3", by="Ann", why="A trial.", anyway=True)
    assert judge_again(store, settings)[ANN].startswith("It cannot be compared with the new common model: ")
    assert personal.serving(store) == {}

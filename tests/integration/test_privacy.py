"""Whoever asks to be forgotten is, everywhere; what learnt from them is named and never learnt from again."""

import json
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from flywheel import personal, registry, runs, trust
from flywheel.errors import NotFound, NotPromotable, StoreUnavailable, UnfitSnapshot
from flywheel.gate import Decision, Verdict
from flywheel.ground_truth import ground_truth
from flywheel.privacy import forget
from flywheel.records import Document, NewCorrection
from flywheel.registry import UNCORRECTED, promote, register
from flywheel.retraining import retrain
from flywheel.scopes import Scope
from flywheel.settings import Settings
from flywheel.snapshots import find, freeze, lines_of, snapshots
from flywheel.store import Store
from flywheel.tables import AcceptanceRow, CorrectionRow
from flywheel.trust import Claim
from flywheel.verdicts import keep_verdict, verdicts
from tests.integration.test_registry import folder_of
from tests.readings import a_page, an_upload


def keep(store: Store, person: UUID, name: str, *, writer: str | None = None) -> Document:
    """A document of two pages whose lines are accepted."""
    pages = [(a_page([f"{name} {n}"], number=n, path=name), f"image {name} {n}".encode()) for n in (1, 2)]
    upload = replace(an_upload(name, f"original {name}".encode()), writer=writer)
    kept = store.keep_reading(upload, pages, contributor=person, seconds=1)
    lines = [page.lines[0].id for page in kept.pages]
    store.keep_corrections([NewCorrection(line, f"{name}!") for line in lines], contributor=person)
    with store.writing() as session:
        for line in lines:
            trust.keep(session, Claim(line, f"{name}!", source="label_studio", by=person), "trusted")
    return kept


@pytest.fixture
def ann(store: Store) -> UUID:
    return store.contributor("Ann")


@pytest.fixture
def documents(store: Store, ann: UUID) -> tuple[Document, Document]:
    """Ann's and Bob's."""
    return keep(store, ann, "ann.png"), keep(store, store.contributor("Bob"), "bob.png")


def test_a_person_is_forgotten_and_nobody_else(
    store: Store, settings: Settings, documents: tuple[Document, Document], ann: UUID
) -> None:
    before = freeze(store, ground_truth(store))
    done = forget(store, settings, "Ann")
    assert done.rows["contributors"] == 1 and done.rows["corrections"] == 2 and done.blobs == 3
    counts = store.counts()
    assert (counts["contributors"], counts["documents"], counts["lines"], counts["acceptances"]) == (1, 1, 2, 2)
    assert counts["erasures"] == counts["forgotten_pages"] == 0
    assert [line.text for line in ground_truth(store)] == ["bob.png!"] * 2
    assert store.blob_keys()[1] == set()
    assert done.snapshots == [before.id] and find(store, before.id).forgotten is not None
    assert find(store, freeze(store, ground_truth(store)).id).forgotten is None
    with pytest.raises(NotFound, match="There is no contributor and no page 'Ann'"):
        forget(store, settings, "Ann")


def test_a_page_is_forgotten_with_what_others_said_of_it(
    store: Store, settings: Settings, documents: tuple[Document, Document], ann: UUID
) -> None:
    first, second = documents[0].pages
    bob = store.contributor("Bob")
    with store.writing() as session:
        session.add(CorrectionRow(line_id=first.lines[0].id, contributor_id=bob, revision=9, text="Bob's",
                                  unknown_count=0, unknown_characters=[]))  # fmt: skip
    done = forget(store, settings, str(first.id))
    assert done.rows["corrections"] == 2 and "contributors" not in done.rows and "documents" not in done.rows
    assert [page.id for page in store.document(documents[0].id, ann).pages] == [second.id]
    forget(store, settings, str(second.id))
    with pytest.raises(NotFound):
        store.document(documents[0].id, ann)
    assert store.counts()["corrections"] == 2  # Bob's own page


def test_no_snapshot_keeps_their_words_or_their_name_and_its_manifest_says_so(
    store: Store, settings: Settings, documents: tuple[Document, Document], ann: UUID
) -> None:
    rita = store.contributor("Rita")
    with store.writing() as session:
        line = documents[1].pages[0].lines[0].id
        trust.keep(session, Claim(line, "Rita's", source="label_studio", by=rita), "trusted")
    keep(store, ann, "hand.png", writer="Ann Sullivan")
    whole, fewer = (freeze(store, list(ground_truth(store))[some:]) for some in (0, 1))
    kept_before = sum(whole.lines.values())
    done = [forget(store, settings, who) for who in ("Ann", "Rita")]
    assert [set(one.snapshots) for one in done] == [{whole.id, fewer.id}] * 2
    for frozen, removed in ((whole, 5), (fewer, 4)):
        after = find(store, frozen.id)
        assert [line.text for line in lines_of(store, after)] == ["bob.png!"]
        assert (sum(after.lines.values()), after.pages) == (1, 1)
        manifest = json.loads(store.blobs.get(after.manifest_sha256))
        assert manifest["id"] == frozen.id and manifest["lines"] == after.lines
        assert manifest["removed"] == {"lines": removed, "why": after.forgotten}
        with pytest.raises(UnfitSnapshot, match="may not be trained on"):
            retrain(store, settings, after)
    assert kept_before == 6 and store.blob_keys()[1] == set() and store.blobs.keys() == store.blob_keys()[0]


def test_their_name_goes_from_under_what_they_decided(
    store: Store, settings: Settings, documents: tuple[Document, Document], tmp_path: Path
) -> None:
    sullivan, line = store.contributor("Ann Sullivan"), documents[1].pages[0].lines[0].id
    with store.writing() as session:
        trust.keep(session, Claim(line, "Bob's", by=None, trusted=True, plausibility=-99.0), "trusted")
        trust.decide(session, line, trust.Decision("Bob's", True, by="Ann Sullivan", why="I know"))
    runs.begin(store, asked_by="Ann Sullivan", minutes=1)
    register(store, folder_of(tmp_path, "base-1"))
    promote(store, "base-1", by="Ann Sullivan", why="First.", anyway=True)
    register(store, folder_of(tmp_path, "hand-2"), parent="base-1", scope=Scope("writer", "Bob"))
    personal.promote(store, "hand-2", Scope("writer", "Bob"), by="Ann Sullivan", why="A trial.", anyway=True)
    forget(store, settings, str(sullivan))
    assert {line.text for line in ground_truth(store)} == {"Bob's", "ann.png!", "bob.png!"}
    with store.reading() as session:
        reasons = set(session.scalars(select(AcceptanceRow.reason)))
    assert "I know (somebody forgotten)" in reasons and not any("Sullivan" in reason for reason in reasons)
    signed = [runs.runs(store)[0].asked_by, registry.promotions(store)[0].by, personal.history(store)[0].by]
    assert signed == ["somebody forgotten"] * 3
    with pytest.raises((StoreUnavailable, SQLAlchemyError), match="append-only"), store.writing() as session:
        session.execute(update(AcceptanceRow).values(reason="forged"))


def test_what_weights_and_biases_was_sent_is_told(
    store: Store, settings: Settings, documents: tuple[Document, Document]
) -> None:
    snapshot = freeze(store, ground_truth(store))
    (problem,) = forget(store, replace(settings, wandb="online"), "Ann").problems
    assert problem.startswith("INKLOOP_WANDB is online: trainings have sent lines, as they were read and transcribed")
    assert problem.endswith(f"Delete the runs there that name one of these: {snapshot.id}.")
    assert forget(store, settings, "Bob").problems == []


def test_a_text_that_a_forgotten_reviewer_had_overturned_does_not_stand_again(
    store: Store, settings: Settings, documents: tuple[Document, Document]
) -> None:
    overturned, refused, upheld = (page.lines[0].id for page in (*documents[1].pages, documents[0].pages[0]))
    rita, bob = store.contributor("Rita"), store.contributor("Bob")
    with store.writing() as session:
        trust.keep(session, Claim(overturned, "Rita's", source="label_studio", by=rita), "trusted")
        trust.keep(session, Claim(overturned, "Held", by=bob, trusted=True, plausibility=-99.0), "trusted")
        trust.keep(session, Claim(refused, "", source="label_studio", by=rita, verdict="illegible"), "trusted")
        trust.keep(session, Claim(upheld, "Rita's", source="label_studio", by=rita), "trusted")
        trust.keep(session, Claim(upheld, "Bob's", source="label_studio", by=bob), "trusted")
    forget(store, settings, "Rita")
    truths = {line.line_id: line.text for line in ground_truth(store)}
    assert truths == {upheld: "Bob's", documents[0].pages[1].lines[0].id: "ann.png!"}
    with store.reading() as session:
        assert [held.text for held in trust.held_texts(session)] == ["Held"]
        assert not session.query(AcceptanceRow).filter(AcceptanceRow.text.contains("Rita")).count()


def test_models_that_learnt_from_it_are_marked_with_their_children(
    store: Store, settings: Settings, documents: tuple[Document, Document], tmp_path: Path
) -> None:
    snapshot = freeze(store, ground_truth(store))
    base = register(store, folder_of(tmp_path, "base-1"))
    child = register(store, folder_of(tmp_path, "child-2"), parent="base-1", snapshot=snapshot.id)
    register(store, folder_of(tmp_path, "grandchild-3"), parent="child-2")
    promote(store, "base-1", by="Ann", why="First.", anyway=True)
    promote(store, "child-2", by="Ann", why="Second.", anyway=True)
    line = str(documents[0].pages[0].lines[0].id)
    report = Verdict(Decision.KEEP, "x", worst=({"line": line, "text": "ann.png!"}, {"line": None, "text": "base"}))
    keep_verdict(store, report, champion=base, challenger=child, snapshot=snapshot.id)
    done = forget(store, settings, "Ann")
    assert done.models == ["child-2", "grandchild-3"] and done.serving == "child-2"
    assert [row["text"] for row in verdicts(store)[0].report["worst"]] == ["base"]
    with pytest.raises(NotPromotable, match="grandchild-3 may not serve any more: It holds lines that were forgotten"):
        promote(store, "grandchild-3", by="Ann", why="All the same.", anyway=True)


def test_a_hands_own_model_that_learnt_from_it_stops_serving_and_the_hand_loses_its_name(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    keep(store, store.contributor("Ann"), "ann.png", writer="Ann")
    keep(store, store.contributor("Bob"), "bob.png", writer="Bob")
    snapshot = freeze(store, ground_truth(store))
    register(store, folder_of(tmp_path, "base-1"))
    promote(store, "base-1", by="Ann", why="First.", anyway=True)
    for name in ("Ann", "Bob"):
        hand = Scope("writer", name)
        register(store, folder_of(tmp_path, name), parent="base-1", snapshot=snapshot.id, scope=hand)
        personal.promote(store, name, hand, by="Ann", why="A trial.", anyway=True)
    done = forget(store, settings, "Ann")
    assert done.models == done.dropped == ["Ann"] and done.serving is None
    assert [scope.name for scope in personal.serving(store)] == ["Bob"]
    newest, *earlier = personal.history(store)
    assert newest.version is None and newest.scope.name.startswith("forgotten-") and newest.scope == earlier[-1].scope
    assert newest.why.startswith("It holds lines that were forgotten on ")


def test_a_model_that_learnt_uncorrected_lines_of_a_page_is_marked_with_it(
    store: Store, settings: Settings, documents: tuple[Document, Document], tmp_path: Path
) -> None:
    snapshot = freeze(store, [line for line in ground_truth(store) if line.text == "bob.png!"])
    page = documents[0].pages[0].id
    register(store, folder_of(tmp_path, "base-1"))
    for version, pages in (("with-2", [str(page)]), ("without-3", [])):
        metrics = {UNCORRECTED: pages}
        register(store, folder_of(tmp_path, version), parent="base-1", snapshot=snapshot.id, metrics=metrics)
    done = forget(store, settings, str(page))
    assert (done.models, done.snapshots) == (["with-2"], [])


def test_a_snapshot_without_them_is_not_marked(
    store: Store, settings: Settings, documents: tuple[Document, Document]
) -> None:
    others = [line for line in ground_truth(store) if line.text == "bob.png!"]
    freeze(store, others)
    assert forget(store, settings, "Ann").snapshots == []
    assert [snapshot.forgotten for snapshot in snapshots(store)] == [None]


def test_crops_and_trainings_go_from_the_scratch_folder(
    store: Store, settings: Settings, documents: tuple[Document, Document]
) -> None:
    snapshot = freeze(store, ground_truth(store))
    page = settings.scratch / "lines" / str(documents[0].pages[0].id)
    kept = settings.scratch / "lines" / str(documents[1].pages[0].id)
    for folder in (page, kept, settings.scratch / "trainings" / "one", settings.scratch / "trainings" / "two"):
        folder.mkdir(parents=True)
    uncorrected = settings.scratch / "trainings" / "three"
    uncorrected.mkdir()
    (settings.scratch / "trainings" / "one" / "snapshot").write_text(snapshot.id, encoding="utf-8")
    (settings.scratch / "trainings" / "two" / "snapshot").write_text(f"another\n{kept.name}", encoding="utf-8")
    (uncorrected / "snapshot").write_text(f"another\n{kept.name}\n{page.name}", encoding="utf-8")
    forget(store, settings, "Ann")
    assert not page.exists() and kept.exists()
    assert [folder.name for folder in (settings.scratch / "trainings").iterdir()] == ["two"]
    assert len(list(lines_of(store, find(store, snapshot.id)))) == 2


def test_nobody_is_forgotten_by_mistake(store: Store, settings: Settings, documents: tuple[Document, Document]) -> None:
    counts = store.counts()
    with pytest.raises(NotFound):
        forget(store, settings, str(uuid4()))
    assert store.counts() == counts
    with pytest.raises((StoreUnavailable, SQLAlchemyError), match="append-only"), store.writing() as session:
        session.delete(session.query(CorrectionRow).first())

"""The wheel's verbs as an operator runs them, on both engines."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import update

from flywheel import personal, registry, runs, trust
from flywheel.retraining import champion
from flywheel.settings import Settings
from flywheel.store import Store
from flywheel.tables import ModelRow
from flywheel.trust import Claim
from recognizer.corpora import read_manifest
from tests.accepted import written_page
from tests.integration.test_flywheel_command import Environ, flywheel
from tests.integration.test_registry import folder_of

TEXTS = ["Dear Bob,", "it rains.", "Ann"]


@pytest.fixture
def line_ids(store: Store) -> list[UUID]:
    """Lines of two pages, accepted as ground truth."""
    truth = [line for seed in (4, 6) for line in written_page(store, TEXTS, seed=seed)]
    accept(store, {line.line_id: line.text for line in truth})
    return [line.line_id for line in truth]


def accept(store: Store, texts: dict[UUID, str]) -> None:
    with store.writing() as session:
        for line_id, text in texts.items():
            trust.keep(session, Claim(line_id, text, source="import"), "trusted")


def test_snapshot_freezes_the_ground_truth_and_twice_the_same(
    store: Store, environ: Environ, line_ids: list[UUID], tmp_path: Path
) -> None:
    done = flywheel(environ, tmp_path, "snapshot", "--json")
    first = json.loads(done.stdout)
    assert (done.returncode, done.stderr, first["pages"]) == (0, "", 2)
    assert sum(first["lines"].values()) == 6
    assert json.loads(flywheel(environ, tmp_path, "snapshot", "--json").stdout) == first
    accept(store, {line_ids[0]: "Dear Rob,"})
    less = json.loads(flywheel(environ, tmp_path, "snapshot", "--json", "--without", str(line_ids[1])).stdout)
    asked = ("snapshot", "--diff", first["id"][:12], less["id"][:12])
    changes = json.loads(flywheel(environ, tmp_path, *asked, "--json").stdout)
    assert changes == {"added": [], "removed": [str(line_ids[1])], "changed": [str(line_ids[0])]}
    told = flywheel(environ, tmp_path, *asked).stdout
    assert told.split() == ["added", "0", "removed", "1", "changed", "1"]


def test_snapshot_of_nothing_fails_with_a_sentence(store: Store, environ: Environ, tmp_path: Path) -> None:
    done = flywheel(environ, tmp_path, "snapshot")
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no ground truth to freeze. Correct some lines" in done.stderr


def test_export_writes_a_snapshot(store: Store, environ: Environ, line_ids: list[UUID], tmp_path: Path) -> None:
    snapshot = json.loads(flywheel(environ, tmp_path, "snapshot", "--json").stdout)["id"]
    done = flywheel(environ, tmp_path, "export", "--snapshot", snapshot[:8], "--output", "out", "--json")
    assert json.loads(done.stdout) == {"snapshot": snapshot, "lines": 6, "written": "out/lines.jsonl"}
    rows = list(read_manifest(tmp_path / "out" / "lines.jsonl"))
    assert sorted(row.text for row in rows) == sorted(TEXTS * 2)
    unknown = flywheel(environ, tmp_path, "export", "--snapshot", "0000000000")
    assert unknown.returncode == 1 and "There is no snapshot 0000000000" in unknown.stderr


def test_status_tells_what_serves_and_why_a_turn_failed(
    store: Store, settings: Settings, environ: Environ, tmp_path: Path
) -> None:
    told = flywheel(environ, tmp_path, "status")
    assert told.returncode == 0 and "nothing was promoted yet" in told.stdout
    run = runs.begin(store, asked_by="Ann", minutes=1)
    report = json.loads(flywheel(environ, tmp_path, "status", "--json").stdout)
    assert report["wheel"]["last_run"]["state"] == "waiting"
    assert report["problems"] == [
        "A turn of the wheel waits and no worker is running. Start one: python -m flywheel worker."
    ]
    runs.advance(store, run.id, "snapshot")
    runs.finish(store, run.id, "failed", "There is no ground truth to freeze.")
    serving = champion(store, settings).version
    with store.writing() as session:
        session.execute(update(ModelRow).values(forgotten="It learnt from Bob, who is forgotten."))
    failed = flywheel(environ, tmp_path, "status", "--json")
    assert failed.returncode == 1
    report = json.loads(failed.stdout)
    assert report["wheel"]["serving"] == serving
    assert report["problems"] == [
        f"{serving} may not serve any more: It learnt from Bob, who is forgotten. Roll it back, or retrain and promote "
        "another.",
        "The last turn of the wheel failed while it was to snapshot: There is no ground truth to freeze.",
    ]


def test_a_turn_without_ground_truth_fails_with_a_sentence_and_leaves_what_serves(
    store: Store, environ: Environ, tmp_path: Path
) -> None:
    done = flywheel(environ, tmp_path, "turn", "--minutes", "0.01")
    assert done.returncode == 1 and "There is no ground truth to freeze." in done.stderr
    (run,) = runs.runs(store)
    assert (run.state, run.stage) == ("failed", "snapshot")
    (promotion,) = registry.promotions(store)
    assert promotion.by == "inkloop"
    again = flywheel(environ, tmp_path, "rollback")
    assert again.returncode == 1 and "No other model has served before" in again.stderr
    refused = flywheel(environ, tmp_path, "promote", promotion.version)
    assert refused.returncode == 1 and "serves already" in refused.stderr


def test_a_hand_with_too_few_lines_gets_a_sentence_and_no_run(
    store: Store, environ: Environ, line_ids: list[UUID], tmp_path: Path
) -> None:
    done = flywheel(environ, tmp_path, "turn", "--collection", "Letters")
    assert done.returncode == 1
    assert "Collection Letters has too few accepted lines for a model of its own" in done.stderr
    assert runs.runs(store) == registry.promotions(store) == []


def test_a_hands_own_model_is_promoted_and_rolled_back_by_hand(store: Store, environ: Environ, tmp_path: Path) -> None:
    for version in ("base-1", "anns-2"):
        registry.register(store, folder_of(tmp_path, version))
    registry.promote(store, "base-1", by="inkloop", why="First.", anyway=True)
    ann = ("--writer", "Ann")
    done = flywheel(environ, tmp_path, "promote", "anns-2", *ann, "--anyway", "--why", "A trial.", "--json")
    assert json.loads(done.stdout)["scope"] == {"kind": "writer", "name": "Ann"}
    assert [model.version for model in personal.serving(store).values()] == ["anns-2"]
    assert "writer Ann: anns-2" in flywheel(environ, tmp_path, "status").stdout
    assert flywheel(environ, tmp_path, "rollback", *ann, "--why", "Enough.").returncode == 0
    assert personal.serving(store) == {} and personal.history(store)[0].why == "Enough."
    assert [row.version for row in registry.promotions(store)] == ["base-1"]

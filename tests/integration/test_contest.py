"""The gate with real readers: what reads better is let through, and a turn ends with what serves next."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from flywheel import personal, registry, runs
from flywheel.contest import contest
from flywheel.errors import Cancelled, NotPromotable, UnfitSnapshot
from flywheel.gate import BASE, OTHERS, TEST, Decision, Rules
from flywheel.ground_truth import TrueLine
from flywheel.personal_contest import judge_again
from flywheel.registry import Model, register, serving
from flywheel.retraining import champion, parent_for
from flywheel.scopes import Scope
from flywheel.settings import Settings
from flywheel.snapshots import Snapshot, freeze
from flywheel.store import Store
from flywheel.tables import ModelRow
from flywheel.turning import Wheel
from recognizer.model_card import SHIPPED
from recognizer.weights_files import load_reader, save_reader
from tests.accepted import written_page
from tests.running_app import settings_in

TEXTS = ["the roses by the gate", "have come out at last", "and I think of you", "each morning at nine"]
PAGES = 24
ANN = Scope("writer", "Ann")
FEW = Rules(fewest_lines=8, resamples=200)


@pytest.fixture(scope="module")
def worse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped reader with a hand that trembles: it still reads, but a lot worse."""
    folder = tmp_path_factory.mktemp("worse")
    model, charset, _ = load_reader(SHIPPED)
    torch.manual_seed(1)
    with torch.no_grad():
        model.head.weight += 1.2 * model.head.weight.std() * torch.randn_like(model.head.weight)
    save_reader(model, charset, folder)
    return folder


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, worse: Path) -> Settings:
    return settings_in(tmp_path_factory.mktemp("wheel"), model=str(worse), wandb="off")


@pytest.fixture(scope="module")
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def truth(store: Store) -> list[TrueLine]:
    return [line for seed in range(PAGES) for line in written_page(store, TEXTS, seed=seed)]


@pytest.fixture(scope="module")
def snapshot(store: Store, truth: list[TrueLine]) -> Snapshot:
    return freeze(store, truth)


@pytest.fixture(scope="module")
def challenger(store: Store, settings: Settings, snapshot: Snapshot) -> Model:
    return register(store, SHIPPED, parent=champion(store, settings).version, snapshot=snapshot.id)


def test_the_settings_model_is_the_first_champion(store: Store, settings: Settings, worse: Path) -> None:
    first = champion(store, settings)
    assert champion(store, settings) == first == serving(store) == parent_for(store, settings)
    assert [row.by for row in registry.promotions(store)][-1] == "inkloop"


def test_a_hand_gets_a_model_that_is_better_for_it_until_everybody_has_that_one(
    store: Store, settings: Settings, truth: list[TrueLine], challenger: Model
) -> None:
    half = len(truth) // 2
    frozen = freeze(store, [*(replace(line, writer="Ann") for line in truth[:half]), *truth[half:]])
    verdict = contest(store, settings, challenger, frozen, scope=ANN, rules=FEW)
    assert verdict.decision == Decision.PROMOTE, verdict.reason
    test, beside = verdict.report["slices"]
    assert (test["name"], beside["name"]) == (TEST, OTHERS)
    assert test["lines"] + beside["lines"] == frozen.lines["test"] and test["challenger_cer"] < test["champion_cer"]
    with pytest.raises(NotPromotable, match="against the model that serves now"):
        registry.promote(store, challenger.version, by="Ann")
    assert personal.promote(store, challenger.version, ANN, by="Ann").why == verdict.reason
    assert personal.serving(store) == {ANN: challenger} and judge_again(store, settings) == {}
    serves = champion(store, settings)
    registry.promote(store, challenger.version, by="Ann", why="A trial.", anyway=True)
    assert judge_again(store, settings) == {ANN: "It is the common model now."}
    registry.promote(store, serves.version, by="Ann", why="Back.", anyway=True)
    assert personal.serving(store) == {}


def test_a_reader_that_is_better_is_let_through_and_one_that_is_worse_is_not(
    store: Store, settings: Settings, snapshot: Snapshot, challenger: Model
) -> None:
    before = champion(store, settings)
    verdict = contest(store, settings, challenger, snapshot, rules=FEW)
    assert (verdict.decision, verdict.champion) == (Decision.PROMOTE, before.version), verdict.reason
    test, base = verdict.report["slices"][:2]
    assert test["lines"] == snapshot.lines["test"] and base["name"] == BASE
    assert test["challenger_cer"] < test["champion_cer"]
    assert {row["slice"] for row in verdict.report["worst"]} <= {"test", BASE}
    run = runs.begin(store, asked_by="Ann", minutes=1)
    Wheel(store, settings, run.id).promote(verdict)
    assert serving(store) == challenger
    assert runs.find(store, run.id).message.startswith("Promoted: CER ")
    assert registry.promotions(store)[0].by == "Ann"
    Wheel(store, settings, run.id).promote(verdict)  # a step done again changes nothing
    assert registry.promotions(store)[1].version == before.version
    back = contest(store, settings, before, snapshot, rules=FEW)
    assert back.decision is not Decision.PROMOTE and "it is no better" in back.reason
    with pytest.raises(NotPromotable):
        registry.promote(store, before.version, by="Ann")
    with pytest.raises(UnfitSnapshot, match="serves already"):
        contest(store, settings, challenger, snapshot)


def test_the_lineage_goes_on_from_an_ancestor_that_holds_nothing_forgotten(
    store: Store, settings: Settings, challenger: Model
) -> None:
    assert serving(store) == challenger
    with store.writing() as session:
        session.get_one(ModelRow, challenger.id).forgotten = "Ann asked to be forgotten."
    assert parent_for(store, settings).version == challenger.parent
    with store.writing() as session:
        session.get_one(ModelRow, challenger.id).forgotten = None


def test_a_run_that_was_stopped_does_not_go_on(store: Store, settings: Settings) -> None:
    run = runs.begin(store, asked_by="Ann", minutes=1)
    wheel = Wheel(store, settings, run.id)
    wheel.pull()
    runs.cancel(store, run.id)
    assert runs.find(store, run.id).state == "cancelling"
    with pytest.raises(Cancelled) as stopped:
        wheel.snapshot()
    wheel.give_up(stopped.value)
    assert runs.find(store, run.id).state == "cancelled"
    waiting = runs.begin(store, asked_by="Ann", minutes=1)
    runs.cancel(store, waiting.id)
    assert runs.find(store, waiting.id).over

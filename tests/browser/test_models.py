"""An operator retrains, watches, promotes and rolls back in the Models tab."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from flywheel import personal, registry, runs
from flywheel.contest import TEST
from flywheel.gate import BASE, OTHERS, Decision, Rules, Slice, Verdict
from flywheel.ground_truth import ground_truth
from flywheel.registry import Model, promote, register
from flywheel.scopes import Scope
from flywheel.snapshots import freeze
from flywheel.splits import Split
from flywheel.verdicts import keep_verdict
from tests.accepted import written_page
from tests.browser.conftest import OpenPage, Scheme, keep_screenshot
from tests.fake_reader import FakeReader
from tests.integration.test_personal import accept
from tests.integration.test_registry import folder_of
from tests.running_app import Running, serving

ANN = Scope("writer", "Ann of Green Gables")
TEXTS = ["the roses by the gate", "<img src=x onerror=alert(1)> ${7*7}"]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    reader = FakeReader()
    reader.version = "base-1"
    with serving(tmp_path / "var", reader) as started:
        yield started


def part(name: str, before: float, after: float, *, lines: int = 120) -> Slice:
    change = after - before
    return Slice(
        name, lines, 40 * lines, before, after, change, change - 0.01, change + 0.01, "page", harmed=change > 0.01
    )


@pytest.fixture
def child(running: Running, tmp_path: Path) -> Model:
    """A challenger that the gate let through."""
    store = running.store
    truth = [line for seed in range(6) for line in written_page(store, TEXTS, seed=seed)]
    snapshot = freeze(store, truth)
    base = register(store, folder_of(tmp_path, "base-1"))
    promote(store, "base-1", by="inkloop", why="It serves until the wheel has turned.", anyway=True)
    learnt = {"unlabelled": 17}
    made = register(store, folder_of(tmp_path, "child-2"), parent="base-1", snapshot=snapshot.id, metrics=learnt)
    worst = tuple(
        {"line": str(line.line_id), "page": None, "slice": TEST, "text": line.text, "champion": "the noses by the gale",
         "challenger": "the roses by the gale", "champion_edits": 2, "challenger_edits": 1}
        for line in truth[:2]
    )  # fmt: skip
    reason = "CER 12.0% → 8.0% on 120 test lines (95 % interval of the change -5.0 to -3.0 points)."
    slices = (part(TEST, 0.12, 0.08), part(BASE, 0.02, 0.021, lines=60), part("older hands", 0.09, 0.085))
    verdict = Verdict(Decision.PROMOTE, reason, slices, worst, Rules())
    keep_verdict(store, verdict, champion=base, challenger=made, snapshot=snapshot.id)
    return made


@pytest.fixture
def own(running: Running, child: Model, tmp_path: Path) -> Model:
    """A model of a hand's own that serves it; a collection that could have one, and a hand that could not."""
    store = running.store
    sizes: tuple[tuple[int, Split], ...] = ((40, "train"), (30, "test"))
    for lines, split in sizes:
        accept(store, lines, writer=ANN.name, collection="Letters", split=split)
    freeze(store, ground_truth(store))
    accept(store, 5, writer="<b>Bob</b> ${7*7}")
    made = register(store, folder_of(tmp_path, "anns-3"), parent="base-1", snapshot=child.snapshot, scope=ANN)
    reason = "CER 12.0% → 7.0% on 30 test lines (95 % interval of the change -6.0 to -4.0 points)."
    slices = (part(TEST, 0.12, 0.07, lines=30), part(OTHERS, 0.1, 0.13))
    verdict = Verdict(Decision.PROMOTE, reason, slices, rules=Rules(personal=True))
    base = registry.find(store, "base-1")
    keep_verdict(store, verdict, champion=base, challenger=made, snapshot=child.snapshot or "", scope=ANN)
    personal.promote(store, "anns-3", ANN, by="Ann")
    return made


def open_tab(page: Page, running: Running) -> None:
    page.goto(running.url)
    page.get_by_role("tab", name="Models").click()
    expect(page.locator(".wheel-serving")).to_contain_text("Reading now: base-1")


def test_a_turn_is_started_watched_and_stopped_and_found_again_after_a_reload(page: Page, running: Running) -> None:
    open_tab(page, running)
    expect(page.locator(".wheel-run")).to_contain_text("No training has been asked for yet.")
    page.get_by_label("Minutes").fill("7")
    page.get_by_role("button", name="Retrain").click()
    card = page.get_by_role("article", name="Training")
    expect(card).to_contain_text("It waits for a worker …")
    expect(card).to_contain_text("python -m flywheel worker")
    expect(card).to_contain_text("asked for by local")
    (run,) = runs.runs(running.store)
    assert run.minutes == 7
    runs.advance(running.store, run.id, "retrain")
    runs.tell(
        running.store,
        run.id,
        {"share": 0.4, "step": 9, "epoch": 2.5, "loss": 0.321, "cer": 0.087, "seconds_left": 250.0},
    )
    expect(card).to_contain_text("epoch 2.5 · loss 0.321 · CER 8.7 % on choosing lines · 5 min left")
    page.reload()
    page.get_by_role("tab", name="Models").click()
    expect(card).to_contain_text("epoch 2.5")
    keep_screenshot(page, "models_training")
    card.get_by_role("button", name="Stop").click()
    expect(card).to_contain_text("Stopping …")
    runs.finish(running.store, run.id, "cancelled", "The run was stopped.")
    expect(card).to_contain_text("The run was stopped.")
    expect(page.get_by_role("button", name="Retrain")).to_be_enabled()


def test_a_model_is_promoted_and_rolled_back(page: Page, running: Running, child: Model) -> None:
    open_tab(page, running)
    card = page.get_by_role("article", name="child-2")
    expect(card).to_contain_text(re.compile(r"from base-1, \d+ lines and 17 uncorrected, "))
    card.locator("summary").click()
    expect(card.locator("tbody tr")).to_have_count(3)
    expect(card.locator(".wheel-worst img").first).to_have_js_property("complete", True)
    expect(card.locator(".wheel-worst")).to_contain_text(TEXTS[1])
    expect(page.locator(".wheel-forecast")).to_contain_text("What would 100 more lines bring?")
    keep_screenshot(page, "models_lineage")
    card.get_by_label("Why").fill("It reads my hand.")
    card.get_by_role("button", name="Promote").click()
    expect(page.locator(".wheel-section").last).to_contain_text("It reads my hand.")
    assert registry.promotions(running.store)[0].version == "child-2"
    page.get_by_role("button", name="Roll back", exact=True).click()
    expect(page.locator(".wheel-section").last).to_contain_text("Rolled back in the Models tab.")
    newest = registry.promotions(running.store)[0]
    assert (newest.version, newest.kind, newest.by) == ("base-1", "rollback", "local")


def test_a_collection_is_trained_for_and_a_hand_rolled_back(page: Page, running: Running, own: Model) -> None:
    open_tab(page, running)
    expect(page.get_by_role("article", name=own.version)).to_have_count(0)  # it is nobody's but Ann's
    ann, letters, bob = (page.locator(".wheel-scopes > tbody").nth(place) for place in range(3))
    for text in (ANN.name, "40 + 30 test", "anns-3", "12.0 %", "7.0 %", "-6.0 to -4.0"):
        expect(ann).to_contain_text(text)
    ann.locator("summary").first.click()
    expect(ann.locator(".wheel-gate tbody tr")).to_have_count(2)
    expect(bob).to_contain_text("<b>Bob</b> ${7*7}")
    expect(bob.get_by_role("button", name="Train")).to_be_disabled()
    letters.get_by_role("button", name="Train").click()
    expect(page.get_by_role("article", name="Training")).to_contain_text("asked for by local for collection Letters")
    expect(letters.get_by_role("button", name="Train")).to_be_disabled()
    expect(page.get_by_role("button", name="Retrain")).to_be_enabled()
    assert [run.scope for run in runs.runs(running.store)] == [Scope("collection", "Letters")]
    keep_screenshot(page, "models_hands")
    ann.get_by_role("button", name="Roll back").click()
    expect(ann).to_contain_text("the common model")
    assert personal.serving(running.store) == {} and personal.history(running.store)[0].by == "local"
    assert len(registry.promotions(running.store)) == 1


def test_what_the_gate_refused_needs_a_reason(page: Page, running: Running, child: Model, watch: object) -> None:
    watch.expected_statuses.add(409)  # type: ignore[attr-defined]
    promote(running.store, "child-2", by="Ann", why="A trial.", anyway=True)
    promote(running.store, "base-1", by="Ann", why="Back.", anyway=True)
    other = keep_verdict(
        running.store,
        Verdict(Decision.KEEP, "That may be chance.", (part(TEST, 0.1, 0.1),)),
        champion=registry.find(running.store, "base-1"),
        challenger=child,
        snapshot=child.snapshot or "",
    )
    assert other.decision == "keep"
    open_tab(page, running)
    card = page.get_by_role("article", name="child-2")
    card.get_by_role("button", name="Promote anyway").click()  # the browser asks for the reason
    assert card.locator("input:invalid").count() == 1
    card.get_by_label("Why").fill("  ")
    card.get_by_role("button", name="Promote anyway").click()
    expect(page.get_by_role("alert")).to_contain_text("The gate has not let child-2 through")
    assert registry.promotions(running.store)[0].version == "base-1"
    card.get_by_label("Why").fill("A second trial.")
    card.get_by_role("button", name="Promote anyway").click()
    expect(page.get_by_role("alert")).to_contain_text("child-2 is promoted. It reads within seconds")
    assert registry.promotions(running.store)[0].version == "child-2"


def test_what_the_gate_still_judges_cannot_be_promoted_yet(page: Page, running: Running, tmp_path: Path) -> None:
    register(running.store, folder_of(tmp_path, "child-3"))
    run = runs.begin(running.store, asked_by="Ann", minutes=5)
    runs.advance(running.store, run.id, "evaluate")
    open_tab(page, running)
    card = page.get_by_role("article", name="child-3")
    expect(card).to_be_visible()
    expect(card.get_by_role("button")).to_have_count(0)
    runs.finish(running.store, run.id, "done", "It is no better.")
    expect(card.get_by_role("button", name="Promote anyway")).to_be_visible()


def test_too_few_test_lines_are_told_before_anybody_waits_for_a_training(page: Page, running: Running) -> None:
    open_tab(page, running)
    lack = page.locator(".wheel-lack")
    expect(lack).to_contain_text("A new model is promoted once 30 accepted lines can test it. There are 0: correct")
    accept(running.store, 5)
    expect(lack).to_contain_text("There are 0, and 5 lines on new pages that may become some: correct more pages")
    keep_screenshot(page, "models_beginning")
    retrain = page.get_by_role("button", name="Retrain")
    expect(retrain).to_have_attribute("data-leading", "false")
    accept(running.store, 30, split="test")
    expect(retrain).to_have_attribute("data-leading", "true")
    freeze(running.store, ground_truth(running.store))
    expect(lack).to_have_count(0)


@pytest.mark.parametrize(("width", "scheme"), [(420, "light"), (1400, "dark")])
def test_the_tab_fits_a_phone_and_the_dark(
    open_page: OpenPage, running: Running, own: Model, width: int, scheme: Scheme
) -> None:
    page = open_page(width=width, scheme=scheme)
    open_tab(page, running)
    page.get_by_role("article", name="child-2").locator("summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = "e => e.getBoundingClientRect().right > innerWidth"
    parts = "[...document.querySelectorAll('.wheel, .wheel *:not(.wheel-wide *)')]"
    assert page.evaluate(f"{parts}.filter({outside}).length") == 0
    page.locator(".wheel-worst img").last.scroll_into_view_if_needed()
    keep_screenshot(page, f"models_{width}_{scheme}")
    page.locator(".wheel-scopes").scroll_into_view_if_needed()
    page.locator(".wheel-scopes > tbody summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    keep_screenshot(page, f"models_hands_{width}_{scheme}")

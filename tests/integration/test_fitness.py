"""What no model can learn stops no turn: it is left out of what the turn freezes, and told; by name it stops still."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from flywheel import runs, trust, turning
from flywheel.errors import UnfitSnapshot
from flywheel.ground_truth import TrueLine, ground_truth
from flywheel.privacy import forget
from flywheel.retraining import Trained, champion, retrain
from flywheel.settings import Settings
from flywheel.snapshots import find, freeze, lines_of
from flywheel.store import Store
from flywheel.trust import Claim
from flywheel.turning import Wheel, turn
from flywheel.wheel_status import facts, look
from tests.accepted import written_page

TEXTS = ["Dear Bob,", "it rains.", "Ann"]
STRANGE = "“✠” is not in charset latin-v1: no model that has it can learn it."


@pytest.fixture(autouse=True)
def _no_training(monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings) -> None:
    champion(store, settings)
    monkeypatch.setattr(Wheel, "pull", lambda _: None)
    monkeypatch.setattr(turning, "retrain", lambda *_, **__: Trained(None, {}))


def pages(store: Store, *seeds: int) -> list[TrueLine]:
    """Lines of handwritten pages, each accepted with its true text."""
    truth = [line for seed in seeds for line in written_page(store, TEXTS, seed=seed)]
    accept(store, truth, [line.text for line in truth])
    return truth


def accept(store: Store, lines: Sequence[TrueLine], texts: Sequence[str]) -> None:
    with store.writing() as session:
        for line, text in zip(lines, texts, strict=True):
            trust.keep(session, Claim(line.line_id, text, source="import"), "trusted")


def turned(store: Store, settings: Settings) -> tuple[runs.Run, set[UUID]]:
    """A turn that is over, and the lines that it froze."""
    run = turn(Wheel(store, settings, runs.begin(store, asked_by="Ann", minutes=1).id))
    return run, {UUID(line.line_id) for line in lines_of(store, find(store))}


def test_what_goes_or_comes_while_a_turn_looks_at_the_lines_is_not_frozen(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth, looking = pages(store, 1, 2), turning.left_out

    def overtaken(*arguments: Any) -> Any:
        found = looking(*arguments)
        forget(store, settings, str(truth[0].page_id))
        pages(store, 3)
        return found

    monkeypatch.setattr(turning, "left_out", overtaken)
    run, frozen = turned(store, settings)
    assert frozen == {line.line_id for line in truth if line.page_id != truth[0].page_id}
    assert len(list(ground_truth(store))) == 2 * len(TEXTS) and run.left_out is None


def test_a_turn_goes_on_without_the_lines_that_nothing_can_learn_and_names_them(
    store: Store, settings: Settings
) -> None:
    truth = pages(store, 1, 2, 3)
    strange, long = truth[0], truth[4]
    accept(store, [strange, long], ["Dear ✠,", "much too long " * 30])
    run, frozen = turned(store, settings)
    assert frozen == {line.line_id for line in truth} - {strange.line_id, long.line_id}
    assert (run.state, run.left_out) == (
        "done",
        {
            "count": 2,
            "why": [
                {"name": "charset", "count": 1, "lines": [str(strange.line_id)]},
                {"name": "length", "count": 1, "lines": [str(long.line_id)]},
            ],
        },
    )
    assert run.message == (
        f"{turning.NO_BETTER} 2 lines were left out, until somebody corrects them: {STRANGE} Lines: {strange.line_id}. "
        f"The text is longer than its box can hold. Lines: {long.line_id}."
    )
    report = look(store)
    assert report["last_run"]["left_out"] == run.left_out and report["problems"] == []
    assert ("last turn", f"done (retrain) {run.message}") in facts(report)
    assert json.loads(json.dumps(run.left_out)) == run.left_out
    accept(store, [strange, long], ["Dear Bob,", "it rains."])
    run, frozen = turned(store, settings)
    assert (run.message, run.left_out, len(frozen)) == (turning.NO_BETTER, None, len(truth))


def test_of_one_image_with_two_texts_neither_is_learnt(store: Store, settings: Settings) -> None:
    truth, twice = pages(store, 1, 2), pages(store, 1)
    accept(store, [twice[0]], ["Dear Rob,"])
    run, frozen = turned(store, settings)
    assert frozen == {line.line_id for line in [*truth, *twice]} - {truth[0].line_id, twice[0].line_id}
    assert "2 lines were left out" in run.message and "The same image has different texts." in run.message


def test_many_lines_left_out_are_counted_and_the_first_are_named(store: Store, settings: Settings) -> None:
    truth = pages(store, *range(9))
    accept(store, truth[1:], [f"✠{chr(0x4E00 + index)}" for index, _ in enumerate(truth[1:])])
    run, frozen = turned(store, settings)
    assert frozen == {truth[0].line_id} and run.left_out is not None
    (why,) = run.left_out["why"]
    assert (run.left_out["count"], why["count"], len(why["lines"])) == (26, 26, 20)
    assert (
        "and 21 more." in run.message and "✠一丁丂七丄丅丆万丈三上下丌不与丏丐丑丒…” is not in charset" in run.message
    )


def test_what_is_left_out_is_told_while_the_run_goes_on_and_where_it_fails(store: Store, settings: Settings) -> None:
    truth = pages(store, 1)
    accept(store, truth[:1], ["✠"])
    wheel = Wheel(store, settings, runs.begin(store, asked_by="Ann", minutes=1).id)
    wheel.snapshot()
    runs.tell(store, wheel.run, {"share": 0.5})
    run = runs.find(store, wheel.run)
    assert run.progress == {"share": 0.5} and run.message.startswith("1 line was left out") and STRANGE in run.message
    wheel.give_up(UnfitSnapshot("The characters have shifted."))
    failed = runs.find(store, wheel.run)
    assert failed.state == "failed" and failed.message.startswith("The characters have shifted. 1 line was left out")
    assert STRANGE in look(store)["problems"][0]


def test_where_no_line_can_be_learnt_the_turn_stops_and_says_why(store: Store, settings: Settings) -> None:
    truth = pages(store, 1)
    accept(store, truth, ["✠"] * len(truth))
    begun = runs.begin(store, asked_by="Ann", minutes=1)
    with pytest.raises(UnfitSnapshot, match="There is no ground truth to freeze"):
        turn(Wheel(store, settings, begun.id))
    run = runs.find(store, begun.id)
    assert run.state == "failed" and f"3 lines were left out, until somebody corrects them: {STRANGE}" in run.message


def test_a_snapshot_that_somebody_names_stops_at_such_a_line_still(store: Store, settings: Settings) -> None:
    truth = pages(store, 1)
    accept(store, truth[:1], ["✠"])
    with pytest.raises(UnfitSnapshot, match=f"{STRANGE} Lines: {truth[0].line_id}. Correct them, or leave them out"):
        retrain(store, settings, freeze(store, ground_truth(store)))


def test_typographic_spaces_leave_nothing_out_and_stand_as_they_were_typed(store: Store, settings: Settings) -> None:
    truth = pages(store, 1)
    accept(store, truth[:1], ["Dear\u202fBob\u00a0,"])
    run, _ = turned(store, settings)
    texts: dict[Any, str] = {line.line_id: line.text for line in lines_of(store, find(store))}
    assert run.left_out is None and texts[str(truth[0].line_id)] == "Dear\u202fBob\u00a0,"

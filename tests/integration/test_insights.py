"""Insights: exact figures on small stores, on both engines."""

from datetime import date

import pytest

from flywheel.editing import Edit, keep_edit, undo
from flywheel.errors import NotFound
from flywheel.insight_records import Insight, Question
from flywheel.insights import Insights
from flywheel.store import Store
from tests.settled import TODAY, Settled, correct, settle


def ask(store: Store, **question: object) -> Insight:
    return Insights(store).answer(Question(today=TODAY.date(), **question))  # type: ignore[arg-type]


def test_an_empty_store_has_no_figures(store: Store) -> None:
    found = ask(store)
    assert (found.lines, found.people, found.periods, found.versions, found.changes) == (0, 0, (), (), ())
    assert (found.accuracy.cer.value, found.seconds.value, found.calibration.words) == (None, None, 0)


def test_cer_is_what_the_model_said_against_what_people_settled_on(store: Store) -> None:
    settle(store, Settled("Dear Bob", "Dear Rob"), Settled("it rains", "it rains"), Settled("Ann", "Anne"))
    found = ask(store)
    assert (found.lines, found.people) == (3, 1)
    assert (found.accuracy.cer.part, found.accuracy.cer.whole) == (2, 20)
    assert found.accuracy.cer.value == pytest.approx(0.1)
    assert (found.accuracy.lines_changed.part, found.accuracy.lines_changed.whole) == (2, 3)
    assert (found.accuracy.words_changed.part, found.accuracy.words_changed.whole) == (2, 5)


def test_only_the_newest_correction_of_a_line_counts_and_its_effort_is_that_of_all(store: Store) -> None:
    (line,) = settle(store, Settled("one twa", "one too", days_ago=3, seconds=4, keystrokes=2)).lines
    correct(store, line, Settled("", "one two", seconds=6, keystrokes=3), store.contributor("Bob"), revision=2)
    found = ask(store)
    assert (found.lines, found.accuracy.cer.part) == (1, 1)
    assert [(period.start, period.lines) for period in found.periods] == [(TODAY.date(), 1)]
    assert (found.seconds.value, found.keystrokes.value) == (10, 5)
    assert ask(store, contributor=store.contributor("Ann")).lines == 0
    assert ask(store, contributor=store.contributor("Bob")).lines == 1


def test_each_model_version_has_its_own_figures_and_the_newest_stands_first(store: Store) -> None:
    settle(store, Settled("abcd", "abxx", days_ago=5), Settled("abcd", "abcd", days_ago=5), model="old")
    settle(store, Settled("abcd", "abcx", days_ago=1), Settled("abcd", "abcd"), model="new")
    found = ask(store)
    assert found.models == ("new", "old")
    assert [(each.model, each.accuracy.cer.value, each.accuracy.lines) for each in found.versions] == [
        ("new", 0.125, 2),
        ("old", 0.25, 2),
    ]
    by_day = {period.start.day: {each.model: each.cer.part for each in period.versions} for period in found.periods}
    assert by_day == {13: {"old": 2}, 14: {}, 15: {}, 16: {}, 17: {"new": 1}, 18: {"new": 0}}
    alone = ask(store, model="old")
    assert (alone.lines, alone.accuracy.cer.part, alone.models) == (2, 2, ("new", "old"))


def test_what_is_asked_about_a_version_nobody_corrected_is_told_in_a_sentence(store: Store) -> None:
    with pytest.raises(NotFound, match=r"was read by model version 'newer'\. Choose none\."):
        ask(store, model="newer")
    settle(store, Settled("a", "b"))
    with pytest.raises(NotFound, match=r"version 'newer'\. Choose one of 'inkloop-test-1', or none\."):
        ask(store, model="newer")


def test_people_see_the_lines_they_settled_and_only_their_versions(store: Store) -> None:
    settle(store, Settled("a", "b"), model="one")
    settle(store, Settled("a", "a"), Settled("c", "c"), model="two", contributor="Bob")
    assert (ask(store).lines, ask(store).people) == (3, 2)
    bobs = ask(store, contributor=store.contributor("Bob"))
    assert (bobs.lines, bobs.accuracy.cer.value, bobs.models) == (2, 0, ("two",))
    assert ask(store, contributor=store.contributor("Eve")).lines == 0


@pytest.mark.parametrize(
    ("days", "lines", "unit", "periods"),
    [(1, 1, "day", 1), (7, 2, "day", 7), (90, 3, "week", 14), (None, 4, "month", 25)],
)
def test_a_question_about_the_last_days_covers_them_without_gaps(
    store: Store, days: int | None, lines: int, unit: str, periods: int
) -> None:
    settle(store, *(Settled("a", "b", days_ago=ago) for ago in (0, 6, 89, 730)))
    found = ask(store, days=days)
    assert (found.lines, found.unit, len(found.periods)) == (lines, unit, periods)
    assert sum(period.lines for period in found.periods) == lines


def test_weeks_begin_on_monday(store: Store) -> None:
    settle(store, Settled("a", "b", days_ago=2), Settled("a", "b", days_ago=3))
    last, before = list(reversed(ask(store, days=60).periods))[:2]
    assert (last.start, last.lines) == (date(2026, 3, 16), 1)
    assert (before.start, before.lines) == (date(2026, 3, 9), 1)


def test_a_day_ahead_of_our_clock_is_not_lost(store: Store) -> None:
    settle(store, Settled("a", "b", days_ago=-1))
    found = ask(store, days=7)
    assert (found.lines, found.periods[-1].start) == (1, date(2026, 3, 19))


def test_saving_compares_measured_lines_with_typing_them(store: Store) -> None:
    settle(store, Settled("0123456789", "0123456789", seconds=1), Settled("x" * 30, "y" * 30))
    found = ask(store, characters_per_second=2.0).saving
    assert (found.lines, found.characters, found.typing_seconds, found.spent_seconds) == (1, 10, 5, 1)
    assert (found.saved_seconds, found.characters_per_second) == (4, 2)
    assert ask(store, characters_per_second=20.0).saving.saved_seconds == -0.5


def test_effort_follows_the_days(store: Store) -> None:
    settle(
        store,
        Settled("a", "b", days_ago=1, seconds=2, keystrokes=1),
        Settled("a", "b", days_ago=1, seconds=4),
        Settled("a", "b", seconds=8, keystrokes=5),
    )
    before, today = ask(store).periods
    assert (before.seconds.value, before.seconds.lines, before.keystrokes.value) == (3, 2, 1)
    assert (today.seconds.value, today.keystrokes.value) == (8, 5)


def test_the_words_most_often_corrected_stand_first(store: Store) -> None:
    settle(
        store,
        Settled("lwo cats and to day", "two cats and today"),
        Settled("lwo dogs", "two dogs"),
        Settled("two birds", "two birds"),
    )
    assert [(each.said, each.settled, each.count) for each in ask(store).changes] == [
        ("lwo", "two", 2),
        ("to day", "today", 1),
    ]


def test_calibration_counts_the_words_that_people_kept(store: Store) -> None:
    settle(
        store,
        Settled("sure sure sure", "sure sure sore", confidences=(0.95, 0.95, 0.95)),
        Settled("doubt", "doubt", confidences=(0.05,)),
    )
    found = ask(store).calibration
    assert found.words == 4
    first, *_, last = [each for each in found.bins if each.kept.whole]
    assert (first.kept.part, first.kept.whole, first.confidence) == (1, 1, pytest.approx(0.05))
    assert (last.kept.part, last.kept.whole, last.confidence) == (2, 3, pytest.approx(0.95))
    assert found.error == pytest.approx((abs(3 * 0.95 - 2) + abs(0.05 - 1)) / 4)


def test_a_new_correction_is_seen_at_once(store: Store) -> None:
    insights = Insights(store)
    assert insights.answer(Question()).lines == 0
    (line,) = settle(store, Settled("a", "b")).lines
    assert insights.answer(Question()).lines == 1
    correct(store, line, Settled("", "a"), store.contributor("Ann"), revision=2)
    assert insights.answer(Question()).accuracy.cer.part == 0


def test_a_line_without_a_text_counts_as_work_and_not_as_a_mistake(store: Store) -> None:
    settle(
        store,
        Settled("abcd", "abcx", seconds=1),
        Settled("scribble", "", seconds=2, verdict="illegible"),
        Settled("a stain", "", seconds=3, verdict="not_text"),
    )
    found = ask(store)
    assert (found.lines, found.verdicts) == (3, {"text": 1, "illegible": 1, "not_text": 1})
    assert (found.accuracy.lines, found.accuracy.cer.value, found.calibration.words) == (1, 0.25, 1)
    assert [(change.said, change.settled) for change in found.changes] == [("abcd", "abcx")]
    assert (found.saving.characters, found.saving.spent_seconds) == (4, 6)


def test_a_collection_can_be_asked_about_alone(store: Store) -> None:
    settle(store, Settled("a", "b"), collection="letters")
    settle(store, Settled("a", "a"), Settled("a", "a"), collection="diaries")
    settle(store, Settled("a", "a"))
    assert ask(store).collections == ("diaries", "letters")
    assert (ask(store).lines, ask(store, collection="diaries").lines) == (4, 2)
    assert ask(store, collection="letters").accuracy.cer.value == 1
    with pytest.raises(NotFound, match=r"in collection 'notes'\. Choose one of 'diaries', 'letters', or none"):
        ask(store, collection="notes")


def test_lines_that_went_are_not_counted_until_they_come_back(store: Store) -> None:
    ann, insights = store.contributor("Ann"), Insights(store)
    page = settle(store, Settled("a", "b"), Settled("c", "c"))
    assert insights.answer(Question()).lines == 2
    first = page.lines[0].id
    keep_edit(store, page.id, Edit((first,), ()), [], model="inkloop-test-1", contributor=ann)
    assert (insights.answer(Question()).lines, insights.answer(Question()).accuracy.cer.value) == (1, 0)
    undo(store, page.id, restore=[first], retire=[], contributor=ann)
    assert insights.answer(Question()).lines == 2
    store.delete_document(store.documents(ann)[0].id, ann)
    assert insights.answer(Question()).lines == 0

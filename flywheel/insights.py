"""How well the models read, measured by what people changed, and what correcting costs against typing.

Lines that nobody submitted say nothing: a right line that nobody confirmed is missing, so the models are rather
better than these numbers.
"""

from datetime import UTC, date, datetime, timedelta
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from flywheel.errors import NotFound
from flywheel.insight_records import (
    Accuracy,
    CalibrationCurve,
    Change,
    ConfidenceShare,
    Insight,
    Period,
    Question,
    Saving,
    VersionAccuracy,
    VersionRate,
)
from flywheel.line_facts import LineFacts, ScoredLines, Table
from flywheel.rates import means, rate, rates, share
from flywheel.settled_lines import newest_corrections, settled_lines, state
from flywheel.store import Store
from recognizer.metrics import calibration_error, reliability

MOST_KEPT = 2  # scored lines for each that is settled so at present
MOST_CHANGES = 20
LONGEST_BY_DAY = 45
LONGEST_BY_WEEK = 400

Truths = NDArray[np.bool_]
Integers = NDArray[np.int64]


class Insights:
    """Answers questions about a store; safe to share between threads.

    Each line is scored once, when it is first asked about: one question more costs a few sums.
    """

    def __init__(self, store: Store) -> None:
        self._store, self._lock = store, Lock()
        self._scored = ScoredLines()
        self._state: tuple[object, ...] | None = None
        self._facts = self._scored.facts([])

    def answer(self, question: Question) -> Insight:
        """What the settled lines say.

        Raises:
            NotFound: no settled line was read by that model version, or belongs to that collection.
            StoreUnavailable: the store cannot be reached.
        """
        return _answer(self._present_facts(), question)

    def _present_facts(self) -> LineFacts:
        with self._lock, self._store.reading() as session:
            present = state(session)
            if present != self._state:
                newest = newest_corrections(session)
                if len(self._scored) > MOST_KEPT * (len(newest) + 1):
                    self._scored = ScoredLines()  # forget what was taken away
                self._scored.add(settled_lines(session, [each for each in newest if each not in self._scored]))
                self._facts, self._state = self._scored.facts(newest), present
            return self._facts


def _answer(facts: LineFacts, question: Question) -> Insight:
    today = question.today or datetime.now(UTC).date()
    own = _own(facts, question)
    chosen = _chosen(facts, question, own, today)
    lines = facts.lines[chosen]
    unit, starts, period = _periods(lines["day"], question, today)
    all_lines = np.zeros(len(lines), np.int64)
    return Insight(
        lines=len(lines),
        verdicts={verdict: int((lines["verdict"] == index).sum()) for index, verdict in enumerate(facts.verdicts)},
        people=len(np.unique(lines["contributor"])),
        accuracy=_accuracy(lines),
        versions=_versions(lines, facts.models),
        unit=unit,
        periods=_by_period(lines, facts.models, starts, period),
        seconds=means(lines["seconds"], group=all_lines, groups=1)[0],
        keystrokes=means(lines["keystrokes"], group=all_lines, groups=1)[0],
        saving=_saving(lines, question.characters_per_second),
        changes=_changes(facts, chosen),
        calibration=_calibration(facts, chosen),
        models=_names(facts.lines["model"][own], facts.models),
        collections=_names(facts.lines["collection"][own], facts.collections),
    )


def _own(facts: LineFacts, question: Question) -> Truths:
    """The lines that the contributor may see."""
    if question.contributor is None:
        return facts.current
    known = question.contributor in facts.contributors
    index = facts.contributors.index(question.contributor) if known else -1
    return facts.current & np.asarray(facts.lines["contributor"] == index, np.bool_)


def _chosen(facts: LineFacts, question: Question, own: Truths, today: date) -> Truths:
    lines, chosen = facts.lines, own
    if question.days is not None:
        chosen = chosen & (lines["day"] > today.toordinal() - question.days)
    if question.model is not None:
        names = _names(lines["model"][own], facts.models)
        index = _index(facts.models, question.model, names, "was read by model version")
        chosen = chosen & (lines["model"] == index)
    if question.collection is not None:
        names = _names(lines["collection"][own], facts.collections)
        index = _index(facts.collections, question.collection, names, "is in collection")
        chosen = chosen & (lines["collection"] == index)
    return chosen


def _index(names: tuple[str, ...], wanted: str, known: tuple[str, ...], what: str) -> int:
    if wanted not in known:
        choice = f"Choose one of {', '.join(map(repr, known))}, or none" if known else "Choose none"
        raise NotFound(f"No corrected line {what} {wanted!r}. {choice}.")
    return names.index(wanted)


def _names(column: Integers, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(names[index] for index in np.unique(column) if index >= 0))


def _accuracy(lines: Table) -> Accuracy:
    compared = lines[lines["model"] >= 0]
    ones = np.ones(len(compared), np.int64)
    return Accuracy(
        lines=len(compared),
        cer=rate(compared["edits"], compared["characters"]),
        lines_changed=rate((compared["edits"] > 0).astype(np.int64), ones),
        words_changed=rate(compared["words_changed"], compared["words"]),
    )


def _versions(lines: Table, models: tuple[str, ...]) -> tuple[VersionAccuracy, ...]:
    of_model = {index: lines[lines["model"] == index] for index in np.unique(lines["model"]) if index >= 0}
    newest_first = sorted(of_model, key=lambda index: int(of_model[index]["day"].max()), reverse=True)
    return tuple(VersionAccuracy(models[index], _accuracy(of_model[index])) for index in newest_first)


def _periods(days: Integers, question: Question, today: date) -> tuple[str, list[date], Integers]:
    """The unit, the start of each period without gaps, and the period of each line."""
    if not len(days):
        return "day", [], days
    first = today - timedelta(days=question.days - 1) if question.days else date.fromordinal(int(days.min()))
    last = max(today, date.fromordinal(int(days.max())))  # clocks of several machines may disagree
    length = (last - first).days + 1
    unit = "day" if length <= LONGEST_BY_DAY else "week" if length <= LONGEST_BY_WEEK else "month"
    starts = sorted({_start(first + timedelta(days=step), unit) for step in range(length)})
    return unit, starts, np.searchsorted([start.toordinal() for start in starts], days, side="right") - 1


def _start(day: date, unit: str) -> date:
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day


def _by_period(lines: Table, models: tuple[str, ...], starts: list[date], period: Integers) -> tuple[Period, ...]:
    groups = len(starts)
    compared = lines["model"] >= 0
    edits, characters, when = lines["edits"][compared], lines["characters"][compared], period[compared]
    together = rates(edits, characters, group=when, groups=groups)
    cells = rates(edits, characters, group=when * len(models) + lines["model"][compared], groups=groups * len(models))
    seconds = means(lines["seconds"], group=period, groups=groups)
    keystrokes = means(lines["keystrokes"], group=period, groups=groups)
    counts = np.bincount(period, minlength=groups)
    return tuple(
        Period(
            start=start,
            lines=int(counts[index]),
            cer=together[index],
            versions=tuple(
                VersionRate(model, cells[index * len(models) + number])
                for number, model in enumerate(models)
                if cells[index * len(models) + number].value is not None
            ),
            seconds=seconds[index],
            keystrokes=keystrokes[index],
        )
        for index, start in enumerate(starts)
    )


def _saving(lines: Table, characters_per_second: float) -> Saving:
    measured = lines[~np.isnan(lines["seconds"])]
    characters, spent = int(measured["characters"].sum()), float(measured["seconds"].sum())
    typing = characters / characters_per_second
    return Saving(characters_per_second, len(measured), characters, typing, spent, typing - spent)


def _changes(facts: LineFacts, chosen: Truths) -> tuple[Change, ...]:
    found = facts.changes["change"][chosen[facts.changes["line"]]]
    counts = np.bincount(found, minlength=len(facts.pairs))
    often = sorted(np.flatnonzero(counts), key=lambda index: (-counts[index], facts.pairs[index]))
    return tuple(
        Change(facts.pairs[index][0], facts.pairs[index][1], int(counts[index])) for index in often[:MOST_CHANGES]
    )


def _calibration(facts: LineFacts, chosen: Truths) -> CalibrationCurve:
    words = facts.words[chosen[facts.words["line"]]]
    bins = tuple(
        ConfidenceShare(each.low, each.high, each.confidence, share(each.right, each.words))
        for each in reliability(words["confidence"], words["right"])
    )
    return CalibrationCurve(len(words), calibration_error(words["confidence"], words["right"]), bins)

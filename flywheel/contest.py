"""Champion against challenger on the frozen test split of a snapshot and on base lines; the verdict is kept.

A challenger for one hand or collection is judged by that one's test lines, beside what reads them now.
"""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from flywheel import personal
from flywheel.bootstrap import Counted
from flywheel.errors import UnfitSnapshot
from flywheel.gate import BASE, OLDER, OTHERS, TEST, JudgedLine, Rules, judge
from flywheel.model_folders import load
from flywheel.registry import Model
from flywheel.retraining import champion
from flywheel.scopes import Scope, scopes_of
from flywheel.settings import Settings
from flywheel.snapshot_files import write_lines
from flywheel.snapshots import FrozenLine, Snapshot, find, lines_of
from flywheel.splits import place_of
from flywheel.store import Store
from flywheel.verdicts import StoredVerdict, keep_verdict, verdicts
from recognizer.corpora import LineTruth, read_manifest
from recognizer.datasets.written_lines import base_lines
from recognizer.decoding.language import Language
from recognizer.evaluation import read_rows
from recognizer.line_reader import LineReader
from recognizer.metrics import character_edits
from recognizer.model_card import LANGUAGE, SHIPPED

BASE_LINES = 200
OTHER_LINES = 100  # of everybody else, which a model for one hand is shown beside its own
WRITTEN_LINES = 60


def contest(
    store: Store,
    settings: Settings,
    challenger: Model,
    snapshot: Snapshot,
    *,
    scope: Scope | None = None,
    rules: Rules | None = None,
) -> StoredVerdict:
    """Let the gate judge a challenger beside the model that serves; judged before on the same, it is only looked up.

    Args:
        store: where models, snapshots and verdicts are.
        settings: scratch folder, base corpora.
        challenger: the model to be judged.
        snapshot: whose test lines judge.
        scope: the hand or collection it is for; None: everybody.
        rules: other ones than the gate's own; then nothing is looked up.

    Raises:
        UnfitSnapshot: the challenger serves already.
        BadModel: one of the two cannot be loaded, or reads nonsense.
    """
    tested = [line for line in lines_of(store, snapshot) if line.split == "test"]
    against = champion(store, settings)
    if scope is not None:
        against = reads_now(store, against, scope, tested, besides=challenger)
    if against.version == challenger.version:
        raise UnfitSnapshot(f"{challenger.version} serves already: there is nothing to compare it with.")
    asked = (against.version, challenger.version, snapshot.id, scope)
    for told in verdicts(store, limit=200):
        if (told.champion, told.challenger, told.snapshot, told.scope) == asked and rules is None:
            return told
    models = settings.scratch / "models"
    rows, slices = _judging(store, settings, against, tested, scope)
    judged = read_both(load(store, against, models), load(store, challenger, models), rows, slices)
    verdict = judge(judged, replace(rules or Rules(), personal=scope is not None))
    return keep_verdict(store, verdict, champion=against, challenger=challenger, snapshot=snapshot.id, scope=scope)


def read_both(
    champion: LineReader, challenger: LineReader, rows: Sequence[LineTruth], slices: Sequence[tuple[str, ...]]
) -> list[JudgedLine]:
    """Let both models read the same lines.

    Raises:
        NotAnImage: a line's image cannot be opened.
    """
    before, after = read_rows(champion, rows), read_rows(challenger, rows)
    judged = []
    for row, old, new, names in zip(rows, before, after, slices, strict=True):
        counted = Counted(
            champion=character_edits(row.text, old.text),
            challenger=character_edits(row.text, new.text),
            characters=len(unicodedata.normalize("NFC", row.text)),
            page=str(row.extra.get("page") or row.image),
            writer=str(row.extra["writer"]) if row.extra.get("writer") else None,
        )
        judged.append(JudgedLine(row, old.text, new.text, counted, names))
    return judged


def reads_now(store: Store, common: Model, scope: Scope, lines: Sequence[FrozenLine], *, besides: Model) -> Model:
    """What reads a scope's lines, or most of them, but for one model: its own, its collection's, or the common one."""
    own = {of: model for of, model in personal.serving(store).items() if model.version != besides.version}
    if scope in own:
        return own[scope]
    reading = [next((own[of] for of in scopes_of(line) if of in own), common) for line in lines if scope.holds(line)]
    counted = Counter(model.version for model in reading)
    return max(reading, key=lambda model: counted[model.version], default=common)


def _judging(
    store: Store, settings: Settings, against: Model, tested: Sequence[FrozenLine], scope: Scope | None
) -> tuple[Sequence[LineTruth], Sequence[tuple[str, ...]]]:
    """The lines that both models read, and the slices of each."""
    if scope is None:
        rows, older = write_lines(store, tested, settings.scratch), _seen_before(store, against)
        base = base_rows(settings)
        return [*rows, *base], [_slices(row, older) for row in rows] + [(BASE,)] * len(base)
    rows = write_lines(store, [line for line in tested if scope.holds(line)], settings.scratch)
    others = sorted((line for line in tested if not scope.holds(line)), key=lambda line: place_of(line.line_id))
    beside = write_lines(store, others[:OTHER_LINES], settings.scratch)
    return [*rows, *beside], [*[(TEST,)] * len(rows), *[(OTHERS,)] * len(beside)]


def base_rows(settings: Settings) -> Sequence[LineTruth]:
    """Lines that no training sees: of the base corpora where there are some, else written ones; always the same."""
    listed = settings.data / "lines_val.jsonl" if settings.data else None
    if listed is not None and listed.exists():
        rows = [row for row in read_manifest(listed) if not row.flags]
        return sorted(rows, key=lambda row: place_of(str(row.image.relative_to(listed.parent))))[:BASE_LINES]
    # The texts must not change with the model, so they come from the shipped language.
    language = Language.load(SHIPPED / LANGUAGE).characters
    return base_lines(language, settings.scratch / "base-lines", count=WRITTEN_LINES)


def _seen_before(store: Store, model: Model) -> frozenset[str]:
    """The test lines that the champion was judged on."""
    if model.snapshot is None:
        return frozenset()
    return frozenset(line.line_id for line in lines_of(store, find(store, model.snapshot)) if line.split == "test")


def _slices(row: LineTruth, older: frozenset[str]) -> tuple[str, ...]:
    collection = row.extra.get("collection")
    return (
        TEST,
        *((f"collection {collection}",) if collection else ()),
        *((OLDER,) if row.extra["line"] in older else ()),
    )

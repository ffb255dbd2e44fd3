"""Champion against challenger on the frozen test split of a snapshot and on base lines; the verdict is kept."""

from collections.abc import Sequence

from flywheel.errors import UnfitSnapshot
from flywheel.gate import BASE, OLDER, TEST, Rules, judge, read_both
from flywheel.model_folders import load
from flywheel.registry import Model
from flywheel.retraining import champion
from flywheel.settings import Settings
from flywheel.snapshot_files import write_lines
from flywheel.snapshots import Snapshot, find, lines_of
from flywheel.splits import place_of
from flywheel.store import Store
from flywheel.verdicts import StoredVerdict, keep_verdict, verdicts
from recognizer.corpora import LineTruth, read_manifest
from recognizer.language import CharacterModel
from recognizer.weights_files import LANGUAGE, SHIPPED
from recognizer.written_lines import base_lines

BASE_LINES = 200
WRITTEN_LINES = 60


def contest(
    store: Store, settings: Settings, challenger: Model, snapshot: Snapshot, *, rules: Rules | None = None
) -> StoredVerdict:
    """Let the gate judge a challenger beside the model that serves; judged before on the same, it is only looked up.

    Raises:
        UnfitSnapshot: the challenger serves already.
        BadModel: one of the two cannot be loaded, or reads nonsense.
    """
    against = champion(store, settings)
    if against.version == challenger.version:
        raise UnfitSnapshot(f"{challenger.version} serves already: there is nothing to compare it with.")
    asked = (against.version, challenger.version, snapshot.id)
    for told in verdicts(store, limit=200):
        if (told.champion, told.challenger, told.snapshot) == asked and rules is None:
            return told
    models = settings.scratch / "models"
    tested = [line for line in lines_of(store, snapshot) if line.split == "test"]
    rows = write_lines(store, tested, settings.scratch)
    base = base_rows(settings)
    older = _seen_before(store, against)
    slices = [_slices(row, older) for row in rows] + [(BASE,)] * len(base)
    judged = read_both(load(store, against, models), load(store, challenger, models), [*rows, *base], slices)
    verdict = judge(judged, rules)
    return keep_verdict(store, verdict, champion=against, challenger=challenger, snapshot=snapshot.id)


def base_rows(settings: Settings) -> Sequence[LineTruth]:
    """Lines that no training sees: of the base corpora where there are some, else written ones; always the same."""
    listed = settings.data / "lines_val.jsonl" if settings.data else None
    if listed is not None and listed.exists():
        rows = [row for row in read_manifest(listed) if not row.flags]
        return sorted(rows, key=lambda row: place_of(str(row.image.relative_to(listed.parent))))[:BASE_LINES]
    # The texts must not change with the model, so they come from the shipped language.
    language = CharacterModel.load(SHIPPED / LANGUAGE)
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

"""Snapshot → challenger: train from the champion on frozen lines, replaying others so that nothing is forgotten.

For one hand or collection it learns that one's lines alone. Lines of the same documents that nobody corrected teach as
the champion reads them. A training has a folder named by what goes into it. Killed at any moment, it goes on from its
last checkpoint there; finished, it is not done again. Too little memory halves the batch, also where it was seen only
by the death of the process; a loss that is no number begins anew more slowly.
"""

import json
import logging
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from flywheel import registry, tracking
from flywheel.attempts import attempt
from flywheel.errors import UnfitSnapshot, WheelStopped
from flywheel.expectations import expect
from flywheel.model_folders import unpack
from flywheel.registry import UNCORRECTED, Model
from flywheel.scope_lines import frozen, require_enough
from flywheel.scopes import Scope
from flywheel.settings import Settings
from flywheel.snapshot_files import write_lines
from flywheel.snapshots import FrozenLine, Snapshot, find, lines_of
from flywheel.store import Store
from flywheel.uncorrected import uncorrected
from recognizer.charset import Charset
from recognizer.corpora import LineTruth
from recognizer.datasets.replay import Replay, open_replay, written_by
from recognizer.errors import Diverged
from recognizer.model_card import CARD, SHIPPED, WEIGHTS, copy_finder, read_card
from recognizer.training.finetuning import FEWEST_LINES, FinetuneOptions, Surroundings, finetune
from recognizer.training.progress import Watch

log = logging.getLogger(__name__)

CHALLENGER, CHECKPOINTS, REPORT = "challenger", "checkpoints", "report.json"
LEARNS = "snapshot"  # names what a training's folder learns from, and its uncorrected pages, for whoever must forget it
BY_THE_PROGRAM = "inkloop"
SLOWER = 1 / 3
PATIENCE = 1  # deaths at one place before the batch is halved: anybody may pull a plug
KILLED = (
    "The training's process was killed {deaths} times without getting any further, also with the smallest batches: "
    "most likely for want of memory. Free some, then start it again; the model that serves is as it was."
)
OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training came to.

    Attributes:
        challenger: the new model; None: nothing better than the parent was found.
        report: of the training, as `recognizer finetune` prints it, and ``uncorrected_pages``, the ids of pages that it
            learnt lines of which nobody had corrected.
    """

    challenger: Model | None
    report: dict[str, Any]


def champion(store: Store, settings: Settings) -> Model:
    """The model that serves; what the settings name is registered and promoted where none was yet.

    Raises:
        BadModel: what the settings name is no model.
    """
    model = registry.serving(store)
    if model is not None:
        return model
    base = registry.register(store, settings.model or SHIPPED)
    why = "It serves until the wheel has turned."
    registry.promote(store, base.version, by=BY_THE_PROGRAM, why=why, anyway=True)
    return base


def parent_for(store: Store, settings: Settings) -> Model:
    """The model to train from: the champion, or its nearest ancestor that holds nothing forgotten.

    Raises:
        WheelStopped: there is none.
    """
    known = {model.version: model for model in registry.models(store)}
    model: Model | None = champion(store, settings)
    while model is not None and model.forgotten is not None:
        model = known.get(model.parent or "")
    if model is None:
        raise WheelStopped("Every model of this lineage holds something forgotten. Set INKLOOP_MODEL to another one.")
    return model


def charset_for(store: Store, settings: Settings) -> Charset:
    """The charset of the model to train from: what a text may hold to be learnt.

    Raises:
        WheelStopped: there is no such model.
    """
    return _charset(unpack(store, parent_for(store, settings), settings.scratch / "models"))


def _charset(model: Path) -> Charset:
    card = read_card(model)
    return Charset(card["charset"]["name"], card["charset"]["characters"])


def retrain(
    store: Store,
    settings: Settings,
    snapshot: Snapshot,
    *,
    minutes: float | None = None,
    watch: Watch | None = None,
    scope: Scope | None = None,
) -> Trained:
    """Train a challenger on a snapshot and register it; done before, it is only looked up.

    Args:
        store: where models and snapshots are.
        settings: replay, scratch folder, tracking.
        snapshot: what to learn.
        minutes: of training; None: as the settings say.
        watch: told about once a second how far it is; whatever it raises ends the training, to be resumed.
        scope: the hand or collection whose lines to learn, for a model of its own; None: everybody's.

    Raises:
        UnfitSnapshot: it may not be trained on, breaks an expectation, or holds too few lines of the scope.
        WheelStopped: the training cannot be done on this machine.
    """
    if snapshot.forgotten is not None:
        raise UnfitSnapshot(
            f"Snapshot {snapshot.id[:12]} may not be trained on: {snapshot.forgotten} Freeze a new one."
        )
    parent = parent_for(store, settings)
    length = settings.retrain_minutes if minutes is None else minutes
    options = FinetuneOptions(minutes=length, for_all=scope is None)
    named = f"{snapshot.id} {parent.version} {options}" + (f" {scope}" if scope else "")
    named += "" if settings.learn_uncorrected else " corrected lines alone"
    name = sha256(named.encode()).hexdigest()[:16]
    folder = settings.scratch / "trainings" / name
    if not (folder / REPORT).exists():
        _train(store, settings, _Order(snapshot, parent, options, folder, scope), watch)
    report: dict[str, Any] = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    if report["kept"] == "parent":
        return Trained(None, report)
    model = registry.register(
        store, folder / CHALLENGER, parent=parent.version, snapshot=snapshot.id, metrics=report, scope=scope
    )
    return Trained(model, report)


@dataclass(frozen=True, slots=True)
class _Order:
    """One training: what goes in, how, and where."""

    snapshot: Snapshot
    parent: Model
    options: FinetuneOptions
    folder: Path
    scope: Scope | None


def _train(store: Store, settings: Settings, order: _Order, watch: Watch | None) -> None:
    folder = order.folder
    begins = unpack(store, order.parent, settings.scratch / "models")
    lines = _lines(store, order)
    rows = write_lines(store, lines, settings.scratch)
    # What one hand writes may well differ from what everybody does: that is no drift.
    expect(rows, _charset(begins), before=() if order.scope else _texts_before(store, order.parent))
    train, held = ([row for row in rows if row.extra["split"] == split] for split in ("train", "validation"))
    if len(train) < FEWEST_LINES:
        raise UnfitSnapshot(
            f"Of {len(rows)} lines {len(train)} are for training: the others stand on pages, or are by a writer, that "
            "only test and choose. Correct another page."
        )
    others = uncorrected(store, lines) if settings.learn_uncorrected else []
    folder.mkdir(parents=True, exist_ok=True)
    pages = _note(folder / LEARNS, order.snapshot, others)
    train += write_lines(store, others, settings.scratch)
    facts = {
        "snapshot": order.snapshot.id,
        "parent": order.parent.version,
        "minutes": order.options.minutes,
        "scope": order.scope.kind if order.scope else None,  # whose it is stays here
    }
    run = tracking.open_run(settings, folder, facts)
    around = Surroundings(held, folder / CHECKPOINTS, watch, run)
    replay = _replay(settings, begins)
    shutil.rmtree(folder / CHALLENGER, ignore_errors=True)
    with attempt(folder, folder / CHECKPOINTS) as deaths:
        plans = list(_plans(order.options))[max(deaths - PATIENCE, 0) :]
        if not plans:
            raise WheelStopped(KILLED.format(deaths=deaths))
        if deaths > PATIENCE:
            log.warning("The training died %d times: it begins anew with batches of %d.", deaths, plans[0].batch_size)
            shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
        report = _attempt(train, begins, folder, replay, plans, around)
    copy_finder(begins, folder / CHALLENGER)
    tracking.close_run(run, report, [folder / CHALLENGER / name for name in (WEIGHTS, CARD)])
    unfinished = folder / f"{REPORT}.part"
    unfinished.write_text(json.dumps(report | {UNCORRECTED: pages}), encoding="utf-8")
    unfinished.replace(folder / REPORT)
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)


def _note(file: Path, snapshot: Snapshot, lines: Sequence[FrozenLine]) -> list[str]:
    """Note what a training learns from, beside what it did before it was killed; gives the uncorrected pages."""
    before = file.read_text(encoding="utf-8").split()[1:] if file.exists() else []
    pages = sorted({*before, *(line.page_id for line in lines)})
    file.write_text("\n".join([snapshot.id, *pages]), encoding="utf-8")
    return pages


def _lines(store: Store, order: _Order) -> list[FrozenLine]:
    """The lines to learn and choose by: the snapshot's, or those of the scope."""
    lines = list(lines_of(store, order.snapshot))
    if order.scope is None:
        return lines
    require_enough(order.scope, frozen(order.scope, lines))
    return [line for line in lines if order.scope.holds(line)]


def _attempt(
    train: Sequence[LineTruth],
    begins: Path,
    folder: Path,
    replay: Replay,
    plans: Sequence[FinetuneOptions],
    around: Surroundings,
) -> dict[str, Any]:
    """Fine-tune, more gently each time it fails for want of memory or because the loss is no number any more."""
    for gentler in plans:
        try:
            return finetune(train, begins, folder / CHALLENGER, replay, gentler, around).to_json()
        except Diverged as error:
            log.warning("%s It begins anew, more slowly.", error)
        except (MemoryError, RuntimeError) as error:
            if not isinstance(error, MemoryError) and not any(word in str(error).lower() for word in OUT_OF_MEMORY):
                raise
            log.warning("Too little memory for batches of %d lines: they are halved.", gentler.batch_size)
        shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    raise WheelStopped(
        "The training fails on this machine even with small batches and small steps. Free memory, or look at the "
        "lines of the snapshot: python -m flywheel export --snapshot ID."
    )


def _plans(options: FinetuneOptions) -> Iterator[FinetuneOptions]:
    yield options
    size, rate = options.batch_size, options.learning_rate
    while size > 1:
        size, rate = size // 2, rate * SLOWER
        yield replace(options, batch_size=size, learning_rate=rate)


def _replay(settings: Settings, begins: Path) -> Replay:
    """The base corpora, or lines in synthetic hands where there are none."""
    if settings.data is not None:
        return open_replay([settings.data])
    return written_by(begins)


def _texts_before(store: Store, parent: Model) -> list[str]:
    if parent.snapshot is None:
        return []
    return [line.text for line in lines_of(store, find(store, parent.snapshot))]

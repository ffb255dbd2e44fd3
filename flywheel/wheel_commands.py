"""What the wheel's verbs do: `python -m flywheel snapshot`, `export` and the rest, each repeatable on its own."""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flywheel.settings import ROOT, Settings

if TYPE_CHECKING:
    from flywheel.store import Store

Options = argparse.Namespace
Commands = Any  # argparse's own type has no public name
ANOTHER = "Another training runs already, and two would only hinder each other. Wait for it, or stop it."
FORMATS = ("lines", "page", "datasets")


def add_commands(commands: Commands) -> None:
    """Add the wheel's verbs to the command line."""
    snapshot = commands.add_parser("snapshot", help="freeze the ground truth, or compare two that were frozen")
    snapshot.add_argument("--without", nargs="+", metavar="LINE", default=[], help="ids of lines to leave out")
    snapshot.add_argument("--diff", nargs=2, metavar=("BEFORE", "AFTER"), help="two snapshots: what changed")
    snapshot.set_defaults(run=run_snapshot)
    export = commands.add_parser("export", help="write corrected lines, or a snapshot, with images")
    export.add_argument(
        "--output", type=Path, metavar="DIR", default=ROOT / "var" / "export", help="folder (default: %(default)s)"
    )
    export.add_argument("--snapshot", metavar="ID", help="a snapshot; not given: every corrected line")
    export.add_argument("--format", choices=FORMATS, default="lines", help="of a snapshot (default: %(default)s)")
    export.set_defaults(run=run_export)
    retrain = commands.add_parser("retrain", help="train a challenger on a snapshot, from the model that serves")
    _with_minutes(retrain)
    retrain.add_argument("--snapshot", metavar="ID", help="what to learn; not given: the newest")
    retrain.set_defaults(run=run_retrain)
    evaluate = commands.add_parser("evaluate", help="let the gate judge a model beside the one that serves")
    evaluate.add_argument("version", metavar="VERSION", help="of the model, or the end of it")
    evaluate.add_argument("--snapshot", metavar="ID", help="whose test lines; not given: those it was trained with")
    evaluate.set_defaults(run=run_evaluate)
    promote = commands.add_parser("promote", help="let a model serve that the gate has let through")
    promote.add_argument("version", metavar="VERSION", help="of the model, or the end of it")
    promote.add_argument("--anyway", action="store_true", help="without the gate's consent; --why is needed then")
    promote.set_defaults(run=run_promote)
    rollback = commands.add_parser("rollback", help="let the model serve again that served before")
    rollback.add_argument("version", metavar="VERSION", nargs="?", help="an earlier one; not given: the one before")
    rollback.set_defaults(run=run_rollback)
    for command in (promote, rollback):
        command.add_argument("--by", metavar="NAME", default="the command line", help="who decides")
        command.add_argument("--why", metavar="TEXT", default="", help="the reason, kept for ever")
    turn = commands.add_parser("turn", help="pull, snapshot, retrain, evaluate, promote: once")
    _with_minutes(turn)
    turn.set_defaults(run=run_turn)
    worker = commands.add_parser("worker", help="work on asked-for turns until stopped")
    worker.add_argument(
        "--name", metavar="NAME", default="", help="one per worker, and always the same (default: the machine's)"
    )
    worker.add_argument("--while-open", action="store_true", help="end when standard input does")
    worker.set_defaults(run=run_worker)
    for command in (snapshot, export, retrain, evaluate, promote, rollback, turn, worker, *_add_others(commands)):
        command.add_argument("--json", action="store_true", help="print the result as JSON")


def _add_others(commands: Commands) -> tuple[Any, Any]:
    bring = commands.add_parser("import", help="bring in a line or page manifest as ground truth")
    bring.add_argument("manifest", type=Path, metavar="MANIFEST", help="JSONL; paths relative to the file")
    bring.set_defaults(run=run_import)
    forget = commands.add_parser("forget", help="remove a person or a page, and mark what learnt from them")
    forget.add_argument("who", metavar="CONTRIBUTOR|PAGE", help="a contributor's name or id, or a page's id")
    forget.set_defaults(run=run_forget)
    return bring, forget


def _with_minutes(command: Any) -> None:
    command.add_argument("--minutes", type=float, metavar="M", help="of training; not given: as the settings say")


def run_snapshot(settings: Settings, options: Options) -> int:
    """Freeze the ground truth, or tell what changed between two snapshots."""
    from flywheel.ground_truth import ground_truth
    from flywheel.snapshots import compare, find, freeze

    with opened(settings) as store:
        if options.diff:
            before, after = (find(store, prefix) for prefix in options.diff)
            show(compare(store, before, after).to_json(), options)
        else:
            show(freeze(store, ground_truth(store), without=set(options.without)).to_json(), options)
    return 0


def run_export(settings: Settings, options: Options) -> int:
    """Write corrected lines, or a snapshot."""
    with opened(settings) as store:
        return _export_snapshot(store, options) if options.snapshot else _export_corrections(store, options)


def _export_corrections(store: "Store", options: Options) -> int:
    from flywheel.export import export_lines

    result = export_lines(store, options.output)
    if options.json:
        print(json.dumps(result, indent=2, ensure_ascii=False))
    else:
        print(f"{result['lines']} corrected lines of {result['pages']} pages: {result['manifest']}")
    return 1 if result["failures"] else 0


def _export_snapshot(store: "Store", options: Options) -> int:
    from flywheel.snapshot_files import EXPORTS
    from flywheel.snapshots import find, lines_of

    snapshot = find(store, options.snapshot)
    lines = list(lines_of(store, snapshot))
    written = EXPORTS[options.format](store, lines, options.output)
    show({"snapshot": snapshot.id, "lines": len(lines), "written": str(written)}, options)
    return 0


def run_retrain(settings: Settings, options: Options) -> int:
    """Train a challenger, or look up the one trained before."""
    from flywheel import runs
    from flywheel.errors import WheelStopped
    from flywheel.retraining import retrain
    from flywheel.snapshots import find

    with opened(settings) as store, store.alone(runs.LOCK) as taken:
        if not taken:
            raise WheelStopped(ANOTHER)
        trained = retrain(store, settings, find(store, options.snapshot), minutes=options.minutes)
        version = trained.challenger.version if trained.challenger else None
        show({"challenger": version, **trained.report}, options)
    return 0


def run_evaluate(settings: Settings, options: Options) -> int:
    """Let the gate judge a model; 0 whatever it says."""
    from flywheel import registry
    from flywheel.contest import contest
    from flywheel.snapshots import find

    with opened(settings) as store:
        model = registry.find(store, options.version)
        verdict = contest(store, settings, model, find(store, options.snapshot or model.snapshot))
    if options.json:
        print(json.dumps({"champion": verdict.champion, "challenger": verdict.challenger, **verdict.report}))
        return 0
    print(f"{verdict.decision}: {verdict.reason}")
    for part in verdict.report["slices"]:
        print(
            f"{part['name']:<30}{part['lines']:>6} lines  {part['champion_cer']:7.1%} → {part['challenger_cer']:.1%}"
            f"  ({100 * part['low']:+.1f} to {100 * part['high']:+.1f} points)"
        )
    return 0


def run_promote(settings: Settings, options: Options) -> int:
    """Promote a model."""
    from flywheel import registry

    with opened(settings) as store:
        done = registry.promote(store, options.version, by=options.by, why=options.why, anyway=options.anyway)
    show(done.to_json(), options)
    return 0


def run_rollback(settings: Settings, options: Options) -> int:
    """Roll back to a model that served before."""
    from flywheel import registry

    with opened(settings) as store:
        done = registry.roll_back(store, by=options.by, why=options.why, version=options.version)
    show(done.to_json(), options)
    return 0


def run_turn(settings: Settings, options: Options) -> int:
    """Turn the wheel once."""
    from dataclasses import asdict

    from flywheel import runs
    from flywheel.errors import WheelStopped
    from flywheel.turning import Wheel, turn

    with opened(settings) as store, store.alone(runs.LOCK) as taken:
        if not taken:
            raise WheelStopped(ANOTHER)
        minutes = settings.retrain_minutes if options.minutes is None else options.minutes
        begun = runs.begin_by_hand(store, minutes=minutes)
        done = asdict(turn(Wheel(store, settings, begun.id)))
    moments = {name: str(done[name]) for name in ("created_at", "finished_at")}
    show(done | moments, options)
    return 0


def run_import(settings: Settings, options: Options) -> int:
    """Bring in a manifest; 1 where a page was left out."""
    from flywheel.importing import import_manifest
    from flywheel.model_folders import load
    from flywheel.retraining import champion

    with opened(settings) as store:
        reader = load(store, champion(store, settings), settings.scratch / "models")
        done = import_manifest(store, reader, options.manifest, settings.trust)
    show(done.to_json(), options)
    return 1 if done.failures else 0


def run_forget(settings: Settings, options: Options) -> int:
    """Forget a person or a page; 1 where something could not be reached."""
    from flywheel.privacy import forget

    with opened(settings) as store:
        done = forget(store, settings, options.who)
    show(done.to_json(), options)
    return 1 if done.problems else 0


def run_worker(settings: Settings, options: Options) -> int:
    """Work until stopped, by a signal or by the end of standard input.

    A step in work ends with the process, at once: a training may take hours, and a worker that is started meanwhile
    would find it still going on. It is done again, as after kill -9.
    """
    import os
    import signal
    import sys
    import threading

    from flywheel.jobs import Worker

    with opened(settings) as store:
        worker = Worker(store, settings, name=options.name)
        for stop in (signal.SIGTERM, signal.SIGINT):
            signal.signal(stop, lambda *_: worker.stop())
        if options.while_open:

            def watch() -> None:
                sys.stdin.buffer.read()
                worker.stop()

            threading.Thread(target=watch, daemon=True).start()
        worker.work()
    show({"worker": worker.name, "state": "stopped"}, options)
    sys.stdout.flush()
    os._exit(0)


@contextmanager
def opened(settings: Settings) -> "Iterator[Store]":
    """The store of the settings, with the tables of this code."""
    from flywheel.store import Store

    with Store.open(settings) as store:
        store.ready()
        yield store


def show(result: dict[str, Any], options: Options) -> None:
    """A result as JSON, or as aligned rows."""
    if options.json:
        print(json.dumps(result, ensure_ascii=False))
        return
    for key, value in result.items():
        shown = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        print(f"{key:<18}{shown if not isinstance(shown, list) else len(shown)}")

"""What the wheel's verbs do: `python -m flywheel snapshot`, `export` and the rest, each repeatable on its own."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flywheel.command_line import Options, opened, show
from flywheel.settings import ROOT, Settings
from recognizer.arguments import positive

if TYPE_CHECKING:
    from flywheel.scopes import Scope
    from flywheel.store import Store

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
    for command in (retrain, evaluate, promote, rollback, turn):
        _with_scope(command)
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


def _with_scope(command: Any) -> None:
    whose = command.add_mutually_exclusive_group()
    whose.add_argument("--writer", metavar="NAME", help="a model of this hand's own")
    whose.add_argument("--collection", metavar="NAME", help="a model of this collection's own")


def _scope(options: Options) -> "Scope | None":
    from flywheel.scopes import scope_of

    return scope_of(writer=options.writer, collection=options.collection)


def _with_minutes(command: Any) -> None:
    command.add_argument("--minutes", type=positive, metavar="M", help="of training; not given: as the settings say")


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

    scope = _scope(options)
    with opened(settings) as store, store.alone(runs.LOCK) as taken:
        if not taken:
            raise WheelStopped(ANOTHER)
        trained = retrain(store, settings, find(store, options.snapshot), minutes=options.minutes, scope=scope)
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
        scope = _scope(options) or model.scope
        verdict = contest(store, settings, model, find(store, options.snapshot or model.snapshot), scope=scope)
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
    """Promote a model, for everybody or for one scope."""
    from flywheel import personal, registry

    decided = {"by": options.by, "why": options.why, "anyway": options.anyway}
    scope = _scope(options)
    with opened(settings) as store:
        if scope is not None:
            show(personal.promote(store, options.version, scope, **decided).to_json(), options)
        else:
            done = registry.promote(store, options.version, **decided)
            show(done.to_json() | _judged_again(store, settings), options)
    return 0


def run_rollback(settings: Settings, options: Options) -> int:
    """Roll back to a model that served before, for everybody or for one scope."""
    from flywheel import personal, registry

    scope = _scope(options)
    with opened(settings) as store:
        if scope is not None:
            done = personal.roll_back(store, scope, by=options.by, why=options.why, version=options.version)
            show(done.to_json(), options)
        else:
            common = registry.roll_back(store, by=options.by, why=options.why, version=options.version)
            show(common.to_json() | _judged_again(store, settings), options)
    return 0


def _judged_again(store: "Store", settings: Settings) -> dict[str, dict[str, str]]:
    """What the models of single hands and collections come to beside the new common one, where there are some."""
    from flywheel import personal

    if not personal.unjudged(store):
        return {}
    from flywheel.personal_contest import judge_again

    return {"dropped": {str(scope): why for scope, why in judge_again(store, settings).items()}}


def run_turn(settings: Settings, options: Options) -> int:
    """Turn the wheel once."""
    from dataclasses import asdict

    from flywheel import runs
    from flywheel.errors import WheelStopped
    from flywheel.scope_lines import require_lines
    from flywheel.turning import Wheel, turn

    scope = _scope(options)
    with opened(settings) as store, store.alone(runs.LOCK) as taken:
        if not taken:
            raise WheelStopped(ANOTHER)
        minutes = settings.retrain_minutes if options.minutes is None else options.minutes
        require_lines(store, scope)
        begun = runs.begin_by_hand(store, minutes=minutes, scope=scope)
        done = asdict(turn(Wheel(store, settings, begun.id))) | _judged_again(store, settings)
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

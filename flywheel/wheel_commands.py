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
    for command in (snapshot, export):
        command.add_argument("--json", action="store_true", help="print the result as JSON")


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

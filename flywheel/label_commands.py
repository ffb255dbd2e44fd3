"""What the verbs of the Label Studio loop do: `python -m flywheel push` and `pull`, each repeatable at any time."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flywheel.settings import Settings

if TYPE_CHECKING:
    from flywheel.pulling import Pulled
    from flywheel.pushing import Pushed

Options = argparse.Namespace
Commands = Any  # argparse's own type has no public name


def add_commands(commands: Commands) -> None:
    """Add the loop's verbs to the command line."""
    push = commands.add_parser("push", help="send lines that are worth a person's time to Label Studio")
    push.add_argument(
        "--new-project", action="store_true", help="begin a new project where ours was deleted there; sends it the rest"
    )
    push.add_argument(
        "--page",
        nargs="+",
        type=UUID,
        metavar="ID",
        default=[],
        help="pages whose boxes and order to review",
    )
    push.set_defaults(run=run_push)
    pull = commands.add_parser("pull", help="bring back what people answered there since the last pull")
    pull.add_argument("--reconcile", action="store_true", help="also look for deleted tasks one by one")
    pull.set_defaults(run=run_pull)
    for command in (push, pull):
        command.add_argument("--json", action="store_true", help="print the result as JSON")


def run_push(settings: Settings, options: Options) -> int:
    """Send lines until as many tasks are open as the settings allow."""
    from flywheel.label_studio import LabelStudio
    from flywheel.review_queue import review_queue
    from flywheel.store import Store
    from flywheel.sync import push, queue_pages

    with Store.open(settings) as store, LabelStudio.of(settings) as client:
        store.ready()
        queue_pages(store, options.page)
        done = push(store, client, settings, review_queue(store), new_project=options.new_project)
    return _show(done, options, f"{done.sent} sent, {done.found} found there, {done.withdrawn} withdrawn.")


def run_pull(settings: Settings, options: Options) -> int:
    """Bring back what people answered."""
    from flywheel.label_studio import LabelStudio
    from flywheel.store import Store
    from flywheel.sync import pull

    with Store.open(settings) as store, LabelStudio.of(settings) as client:
        store.ready()
        done = pull(store, client, settings, reconcile=options.reconcile)
    return _show(
        done,
        options,
        f"{done.labels} new answers to {done.tasks} tasks: {done.accepted} lines accepted, {done.withdrawn} withdrawn, "
        f"{done.disagreed} disagreed about; {done.deleted} tasks deleted there.",
    )


def _show(done: "Pushed | Pulled", options: Options, text: str) -> int:
    print(json.dumps(asdict(done), indent=2, ensure_ascii=False) if options.json else text)
    if not options.json:
        for problem in done.problems:
            print(problem)
    return 1 if done.problems else 0

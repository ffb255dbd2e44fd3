"""`python -m flywheel`: what an operator asks of the store. Results on stdout, logs on stderr.

Exit 0: done; 1: failed, or something needs a person; 2: misused, also by a bad INKLOOP_ variable.
Heavy modules are imported by the command that needs them, so that --help answers at once.
"""

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence

from flywheel import label_commands
from flywheel.account_commands import add_parser
from flywheel.errors import BadSettings, FlywheelError
from flywheel.settings import Settings
from flywheel.wheel_commands import add_commands
from recognizer.errors import RecognizerError

log = logging.getLogger("flywheel")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for chatty in ("alembic", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    run: Callable[[Settings, argparse.Namespace], int] = options.run
    try:
        return run(Settings.from_env(), options)
    except BadSettings as error:
        log.error("%s", error)
        return 2
    except (FlywheelError, RecognizerError, OSError) as error:
        log.error("%s", error)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m flywheel", description="Look after Inkloop's store.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    status = commands.add_parser("status", help="is the store usable, what is in it, is anything missing")
    status.set_defaults(run=_status)
    add_parser(commands)
    status.add_argument("--json", action="store_true", help="print the result as JSON")
    add_commands(commands)
    label_commands.add_commands(commands)
    return parser


def _status(settings: Settings, options: argparse.Namespace) -> int:
    from flywheel.status import as_text, look

    report = look(settings)
    print(json.dumps(report, indent=2) if options.json else as_text(report))
    return 1 if report["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m flywheel account …`: who may log in, and what they may do. Passwords never travel as arguments.

A password is typed (twice, unseen), or is the first line of standard input, or is made up and printed once.
"""

import argparse
import getpass
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flywheel.errors import BadAccount
from flywheel.settings import Settings

if TYPE_CHECKING:
    from flywheel.accounts import Account
    from flywheel.store import Store

ROLES = ("reader", "annotator", "operator")
ROLE_HELP = "reader: reads pages; annotator: also corrects and reviews; operator: also models, accounts, everything"

Run = Callable[[Settings, argparse.Namespace], int]


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its own commands to those of ``python -m flywheel``."""
    account = commands.add_parser("account", help="who may log in, and what they may do")
    verbs = account.add_subparsers(required=True, metavar="VERB")
    add = _verb(verbs, "add", "let somebody log in", _add)
    add.add_argument("--role", choices=ROLES, default="annotator", help=f"{ROLE_HELP} (default: %(default)s)")
    add.add_argument("--trusted", action="store_true", help="what they type is ground truth without a review")
    password = _verb(verbs, "password", "give them another password, and log them out everywhere", _password)
    for command in (add, password):
        command.add_argument("--generate", action="store_true", help="make a password up and print it, once")
    role = _verb(verbs, "role", "let them do more, or less", _role)
    role.add_argument("role", choices=ROLES, help=ROLE_HELP)
    trust = _verb(verbs, "trust", "take what they type as ground truth without a review", _trust)
    trust.add_argument("--withdraw", action="store_true", help="review it again from now on")
    disable = _verb(verbs, "disable", "log them out everywhere and let them in no more; their pages stay", _disable)
    disable.add_argument("--undo", action="store_true", help="let them log in again")
    token = _verb(verbs, "token", "print a token for their programs, once", _token)
    token.add_argument("--revoke", action="store_true", help="instead make all their tokens worthless")
    everybody = verbs.add_parser("list", help="everybody who has pages or may log in")
    everybody.set_defaults(run=_list)
    everybody.add_argument("--json", action="store_true", help="print the result as JSON")


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, told: str, run: Run
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}.")
    verb.set_defaults(run=run)
    verb.add_argument("name", metavar="NAME", help="what they log in with")
    verb.add_argument("--json", action="store_true", help="print the result as JSON")
    return verb


def _add(settings: Settings, options: argparse.Namespace) -> int:
    from flywheel.accounts import Role, add_account

    password, told = _new_password(options)
    with _store(settings) as store:
        account = add_account(store, options.name, password=password, role=Role(options.role), trusted=options.trusted)
    return _show(account, options, f"{account.name} may log in as {account.role}.", told)


def _password(settings: Settings, options: argparse.Namespace) -> int:
    from flywheel.accounts import change_password

    password, told = _new_password(options)
    with _store(settings) as store:
        account = change_password(store, options.name, password)
    return _show(account, options, f"{account.name} has another password and is logged out everywhere.", told)


def _role(settings: Settings, options: argparse.Namespace) -> int:
    from flywheel.accounts import Role, change_role

    with _store(settings) as store:
        account = change_role(store, options.name, Role(options.role))
    return _show(account, options, f"{account.name} is now: {account.role}.")


def _trust(settings: Settings, options: argparse.Namespace) -> int:
    from flywheel.accounts import change_trust

    with _store(settings) as store:
        account = change_trust(store, options.name, trusted=not options.withdraw)
    return _show(account, options, f"What {account.name} types is {'' if account.trusted else 'not '}trusted.")


def _disable(settings: Settings, options: argparse.Namespace) -> int:
    from flywheel.accounts import disable, enable

    with _store(settings) as store:
        account = (enable if options.undo else disable)(store, options.name)
    return _show(account, options, f"{account.name} may {'' if options.undo else 'no longer '}log in.")


def _token(settings: Settings, options: argparse.Namespace) -> int:
    from flywheel.accesses import add_program, revoke_programs

    with _store(settings) as store:
        token = None if options.revoke else add_program(store, options.name)
        if token is None:
            revoke_programs(store, options.name)
    if options.json:
        print(json.dumps({"name": options.name, "token": token}))
    else:
        print(token or f"Every token of {options.name} is worthless now.")
    return 0


def _list(settings: Settings, options: argparse.Namespace) -> int:
    from flywheel.accounts import accounts

    with _store(settings) as store:
        everybody = accounts(store)
    if options.json:
        print(json.dumps([_as_json(account) for account in everybody], indent=2, ensure_ascii=False))
    for account in () if options.json else everybody:
        state = "disabled" if account.disabled_at else "" if account.can_log_in else "no password"
        held = f"{account.sessions} logged in, {account.programs} tokens"
        facts = (account.role, "trusted" if account.trusted else "", state, held)
        print(f"{account.name:<24}{', '.join(filter(None, facts))}")
    return 0


def _show(account: "Account", options: argparse.Namespace, sentence: str, password: str | None = None) -> int:
    """Print what was done; ``password`` only where it was made up, for nobody else knows it."""
    told = {} if password is None else {"password": password}
    if options.json:
        print(json.dumps(_as_json(account) | told, indent=2, ensure_ascii=False))
    else:
        print(sentence)
        if password is not None:
            print(f"Password, shown only now: {password}")
    return 0


def _as_json(account: "Account") -> dict[str, Any]:
    return {
        "name": account.name,
        "id": str(account.id),
        "role": str(account.role),
        "trusted": account.trusted,
        "can_log_in": account.can_log_in,
        "disabled_at": account.disabled_at and account.disabled_at.isoformat(),
        "sessions": account.sessions,
        "tokens": account.programs,
        "last_seen_at": account.last_seen_at and account.last_seen_at.isoformat(),
    }


def _new_password(options: argparse.Namespace) -> tuple[str, str | None]:
    """A password, and the same where it was made up and has to be told."""
    from flywheel.passwords import generate

    if options.generate:
        made = generate()
        return made, made
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n"), None
    typed = getpass.getpass(f"Password for {options.name}: ")
    if getpass.getpass("The same again: ") != typed:
        raise BadAccount("The two passwords differ. Nothing was stored; try again.")
    return typed, None


@contextmanager
def _store(settings: Settings) -> Iterator["Store"]:
    from flywheel.store import Store

    with Store.open(settings) as store:
        store.ready()
        yield store

"""`python -m flywheel account` as an operator types it, on both engines; passwords come by standard input."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from flywheel.accesses import find_asker
from flywheel.accounts import Role
from flywheel.errors import BadLogin
from flywheel.login import log_in
from flywheel.settings import ROOT
from flywheel.store import Store

PASSWORD = "a quiet harbour"
HOME = "192.0.2.7"
Environ = dict[str, str]


def account(environ: Environ, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "flywheel", "account", *arguments],
        cwd=ROOT,
        env={**os.environ, **environ},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def answered(done: subprocess.CompletedProcess[str]) -> Any:
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_an_operator_makes_an_account_whose_owner_logs_in(store: Store, environ: Environ) -> None:
    done = account(environ, "add", "Ann", "--role", "operator", "--trusted", typed=f"{PASSWORD}\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Ann may log in as operator.\n", "")
    asker = find_asker(store, log_in(store, "Ann", PASSWORD, address=HOME), kind="session")
    assert asker and (asker.name, asker.role, asker.trusted) == ("Ann", Role.OPERATOR, True)


def test_a_made_up_password_is_told_once_and_works(store: Store, environ: Environ) -> None:
    made = answered(account(environ, "add", "Ann", "--generate", "--json"))
    assert (made["role"], made["trusted"]) == ("annotator", False)
    log_in(store, "Ann", made["password"], address=HOME)
    told = account(environ, "password", "Ann", "--generate").stdout.splitlines()
    assert told[0] == "Ann has another password and is logged out everywhere."
    with pytest.raises(BadLogin):
        log_in(store, "Ann", made["password"], address=HOME)
    log_in(store, "Ann", told[1].removeprefix("Password, shown only now: "), address=HOME)
    assert "password" not in answered(account(environ, "list", "--json"))[0]


def test_role_trust_and_admission_change_and_the_list_shows_them(store: Store, environ: Environ) -> None:
    account(environ, "add", "Ann", typed=PASSWORD)
    store.contributor("Carl")
    assert account(environ, "role", "Ann", "reader").stdout == "Ann is now: reader.\n"
    assert account(environ, "trust", "Ann").stdout == "What Ann types is trusted.\n"
    assert account(environ, "disable", "Ann").stdout == "Ann may no longer log in.\n"
    shown = account(environ, "list").stdout.splitlines()
    assert [line.split(maxsplit=1) for line in shown] == [
        ["Ann", "reader, trusted, disabled, 0 logged in, 0 tokens"],
        ["Carl", "annotator, no password, 0 logged in, 0 tokens"],
    ]
    assert account(environ, "disable", "Ann", "--undo").stdout == "Ann may log in.\n"
    assert account(environ, "trust", "Ann", "--withdraw").stdout == "What Ann types is not trusted.\n"


def test_a_token_for_programs_is_printed_once_and_can_be_revoked(store: Store, environ: Environ) -> None:
    account(environ, "add", "Ann", typed=PASSWORD)
    token = account(environ, "token", "Ann").stdout.strip()
    assert find_asker(store, token, kind="program")
    assert answered(account(environ, "token", "Ann", "--revoke", "--json")) == {"name": "Ann", "token": None}
    assert find_asker(store, token, kind="program") is None


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["add", "Ann"], 1, "A password has 10 to 256 characters; this one has 0."),
        (["password", "Ann", "--generate"], 1, "There is no account 'Ann'."),
        (["token", "Ann"], 1, "There is no account 'Ann' that may log in."),
        (["add", "Ann", "--role", "king"], 2, "invalid choice: 'king'"),
        (["add", "Ann", "--password", "secret"], 2, "unrecognized arguments: --password"),
        ([], 2, "usage: python -m flywheel account"),
    ],
)
def test_what_cannot_be_done_gets_a_sentence(
    store: Store, environ: Environ, arguments: list[str], status: int, sentence: str
) -> None:
    done = account(environ, *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert sentence in done.stderr
    assert store.counts()["contributors"] == 0

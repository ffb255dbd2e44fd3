"""How the program starts, and what it says when it cannot."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import address, listen, tell_who_may_come_in
from flywheel.accounts import Role, add_account
from flywheel.settings import Settings
from flywheel.store import Store
from tests.running_app import settings_in
from tests.source import ROOT


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def started(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("INKLOOP_")}
    return subprocess.run(
        [sys.executable, "app.py", *arguments],
        cwd=ROOT,
        env={**others, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_busy_port_is_passed_over_for_the_next_free_one(taken: int) -> None:
    with listen(Settings(port=taken)) as listener:
        assert taken < listener.getsockname()[1] < taken + 100
        assert address(listener) == f"127.0.0.1:{listener.getsockname()[1]}"


def test_a_busy_port_that_was_asked_for_stops_the_start_with_a_sentence(taken: int) -> None:
    told = started(INKLOOP_PORT=str(taken))
    assert told.returncode == 1
    assert f"port {taken}" in told.stderr
    assert "INKLOOP_PORT" in told.stderr
    assert "Traceback" not in told.stderr


def test_an_address_of_another_machine_stops_the_start_with_a_sentence() -> None:
    for host in ("192.0.2.1", "no.such.host.invalid"):
        told = started(INKLOOP_HOST=host, INKLOOP_AUTH="off")
        assert told.returncode == 1
        assert host in told.stderr
        assert "INKLOOP_HOST" in told.stderr


def test_an_address_that_other_machines_reach_stops_the_start_until_somebody_says_who_logs_in() -> None:
    told = started(INKLOOP_HOST="0.0.0.0")
    assert (told.returncode, told.stdout) == (1, "")
    assert "Set INKLOOP_AUTH=on" in told.stderr
    assert "Traceback" not in told.stderr


def test_the_start_tells_how_the_first_operator_is_made_until_there_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_in(tmp_path, auth="on", host="0.0.0.0")
    with Store.open(settings) as store:
        tell_who_may_come_in(settings, store)
        assert "python -m flywheel account add NAME --role operator" in capsys.readouterr().err
        add_account(store, "Olive", password="a quiet harbour", role=Role.OPERATOR)
        tell_who_may_come_in(settings, store)
        assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("host", "told"), [("0.0.0.0", "whoever reaches 0.0.0.0 may read"), ("127.0.0.1", "")])
def test_the_start_warns_when_other_machines_come_in_without_a_login(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], host: str, told: str
) -> None:
    settings = settings_in(tmp_path, auth="off", host=host)
    with Store.open(settings) as store:
        tell_who_may_come_in(settings, store)
    assert told in capsys.readouterr().err


def test_a_misspelt_variable_stops_the_start_with_a_sentence() -> None:
    told = started(INKLOOP_PROT="80")
    assert told.returncode == 1
    assert "INKLOOP_PORT" in told.stderr


def test_an_unknown_argument_is_a_misuse() -> None:
    assert started("--fast").returncode == 2


def test_every_address_of_the_machine_is_shown_as_this_one() -> None:
    with listen(Settings(host="0.0.0.0", port=20_000)) as listener:
        assert address(listener).startswith("127.0.0.1:")

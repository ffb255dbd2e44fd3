"""A real PostgreSQL for the tests: Debian's server on a free loopback port, in a temporary folder, gone afterwards."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest

START_TIMEOUT_S = 60
ATTEMPTS = 3  # another process may take the free port first

# The shell waits for the end of its standard input, which comes also when the tests are killed, then cleans up.
# The server speaks another time zone than UTC on purpose.
SERVE = """
"$1/postgres" -D "$2/data" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off \
    -c timezone=Asia/Kolkata </dev/null >"$2/log" 2>&1 &
cat
kill -INT $!
wait $!
rm -rf "$2"
"""


class Server:
    """A running server and the superuser's way in."""

    def __init__(self, port: int, password: str) -> None:
        self._port, self._password = port, password

    def url(self, database: str) -> str:
        """The address of one of its databases, as an operator would write it."""
        return f"postgresql://inkloop:{self._password}@127.0.0.1:{self._port}/{database}"

    def execute(self, statement: str) -> None:
        """Run one statement as the superuser, outside of any transaction."""
        connection = psycopg2.connect(self.url("postgres"), connect_timeout=5)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()


@contextmanager
def running_server() -> Iterator[Server]:
    """A server from nothing to gone; fails, never skips, where PostgreSQL is not installed."""
    programs = _programs()
    messages = ""
    for _ in range(ATTEMPTS):
        with _attempt(programs) as (server, log):
            if _answers(server):
                yield server
                return
            messages = log.read_text(encoding="utf-8", errors="replace")
    pytest.fail(f"PostgreSQL did not start on any of {ATTEMPTS} free ports. It says:\n{messages}")


@contextmanager
def _attempt(programs: Path) -> Iterator[tuple[Server, Path]]:
    folder = Path(tempfile.mkdtemp(prefix="inkloop-postgresql-"))
    account = _account(folder)
    password = secrets.token_hex(16)
    _make_cluster(programs, folder, password=password, account=account)
    port = _free_port()
    command = ["sh", "-c", SERVE, "sh", str(programs), str(folder), str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd="/", start_new_session=True, **account) as shell:
        try:
            yield Server(port, password), folder / "log"
        finally:
            assert shell.stdin is not None
            shell.stdin.close()
            shell.wait(timeout=START_TIMEOUT_S)


def _programs() -> Path:
    found = shutil.which("initdb")
    if found is not None and (Path(found).parent / "postgres").exists():
        return Path(found).parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not debian:
        pytest.fail(
            "These tests need a PostgreSQL server, and none is installed. "
            "Install one, on Debian with: apt-get install postgresql"
        )
    return debian[-1].parent


def _account(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as the user that Debian's package made for it."""
    if os.geteuid() != 0:
        return {}
    shutil.chown(folder, "postgres", "postgres")
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


def _make_cluster(programs: Path, folder: Path, *, password: str, account: dict[str, Any]) -> None:
    secret = folder / "password"
    secret.write_text(password, encoding="utf-8")
    if account:
        shutil.chown(secret, account["user"])
    secret.chmod(0o600)
    command = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "inkloop", "--pwfile", str(secret)]
    options = ["-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"]
    made = subprocess.run([*command, *options], cwd="/", capture_output=True, text=True, **account)
    if made.returncode != 0:
        pytest.fail(f"initdb failed:\n{made.stdout}{made.stderr}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(server: Server) -> bool:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            server.execute("SELECT 1")
        except psycopg2.OperationalError:
            time.sleep(0.1)
        else:
            return True
    return False

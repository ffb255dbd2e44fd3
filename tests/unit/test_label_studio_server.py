"""Our own Label Studio: its account, what its process is told, and that it never outlives us."""

import socket
import sys
import textwrap
from pathlib import Path

import pytest

from flywheel.label_studio_server import Account, environment, free_port, keep_account, running, wait_until_ready

ACCOUNT = Account("someone@localhost.localdomain", "a password", "0" * 40)


def program(folder: Path, body: str) -> Path:
    """A program that takes Label Studio's place."""
    path = folder / "label-studio"
    path.write_text(f"#!{sys.executable}\n" + textwrap.dedent(body), encoding="utf-8")
    path.chmod(0o700)
    return path


def test_second_start_keeps_the_account(tmp_path: Path) -> None:
    first = keep_account(tmp_path / "account.json")
    assert keep_account(tmp_path / "account.json") == first
    assert len(first.token) == 40


def test_two_servers_have_different_secrets(tmp_path: Path) -> None:
    one, other = keep_account(tmp_path / "one.json"), keep_account(tmp_path / "other.json")
    assert one.password != other.password
    assert one.token != other.token


def test_only_the_owner_can_read_the_account(tmp_path: Path) -> None:
    keep_account(tmp_path / "account.json")
    assert (tmp_path / "account.json").stat().st_mode & 0o777 == 0o600


def test_server_hears_nothing_of_our_own_settings(tmp_path: Path) -> None:
    base = {"PATH": "/bin", "INKLOOP_DATABASE_URL": "postgresql://secret", "PYTHONPATH": "/ours"}
    told = environment(ACCOUNT, port=8081, data=tmp_path, base=base)
    assert told["PATH"] == "/bin"
    assert not [name for name in told if name.startswith(("INKLOOP_", "PYTHON"))]


def test_server_is_closed_to_strangers_and_reports_to_nobody(tmp_path: Path) -> None:
    told = environment(ACCOUNT, port=8081, data=tmp_path, base={})
    assert told["LABEL_STUDIO_HOST"] == "http://127.0.0.1:8081"
    assert told["LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK"] == "true"
    assert (told["COLLECT_ANALYTICS"], told["SENTRY_DSN"], told["LATEST_VERSION_CHECK"]) == ("false", "", "false")


def test_busy_port_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = taken.getsockname()[1]
        assert free_port(busy) > busy


def test_server_is_waited_for_and_stopped(tmp_path: Path) -> None:
    fake = program(
        tmp_path,
        """
        import sys
        from http.server import BaseHTTPRequestHandler, HTTPServer

        class Health(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if self.path == "/health" else 404)
                self.end_headers()

        HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("-p") + 1])), Health).serve_forever()
        """,
    )
    port, log = free_port(18080), tmp_path / "server.log"
    with running(fake, port=port, told={}, log=log) as server:
        wait_until_ready(server, url=f"http://127.0.0.1:{port}", log=log)
        assert server.poll() is None
    assert server.poll() is not None


def test_server_that_ends_names_its_log(tmp_path: Path) -> None:
    fake, log = program(tmp_path, "raise SystemExit(3)"), tmp_path / "server.log"
    with (
        running(fake, port=18080, told={}, log=log) as server,
        pytest.raises(ChildProcessError, match=r"exit code 3; .*server\.log tells why"),
    ):
        wait_until_ready(server, url="http://127.0.0.1:18080", log=log)

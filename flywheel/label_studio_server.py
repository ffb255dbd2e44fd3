"""A Label Studio on this machine for those who have none: ``make labelstudio``.

It pins other versions of libraries that Inkloop uses too, so it lives in an environment of its own, under
``var/labelstudio`` with its data, its log and the account that the first start created. Standard library only: it
runs before Inkloop's own libraries are installed.
"""

import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from flywheel.settings import PREFIX, ROOT

VERSION = "1.23.2"
HOME = ROOT / "var" / "labelstudio"
FIRST_PORT = 8080
START_TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Account:
    """The one account of the server: for the browser a name and a password, for programs a token."""

    username: str
    password: str
    token: str


def keep_account(path: Path) -> Account:
    """The account kept in ``path``; where there is none, a new one with random secrets that only its owner can read."""
    if not path.exists():
        account = Account("inkloop@localhost.localdomain", secrets.token_urlsafe(18), secrets.token_hex(20))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(account), file)
    return Account(**json.loads(path.read_text(encoding="utf-8")))


def environment(account: Account, *, port: int, data: Path, base: Mapping[str, str]) -> dict[str, str]:
    """What the server's process is told.

    Inkloop's own variables and those of our virtual environment stay out of ``base``. Sign-up is closed, and nothing
    is sent to another host: no analytics, no crash reports, no look for a newer version.
    """
    kept = {name: value for name, value in base.items() if not name.startswith((PREFIX, "VIRTUAL_ENV", "PYTHON"))}
    return kept | {
        "LABEL_STUDIO_BASE_DATA_DIR": str(data),
        "LABEL_STUDIO_HOST": f"http://127.0.0.1:{port}",
        "LABEL_STUDIO_USERNAME": account.username,
        "LABEL_STUDIO_PASSWORD": account.password,
        "LABEL_STUDIO_USER_TOKEN": account.token,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "COLLECT_ANALYTICS": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "LATEST_VERSION_CHECK": "false",
    }


def free_port(first: int) -> int:
    """The first free port from ``first`` on. Label Studio would move on by itself, and tell nobody where it went."""
    for port in range(first, 65536):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"No port from {first} on is free on 127.0.0.1. Stop a server, then start again.")


def install(venv: Path) -> Path:
    """Label Studio's own environment, made or moved to ``VERSION`` where needed; returns its program.

    Whoever else wants it meanwhile waits, and finds it made.
    """
    stamp = venv / f"label-studio-{VERSION}"
    venv.parent.mkdir(parents=True, exist_ok=True)
    with venv.with_name(f"{venv.name}.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(venv, stamp)
    return venv / "bin" / "label-studio"


def _install(venv: Path, stamp: Path) -> None:
    if not stamp.exists():
        say(f"Installing Label Studio {VERSION} into {venv}: about 1 GB, minutes the first time.")
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, f"label-studio=={VERSION}"], check=True)
        stamp.touch()


@contextmanager
def running(program: Path, *, port: int, told: dict[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The server while the block runs; it is stopped at the end, whatever ends the block."""
    command = [str(program), "start", "--no-browser", "--internal-host", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as lines:
        server = subprocess.Popen(command, env=told, stdin=subprocess.DEVNULL, stdout=lines, stderr=subprocess.STDOUT)
    try:
        yield server
    finally:
        server.terminate()
        server.wait()


def wait_until_ready(server: "subprocess.Popen[bytes]", *, url: str, log: Path) -> None:
    """Return once the server answers.

    Raises:
        ChildProcessError: it ended instead.
        TimeoutError: it did neither within ten minutes.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise ChildProcessError(f"Label Studio ended with exit code {server.returncode}; {log} tells why.")
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass  # not yet
        time.sleep(0.5)
    raise TimeoutError(f"Label Studio did not answer within {START_TIMEOUT_S} s; {log} tells why.")


def say(text: str) -> None:
    """Print at once, also into a pipe."""
    print(text, flush=True)


def serve() -> int:
    """Install where needed, start, tell how to reach it, stay until it ends or Ctrl+C; returns the exit code."""
    HOME.mkdir(parents=True, exist_ok=True)
    program = install(HOME / "venv")
    account = keep_account(HOME / "account.json")
    port = free_port(FIRST_PORT)
    url, log = f"http://127.0.0.1:{port}", HOME / "server.log"
    told = environment(account, port=port, data=HOME / "data", base=os.environ)
    with running(program, port=port, told=told, log=log) as server:
        say(f"Starting Label Studio; its log is {log}.")
        wait_until_ready(server, url=url, log=log)
        say(f"Label Studio:  {url}\n     log in as  {account.username}\n      password  {account.password}\n")
        say("For Inkloop to use it, start Inkloop with:")
        say(f"{PREFIX}LABEL_STUDIO_URL={url}\n{PREFIX}LABEL_STUDIO_API_KEY={account.token}\n\nStop with Ctrl+C.")
        return server.wait()


def main() -> int:
    """The command; returns its exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return serve()
    except KeyboardInterrupt:
        return 0
    except subprocess.CalledProcessError as error:
        print(f"Label Studio was not installed: {' '.join(error.cmd)} failed; the reason is above.", file=sys.stderr)
    except OSError as error:
        print(error, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

"""Start Inkloop: read the settings, bring the store up to date, serve the page and the API."""

import argparse
import socket
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flywheel.settings import Settings
    from flywheel.store import Store

PORTS_TRIED = 100
GRACE_SECONDS = 5  # open pages keep a connection; they may not hold up a stop
EPILOG = "Settings come from INKLOOP_ variables; .env.example lists them all."


def main(arguments: list[str] | None = None) -> int:
    """Serve until stopped; 1 when Inkloop cannot start, 2 when it was called wrongly."""
    parser = argparse.ArgumentParser(prog="app.py", description=__doc__, epilog=EPILOG)
    parser.add_argument("--worker", action="store_true", help="start a worker too, which retrains when it is asked to")
    options = parser.parse_args(arguments)

    # Late: --help needs none of this.
    from flywheel.errors import FlywheelError
    from flywheel.settings import Settings
    from recognizer.errors import RecognizerError

    try:
        settings = Settings.from_env()
        settings.refuse_open_door()
        serve(settings, listen(settings), with_worker=options.worker)
    except (FlywheelError, RecognizerError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def serve(settings: "Settings", listener: socket.socket, *, with_worker: bool = False) -> None:
    """Build the application and answer on a listening socket until stopped."""
    import uvicorn

    from demo.model_watch import ModelWatch, first_reader
    from demo.server import Services, build_app
    from demo.warming import warm_up_beside
    from flywheel.migrate import migrate_up
    from flywheel.store import Store
    from flywheel.worker_process import WorkerProcess

    migrate_up(settings)
    with Store.open(settings) as store:
        tell_who_may_come_in(settings, store)
        services = Services(settings, store, first_reader(settings, store))
        app = build_app(services)
        warm_up_beside(services.reader)
        print(f"Inkloop is at http://{address(listener)}", flush=True)
        with ModelWatch(services), WorkerProcess() if with_worker else nullcontext():
            uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=GRACE_SECONDS)).run(
                sockets=[listener]
            )


def tell_who_may_come_in(settings: "Settings", store: "Store") -> None:
    """Say on stderr what an operator should know before anybody logs in, or instead of it."""
    from flywheel.accounts import NO_OPERATOR, has_operator
    from flywheel.settings import is_loopback

    if settings.auth and not has_operator(store):
        print(NO_OPERATOR, file=sys.stderr)
    elif settings.auth is False and not is_loopback(settings.host):
        print(
            f"INKLOOP_AUTH is off: whoever reaches {settings.host} may read and change everything here.",
            file=sys.stderr,
        )


def listen(settings: "Settings") -> socket.socket:
    """A listening socket on the port that was asked for, or on the next free one if none was named.

    Raises:
        OSError: the address cannot be had; the message says what to change.
    """
    tries = 1 if settings.port_is_fixed else PORTS_TRIED
    for port in range(settings.port, min(settings.port + tries, 65536)):
        try:
            return socket.create_server((settings.host, port), family=family(settings.host), backlog=2048)
        except OSError as error:
            trouble = error
    raise OSError(
        f"Inkloop cannot listen on {settings.host}, port {settings.port}: {trouble.strerror or trouble}. "
        "Set INKLOOP_HOST to an address of this machine and INKLOOP_PORT to a free port."
    ) from trouble


def family(host: str) -> socket.AddressFamily:
    """Whether a host is reached over IPv4 or IPv6."""
    return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][0]


def address(listener: socket.socket) -> str:
    """Host and port as a browser wants them; "every address" is reached as this machine."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


if __name__ == "__main__":
    sys.exit(main())

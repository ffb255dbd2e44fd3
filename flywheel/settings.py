"""The only reader of the environment: every ``INKLOOP_`` variable, checked once, at the start.

A misspelt variable would silently run the app on the wrong database, so an unknown one stops the start.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from flywheel.errors import BadSettings

PREFIX = "INKLOOP_"

Tracking = Literal["offline", "online", "off"]
TRACKINGS: tuple[Tracking, ...] = ("offline", "online", "off")
Policy = Literal["reviewed", "trusted", "everybody"]
POLICIES: tuple[Policy, ...] = ("reviewed", "trusted", "everybody")
"""Whose word makes ground truth: a reviewer's alone; a trusted contributor's too; anybody's."""

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds this package; ``var/`` lies in it, wherever the program is started from."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may choose; what may hold a secret is left out of ``repr``.

    Attributes:
        database_url: SQLite by absolute path, or PostgreSQL through psycopg2.
        blob_url: a folder, or any address fsspec opens.
        label_studio_url: None: no Label Studio.
        label_studio_api_key: a token for it, legacy or personal.
        label_studio_open_tasks: most lines that wait there for a person at one time.
        data: folder of base corpora, replayed while fine-tuning.
        model: folder of the model that reads; None: the shipped one.
        scratch: folder of trainings in progress and unpacked models; it may be lost at any time.
        wandb: whether trainings are logged to Weights & Biases: ``offline``, ``online`` or ``off``.
        retrain_minutes: training time of a turn of the wheel.
        retrain_after_lines: accepted lines since the last turn or snapshot that start one by themselves; 0: none do.
        retrain_at: when one starts by itself, as cron writes it, in UTC; None: never.
        learn_uncorrected: trainings also learn lines that nobody corrected, as the champion reads them, in documents of
            which lines were.
        trust: whose word makes ground truth: ``reviewed``, ``trusted`` or ``everybody``; see `flywheel.trust`.
        auth: people must log in; None: nobody said, so they need not, and only this machine is served.
        host: address the web server listens on.
        port: its port.
        port_is_fixed: the operator named the port, so a busy one is an error; else the next free one serves.
        max_upload_mb: largest file a person may give, MiB.
        max_megapixels: largest page.
        max_pages: most pages of one file.
    """

    database_url: str = field(default=f"sqlite:///{ROOT / 'var' / 'inkloop.db'}", repr=False)
    blob_url: str = field(default=str(ROOT / "var" / "blobs"), repr=False)
    label_studio_url: str | None = field(default=None, repr=False)
    label_studio_api_key: str | None = field(default=None, repr=False)
    label_studio_open_tasks: int = 500
    data: Path | None = None
    model: Path | None = None
    scratch: Path = ROOT / "var" / "scratch"
    wandb: Tracking = "offline"
    retrain_minutes: int = 4
    retrain_after_lines: int = 0
    retrain_at: str | None = None
    learn_uncorrected: bool = True
    trust: Policy = "trusted"
    auth: bool | None = None
    host: str = "127.0.0.1"
    port: int = 7860
    port_is_fixed: bool = False
    max_upload_mb: int = 64
    max_megapixels: int = 100
    max_pages: int = 200

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """The settings that an environment asks for; an empty variable counts as unset.

        Args:
            environ: the variables; None: those of this process.

        Raises:
            BadSettings: a variable is unknown, or its value cannot work; the message says which and why.
        """
        environ = os.environ if environ is None else environ
        chosen = {name: value.strip() for name, value in environ.items() if name.startswith(PREFIX)}
        for name in chosen:
            _refuse_unknown(name)
        values = {name: VARIABLES[name](name, value) for name, value in chosen.items() if value}
        fields = {name.removeprefix(PREFIX).lower(): value for name, value in values.items()}
        return cls(**fields, port_is_fixed="port" in fields)  # type: ignore[arg-type]

    def refuse_open_door(self) -> None:
        """Return unless other machines could reach an Inkloop for which nobody chose whether people log in.

        Raises:
            BadSettings: they could.
        """
        if self.auth is None and not is_loopback(self.host):
            raise BadSettings(
                f"INKLOOP_HOST is {self.host!r}, which other machines can reach, and nobody would have to log in. Set "
                "INKLOOP_AUTH=on, or INKLOOP_AUTH=off if whoever reaches that address may read and change everything."
            )

    @property
    def database(self) -> str:
        """The database URL without its password, for people and logs."""
        return without_password(self.database_url)

    @property
    def blobs(self) -> str:
        """The blob URL without its password, for people and logs."""
        return without_password(self.blob_url)


def without_password(url: str) -> str:
    """``url`` with every password in it replaced by ***."""
    url = re.sub(r"(://[^:/@]*):.*@", r"\1:***@", url)
    return re.sub(r"([?&](?:password|sslpassword|secret|token|key)=)[^&]*", r"\1***", url, flags=re.IGNORECASE)


def is_loopback(host: str) -> bool:
    """Whether an address or name, also one in brackets, is this machine's alone."""
    name = host.strip("[]").lower()
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def _refuse_unknown(name: str) -> None:
    if name in VARIABLES:
        return
    known = [variable.removeprefix(PREFIX) for variable in VARIABLES]
    near = get_close_matches(name.removeprefix(PREFIX).upper(), known, n=1)
    advice = f"Did you mean {PREFIX}{near[0]}?" if near else f"Those that exist: {', '.join(sorted(VARIABLES))}."
    raise BadSettings(f"The environment variable {name} is unknown. {advice} Rename or unset it.")


def _database_url(name: str, value: str) -> str:
    scheme, found, rest = value.partition("://")
    if scheme in ("postgres", "postgresql", "postgresql+psycopg2") and found:
        return f"postgresql+psycopg2://{rest}"
    if scheme not in ("sqlite", "sqlite+pysqlite") or not found:
        raise BadSettings(
            f"{name} begins with {scheme!r}, which is no database Inkloop can use. "
            "Give sqlite:///folder/inkloop.db or postgresql://user:password@host/name."
        )
    path = rest.removeprefix("/")
    if path == rest or not path or path.startswith((":memory:", "file:")) or "?" in path:
        raise BadSettings(
            f"{name} is {value!r}, which names no file. Give sqlite:/// and a path, such as "
            "sqlite:///var/inkloop.db (from this folder) or sqlite:////srv/inkloop.db (absolute)."
        )
    return f"sqlite:///{Path(path).expanduser().absolute()}"


def _blob_url(name: str, value: str) -> str:
    path = value.removeprefix("file://")
    if "://" in path:
        return value
    return str(Path(path).expanduser().absolute())


def _web_address(name: str, value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadSettings(
            f"{name} is {without_password(value)!r}, which is no web address. Give one such as http://127.0.0.1:8080."
        )
    return value.rstrip("/")


def _folder(name: str, value: str) -> Path:
    path = Path(value).expanduser().absolute()
    if not path.is_dir():
        raise BadSettings(f"{name} is {value!r}, and there is no such folder. Correct the path, or unset the variable.")
    return path


def _number(low: int, high: int) -> Callable[[str, str], int]:
    def read(name: str, value: str) -> int:
        if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
            raise BadSettings(f"{name} is {value!r}. Give a whole number from {low} to {high}.")
        return int(value)

    return read


def _one_of(*choices: str) -> Callable[[str, str], str]:
    def read(name: str, value: str) -> str:
        if value not in choices:
            raise BadSettings(f"{name} is {value!r}. Give one of: {', '.join(choices)}.")
        return value

    return read


def _place(name: str, value: str) -> Path:
    return Path(value).expanduser().absolute()


def _schedule(name: str, value: str) -> str:
    from croniter import CroniterError, croniter  # late: `make labelstudio` runs before any library is there

    try:
        if len(value.split()) == 5:
            croniter(value).get_next()
            return value
        reason = "it has not five fields"
    except CroniterError as error:
        reason = str(error)
    raise BadSettings(
        f"{name} is {value!r}: {reason}. Give five fields as cron has them, such as 0 3 * * * for 3 at night, UTC."
    )


def _switch(name: str, value: str) -> bool:
    if value.lower() not in ("on", "off"):
        raise BadSettings(f"{name} is {value!r}. Give on or off.")
    return value.lower() == "on"


def _text(name: str, value: str) -> str:
    return value


VARIABLES: dict[str, Callable[[str, str], object]] = {
    "INKLOOP_DATABASE_URL": _database_url,
    "INKLOOP_BLOB_URL": _blob_url,
    "INKLOOP_LABEL_STUDIO_URL": _web_address,
    "INKLOOP_LABEL_STUDIO_API_KEY": _text,
    "INKLOOP_LABEL_STUDIO_OPEN_TASKS": _number(1, 100_000),
    "INKLOOP_DATA": _folder,
    "INKLOOP_MODEL": _folder,
    "INKLOOP_SCRATCH": _place,
    "INKLOOP_WANDB": _one_of(*TRACKINGS),
    "INKLOOP_RETRAIN_MINUTES": _number(1, 1440),
    "INKLOOP_RETRAIN_AFTER_LINES": _number(0, 1_000_000),
    "INKLOOP_RETRAIN_AT": _schedule,
    "INKLOOP_LEARN_UNCORRECTED": _switch,
    "INKLOOP_TRUST": _one_of(*POLICIES),
    "INKLOOP_AUTH": _switch,
    "INKLOOP_HOST": _text,
    "INKLOOP_PORT": _number(1, 65535),
    "INKLOOP_MAX_UPLOAD_MB": _number(1, 4096),
    "INKLOOP_MAX_MEGAPIXELS": _number(1, 1000),
    "INKLOOP_MAX_PAGES": _number(1, 10000),
}
"""Every variable there is, with the function that checks its value; the field has the same name in lower case."""

"""What does the outbox cost beside Label Studio's own SDK? The same lines, into one real server, in one run.

    make benchmark-labelstudio                                          10,000 lines, 200 labels
    make benchmark-labelstudio BENCHMARK="--lines 500 --labels 50"

The plain import is what a script without a memory does: cut out and upload the same pictures, import the same tasks in
batches of a thousand. Ours does it through the outbox, which remembers each line. Then labels are pulled, few and many,
from the whole project and from one a tenth as large: the time should follow the labels and not the project.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from benchmarks import label_records, records
from benchmarks.many_lines import keep_lines, line_ids
from flywheel.label_configs import Kind, shipped
from flywheel.label_pictures import line_images, line_views
from flywheel.label_studio import MOST_TASKS, LabelStudio
from flywheel.label_studio_server import HOME, environment, free_port, install, keep_account, running, wait_until_ready
from flywheel.migrate import migrate_up
from flywheel.outbox import Sample, Wanted
from flywheel.settings import Settings
from flywheel.store import Store
from flywheel.sync import pull, push
from flywheel.tables import SampleRow

FIRST_PORT = 18700


@dataclass(frozen=True)
class Loop:
    """A store full of lines and a server."""

    store: Store
    settings: Settings
    client: LabelStudio


def options() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.label_studio", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--lines", type=int, default=10_000, help="lines to push (10000)")
    parser.add_argument("--labels", type=int, default=200, help="labels to pull (200)")
    return parser


def measure(lines: int, labels: int) -> dict[str, Any]:
    """Run everything on a server of its own; returns the figures."""
    small = max(lines // 10, labels)
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as (url, token):
        with loop(Path(folder) / "small", url, token, lines=small) as little:
            send(little)
            pulls = [pulled(little, size=small, labels=count) for count in (0, labels)]
            (project,) = little.client.projects(Kind.LINES.project_name)
            little.client._sdk.projects.update(project.number, title="Small")
        with loop(Path(folder) / "whole", url, token, lines=lines) as whole:
            figures = {"plain": plain(whole), "outbox": send(whole)}
            pulls += [pulled(whole, size=lines, labels=count) for count in (0, max(labels // 10, 1), labels)]
    return figures | {"pulls": pulls}


@contextmanager
def server(home: Path) -> Iterator[tuple[str, str]]:
    """A Label Studio of the benchmark's own: its address and a token."""
    account, port = keep_account(home / "account.json"), free_port(FIRST_PORT)
    url, log = f"http://127.0.0.1:{port}", home / "server.log"
    told = environment(account, port=port, data=home / "data", base=os.environ)
    with running(install(HOME / "venv"), port=port, told=told, log=log) as started:
        wait_until_ready(started, url=url, log=log)
        yield url, account.token


@contextmanager
def loop(home: Path, url: str, token: str, *, lines: int) -> Iterator[Loop]:
    """A new store with so many lines."""
    settings = Settings(
        database_url=f"sqlite:///{home}/inkloop.db",
        blob_url=str(home / "blobs"),
        label_studio_url=url,
        label_studio_api_key=token,
        label_studio_open_tasks=lines,
    )
    migrate_up(settings)
    with Store.open(settings) as store, LabelStudio(url, token) as client:
        keep_lines(store, lines)
        yield Loop(store, settings, client)


def plain(loop: Loop) -> dict[str, float]:
    """The same lines without an outbox, by a script that has texts and outlines at hand."""
    project = loop.client.create_project("Plain", shipped(Kind.LINES), instruction="").number
    samples = [Sample(uuid4(), line_id, None, False, "", None, None) for line_id in line_ids(loop.store)]
    with loop.store.reading() as session:
        starts = range(0, len(samples), MOST_TASKS)
        views = [line_views(session, samples[start : start + MOST_TASKS]) for start in starts]
    view_of = {sample_id: view for some in views for sample_id, view in some.items()}
    began = time.perf_counter()
    images = [(key, image) for key, image in line_images(loop.store, samples) if isinstance(image, bytes)]
    cut = time.perf_counter()
    paths = loop.client.upload_images(project, [(f"{key}.jpg", image) for key, image in images])
    uploaded = time.perf_counter()
    tasks = [replace(view_of[key], path=path).task(key) for (key, _), path in zip(images, paths, strict=True)]
    for start in range(0, len(tasks), MOST_TASKS):
        loop.client._sdk.projects.import_tasks(project, request=tasks[start : start + MOST_TASKS], return_task_ids=True)
    ended = time.perf_counter()
    return {
        "seconds": ended - began,
        "cutting": cut - began,
        "uploading": uploaded - cut,
        "importing": ended - uploaded,
    }


def send(loop: Loop) -> dict[str, float]:
    """The lines through the outbox, then once more, when all are there."""
    wanted = [Wanted(line_id, "benchmark", 1.0) for line_id in line_ids(loop.store)]
    first, again = (
        timed(lambda: push(loop.store, loop.client, loop.settings, lambda limit: wanted[:limit])) for _ in range(2)
    )
    return {"seconds": first, "seconds_again": again}


def pulled(loop: Loop, *, size: int, labels: int) -> dict[str, Any]:
    """Let somebody answer so many tasks, then pull."""
    pull(loop.store, loop.client, loop.settings)
    for task_id, text in open_tasks(loop.store, labels):
        result = [{"from_name": "text", "to_name": "image", "type": "textarea", "value": {"text": [text]}}]
        loop.client._sdk.annotations.create(id=task_id, result=result)
    time.sleep(1)
    began = time.perf_counter()
    done = pull(loop.store, loop.client, loop.settings)
    return {"tasks": size, "labels": labels, "stored": done.labels, "seconds": time.perf_counter() - began}


def open_tasks(store: Store, count: int) -> list[tuple[int, str]]:
    """Tasks that nobody has answered, with a text for each."""
    with store.reading() as session:
        rows = session.execute(select(SampleRow.task_id, SampleRow.shown).where(SampleRow.state == "open").limit(count))
        return [(int(row[0] or 0), f"{row[1]}!") for row in rows]


def timed(work: Callable[[], object]) -> float:
    """The seconds that something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main(arguments: list[str] | None = None) -> int:
    """Measure, keep the record, print it; returns the exit code."""
    chosen = options().parse_args(arguments)
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": records.commit(),
        "hardware": records.hardware(os.cpu_count() or 1),
        "lines": chosen.lines,
        "labels": chosen.labels,
    } | measure(chosen.lines, chosen.labels)
    print(label_records.write(record))
    return 0


if __name__ == "__main__":
    sys.exit(main())

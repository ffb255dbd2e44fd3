"""Several processes share a store, and some of them are killed in it."""

import os
import signal
import subprocess
import sys
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from flywheel.database import connect
from flywheel.records import Draft
from flywheel.settings import ROOT, Settings
from flywheel.store import Store
from flywheel.tables import CorrectionRow
from tests.readings import a_page, an_upload


def start(environ: dict[str, str], *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-m", "tests.integration.store_processes", *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environ}, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )


def all_corrections(settings: Settings) -> list[tuple[int, str]]:
    engine = connect(settings.database_url)
    with Session(engine) as session:
        found = session.execute(select(CorrectionRow.revision, CorrectionRow.text).order_by(CorrectionRow.revision))
        rows = [(row[0], row[1]) for row in found]
    engine.dispose()
    return rows


def test_two_processes_correcting_one_line_lose_nothing(
    store: Store, settings: Settings, environ: dict[str, str]
) -> None:
    ann = store.contributor("Ann")
    kept = store.keep_reading(an_upload(), [(a_page(["one"]), b"image")], contributor=ann, seconds=1)
    line_id = kept.pages[0].lines[0].id
    writers = [start(environ, "correct", ann, line_id, 40, label) for label in ("left", "right")]
    assert [writer.communicate(timeout=120)[1] for writer in writers] == ["", ""]
    rows = all_corrections(settings)
    assert [revision for revision, _ in rows] == list(range(1, 161))
    expected = {f"{label} {turn} {half}" for label in ("left", "right") for turn in range(40) for half in "ab"}
    assert {text for _, text in rows} == expected
    texts = [text for _, text in rows]
    assert all(a[:-1] == b[:-1] for a, b in zip(texts[::2], texts[1::2], strict=True))  # no batch was torn apart


@pytest.mark.parametrize("table", ["documents", "pages", "lines", "predictions"])
def test_a_process_killed_while_it_keeps_a_reading_leaves_none_of_it(
    store: Store, environ: dict[str, str], table: str
) -> None:
    ann = store.contributor("Ann")
    killed = start(environ, "keep-and-die", ann, table)
    _, said = killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL, said
    assert store.documents(ann) == []
    assert {name: number for name, number in store.counts().items() if number} == {"contributors": 1}


def test_a_process_killed_between_two_pages_leaves_a_document_that_says_so(
    store: Store, environ: dict[str, str]
) -> None:
    ann: UUID = store.contributor("Ann")
    with start(environ, "begin-and-wait", ann) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "kept\n"
        process.kill()
    (summary,) = store.documents(ann)
    assert (summary.pages_kept, summary.page_count, summary.complete) == (1, 2, False)
    unfinished = store.document(summary.id, ann)
    assert not unfinished.complete
    assert [page.text for page in unfinished.pages] == ["one"]
    store.keep_page(unfinished.id, a_page(["two"], number=2), b"image 2", seconds=1)
    assert store.document(summary.id, ann).complete


def test_a_draft_outlives_the_process_that_saved_it(store: Store, environ: dict[str, str]) -> None:
    ann = store.contributor("Ann")
    kept = store.keep_reading(an_upload(), [(a_page(["one"]), b"image")], contributor=ann, seconds=1)
    line_id = kept.pages[0].lines[0].id
    killed = start(environ, "draft-and-die", ann, line_id, "half a thou")
    _, said = killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL, said
    assert store.document(kept.id, ann).pages[0].lines[0].draft == Draft(line_id, "half a thou")

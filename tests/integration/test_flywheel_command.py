"""`python -m flywheel` as an operator runs it: a process of its own, from any folder, on both engines."""

import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from PIL import Image

from flywheel.accounts import Role, add_account
from flywheel.records import NewCorrection, StoredPage
from flywheel.settings import ROOT
from flywheel.store import Store
from recognizer.line_crops import crop_line
from recognizer.page import Line, Page, Reading
from tests.handwriting import WrittenPage, write_page
from tests.readings import a_page, an_upload
from tests.settled import Settled, settle

Environ = dict[str, str]


def flywheel(environ: Environ, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "flywheel", *arguments]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environ}
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=120)


@pytest.fixture
def ann(store: Store) -> UUID:
    return store.contributor("Ann")


@pytest.fixture
def written() -> WrittenPage:
    return write_page(["Dear Bob,", "it rains.", "Ann"], seed=4, width=700, height=500)


@pytest.fixture
def page(store: Store, ann: UUID, written: WrittenPage) -> StoredPage:
    """A stored page of real handwriting, misread."""
    lines = tuple(Line(line.polygon, line.baseline, Reading("?", 0.1, (), ())) for line in written.lines)
    image = io.BytesIO()
    Image.fromarray(written.image).convert("RGB").save(image, "WEBP", lossless=True)
    read = [(Page("letter.png", 1, 700, 500, lines, "inkloop-test-1"), image.getvalue())]
    return store.keep_reading(an_upload(), read, contributor=ann, seconds=1).pages[0]


def test_status_tells_that_all_is_well(store: Store, environ: Environ, page: StoredPage, tmp_path: Path) -> None:
    done = flywheel(environ, tmp_path, "status")
    assert (done.returncode, done.stderr) == (0, "")
    facts = {line[:20].strip(): line[20:] for line in done.stdout.splitlines()}
    assert facts["database"].endswith("(reachable)")
    assert facts["migrations"].endswith("(current)")
    assert facts["blobs"] == f"{tmp_path}/blobs (2 named, 0 missing)"
    assert facts["lines"] == "3"
    assert facts["model"] == "inkloop-test-1 (3 predictions, 0 corrections)"
    assert "problem" not in facts


def test_status_as_json_has_every_fact(store: Store, environ: Environ, page: StoredPage, tmp_path: Path) -> None:
    done = flywheel(environ, tmp_path, "status", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert report["database"]["reachable"] and report["problems"] == []
    assert report["database"]["revision"] == report["database"]["newest_revision"]
    assert report["counts"] == store.counts()
    assert [model["name"] for model in report["model_versions"]] == ["inkloop-test-1"]
    assert ":***@" in report["database"]["url"] or report["database"]["url"].startswith("sqlite")


def test_status_tells_what_people_corrected_of_late(store: Store, environ: Environ, tmp_path: Path) -> None:
    today = datetime.now(UTC)
    settle(store, Settled("abcdefgh", "abcdefgx"), Settled("a", "a", days_ago=30), model="inkloop-9", today=today)
    facts = {line[:20].strip(): line[20:] for line in flywheel(environ, tmp_path, "status").stdout.splitlines()}
    assert facts["last 7 days"] == "1 lines corrected"
    assert facts["people changed"].startswith("11.1% of the characters that inkloop-9 had read (")
    report = json.loads(flywheel(environ, tmp_path, "status", "--json").stdout)["corrections"]
    assert (report["lines_in_7_days"], report["versions"][0]["cer"]) == (1, pytest.approx(1 / 9))


def test_status_names_a_missing_blob_and_fails(store: Store, environ: Environ, ann: UUID, tmp_path: Path) -> None:
    store.keep_reading(an_upload(), [(a_page(["x"]), b"image")], contributor=ann, seconds=1)
    gone = next(path for path in (tmp_path / "blobs").rglob("*") if path.is_file())
    gone.unlink()
    done = flywheel(environ, tmp_path, "status", "--json")
    assert done.returncode == 1
    (problem,) = json.loads(done.stdout)["problems"]
    assert problem.startswith(f"1 of 2 blobs are missing from {tmp_path}/blobs, such as {gone.name}. Restore them")


def test_status_tells_while_nobody_can_log_in_who_may_do_everything(
    store: Store, environ: Environ, tmp_path: Path
) -> None:
    done = flywheel({**environ, "INKLOOP_AUTH": "on"}, tmp_path, "status", "--json")
    (problem,) = json.loads(done.stdout)["problems"]
    assert done.returncode == 1
    assert "python -m flywheel account add NAME --role operator" in problem
    add_account(store, "Olive", password="a quiet harbour", role=Role.OPERATOR)
    assert flywheel({**environ, "INKLOOP_AUTH": "on"}, tmp_path, "status").returncode == 0


def test_status_of_a_database_without_tables_fails(empty_database_url: str, tmp_path: Path) -> None:
    done = flywheel({"INKLOOP_DATABASE_URL": empty_database_url}, tmp_path, "status", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert report["database"]["reachable"] is not empty_database_url.startswith("sqlite")
    assert "Start the app once" in report["problems"][0]


def test_export_writes_the_newest_correction_of_each_line_beside_its_image(
    store: Store, environ: Environ, page: StoredPage, ann: UUID, written: WrittenPage, tmp_path: Path
) -> None:
    first, second, third = page.lines
    store.keep_corrections([NewCorrection(first.id, "Dear"), NewCorrection(first.id, "Dear Bob, ✠")], contributor=ann)
    store.keep_corrections([NewCorrection(third.id, "")], contributor=ann)
    done = flywheel(environ, tmp_path, "export", "--output", "ground truth", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    folder = tmp_path / "ground truth"
    assert json.loads(done.stdout) == {"manifest": "ground truth/lines.jsonl", "pages": 1, "lines": 2, "failures": []}
    rows = [json.loads(line) for line in (folder / "lines.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["text"], row["flags"]) for row in rows] == [("Dear Bob, ✠", []), ("", ["empty"])]
    assert {row["page"] for row in rows} == {str(page.id)}
    crop = np.asarray(Image.open(folder / rows[0]["image"]).convert("L"))
    expected = crop_line(written.image, first.polygon, first.baseline)
    assert crop.shape == expected.shape and np.abs(crop.astype(int) - expected).max() <= 2
    assert not any(str(second.id) in str(path) for path in folder.rglob("*"))


def test_export_again_gives_the_same_and_shows_new_corrections(
    store: Store, environ: Environ, page: StoredPage, ann: UUID, tmp_path: Path
) -> None:
    store.keep_corrections([NewCorrection(page.lines[0].id, "one")], contributor=ann)
    flywheel(environ, tmp_path, "export", "--output", "out")
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    again = flywheel(environ, tmp_path, "export", "--output", "out")
    assert again.stdout == "1 corrected lines of 1 pages: out/lines.jsonl\n"
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before
    store.keep_corrections([NewCorrection(page.lines[0].id, "two")], contributor=ann)
    flywheel(environ, tmp_path, "export", "--output", "out")
    assert json.loads((tmp_path / "out" / "lines.jsonl").read_text(encoding="utf-8"))["text"] == "two"


def test_export_names_what_it_must_leave_out_and_fails(
    store: Store, environ: Environ, page: StoredPage, ann: UUID, tmp_path: Path
) -> None:
    broken = store.keep_reading(an_upload("b.png"), [(a_page(["x"]), b"no image")], contributor=ann, seconds=1)
    new = [NewCorrection(line.id, "x") for line in (page.lines[0], broken.pages[0].lines[0])]
    store.keep_corrections(new, contributor=ann)
    done = flywheel(environ, tmp_path, "export", "--output", "out", "--json")
    result = json.loads(done.stdout)
    assert (done.returncode, result["lines"]) == (1, 1)
    (failure,) = result["failures"]
    assert failure.startswith(f"Page 1 of 'b.png' ({broken.pages[0].id}) is left out: ")
    assert failure in done.stderr


def test_export_of_an_empty_store_writes_an_empty_manifest(store: Store, environ: Environ, tmp_path: Path) -> None:
    done = flywheel(environ, tmp_path, "export", "--output", "out")
    assert (done.returncode, (tmp_path / "out" / "lines.jsonl").read_bytes()) == (0, b"")


def test_export_without_a_database_fails_with_a_sentence(tmp_path: Path) -> None:
    done = flywheel({"INKLOOP_DATABASE_URL": f"sqlite:///{tmp_path}/none.db"}, tmp_path, "export")
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no database at" in done.stderr


def test_a_misspelt_variable_is_misuse(tmp_path: Path) -> None:
    done = flywheel({"INKLOOP_BLOBURL": "x"}, tmp_path, "status")
    assert (done.returncode, done.stdout) == (2, "")
    assert "INKLOOP_BLOBURL is unknown. Did you mean INKLOOP_BLOB_URL?" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [[], ["frobnicate"], ["status", "--frobnicate"], ["turn", "--minutes", "-1"], ["turn", "--minutes", "nan"]],
)
def test_an_unknown_command_or_option_is_misuse(tmp_path: Path, arguments: list[str]) -> None:
    done = flywheel({}, tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: python -m flywheel" in done.stderr


def test_help_answers_without_heavy_modules(tmp_path: Path) -> None:
    program = (
        "import sys, runpy; sys.argv = ['flywheel', '--help']\n"
        "try: runpy.run_module('flywheel', run_name='__main__')\n"
        "except SystemExit as done: assert done.code == 0\n"
        "print(sorted({'torch', 'sqlalchemy', 'alembic', 'fsspec', 'numpy', 'PIL', 'cv2'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
    assert "status" in done.stdout and "export" in done.stdout

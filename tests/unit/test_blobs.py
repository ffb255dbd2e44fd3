"""Blobs are kept whole, once, under the name of their content, on disk or elsewhere."""

import re
import threading
from hashlib import sha256
from pathlib import Path

import pytest

from flywheel.blobs import Blobs
from flywheel.errors import BadSettings, BrokenBlob

DATA = b"a page image"
KEY = sha256(DATA).hexdigest()


@pytest.fixture(params=["folder", "elsewhere"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A folder, and a place that is no local disk."""
    return str(tmp_path / "blobs") if request.param == "folder" else f"memory://{tmp_path.name}"


def test_a_blob_comes_back_and_is_named_by_its_content(url: str) -> None:
    blobs = Blobs.open(url)
    assert blobs.keys() == set()
    assert blobs.put(DATA) == KEY
    assert blobs.put(DATA) == KEY
    assert blobs.put(b"") == sha256(b"").hexdigest()
    again = Blobs.open(url)
    assert again.get(KEY) == DATA
    assert again.keys() == {KEY, sha256(b"").hexdigest()}


def test_a_missing_blob_is_told(url: str) -> None:
    with pytest.raises(BrokenBlob, match=f"The blob {KEY} is missing from .* INKLOOP_BLOB_URL"):
        Blobs.open(url).get(KEY)


def test_blobs_lie_where_the_design_says_and_leave_no_scraps(tmp_path: Path) -> None:
    Blobs.open(str(tmp_path)).put(DATA)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "sha256" / KEY[:2] / KEY]


def test_a_blob_that_was_cut_short_is_told_and_mended_by_keeping_it_again(tmp_path: Path) -> None:
    blobs = Blobs.open(str(tmp_path))
    blobs.put(DATA)
    path = tmp_path / "sha256" / KEY[:2] / KEY
    path.write_bytes(DATA[:5])
    with pytest.raises(BrokenBlob, match=f"The blob {KEY} in .* was altered or cut short"):
        blobs.get(KEY)
    blobs.put(DATA)
    assert blobs.get(KEY) == DATA


def test_many_threads_keeping_the_same_blob_agree(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def keep() -> None:
        try:
            for turn in range(20):
                Blobs.open(str(tmp_path)).put(b"%d" % turn * 10_000)
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=keep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(Blobs.open(str(tmp_path)).keys()) == 20
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BrokenBlob, match=r"takes no file: .* Free or mend it"):
        Blobs.open(str(tmp_path / "file")).put(DATA)


def test_an_address_that_nothing_opens_is_told_without_its_password() -> None:
    sentence = "INKLOOP_BLOB_URL is 'nonsense://id:***@place', which cannot be opened"
    with pytest.raises(BadSettings, match=re.escape(sentence)):
        Blobs.open("nonsense://id:hunter2@place")

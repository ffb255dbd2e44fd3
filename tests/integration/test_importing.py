"""Manifests come in as ground truth, once."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from flywheel import trust
from flywheel.ground_truth import ground_truth
from flywheel.importing import IMPORTER, import_manifest
from flywheel.records import Upload
from flywheel.snapshot_files import write_lines
from flywheel.snapshots import freeze, lines_of
from flywheel.store import Store
from recognizer.errors import BadManifest
from recognizer.evaluation import evaluate_lines
from recognizer.line_reader import LineReader
from tests.handwriting import write_page
from tests.killed import Killed
from tests.readings import a_page, an_image
from tests.unit.lines import TEXTS, write_manifest


@pytest.fixture(scope="module")
def reader() -> LineReader:
    return LineReader.load()


def test_a_line_manifest_becomes_pages_whose_lines_are_ground_truth(
    store: Store, reader: LineReader, tmp_path: Path
) -> None:
    manifest = write_manifest(tmp_path / "in", TEXTS)
    done = import_manifest(store, reader, manifest, "trusted")
    assert (done.pages, done.lines, done.known, done.failures) == (2, 8, 0, [])
    truth = list(ground_truth(store))
    assert sorted(line.text for line in truth) == sorted(TEXTS)
    assert {line.rule for line in truth} == {"imported"} and len({line.page_id for line in truth}) == 2
    rows = write_lines(store, list(lines_of(store, freeze(store, truth))), tmp_path / "out")
    assert evaluate_lines(reader, rows).cer < 0.1  # the right image beside each text
    again = import_manifest(store, reader, manifest, "trusted")
    assert (again.pages, again.lines, again.known) == (0, 0, 2)
    assert len(list(ground_truth(store))) == 8


def test_a_page_manifest_keeps_its_outlines(store: Store, reader: LineReader, tmp_path: Path) -> None:
    written = write_page(["Dear Bob,", "it rains"], seed=4, width=700, height=400)
    Image.fromarray(written.image).save(tmp_path / "page.png")
    lines = [{"text": line.text, "polygon": line.polygon, "baseline": line.baseline} for line in written.lines]
    row = {"image": "page.png", "width": 700, "height": 400, "lines": lines, "writer": "Anna", "collection": "letters"}
    gone = {**row, "image": "gone.png"}
    manifest = tmp_path / "pages.jsonl"
    manifest.write_text(json.dumps(row) + "\n" + json.dumps(gone) + "\n", encoding="utf-8")
    done = import_manifest(store, reader, manifest, "trusted")
    assert (done.pages, done.lines) == (1, 2)
    (failure,) = done.failures
    assert "gone.png is left out: " in failure
    first, second = ground_truth(store)
    assert (first.text, first.writer, first.collection) == ("Dear Bob,", "Anna", "letters")
    assert second.polygon == tuple(written.lines[1].polygon)


def test_an_import_killed_in_the_middle_of_a_page_is_simply_done_again(
    store: Store, reader: LineReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = write_manifest(tmp_path / "in", TEXTS)
    real, kept = trust.keep, iter(range(2))

    def die(*arguments: Any) -> Any:
        if next(kept, None) is None:
            raise Killed
        return real(*arguments)

    monkeypatch.setattr(trust, "keep", die)
    with pytest.raises(Killed):
        import_manifest(store, reader, manifest, "trusted")
    monkeypatch.setattr(trust, "keep", real)
    done = import_manifest(store, reader, manifest, "trusted")
    assert (done.pages, done.lines, done.known) == (2, len(TEXTS), 0)
    assert sorted(line.text for line in ground_truth(store)) == sorted(TEXTS)
    assert store.counts()["documents"] == 2


def test_a_page_that_an_older_import_left_half_done_is_done_again(
    store: Store, reader: LineReader, tmp_path: Path
) -> None:
    manifest = write_manifest(tmp_path / "in", TEXTS)
    import_manifest(store, reader, manifest, "trusted")
    person = store.contributor(IMPORTER)
    half, whole = store.documents(person)
    sheet = store.document(half.id, person)
    page = a_page(["?"] * half.lines)
    store.delete_document(half.id, person)
    upload = Upload(half.name, store.blobs.get(sheet.sha256), "image/png")
    store.keep_reading(upload, [(page, an_image())], contributor=person, seconds=0)  # and never a word about its lines
    done = import_manifest(store, reader, manifest, "trusted")
    assert (done.pages, done.known) == (1, 1)
    assert sorted(line.text for line in ground_truth(store)) == sorted(TEXTS)
    assert len(store.documents(person)) == 2 and whole.id in {one.id for one in store.documents(person)}


def test_flagged_and_empty_lines_stay_outside(store: Store, reader: LineReader, tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, ["one", ""])
    rows = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    rows.append({**rows[0], "flags": ["blurred"]})
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    done = import_manifest(store, reader, manifest, "trusted")
    assert (done.lines, done.flagged) == (1, 2)


def test_a_manifest_that_is_none_is_refused(store: Store, reader: LineReader, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("not JSON\n", encoding="utf-8")
    with pytest.raises(BadManifest, match="line 1: not JSON"):
        import_manifest(store, reader, tmp_path / "x.jsonl", "trusted")
    assert list(ground_truth(store)) == []

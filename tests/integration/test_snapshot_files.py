"""A snapshot leaves as a line manifest, as PAGE XML and as a folder for Hugging Face's datasets."""

import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from lxml import etree
from PIL import Image

from flywheel.errors import BrokenBlob
from flywheel.snapshot_files import export_datasets, export_manifest, export_page_xml, write_lines
from flywheel.snapshots import FrozenLine, freeze, lines_of
from flywheel.store import Store
from recognizer.corpora import read_manifest
from recognizer.line_images import open_line
from tests.accepted import written_page

TEXTS = ["Dear Bob,", "it rains & snows", "Où êtes-vous ?"]


@pytest.fixture
def lines(store: Store) -> list[FrozenLine]:
    truth = [line for seed in (4, 6) for line in written_page(store, TEXTS, seed=seed, writer=f"w{seed}")]
    return list(lines_of(store, freeze(store, truth)))


def test_a_line_manifest_names_images_texts_and_splits(store: Store, lines: list[FrozenLine], tmp_path: Path) -> None:
    manifest = export_manifest(store, lines, tmp_path / "out")
    rows = list(read_manifest(manifest))
    assert [row.text for row in rows] == [line.text for line in lines]
    assert {row.extra["split"] for row in rows} == {line.split for line in lines}
    assert {row.writer for row in rows} == {"w4", "w6"}
    images = [open_line(row.image) for row in rows]
    assert all(len(image) == 64 and image.std() > 5 for image in images)  # there is ink on them


def test_lines_cut_before_are_not_cut_again(store: Store, lines: list[FrozenLine], tmp_path: Path) -> None:
    first = write_lines(store, lines, tmp_path)
    times = [row.image.stat().st_mtime_ns for row in first]
    first[0].image.unlink()
    again = write_lines(store, lines, tmp_path)
    assert again == first and again[0].image.exists()
    assert [row.image.stat().st_mtime_ns for row in again][1:] == times[1:]


def test_page_xml_lies_beside_its_image_in_reading_order(store: Store, lines: list[FrozenLine], tmp_path: Path) -> None:
    export_page_xml(store, lines, tmp_path)
    for page, split in {(line.page_id, line.split) for line in lines}:
        root = etree.parse(tmp_path / split / f"{page}.xml").getroot()
        texts = root.xpath("//*[local-name()='Unicode']/text()")
        assert [text for text in texts if "\n" not in text] == TEXTS
        (name,) = root.xpath("//*[local-name()='Page']/@imageFilename")
        with Image.open(tmp_path / split / name) as picture:
            assert picture.width == lines[0].page_width


def test_a_datasets_folder_holds_images_and_says_what_its_columns_are(
    store: Store, lines: list[FrozenLine], tmp_path: Path
) -> None:
    export_datasets(store, lines, tmp_path)
    found = []
    for file in sorted((tmp_path / "data").glob("*.parquet")):
        table = pq.read_table(file)
        features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
        assert features["image"] == {"_type": "Image"} and list(features) == table.column_names
        for row in table.to_pylist():
            assert Image.open(io.BytesIO(row["image"]["bytes"])).height == 64
            found.append((file.name.partition("-")[0], row["text"], row["line"]))
    assert sorted(found) == sorted((line.split, line.text, line.line_id) for line in lines)


def test_a_missing_page_image_is_told(store: Store, lines: list[FrozenLine], tmp_path: Path) -> None:
    next((tmp_path / "blobs").rglob(lines[0].image_sha256)).unlink()
    with pytest.raises(BrokenBlob, match="is missing"):
        export_manifest(store, lines, tmp_path / "out")
    assert not (tmp_path / "out" / "lines.jsonl").exists()

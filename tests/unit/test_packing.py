"""A data folder made small: what is carried, what is left out, what is refused."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from recognizer.__main__ import main
from recognizer.corpora import read_manifest, read_page_manifest
from recognizer.datasets import packing
from recognizer.errors import BadInput, BadManifest
from recognizer.line_images import open_line, to_height
from recognizer.training.line_training import find_corpora
from tests.unit.lines import write_manifest

SAMPLES = 400


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Lines in another folder than the manifest's, prose, and a table of ink with two splits."""
    folder = tmp_path / "data"
    manifest = write_manifest(tmp_path / "elsewhere", ["one", "two", "three"], name="lines_train.jsonl")
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    folder.mkdir()
    (folder / "lines_train.jsonl").write_text(
        "".join(json.dumps(row | {"image": f"../elsewhere/{row['image']}"}) + "\n" for row in rows)
    )
    (folder / "texts").mkdir()
    (folder / "texts" / "prose.txt").write_text("Some prose. " * 40)
    rng = np.random.default_rng(0)
    strokes = [rng.integers(-300, 300, 60).astype(np.int16) for _ in range(2 * SAMPLES)]
    pd.DataFrame(
        {
            "text": "on",
            "writer": "a",
            "split": ["train", "val"] * SAMPLES,
            "stroke_lengths": [np.array([60], np.uint16)] * (2 * SAMPLES),
            "dx": strokes,
            "dy": strokes[::-1],
        }
    ).to_parquet(folder / "unipen_text.parquet")
    return folder


def test_a_packed_folder_trains_as_the_whole_one_does(data: Path, tmp_path: Path) -> None:
    packed = packing.pack(data, tmp_path / "packed", most_bytes=10_000_000)
    assert (packed.lines, packed.ink, packed.ink_left_out) == (3, SAMPLES, 0)
    before, after = (list(read_manifest(folder / "lines_train.jsonl")) for folder in (data, tmp_path / "packed"))
    assert [(row.text, row.writer) for row in before] == [(row.text, row.writer) for row in after]
    for old, new in zip(before, after, strict=True):
        assert new.image.is_relative_to(tmp_path / "packed") and (open_line(old.image) == open_line(new.image)).all()
    corpora, _ = find_corpora(tmp_path / "packed")
    assert corpora.ink is not None and len(pd.read_parquet(corpora.ink)) == SAMPLES
    assert [path.name for path in corpora.texts] == ["prose.txt"]


def test_pages_to_train_on_are_carried_where_that_is_asked_for(data: Path, tmp_path: Path) -> None:
    rows = list(read_manifest(data / "lines_train.jsonl"))
    line = {"text": "one", "polygon": [[0, 0], [20, 0], [20, 20], [0, 20]], "baseline": [[0, 15], [20, 15]]}
    page = {"width": 40, "height": 40, "lines": [line], "writer": rows[-1].writer}
    pages = [page | {"image": f"scans/{split}.png", "split": split} for split in ("val", "train", "adapt")]
    (data / "scans").mkdir()
    for row in pages:
        Image.new("L", (40, 40), 255).save(data / str(row["image"]))
    (data / "pages.jsonl").write_text("".join(json.dumps(row) + "\n" for row in pages))
    assert packing.pack(data, tmp_path / "without", most_bytes=10_000_000).pages == 0
    assert not (tmp_path / "without" / "pages.jsonl").exists()
    assert packing.pack(data, tmp_path / "with", most_bytes=10_000_000, with_pages=True).pages == 1
    (carried,) = read_page_manifest(tmp_path / "with" / "pages.jsonl")
    assert carried.extra["split"] == "train" and carried.lines[0].text == "one"
    assert carried.image.read_bytes() == (data / "scans" / "train.png").read_bytes()
    (data / "scans" / "train.png").unlink()
    with pytest.raises(BadManifest, match=r"pages.jsonl, line 2: its image cannot be copied"):
        packing.pack(data, tmp_path / "broken", most_bytes=10_000_000, with_pages=True)
    assert not (tmp_path / "broken").exists()


def test_lines_are_made_smaller_where_that_is_asked_for(data: Path, tmp_path: Path) -> None:
    packing.pack(data, tmp_path / "packed", most_bytes=10_000_000, height_px=40)
    before, after = (list(read_manifest(folder / "lines_train.jsonl")) for folder in (data, tmp_path / "packed"))
    for old, new in zip(before, after, strict=True):
        small, whole = open_line(new.image), open_line(old.image)
        assert small.shape[0] == min(40, whole.shape[0]) and new.image.suffix == ".webp"
        assert np.abs(small.astype(int) - to_height(whole, small.shape[0])).mean() < 8


def test_as_much_ink_as_there_is_room_for(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = packing.pack(data, tmp_path / "whole", most_bytes=10_000_000).bytes
    ink = (tmp_path / "whole" / "unipen_text.parquet").stat().st_size
    most = whole - ink // 3
    output = tmp_path / "packed"
    assert main(["pack", str(data), "--output", str(output), "--megabytes", str(most / 1e6), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["bytes"] == sum(file.stat().st_size for file in output.rglob("*") if file.is_file()) <= most
    kept = pd.read_parquet(output / "unipen_text.parquet")
    assert len(kept) == report["ink"] > SAMPLES // 2 and set(kept["split"]) == {"train"}
    assert report["ink"] + report["ink_left_out"] == SAMPLES
    none = packing.pack(data, tmp_path / "none", most_bytes=whole - ink + 100)
    assert (none.ink, none.ink_left_out) == (0, SAMPLES) and not (tmp_path / "none" / "unipen_text.parquet").exists()


def test_what_cannot_be_packed_is_refused_with_the_reason(data: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="more than the 0"):
        packing.pack(data, tmp_path / "packed", most_bytes=100)
    assert not (tmp_path / "packed").exists()
    with pytest.raises(BadInput, match="not empty"):
        packing.pack(data, data, most_bytes=10_000_000)
    (tmp_path / "elsewhere" / "lines_train-0.png").unlink()
    with pytest.raises(BadManifest, match="line 1"):
        packing.pack(data, tmp_path / "packed", most_bytes=10_000_000)
    assert not (tmp_path / "packed").exists()

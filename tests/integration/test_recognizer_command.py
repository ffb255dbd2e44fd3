"""`python -m recognizer` with the shipped weights: what it prints, what it refuses, and with which exit status."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from recognizer.__main__ import main
from recognizer.metrics import cer
from recognizer.model_card import CARD, SHIPPED, WEIGHTS, read_card
from tests.handwriting import write_page
from tests.unit.lines import TEXTS, write_manifest

LINES = ["the quick brown fox jumps", "over a lazy dog at noon", "and nobody minds it much"]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A written page as a PNG."""
    path = tmp_path_factory.mktemp("page") / "letter.png"
    Image.fromarray(write_page(LINES, seed=3, width=900, height=500).image).save(path)
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of one command."""
    try:
        status = main([str(argument) for argument in arguments])
    except SystemExit as stop:
        status = int(stop.code or 0)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_a_page_is_read_as_the_contract_says(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "read", page, "--json")
    (read,) = json.loads(out)
    assert status == 0 and (read["path"], read["page"], read["width"], read["height"]) == (str(page), 1, 900, 500)
    assert cer([("\n".join(LINES), read["text"])]) < 0.25 and len(read["lines"]) == 3
    for line in read["lines"]:
        assert line["text"] == " ".join(word["text"] for word in line["words"])
        assert 0 <= line["confidence"] <= 1 and line["text"] not in line["alternatives"]
        assert all(0 <= x <= 900 and 0 <= y <= 500 for x, y in line["polygon"] + line["baseline"])


@pytest.mark.parametrize("format_", ["txt", "json", "page", "alto", "hocr", "pdf"])
def test_every_format_becomes_a_file(
    page: Path, tmp_path: Path, format_: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, _ = run(capsys, "read", page, "--format", format_, "--output", tmp_path)
    (written,) = tmp_path.iterdir()
    assert status == 0 and written.stem == "letter" and written.stat().st_size > 20


def test_one_bad_file_is_named_and_the_others_are_read(
    page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "not.png").write_bytes(b"not an image")
    status, out, err = run(capsys, "read", tmp_path / "not.png", tmp_path / "none.png", page, "--json")
    assert status == 1 and [read["path"] for read in json.loads(out)] == [str(page)]
    assert "not.png" in err and "none.png cannot be read" in err and "Traceback" not in err


def test_a_page_without_writing_has_no_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.new("RGB", (600, 800), "white").save(tmp_path / "empty.png")
    status, out, _ = run(capsys, "read", tmp_path / "empty.png", "--json")
    assert status == 0 and json.loads(out)[0]["lines"] == [] and json.loads(out)[0]["text"] == ""


def test_a_page_laid_in_upside_down_is_read_all_the_same(
    page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Image.open(page) as image:
        image.rotate(180).save(tmp_path / "turned.png")
    _, out, _ = run(capsys, "read", tmp_path / "turned.png", "--json")
    (read,) = json.loads(out)
    assert cer([("\n".join(LINES), read["text"])]) < 0.25
    assert all(line["baseline"][0][0] > line["baseline"][-1][0] for line in read["lines"])


def test_cropped_lines_are_read_without_a_finder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "read", "--lines", write_manifest(tmp_path), "--json")
    read = json.loads(out)
    assert status == 0 and len(read) == len(TEXTS) and all(len(page["lines"]) <= 1 for page in read)


def test_an_export_never_replaces_what_is_read(page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "scan.pdf"
    with Image.open(page) as image:
        image.save(copy)
    before = copy.read_bytes()
    status, _, err = run(capsys, "read", copy, "--format", "pdf", "--output", tmp_path)
    assert (status, err) == (0, "") and copy.read_bytes() == before
    assert (tmp_path / "scan.pdf.pdf").read_bytes().startswith(b"%PDF")
    status, _, err = run(capsys, "read", copy, tmp_path / "scan.pdf.pdf", "--format", "pdf", "--output", tmp_path)
    assert status == 1 and "would replace what is read" in err and copy.read_bytes() == before


def test_no_output_replaces_another_ones_or_an_input(
    page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = tmp_path / "a" / "scan.png", tmp_path / "b" / "scan.png", tmp_path / "b" / "scan.webp"
    for copy in (first, second):
        copy.parent.mkdir()
        copy.write_bytes(page.read_bytes())
    with Image.open(page) as image:
        image.save(third)
    status, _, err = run(capsys, "read", first, second, third, "--output", tmp_path / "out")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["scan.png.txt", "scan.txt", "scan.webp.txt"]
    assert (status, err) == (0, "")
    for copy in (first, second):
        copy.with_suffix(".txt").write_text("A person's own.")
    status, _, err = run(capsys, "read", first, first.with_suffix(".txt"), "--output", first.parent)
    assert status == 1 and "scan.txt" in err  # which is no picture
    assert first.with_suffix(".txt").read_text() == "A person's own." and (first.parent / "scan.png.txt").exists()


def test_a_folder_that_cannot_be_is_told(page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("x")
    status, _, err = run(capsys, "read", page, "--output", tmp_path / "file")
    assert status == 1 and "takes no file" in err and "Traceback" not in err


def test_a_folder_is_read_without_what_systems_hide_in_it(
    page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, nothing = tmp_path / "folder", tmp_path / "nothing"
    folder.mkdir()
    nothing.mkdir()
    for name in (".DS_Store", "Thumbs.db"):
        (folder / name).write_bytes(b"x")
        (nothing / name).write_bytes(b"x")
    (folder / "page.png").write_bytes(page.read_bytes())
    status, out, err = run(capsys, "read", folder, "--json")
    assert (status, len(json.loads(out)), err) == (0, 1, "")
    status, out, err = run(capsys, "read", nothing, "--json")
    assert (status, out.strip()) == (1, "[]") and "is a folder without files" in err


def test_a_missing_line_is_named_and_the_others_of_its_manifest_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = write_manifest(tmp_path)
    rows = [{"image": json.loads(line)["image"]} for line in manifest.read_text().splitlines()]
    listed = tmp_path / "UNREAD.JSONL"
    listed.write_text("".join(json.dumps(row) + "\n" for row in [{"image": "none.png"}, *rows]), encoding="utf-8-sig")
    status, out, err = run(capsys, "read", "--lines", listed, "--json")
    assert status == 1 and len(json.loads(out)) == len(rows) and "none.png does not exist" in err


def test_scores_of_lines_have_the_contracts_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "evaluate", write_manifest(tmp_path), "--json")
    scores = json.loads(out)
    assert status == 0 and scores["lines"] == len(TEXTS) and scores["excluded"] == 0
    assert set(scores) == {
        "lines", "excluded", "characters", "cer", "wer", "calibration_error", "lines_per_second", "model",
    }  # fmt: skip


def test_flagged_rows_are_scored_only_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = write_manifest(tmp_path)
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    rows[0]["flags"] = ["rotated"]
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    _, out, _ = run(capsys, "evaluate", manifest, "--json")
    _, flagged, _ = run(capsys, "evaluate", manifest, "--flagged", "--json")
    assert json.loads(out)["excluded"] == 1 and json.loads(out)["lines"] == len(TEXTS) - 1
    assert json.loads(flagged)["excluded"] == 0 and json.loads(flagged)["lines"] == len(TEXTS)


def test_scores_of_pages_have_the_contracts_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = write_page(LINES, seed=3, width=900, height=500)
    buffer = io.BytesIO()
    Image.fromarray(written.image).save(buffer, "PNG")
    (tmp_path / "p.png").write_bytes(buffer.getvalue())
    lines = [{"text": line.text, "polygon": line.polygon, "baseline": line.baseline} for line in written.lines]
    row = {"image": "p.png", "width": 900, "height": 500, "lines": lines}
    (tmp_path / "p.jsonl").write_text(json.dumps(row, default=float))
    status, out, _ = run(capsys, "evaluate-pages", tmp_path / "p.jsonl", "--json")
    scores = json.loads(out)
    assert status == 0 and scores["pages"] == 1 and scores["line_f1"] > 0.9 and scores["page_cer"] < 0.25
    assert {"line_precision", "line_recall", "pages_per_second"} <= set(scores)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["read"], "PATH"),
        (["read", "a.png", "--format", "pdf"], "say where with --output"),
        (["read", "a.png", "--formt", "pdf"], "unrecognized arguments"),
        (["train", "--data", "d", "--output", "o"], "say how long to train"),
        (["finetune", "m.jsonl", "--output", "o", "--minutes", "-1"], "-1 is no finite number above 0"),
        (["finetune", "m.jsonl", "--output", "o", "--minutes", "nan"], "nan is no finite number above 0"),
    ],
)
def test_misuse_exits_2_and_says_how(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, *arguments)
    assert status == 2 and message in err


def test_a_model_folder_that_is_none_is_named(page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "read", page, "--model", tmp_path)
    assert status == 1 and "line_reader.json cannot be read" in err


def test_the_fast_model_reads_and_says_that_it_is_fast(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = write_manifest(tmp_path, TEXTS[:4])
    status, out, _ = run(capsys, "evaluate", manifest, "--model", "fast", "--json")
    scores = json.loads(out)
    assert status == 0 and scores["model"] == read_card(SHIPPED)["version"] + "-fast" and scores["cer"] < 0.3


def test_quantise_notes_ranges_in_the_card_and_leaves_the_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / WEIGHTS).write_bytes((SHIPPED / WEIGHTS).read_bytes())
    before = {key: value for key, value in read_card(SHIPPED).items() if key not in ("int8", "language")}
    (tmp_path / "model" / CARD).write_text(json.dumps(before))
    manifest = write_manifest(tmp_path, TEXTS[:2])
    status, out, _ = run(capsys, "quantise", manifest, "--model", tmp_path / "model", "--json")
    after = read_card(tmp_path / "model")
    assert status == 0 and json.loads(out) == {"lines": 2, "layers": len(after["int8"]), "model": after["version"]}
    assert (tmp_path / "model" / WEIGHTS).read_bytes() == (SHIPPED / WEIGHTS).read_bytes()
    assert after["int8"].keys() == read_card(SHIPPED)["int8"].keys()
    assert {**after, "int8": None, "version": None} == {**before, "int8": None, "version": None}

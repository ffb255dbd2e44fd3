"""A model is taught one more language from plain text."""

import json
import random
from pathlib import Path

import pytest

from recognizer.__main__ import main
from recognizer.errors import BadInput, BadModel
from recognizer.line_reader import LineReader
from recognizer.model_card import SHIPPED, read_card
from recognizer.training.languages import teach
from recognizer.weights_files import load_reader, save_reader
from tests.handwriting import write_line

SYLLABLES = ("ko", "ri", "mä", "jö", "tta", "ksi", "kuu", "vää", "ly", "pin")


def write_text(path: Path, *, words: int, letters: str = "") -> Path:
    """Running text in a language of our own."""
    chance = random.Random(1)
    made = ["".join(chance.choices(SYLLABLES, k=chance.randint(1, 3))) for _ in range(60)]
    path.write_text(" ".join(chance.choice(made) for _ in range(words)) + letters, encoding="utf-8")
    return path


def test_a_taught_model_finds_the_language_likely_and_reads_as_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, output = write_text(tmp_path / "text.txt", words=2000, letters=" ж"), tmp_path / "model"
    assert main(["teach-language", str(text), "--output", str(output), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["lines"] == 223 and report["unknown"] == "ж"
    assert report["bits_after"] < 0.6 * report["bits_before"]
    card = read_card(output)
    assert card["version"] == report["model"] and card["parent"] == read_card(SHIPPED)["version"]
    assert card["language"]["neural"] == read_card(SHIPPED)["language"]["neural"]
    assert card["calibration"] and card["int8"] and "measured" not in card
    assert card["sources"] == [*read_card(SHIPPED)["sources"], {"source": "text.txt"}]
    (reading,) = LineReader.load(output).read_lines([write_line("the quick brown fox", seed=3)])
    assert reading.text == "the quick brown fox"


def test_what_cannot_be_taught_is_refused_with_the_reason(tmp_path: Path) -> None:
    short = write_text(tmp_path / "short.txt", words=80)
    with pytest.raises(BadInput, match=r"9 lines of 9 words\. Add text: 100"):
        teach([short], SHIPPED, tmp_path / "model")
    with pytest.raises(BadInput, match="cannot be read"):
        teach([tmp_path / "missing.txt"], SHIPPED, tmp_path / "model")
    model, charset, _ = load_reader(SHIPPED)
    save_reader(model, charset, tmp_path / "mute")
    with pytest.raises(BadModel, match="knows no language"):
        teach([short], tmp_path / "mute", tmp_path / "model")
    with pytest.raises(BadInput, match="is the model that is taught"):
        teach([short], SHIPPED, SHIPPED)
    assert not (tmp_path / "model").exists()

"""The benchmark is fair: same images, taken in turns, scored by the one scoring code, recorded as ratios."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks import records, rounds
from benchmarks.reading import summaries
from benchmarks.samples import Sample, synthetic

LINES = [Sample(Path(f"{number}.png"), f"line {number}") for number in range(10)]


class Reader:
    """An engine that knows the texts; it notes what it was asked, and when."""

    def __init__(self, name: str, diary: list[tuple[str, tuple[str, ...]]]) -> None:
        self.name, self.diary = name, diary

    def read_lines(self, images: Sequence[Path]) -> list[str]:
        self.diary.append((self.name, tuple(image.stem for image in images)))
        return [f"line {image.stem}" for image in images]

    def read_page(self, image: Path) -> str:
        return self.read_lines([image])[0]


def test_every_engine_reads_every_line_once_after_the_warm_up() -> None:
    diary: list[tuple[str, tuple[str, ...]]] = []
    rounds.compete([Reader("ours", diary), Reader("peer", diary)], LINES, rounds.lines, rounds=3)
    for name in ("ours", "peer"):
        measured = [image for who, images in diary[2:] if who == name for image in images]
        assert sorted(measured) == [sample.image.stem for sample in LINES]


def test_engines_take_turns_to_begin_on_the_same_lines() -> None:
    diary: list[tuple[str, tuple[str, ...]]] = []
    rounds.compete([Reader("ours", diary), Reader("peer", diary)], LINES, rounds.lines, rounds=2)
    (first, second), (third, fourth) = diary[2:4], diary[4:6]
    assert [who for who, _ in (first, second, third, fourth)] == ["ours", "peer", "peer", "ours"]
    assert first[1] == second[1] != third[1] == fourth[1]


def test_ratios_compare_with_the_peer_of_the_same_run() -> None:
    ours = rounds.Score("ours", [("abcd", "abcd"), ("abcd", "abc#")], [1.0, 1.0], [1, 1])
    peer = rounds.Score("RapidOCR 3", [("abcd", "ab##"), ("abcd", "abcd")], [2.0, 4.0], [1, 1])
    row = summaries([ours, peer])[0]
    assert row["cer"] == 0.125
    assert row["cer_ratio"] == 0.5
    assert row["speed_ratio"] == 3.0
    assert row["speed_ratio_of_rounds"] == [2.0, 4.0]


def test_record_says_what_was_measured_on_what(tmp_path: Path) -> None:
    pairs = [("ab", "ab")]
    rows = summaries([rounds.Score("Inkloop", pairs, [1.0], [1]), rounds.Score("RapidOCR 3", pairs, [1.0], [1])])
    record: dict[str, Any] = {
        "date": "2026-11-23",
        "commit": "abc",
        "data": "real",
        "hardware": records.hardware(2),
        "peer": "RapidOCR",
        "absent": {"Tesseract": "not installed"},
        "scores": {"lines": rows},
    }
    _, page = records.write(record, name="reading", tell=records.markdown, folder=tmp_path)
    text = page.read_text(encoding="utf-8")
    assert "commit `abc`" in text
    assert "| Inkloop | 0.000 | 0.000 | 1.00 | 1.00 (1.00–1.00) |  |" in text
    assert "Tesseract took no part: not installed." in text


@pytest.mark.parametrize("kind", ["lines", "pages"])
def test_synthetic_samples_are_files_with_texts(tmp_path: Path, kind: str) -> None:
    found: list[Sample] = getattr(synthetic(tmp_path), kind)
    assert len(found) > 1
    assert all(sample.image.stat().st_size > 100 and sample.text for sample in found)

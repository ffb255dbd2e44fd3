"""The demonstration of the whole loop: its hand is honest, its people look at what they do, a failed step says so."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks import loop
from benchmarks.loop import Diary, StepFailed, markdown, summary
from benchmarks.loop_app import matched
from benchmarks.old_hand import copied_pages, in_old_forms, letter_pages
from recognizer.datasets.handwriting import WrittenLine
from tests.source import ROOT

RECORD: dict[str, Any] = {
    "date": "2026-11-25",
    "commit": "abc",
    "hardware": {"cores": 2, "processor": "a processor", "load_at_start": 0.1},
    "minutes": 2.0,
    "lines": {"train": 176, "validation": 16, "test": 48},
    "unseen_pages": 5,
    "unseen_lines": 36,
    "cer_before": 0.1,
    "cer_after": 0.025,
    "gate": "Promoted: CER 9 % → 3 %.",
    "seconds": {"read": 60.2, "in all": 400.0},
}
WRITTEN = [
    WrittenLine(text, ((0, top), (90, top), (90, top + 30), (0, top + 30)), ()) for text, top in (("a", 0), ("b", 40))
]


def found(top: int) -> dict[str, Any]:
    return {"polygon": [[2, top], [88, top], [88, top + 24], [2, top + 24]]}


def test_only_shapes_are_old_and_a_word_ends_with_a_short_s() -> None:
    assert in_old_forms("She guesses yet") == "Shɛ ᵹuɛſſɛs ÿɛꞇ"


def test_pages_keep_the_text_in_modern_letters_and_the_letter_shares_no_line_with_what_is_learnt() -> None:
    letter, copy = letter_pages(), next(copied_pages())
    assert letter[0].text.startswith("Dear Sister, your letter reached us on\nSunday, ")
    assert copy.text.startswith("Apache License Version 2.0, January 2004\n") and len(copy.lines) == 8
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert [line.text for page in letter for line in page.lines if line.text in " ".join(licence.split())] == []


def test_lines_found_elsewhere_than_they_were_written_are_not_corrected() -> None:
    assert matched(WRITTEN, [found(3), found(44)]) == [(found(3), "a"), (found(44), "b")]
    assert matched(WRITTEN, [found(3)]) is None
    assert matched(WRITTEN, [found(3), found(9)]) is None


def test_a_step_that_fails_is_named_with_its_reason_and_the_logs_are_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fails() -> None:
        raise OSError("no route")

    monkeypatch.setattr(loop, "measure", lambda home, minutes: Diary().do("push", fails, str))
    monkeypatch.setattr(loop.tempfile, "mkdtemp", lambda prefix: str(tmp_path))
    assert loop.main([]) == 1
    assert capsys.readouterr().err == f"Failed to push: no route\nWhat the servers said is in {tmp_path}.\n"
    assert tmp_path.exists()


def test_a_turn_that_promotes_nothing_is_a_failure() -> None:
    class App:
        def turn(self, *_: object) -> dict[str, str]:
            return {"state": "done", "message": "Not promoted: that may be chance."}

        def wheel(self) -> dict[str, Any]:
            return {"promotions": [{"by": "inkloop", "version": "first"}]}

    with pytest.raises(StepFailed, match=r"^Failed to turn the wheel: Not promoted: that may be chance\.$"):
        loop.Loop(App(), None, {}, Diary()).learn(1)  # type: ignore[arg-type]


def test_the_record_tells_what_it_came_to() -> None:
    assert summary(RECORD) == "On 5 pages that nobody corrected CER fell from 10.0% to 2.5%: 75% fewer mistakes."
    assert "176 lines to learn from, 16 to choose by, 48 for the gate; 2 minutes" in markdown(RECORD)
    assert "| read | 60 |" in markdown(RECORD)

"""The shipped reader, asked whether the image bears out what somebody typed."""

import pytest

from recognizer.decoding.plausibility import CONTRADICTED_BELOW
from recognizer.line_reader import LineReader
from tests.handwriting import write_line

LINES = (
    "The letter came by the morning post",
    "Nobody opened it before dinner",
    "Il faut que je vous écrive encore",
    "We walked along the river at noon",
    "La récolte fut bonne cette année",
    "The lamps were lit in every street",
)


@pytest.fixture(scope="module")
def reader() -> LineReader:
    return LineReader.load()


def test_the_shipped_reader_tells_what_was_written_from_what_was_not(reader: LineReader) -> None:
    images = [write_line(text, seed=seed) for seed, text in enumerate(LINES)]
    others = [*LINES[1:], LINES[0]]
    inserted = [f"{text[: text.index(' ')]} harbour{text[text.index(' ') :]}" for text in LINES]
    honest, other, longer = (reader.plausibility(images, texts) for texts in (LINES, others, inserted))
    assert [score >= CONTRADICTED_BELOW for score in honest] == [True] * len(LINES)
    assert [score < CONTRADICTED_BELOW for score in other] == [True] * len(LINES)
    assert [score < CONTRADICTED_BELOW for score in longer] == [True] * len(LINES)


def test_characters_that_the_shipped_reader_cannot_know_say_nothing_for_a_text(reader: LineReader) -> None:
    images = [write_line(text, seed=seed) for seed, text in enumerate(LINES)]
    whole = ["".join(" " if character == " " else "ж" for character in text) for text in LINES]
    word = [text.replace(text.split()[2], "ж" * len(text.split()[2]), 1) for text in LINES]
    odd = [f"→{text[1:]}" for text in LINES]
    held = [
        [score < CONTRADICTED_BELOW for score in reader.plausibility(images, texts)] for texts in (whole, word, odd)
    ]
    assert held == [[True] * len(LINES), [True] * len(LINES), [False] * len(LINES)]


def test_a_line_is_judged_alike_alone_and_in_company(reader: LineReader) -> None:
    images = [write_line(text, seed=seed) for seed, text in enumerate(LINES[:3])]
    together = reader.plausibility(images, LINES[:3])
    alone = [reader.plausibility([image], [text])[0] for image, text in zip(images, LINES[:3], strict=True)]
    assert together == pytest.approx(alone, abs=1e-4)

"""The demonstration's hand is one that the shipped reader reads badly because of its letterforms, and only of them."""

from benchmarks.old_hand import SEED, in_old_forms, letter_pages
from recognizer.datasets.handwriting import write_line
from recognizer.line_reader import LineReader
from recognizer.metrics import cer


def test_old_forms_are_misread_where_modern_ones_of_the_same_hand_are_read() -> None:
    texts = [line.text for line in letter_pages()[0].lines]
    images = [write_line(form(text), seed=SEED) for form in (str, in_old_forms) for text in texts]
    read = [reading.text for reading in LineReader.load().read_lines(images)]
    modern, old = (cer(list(zip(texts, said, strict=True))) for said in (read[: len(texts)], read[len(texts) :]))
    assert modern < 0.02 < 0.05 < old

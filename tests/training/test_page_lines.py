"""Lines cut anew from their pages: near what was traced, never another line's, and only those that may be learnt."""

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from recognizer.corpora import LineTruth, PageTruth, TrueLine
from recognizer.datasets.batches import Corpora
from recognizer.datasets.page_lines import LINES_PER_PAGE, OPEN_PAGES, PageLines, cut
from recognizer.line_crops import crop_line
from tests.handwriting import WrittenPage, write_page

TEXTS = ["some words to look at", "in a second line", "and a third one"]


@pytest.fixture(scope="module")
def written() -> WrittenPage:
    return write_page(TEXTS, seed=3, width=520, height=300)


@pytest.fixture
def pages(written: WrittenPage, tmp_path: Path) -> list[PageTruth]:
    cv2.imwrite(str(tmp_path / "page.png"), written.image)
    lines = tuple(TrueLine(line.text, line.polygon, line.baseline) for line in written.lines)
    return [PageTruth(tmp_path / "page.png", 520, 300, lines, {"page": name}) for name in ("one", "two")]


def rows(page: str, texts: list[str]) -> list[LineTruth]:
    return [LineTruth(Path("unused.png"), text, (), {"page": page}) for text in texts]


@pytest.mark.parametrize("seed", range(6))
def test_a_cut_holds_its_lines_ink_and_little_else(written: WrittenPage, seed: int) -> None:
    for line in written.lines:
        exact = crop_line(written.image, line.polygon, line.baseline)
        loose = cut(written.image, TrueLine(line.text, line.polygon, line.baseline), np.random.default_rng(seed))
        assert loose.shape[0] == exact.shape[0] and 0.8 < loose.shape[1] / exact.shape[1] < 1.6
        share = (loose < 128).mean() / (exact < 128).mean()
        assert 0.45 < share < 1.8


def test_lines_come_as_often_as_they_are_asked_for_and_no_others_do(pages: list[PageTruth]) -> None:
    lines = rows("one", TEXTS[:2])
    source = PageLines(lines, [3.0, 1.0], pages, strength=0.0)
    assert len(source) == 1
    rng = np.random.default_rng(1)
    drawn = Counter(line[1] for line in (source.draw(rng) for _ in range(200)) if line is not None)
    assert set(drawn) == set(TEXTS[:2]) and 2 < drawn[TEXTS[0]] / drawn[TEXTS[1]] < 5


def test_the_same_seed_cuts_the_same(pages: list[PageTruth]) -> None:
    one, other = (
        [PageLines(rows("two", TEXTS), [1.0] * 3, pages, strength=0.7).draw(rng) for _ in range(1)]
        for rng in (np.random.default_rng(5), np.random.default_rng(5))
    )
    assert one[0] is not None and other[0] is not None
    assert one[0][1] == other[0][1] and (one[0][0] == other[0][0]).all()


def test_pages_are_changed_after_a_while(pages: list[PageTruth], monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    read = cv2.imread
    monkeypatch.setattr(cv2, "imread", lambda path, mode: (opened.append(path), read(path, mode))[1])
    source, rng = PageLines(rows("one", TEXTS), [1.0] * 3, pages, strength=0.0), np.random.default_rng(2)
    for _ in range(300):
        source.draw(rng)
    assert OPEN_PAGES < len(opened) < OPEN_PAGES + 2 * 300 / LINES_PER_PAGE


def test_a_page_that_is_gone_gives_nothing_and_the_others_go_on(pages: list[PageTruth], tmp_path: Path) -> None:
    gone = PageTruth(tmp_path / "gone.png", 520, 300, pages[1].lines, {"page": "two"})
    source = PageLines(rows("one", TEXTS) + rows("two", TEXTS), [1.0] * 6, [pages[0], gone], strength=0.0)
    rng = np.random.default_rng(1)
    drawn = [source.draw(rng) for _ in range(40)]
    assert any(line is None for line in drawn) and any(line is not None for line in drawn)


def test_lines_and_pages_without_a_name_are_not_taken_for_each_other(pages: list[PageTruth]) -> None:
    nameless = PageTruth(pages[0].image, 520, 300, pages[0].lines, {})
    assert len(PageLines([LineTruth(Path("unused.png"), TEXTS[0])], [1.0], [nameless], strength=0.0)) == 0


def test_without_pages_all_lines_come_from_the_manifest(pages: list[PageTruth]) -> None:
    lines = tuple(rows("one", TEXTS))
    assert [share for _, share in Corpora(lines).sources()] == [0.6]
    assert [share for _, share in Corpora(lines, tuple(pages)).sources()] == [0.3, 0.3]

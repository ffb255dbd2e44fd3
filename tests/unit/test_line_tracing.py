"""Lines, drawn as the network should see them, come back as lines."""

import numpy as np
import pytest

from recognizer.finding.line_tracing import trace_lines
from recognizer.finding.line_tracks import LineTrack, draw_targets, track_line
from recognizer.finding.line_votes import TracedLine
from recognizer.page_metrics import LineScore, score_lines
from tests.handwriting import WrittenPage, write_page

TEXTS = ["The quick brown fox", "jumps over the lazy dog", "and runs", "through the garden gate", "by night"]
SIZE = (640, 800)


def _tracks(page: WrittenPage) -> list[LineTrack]:
    return [track_line(np.array(line.polygon), np.array(line.baseline)) for line in page.lines]


def _traced(tracks: list[LineTrack], *, holes: tuple[slice, ...] = ()) -> list[TracedLine]:
    """What tracing makes of maps as a perfect network would draw them, but for some ``holes`` (columns)."""
    targets = draw_targets(tracks, SIZE)
    text = targets.text.astype(np.float32)
    for hole in holes:
        text[:, hole] = 0
    return trace_lines(text, targets.geometry)


def _score(lines: list[TracedLine], page: WrittenPage, iou: float = 0.6) -> LineScore:
    return score_lines([tuple(map(tuple, line.outline)) for line in lines], [line.polygon for line in page.lines], iou)


@pytest.mark.parametrize("columns", [1, 2])
def test_perfect_maps_give_the_lines_that_were_drawn(columns: int) -> None:
    page = write_page(TEXTS, seed=3, width=SIZE[1], height=SIZE[0], columns=columns)
    assert _score(_traced(_tracks(page)), page) == LineScore(5, 5, 5)


def test_baselines_come_back_within_two_pixels() -> None:
    page = write_page(TEXTS, seed=4, width=SIZE[1], height=SIZE[0])
    lines = sorted(_traced(_tracks(page)), key=lambda line: float(line.baseline[0, 1]))
    for line, written in zip(lines, page.lines, strict=True):
        xs, ys = np.array(written.baseline).T
        assert np.abs(np.interp(line.baseline[:, 0], xs, ys) - line.baseline[:, 1]).max() < 2


@pytest.mark.parametrize("degrees", [20, 90, 180, 270])
def test_direction_follows_the_writing_however_the_page_is_turned(degrees: float) -> None:
    page = write_page(TEXTS[:2], seed=5, width=300, height=160)
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    tracks = [t.moved(lambda p: (p - (150, 80)) @ turn + (240, 320)) for t in _tracks(page)]
    lines = _traced(tracks)
    assert len(lines) == 2
    for line in lines:
        chord = line.baseline[-1] - line.baseline[0]
        assert chord @ turn[0] > 0.99 * np.hypot(*chord)


def test_words_found_apart_on_one_baseline_are_one_line() -> None:
    page = write_page(["one line in three pieces"], seed=6, width=SIZE[1], height=SIZE[0])
    lines = _traced(_tracks(page), holes=(slice(150, 162), slice(300, 312)))
    assert _score(lines, page) == LineScore(1, 1, 1)


def test_columns_side_by_side_stay_apart() -> None:
    page = write_page(["left of the gap"] * 4 + ["right of the gap"] * 4, seed=7, width=480, height=400, columns=2)
    assert _score(_traced(_tracks(page)), page) == LineScore(8, 8, 8)


def test_touching_lines_that_vote_for_different_baselines_are_parted() -> None:
    page = write_page(TEXTS[:2], seed=8, width=SIZE[1], height=SIZE[0])
    targets = draw_targets(_tracks(page), SIZE)
    text, geometry = targets.text.astype(np.float32), targets.geometry
    upper, lower = (float(np.array(line.baseline)[:, 1].mean()) for line in page.lines)
    for row in range(int(upper) // 4, int(lower) // 4 - 2):  # a blot joins the two bands
        own = upper if (row + 0.5) * 4 < (upper + lower) / 2 else lower
        text[4 * row : 4 * row + 4, 120:140] = 1
        geometry[:, row, 30:35] = np.array([(own - (row + 0.5) * 4) / 16, 1.5, 0.5, 1, 0])[:, None]
    assert _score(trace_lines(text, geometry), page, iou=0.5) == LineScore(2, 2, 2)


def test_empty_maps_hold_no_lines() -> None:
    assert trace_lines(np.zeros((64, 64), np.float32), np.zeros((5, 16, 16), np.float32)) == []


def test_specks_are_no_lines() -> None:
    text = np.zeros((64, 64), np.float32)
    text[20:24, 20:24] = 1
    geometry = np.ones((5, 16, 16), np.float32)
    assert trace_lines(text, geometry) == []

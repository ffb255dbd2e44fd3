"""Reading order: top to bottom, column by column, whatever the slope of the page."""

import math

import pytest

from recognizer.finding.reading_order import reading_order
from recognizer.page import Outline

Shape = tuple[Outline, Outline]


def _line(x: float, y: float, *, width: float = 300, height: float = 30) -> Shape:
    """A level line whose baseline begins at x, y: polygon and baseline."""
    top, bottom = y - 0.7 * height, y + 0.3 * height
    return ((x, top), (x + width, top), (x + width, bottom), (x, bottom)), ((x, y), (x + width, y))


def _turned(shape: Shape, angle: float) -> Shape:
    cos, sin = math.cos(angle), math.sin(angle)
    polygon, baseline = (tuple((x * cos - y * sin, x * sin + y * cos) for x, y in points) for points in shape)
    return polygon, baseline


def _order(shapes: list[Shape]) -> list[int]:
    return reading_order([polygon for polygon, _ in shapes], [baseline for _, baseline in shapes])


def _shuffled(shapes: list[Shape]) -> tuple[list[Shape], list[int]]:
    """The shapes out of order, and the order that puts them right."""
    places = sorted(range(len(shapes)), key=lambda i: (i * 7) % len(shapes) if len(shapes) % 7 else (i * 5 + 3) % 11)
    return [shapes[i] for i in places], [places.index(i) for i in range(len(shapes))]


def _two_columns(rows: int = 8) -> list[Shape]:
    return [_line(0, 50 * r) for r in range(rows)] + [_line(330, 50 * r + 11) for r in range(rows)]


def test_no_lines_have_no_order() -> None:
    assert reading_order([], []) == []


def test_one_column_is_read_downwards() -> None:
    shapes, right = _shuffled([_line(20 * (r % 3), 50 * r, width=200 + 40 * (r % 4)) for r in range(9)])
    assert _order(shapes) == right


def test_pieces_at_one_height_are_read_from_left_to_right() -> None:
    shapes = [_line(500, 104, width=100), _line(0, 100), _line(0, 150, width=600)]
    assert _order(shapes) == [1, 0, 2]


def test_two_columns_are_read_one_after_the_other() -> None:
    shapes, right = _shuffled(_two_columns())
    assert _order(shapes) == right


def test_columns_may_be_of_different_length() -> None:
    shapes, right = _shuffled(_two_columns()[:-4])
    assert _order(shapes) == right


def test_a_title_and_a_footer_across_two_columns_keep_their_places() -> None:
    title, footer = _line(0, -70, width=640), _line(0, 430, width=640)
    shapes, right = _shuffled([title, *_two_columns(), footer])
    assert _order(shapes) == right


def test_a_gutter_that_single_lines_cross_still_parts_two_pages() -> None:
    left = [_line(0, 50 * r, width=345 if r == 3 else 310) for r in range(8)]
    right_page = [_line(320, 50 * r + 20) for r in range(8)]
    shapes, right = _shuffled([*left, *right_page])
    assert _order(shapes) == right


def test_a_wide_gap_in_one_line_makes_no_columns() -> None:
    shapes = [_line(0, 50 * r, width=640) for r in range(8)]
    shapes[3:4] = [_line(0, 150, width=250), _line(400, 150, width=240)]
    assert _order(shapes) == list(range(9))


@pytest.mark.parametrize("degrees", [-25, -8, 5, 12, 30])
@pytest.mark.parametrize("page", [_two_columns(), [_line(0, 40 * r, width=100 + 300 * (r % 2)) for r in range(10)]])
def test_a_slanted_page_is_read_as_a_level_one(page: list[Shape], degrees: float) -> None:
    shapes, right = _shuffled([_turned(shape, math.radians(degrees)) for shape in page])
    assert _order(shapes) == right


def test_a_page_on_its_head_is_read_from_its_own_top() -> None:
    shapes, right = _shuffled([_turned(shape, math.pi) for shape in _two_columns()])
    assert _order(shapes) == right


def test_fanning_lines_are_compared_where_they_meet() -> None:
    steep = ((0.0, 100.0), (600.0, 40.0))
    short = _line(0, 60, width=80)  # above the steep line's start, though below its end
    polygon = tuple((x, y - 20) for x, y in steep) + tuple((x, y + 10) for x, y in reversed(steep))
    below = _line(0, 150, width=600)
    assert _order([(polygon, steep), short, below]) == [1, 0, 2]


def test_a_note_beside_the_text_is_a_column_of_its_own() -> None:
    note = [_line(0, 100 + 25 * r, width=90, height=18) for r in range(3)]
    text = [_line(120, 50 * r, width=500) for r in range(8)]
    shapes, right = _shuffled([*note, *text])
    order = _order(shapes)
    assert [i for i in order if i in right[:3]] == right[:3]
    assert [i for i in order if i in right[3:]] == right[3:]
    places = [order.index(i) for i in right[:3]]
    assert places == list(range(places[0], places[0] + 3))


@pytest.mark.parametrize(("x", "expected"), [(-100.0, [4, 5, 0, 1, 2, 3]), (700.0, [0, 1, 2, 3, 4, 5])])
def test_notes_up_the_margin_stand_together_before_or_after_the_text(x: float, expected: list[int]) -> None:
    text = [_line(0, 50 * r, width=600) for r in range(4)]
    upwards = [_turned(_line(-200, x + 30 * k, width=200), -math.pi / 2) for k in range(2)]
    assert _order([*text, *upwards]) == expected

"""The drawing pad: what is written, erased and undone; and the picture that is read in the end."""

import io
import itertools
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage, Scheme, keep_screenshot
from tests.browser.pages import ReadPage
from tests.running_app import Running

Point = tuple[float, float]
HILL = [(60, 200), (120, 80), (180, 200)]
BAR = [(260, 120), (420, 120)]


@pytest.fixture
def screen(page: Page, running: Running) -> ReadPage:
    opened = ReadPage(page, running.url).open()
    opened.way("Write").click()
    return opened


def paper(screen: ReadPage) -> Locator:
    return screen.pad.get_by_role("img", name="Paper to write on")


def button(screen: ReadPage, name: str) -> Locator:
    return screen.pad.get_by_role("button", name=name)


def write(screen: ReadPage, points: list[Point]) -> None:
    box = paper(screen).bounding_box()
    assert box
    mouse = screen.page.mouse
    (x, y), *rest = [(box["x"] + right, box["y"] + down) for right, down in points]
    mouse.move(x, y)
    mouse.down()
    for x, y in rest:
        mouse.move(x, y, steps=8)
    mouse.up()


def ink_at(screen: ReadPage, point: Point) -> bool:
    """Whether the paper shows ink around a point."""
    return bool(
        paper(screen).evaluate(
            """(canvas, [x, y]) => {
              const scale = canvas.width / canvas.clientWidth;
              const around = [(x - 4) * scale, (y - 4) * scale, 8 * scale, 8 * scale];
              const { data } = canvas.getContext("2d").getImageData(...around);
              return data.some((value, i) => i % 4 === 0 && value < 90);
            }""",
            list(point),
        )
    )


def drawn(screen: ReadPage) -> tuple[bool, bool]:
    """Whether the hill and the bar are there."""
    return ink_at(screen, HILL[0]), ink_at(screen, (340, 120))


def stored_picture(running: Running) -> Image.Image:
    contributor = running.store.contributor("local")
    newest = running.store.documents(contributor)[0]
    page = running.store.document(newest.id, contributor).pages[0]
    return Image.open(io.BytesIO(running.store.page_image(page.id, contributor)[0])).convert("L")


def test_what_is_written_may_be_undone_redone_erased_and_cleared(screen: ReadPage) -> None:
    expect(button(screen, "Read this")).to_be_disabled()
    expect(button(screen, "Undo")).to_be_disabled()
    write(screen, HILL)
    write(screen, BAR)
    assert drawn(screen) == (True, True)
    button(screen, "Undo").click()
    assert drawn(screen) == (True, False)
    button(screen, "Redo").click()
    assert drawn(screen) == (True, True)
    button(screen, "Eraser").click()
    write(screen, [(50, 180), (70, 220)])
    assert drawn(screen) == (False, True)
    screen.press("ControlOrMeta+z")
    assert drawn(screen) == (True, True)
    screen.press("ControlOrMeta+Shift+z")
    assert drawn(screen) == (False, True)
    button(screen, "Clear").click()
    assert drawn(screen) == (False, False)
    expect(button(screen, "Read this")).to_be_disabled()
    button(screen, "Undo").click()
    assert drawn(screen) == (False, True)


def test_the_pad_keeps_what_was_written_until_it_is_read(screen: ReadPage) -> None:
    write(screen, HILL)
    screen.press("Escape")
    expect(screen.pad).to_be_hidden()
    screen.way("Write").click()
    assert ink_at(screen, HILL[0])


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (420, "dark")])
def test_what_is_read_is_dark_ink_on_white_paper_without_its_lines(
    open_page: OpenPage, running: Running, width: int, scheme: Scheme
) -> None:
    screen = ReadPage(open_page(width=width, height=800, scheme=scheme), running.url).open()
    screen.way("Write").click()
    before = screen.own_pages.count()
    write(screen, HILL)
    keep_screenshot(screen.page, f"pad_{width}_{scheme}")
    box: Any = paper(screen).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    expect(button(screen, "Read this")).to_be_in_viewport()
    button(screen, "Read this").click()
    expect(screen.own_pages).to_have_count(before + 1)
    screen.expect_idle()
    expect(screen.own_pages.first).to_contain_text("Written ")
    picture = stored_picture(running)
    grey = np.asarray(picture)
    assert picture.width >= 1400
    scale = picture.width / box["width"]
    assert grey[:, round(300 * scale)].min() > 240  # no paper line, no frame, no dark background
    x, y = (round(value * scale) for value in HILL[0])
    assert grey[y - 8 : y + 8, x - 8 : x + 8].min() < 90
    screen.way("Write").click()
    assert not ink_at(screen, HILL[0])


def test_the_lines_of_the_paper_may_be_hidden(screen: ReadPage) -> None:
    expect(button(screen, "Paper lines")).to_have_attribute("aria-pressed", "true")
    with_lines = paper(screen).screenshot()
    button(screen, "Paper lines").click()
    expect(button(screen, "Paper lines")).to_have_attribute("aria-pressed", "false")
    assert paper(screen).screenshot() != with_lines


STROKE = """(canvas, [kind, pressure, y]) => {
  const box = canvas.getBoundingClientRect();
  const send = (type, x) => canvas.dispatchEvent(new PointerEvent(type, {
    pointerId: kind === "touch" ? 7 : 9, pointerType: kind, isPrimary: true, pressure, bubbles: true, cancelable: true,
    clientX: box.left + x, clientY: box.top + y, button: type === "pointermove" ? -1 : 0,
  }));
  canvas.setPointerCapture = () => {};
  send("pointerdown", 100);
  for (let x = 110; x <= 300; x += 10) send("pointermove", x);
  send("pointerup", 300);
}"""


def test_pressure_makes_the_line_wider_and_fingers_write_too(screen: ReadPage) -> None:
    canvas = paper(screen)
    button(screen, "Paper lines").click()
    for kind, pressure, y in [("touch", 0, 60), ("pen", 0.1, 120), ("pen", 1.0, 180)]:
        canvas.evaluate(STROKE, [kind, pressure, y])
    widths = [thickness(screen, (200, y)) for y in (60, 120, 180)]
    assert widths[0] > 0
    assert widths[2] > 1.8 * widths[1]


def test_once_a_pen_writes_the_hand_that_rests_on_the_paper_does_not(screen: ReadPage) -> None:
    canvas = paper(screen)
    canvas.evaluate(STROKE, ["pen", 0.5, 100])
    canvas.evaluate(STROKE, ["touch", 0.5, 200])
    assert ink_at(screen, (200, 100))
    assert not ink_at(screen, (200, 200))


def thickness(screen: ReadPage, point: Point) -> float:
    """How many pixels of ink lie above and below a point."""
    column = paper(screen).evaluate(
        """(canvas, [x, y]) => {
          const scale = canvas.width / canvas.clientWidth;
          const { data } = canvas.getContext("2d").getImageData(x * scale, (y - 10) * scale, 1, 20 * scale);
          return Array.from({ length: data.length / 4 }, (_, i) => 255 - data[4 * i]);
        }""",
        list(point),
    )
    return sum(column) / 255


def test_ink_ends_at_the_points_where_it_was_drawn(screen: ReadPage) -> None:
    write(screen, BAR)
    for (x0, y0), (x1, y1) in itertools.pairwise(BAR):
        assert ink_at(screen, (x0, y0)) and ink_at(screen, (x1, y1))
        assert not ink_at(screen, (x0 - 15, y0)) and not ink_at(screen, (x1 + 15, y1))

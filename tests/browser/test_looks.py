"""The page fits a phone, follows the system into the dark, and loads nothing from anywhere else."""

import io
import itertools
import re
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, expect

from tests.browser.conftest import OpenPage, Scheme, keep_screenshot
from tests.browser.pages import ReadPage
from tests.fake_reader import FakeReader
from tests.handwriting import write_page
from tests.running_app import Running

TEXTS = [f"Line {number} of a page that is rather long, with a dubious word" for number in range(1, 25)]
PAGE = write_page(TEXTS, seed=2, width=1200, height=1600, paper="squared")


@pytest.fixture(scope="module")
def reader() -> FakeReader:
    taught = FakeReader()
    taught.teach(PAGE, doubtful=["dubious"])
    return taught


def picture() -> FilePayload:
    packed = io.BytesIO()
    Image.fromarray(PAGE.image).save(packed, "PNG")
    return {"name": "a page with quite a long name indeed.png", "mimeType": "image/png", "buffer": packed.getvalue()}


def box(locator: Locator) -> dict[str, Any]:
    found = locator.bounding_box()
    assert found
    return dict(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [420, 900, 1400])
def test_the_page_fits_and_nothing_lies_on_anything_else(
    open_page: OpenPage, running: Running, width: int, scheme: Scheme
) -> None:
    page = open_page(width=width, height=860, scheme=scheme)
    screen = ReadPage(page, running.url).open()
    screen.read(picture(), lines=len(TEXTS))
    screen.line(2).rewrite("A text that is long enough to need several rows on a narrow screen, and then some more")
    keep_screenshot(page, f"{width}_{scheme}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    lines = [screen.line(number) for number in range(1, 6)]
    rows = [line.row.element_handle() for line in lines]  # measured at once: the page may be scrolling
    edges = page.evaluate("rows => rows.map(r => r.getBoundingClientRect()).map(b => [b.top, b.bottom])", rows)
    assert all(bottom <= top for (_, bottom), (top, _) in itertools.pairwise(edges))
    assert all(box(line.field)["width"] > 0.9 * box(line.row)["width"] for line in lines)
    assert len({round(box(line.crop)["y"] - box(line.row)["y"]) for line in lines}) == 1  # tools or not
    tools = box(screen.editor.get_by_role("toolbar", name="This line"))
    assert tools["y"] + tools["height"] <= box(screen.line(2).crop)["y"]
    assert tools["x"] >= box(screen.line(2).side)["x"] + box(screen.line(2).side)["width"]
    bar = box(screen.submit_button)
    assert bar["y"] + bar["height"] <= 860


def book() -> FilePayload:
    packed = io.BytesIO()
    Image.fromarray(PAGE.image).save(packed, "PDF", save_all=True, append_images=[Image.fromarray(PAGE.image)])
    return {
        "name": "a book with quite a long name indeed.pdf",
        "mimeType": "application/pdf",
        "buffer": packed.getvalue(),
    }


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (768, "dark"), (1024, "light"), (1400, "dark")])
def test_the_bar_of_a_book_keeps_its_buttons_whole_and_beside_each_other(
    open_page: OpenPage, running: Running, width: int, scheme: Scheme
) -> None:
    page = open_page(width=width, height=860, scheme=scheme)
    screen = ReadPage(page, running.url).open()
    screen.read(book(), lines=len(TEXTS))
    bar = screen.editor.locator(".editor-bar")
    bar.locator(".bar-again").evaluate("again => { again.hidden = false; again.textContent = 'Read again'; }")
    screen.submit_button.click()
    expect(screen.message).to_contain_text("Nothing to submit yet")
    submit, doubtful = box(screen.submit_button), box(bar.locator(".bar-doubtful"))
    assert submit["width"] >= 130
    assert submit["y"] == doubtful["y"]
    for button in bar.locator("button:visible, summary").all():
        assert 0 <= box(button)["x"] <= box(button)["x"] + box(button)["width"] <= width
    assert box(screen.message)["height"] <= (70 if width == 390 else 46)
    assert box(bar)["height"] <= 230
    keep_screenshot(page, f"bar_{width}_{scheme}")
    screen.exports.locator("summary").click()
    menu = box(screen.exports.locator(".exports-list"))
    assert menu["x"] >= 0 and menu["y"] >= 0 and menu["x"] + menu["width"] <= width
    keep_screenshot(page, f"bar_menu_{width}_{scheme}")


@pytest.mark.parametrize("width", [420, 1400])
def test_the_page_and_its_lines_stand_side_by_side_only_where_there_is_room(
    open_page: OpenPage, running: Running, width: int
) -> None:
    screen = ReadPage(open_page(width=width), running.url).open()
    screen.read(picture(), lines=len(TEXTS))
    pictured, line = box(screen.editor.get_by_role("img", name="Page 1")), box(screen.line(1).row)
    beside = line["x"] >= pictured["x"] + pictured["width"]
    assert beside == (width == 1400)


@pytest.mark.parametrize("width", [420, 1400])
def test_the_tools_of_the_page_stand_above_its_picture(open_page: OpenPage, running: Running, width: int) -> None:
    screen = ReadPage(open_page(width=width), running.url).open()
    screen.read(picture(), lines=len(TEXTS))
    tools, pictured = box(screen.editor.get_by_role("toolbar", name="The page")), box(screen.picture)
    assert tools["y"] + tools["height"] <= pictured["y"]
    assert abs(tools["x"] + tools["width"] - pictured["x"] - pictured["width"]) < 2
    screen.line(1).box.click()
    screen.line(1).expect_focus()


def test_the_way_back_up_is_always_at_hand(open_page: OpenPage, running: Running) -> None:
    screen = ReadPage(open_page(height=600), running.url).open()
    screen.read(picture(), lines=len(TEXTS))
    screen.line(len(TEXTS)).field.click()
    expect(screen.own_pages.first).not_to_be_in_viewport()
    screen.editor.get_by_role("button", name="My pages").click()
    expect(screen.own_pages.first).to_be_in_viewport()
    expect(screen.page.get_by_role("tab", name="Insights")).to_be_in_viewport()


def test_on_a_phone_the_ways_in_are_one_row_and_what_is_looked_for_another(
    open_page: OpenPage, running: Running
) -> None:
    screen = ReadPage(open_page(width=420, height=860), running.url).open()
    screen.read(picture(), lines=len(TEXTS))
    screen.page.evaluate("scrollTo(0, 0)")
    heading, drop = screen.shelf.get_by_role("heading", name="My pages"), screen.shelf.locator(".drop")
    search, state = screen.shelf.get_by_role("searchbox"), screen.shelf.get_by_label("Show pages by state")
    rows = [[drop, *map(screen.way, ["Camera", "Paste", "Write"])], [heading, search, state]]
    for row in rows:
        boxes = [box(each) for each in row]
        assert max(each["y"] for each in boxes) < min(each["y"] + each["height"] for each in boxes)
    assert box(search)["height"] == box(state)["height"]
    assert box(screen.picture)["y"] < 560


def test_a_page_on_its_side_gets_the_wider_column(open_page: OpenPage, running: Running, reader: FakeReader) -> None:
    wide = write_page(["A line on a wide page"], seed=6, width=1400, height=700)
    reader.teach(wide)
    screen = ReadPage(open_page(), running.url).open()
    widths = []
    for image in (PAGE.image, wide.image):
        packed = io.BytesIO()
        Image.fromarray(image).save(packed, "PNG")
        file: FilePayload = {"name": "sides.png", "mimeType": "image/png", "buffer": packed.getvalue()}
        screen.read(file, lines=len(TEXTS) if image is PAGE.image else 1)
        widths.append(box(screen.editor.locator(".editor-page"))["width"] - box(screen.line(1).row)["width"])
    assert widths[0] < 0 < widths[1]


def test_the_dark_page_is_dark_and_its_text_is_readable(open_page: OpenPage, running: Running) -> None:
    screen = ReadPage(open_page(scheme="dark"), running.url).open()
    screen.read(picture(), lines=len(TEXTS))
    assert brightness(screen.page.locator(".gradio-container"), "backgroundColor") < 60
    expect(screen.page.locator("html")).to_have_css("color-scheme", "dark")
    assert brightness(screen.line(1).field, "color") > 200


def brightness(locator: Locator, colour: str) -> float:
    painted = locator.evaluate("(element, colour) => getComputedStyle(element)[colour]", colour)
    return sum(int(part) for part in re.findall(r"\d+", painted)[:3]) / 3


def test_the_line_that_is_worked_on_stays_in_view(open_page: OpenPage, running: Running) -> None:
    screen = ReadPage(open_page(height=600), running.url).open()
    screen.read(picture(), lines=len(TEXTS))
    screen.line(1).field.click()
    for number in range(2, len(TEXTS) + 1):
        screen.press("Enter")
        screen.line(number).expect_focus()
        row = box(screen.line(number).row)
        assert row["y"] >= 0
        assert row["y"] + row["height"] <= box(screen.submit_button)["y"]


def test_the_documentation_of_the_api_opens_without_another_host(open_page: OpenPage, running: Running) -> None:
    page = open_page()
    page.goto(f"{running.url}/docs")
    expect(page.get_by_text("/api/v1/read").first).to_be_visible()
    keep_screenshot(page, "docs")

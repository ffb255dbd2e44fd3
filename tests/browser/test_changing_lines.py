"""People change which lines a page has: split, join, add, reshape, delete, reorder, and take it back."""

import io

import httpx
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, Route, expect

from flywheel.records import StoredLine
from tests.browser.conftest import Watch, keep_screenshot
from tests.browser.pages import ReadPage
from tests.fake_reader import FakeReader
from tests.handwriting import write_page
from tests.running_app import Running

TEXTS = [
    "Dear Margaret, the roses by the gale have come",
    "out at last and I think of you each morning.",
    "The childrer ask when you will come again;",
    "little Tom has lost lwo teeth.",
    "With all my love, Eleanor",
]
LETTER = write_page(TEXTS, seed=4, width=900, height=700, paper="ruled")
HALVES = ["Dear Margaret, the roses", "by the gale have come"]


@pytest.fixture(scope="module")
def reader() -> FakeReader:
    taught = FakeReader()
    taught.teach(LETTER, doubtful=["gale", "childrer"])
    return taught


@pytest.fixture
def letter(page: Page, running: Running) -> ReadPage:
    """The letter, read and on the screen."""
    screen = ReadPage(page, running.url).open()
    packed = io.BytesIO()
    Image.fromarray(LETTER.image).save(packed, "PNG")
    payload: FilePayload = {"name": "letter.png", "mimeType": "image/png", "buffer": packed.getvalue()}
    screen.read(payload, lines=len(TEXTS))
    return screen


def stored_lines(running: Running) -> tuple[StoredLine, ...]:
    contributor = running.store.contributor("local")
    newest = running.store.documents(contributor)[0].id
    return running.store.document(newest, contributor).pages[0].lines


def test_a_line_is_split_at_the_caret_and_only_its_halves_are_read(letter: ReadPage, running: Running) -> None:
    before = stored_lines(running)
    letter.line(1).put_caret(before=" by the")
    letter.press("Alt+Enter")
    letter.expect_texts([*HALVES, *TEXTS[1:]])
    letter.line(1).expect_focus()
    keep_screenshot(letter.page, "split")
    left, right = letter.line(1).box.bounding_box(), letter.line(2).box.bounding_box()
    assert left and right
    assert abs(left["x"] + left["width"] - right["x"]) < 3
    assert abs(left["y"] - right["y"]) < 3
    after = stored_lines(running)
    assert [line.text for line in after] == [*HALVES, *TEXTS[1:]]
    assert [line.id for line in after[2:]] == [line.id for line in before[1:]]


def test_a_typed_text_is_split_with_its_line_and_joined_with_it_again(letter: ReadPage) -> None:
    letter.line(1).rewrite("Dear Margaret, the roses near the gate are out")
    letter.line(1).put_caret(before="near the")
    letter.tool("Split at the caret").click()
    letter.expect_texts(["Dear Margaret, the roses", "near the gate are out", *TEXTS[1:]])
    letter.line(2).expect_state("changed")
    letter.line(1).field.focus()
    letter.press("Alt+j")
    letter.expect_texts(["Dear Margaret, the roses near the gate are out", *TEXTS[1:]])
    letter.submit()
    letter.line(1).expect_state("stored")


def test_splitting_without_a_place_says_what_to_do(letter: ReadPage) -> None:
    letter.line(1).put_caret(before="Dear")
    letter.press("Alt+Enter")
    expect(letter.message).to_contain_text("Put the caret between two words")
    letter.line(5).field.focus()
    letter.press("Alt+j")
    expect(letter.message).to_contain_text("last line of the page")
    letter.expect_texts(TEXTS)


def test_a_line_is_deleted_and_drawn_again(letter: ReadPage) -> None:
    letter.line(4).field.focus()
    letter.press("Alt+Delete")
    letter.expect_texts([*TEXTS[:3], TEXTS[4]])
    letter.line(4).expect_focus()
    (left, top), (right, bottom) = extent(3)
    letter.tool("Add a line: draw a box around it").click()
    letter.drag((left, top), (right, bottom))
    letter.expect_texts(TEXTS)
    letter.line(4).expect_focus()
    letter.drag((left, bottom + 100), (left + 3, bottom + 102))
    expect(letter.boxes).to_have_count(len(TEXTS))


def test_a_new_line_under_this_one_needs_no_pointer(letter: ReadPage) -> None:
    letter.line(5).field.focus()
    letter.press("Alt+n")
    expect(letter.fields).to_have_count(6)
    letter.line(6).expect_focus()
    letter.page.keyboard.type("P.S. Come soon")
    letter.submit()
    letter.expect_texts([*TEXTS, "P.S. Come soon"])


def test_a_new_line_shows_its_place_while_it_is_read(letter: ReadPage, watch: Watch) -> None:
    watch.expected_statuses.add(503)
    held: list[Route] = []
    letter.page.route("**/lines", lambda route: held.append(route))
    letter.tool("Add a line: draw a box around it").click()
    letter.drag((100, 500), (500, 550))
    expect(letter.message).to_have_text("Reading the new line…")
    expect(letter.expected_box).to_be_visible()
    keep_screenshot(letter.page, "drawn")
    held.pop().continue_()
    expect(letter.expected_box).to_have_count(0)
    letter.line(6).expect_focus()
    letter.press("Alt+n")
    expect(letter.expected_box).to_be_visible()
    expect(letter.message).to_have_text("Reading the new line…")
    held.pop().fulfill(status=503, body='{"error": {"code": "busy", "message": "Nobody can read now."}}')
    expect(letter.expected_box).to_have_count(0)
    expect(letter.message).to_have_text("Nobody can read now.")
    expect(letter.boxes).to_have_count(6)


def test_where_the_next_line_leaves_no_room_the_person_draws_the_new_one(letter: ReadPage) -> None:
    letter.line(3).rewrite("typed")
    letter.press("Alt+n")
    expect(letter.message).to_have_text("Draw where the new line is.")
    pen = letter.tool("Add a line: draw a box around it")
    expect(pen).to_have_attribute("aria-pressed", "true")
    letter.press("Escape")
    expect(pen).to_have_attribute("aria-pressed", "false")
    assert letter.line(3).text == "typed"
    letter.press("Alt+n")
    letter.drag((600, 500), (800, 550))
    expect(letter.fields).to_have_count(6)


def test_dragging_the_edge_of_a_box_reads_the_line_again_and_only_it(letter: ReadPage, running: Running) -> None:
    before = stored_lines(running)
    letter.line(1).field.focus()
    (left, top), (right, _) = extent(0)
    edge = (top + LETTER.lines[0].baseline[1][1]) / 2  # between the handles of corner and baseline
    letter.drag((right, edge), (left + 0.55 * (right - left), edge))
    letter.expect_texts([HALVES[0], *TEXTS[1:]])
    letter.line(1).expect_focus()
    keep_screenshot(letter.page, "reshaped")
    after = stored_lines(running)
    assert [line.id for line in after[1:]] == [line.id for line in before[1:]]
    baseline = after[0].baseline
    assert baseline is not None
    assert baseline[-1][0] == pytest.approx(left + 0.55 * (right - left), abs=3)  # ends where the box does
    letter.press("Control+z")
    letter.expect_texts(TEXTS)
    assert [line.id for line in stored_lines(running)] == [line.id for line in before]


def test_dragging_a_corner_or_the_baseline_keeps_what_was_typed(letter: ReadPage, running: Running) -> None:
    letter.line(5).rewrite("With all my love")
    left, bottom = LETTER.lines[4].polygon[3]
    letter.drag((left, bottom), (left - 12, bottom + 9))
    expect(letter.message).to_contain_text("Read again")
    x, y = LETTER.lines[4].baseline[0]
    with letter.page.expect_response("**/lines"):
        letter.drag((x, y), (x, y - 6))
    baseline = stored_lines(running)[4].baseline
    assert baseline is not None
    assert baseline[0][1] < y - 3
    assert letter.line(5).text == "With all my love"
    letter.line(5).expect_state("changed")


def test_handles_lie_on_the_writing_only_while_somebody_is_at_the_box(letter: ReadPage) -> None:
    handles = letter.editor.locator(".handles")
    letter.line(3).field.click()
    expect(handles).to_have_css("opacity", "0")
    letter.line(1).box.hover()
    expect(handles).to_have_css("opacity", "0")
    letter.line(3).box.hover()
    expect(handles).to_have_css("opacity", "1")
    letter.line(5).crop.hover()
    expect(handles).to_have_css("opacity", "0")
    tap = "(box) => box.dispatchEvent(new PointerEvent('click', { bubbles: true, pointerType: 'touch' }))"
    letter.line(2).box.evaluate(tap)
    letter.line(2).expect_focus()
    expect(handles).to_have_css("opacity", "1")
    letter.press("Enter")
    expect(handles).to_have_css("opacity", "0")


def test_escape_lets_a_dragged_box_go(letter: ReadPage) -> None:
    letter.line(1).field.focus()
    (_, top), (right, _) = extent(0)
    x, y = letter.on_screen((right, (top + LETTER.lines[0].baseline[1][1]) / 2))
    mouse = letter.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x - 120, y, steps=3)
    expect(letter.editor.locator(".handles")).to_contain_class("dragging")
    letter.press("Escape")
    expect(letter.editor.locator(".handles")).not_to_contain_class("dragging")
    mouse.up()
    letter.expect_texts(TEXTS)


def test_reading_order_changes_by_dragging_a_number_and_by_keys(letter: ReadPage, running: Running) -> None:
    mouse = letter.page.mouse
    letter.line(5).number.hover()  # waits until the screen stands still after the reading
    mouse.down()
    target = letter.line(2).row.bounding_box()
    assert target
    mouse.move(target["x"] + 8, target["y"] + 4, steps=5)
    keep_screenshot(letter.page, "reordering")
    mouse.up()
    letter.expect_texts([TEXTS[0], TEXTS[4], *TEXTS[1:4]])
    letter.press("Alt+Shift+ArrowUp")
    letter.expect_texts([TEXTS[4], *TEXTS[:4]])
    letter.line(1).expect_focus()
    expect(letter.message).to_contain_text("Now line 1")
    letter.press("Control+z")
    letter.expect_texts([TEXTS[0], TEXTS[4], *TEXTS[1:4]])
    letter.press("Control+z")
    letter.expect_texts(TEXTS)
    letter.press("Control+y")
    letter.expect_texts([TEXTS[0], TEXTS[4], *TEXTS[1:4]])
    assert [line.text for line in stored_lines(running)] == [TEXTS[0], TEXTS[4], *TEXTS[1:4]]


def test_one_undo_walks_back_through_texts_verdicts_and_boxes(letter: ReadPage) -> None:
    letter.line(2).rewrite("typed")
    letter.line(3).field.focus()
    letter.press("Alt+i")
    letter.line(1).put_caret(before=" by the")
    letter.press("Alt+Enter")
    letter.expect_texts([*HALVES, "typed", *TEXTS[2:]])
    letter.press("Control+z")
    letter.expect_texts([TEXTS[0], "typed", *TEXTS[2:]])
    expect(letter.line(3).row).to_have_attribute("data-verdict", "illegible")
    letter.press("Control+z")
    expect(letter.line(3).row).to_have_attribute("data-verdict", "text")
    letter.line(3).expect_focus()
    letter.press("Control+z")
    letter.expect_texts(TEXTS)
    letter.press("Control+Shift+z", "Control+y", "Control+y")
    letter.expect_texts([*HALVES, "typed", *TEXTS[2:]])
    expect(letter.line(4).row).to_have_attribute("data-verdict", "illegible")
    letter.press("Control+y")
    expect(letter.message).to_contain_text("Nothing to do again")


def test_a_line_that_is_gone_meanwhile_gets_a_sentence_and_nothing_changes(
    letter: ReadPage, running: Running, watch: Watch
) -> None:
    watch.expected_statuses.add(409)
    gone = stored_lines(running)[0].id
    page = letter.page.locator(".page-picture image").get_attribute("href")
    assert page
    address = f"{running.url}/api/v1/pages/{page.rpartition('/')[2]}/lines"
    httpx.post(address, json={"replaces": [str(gone)], "lines": []}).raise_for_status()
    letter.line(1).put_caret(before=" by the")
    letter.press("Alt+Enter")
    expect(letter.message).to_contain_text("nothing was changed")
    letter.expect_texts(TEXTS)


def extent(line: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Left top and right bottom of a line's box."""
    xs, ys = zip(*LETTER.lines[line].polygon, strict=True)
    return (min(xs), min(ys)), (max(xs), max(ys))

"""Keys, alternatives, characters and verdicts: correcting without taking the hands off the keyboard."""

import io

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import OpenPage, keep_screenshot
from tests.browser.pages import ReadPage
from tests.fake_reader import FakeReader
from tests.handwriting import write_page
from tests.running_app import Running

TEXTS = [
    "Dear Margaret, the roses by the gale have come",
    "The childrer ask when you will come again;",
    "little Tom has lost lwo teeth.",
]
HOSTILE = "<img src=x onerror=alert(1)> ${7*7} {{constructor}}"
OTHERS = {
    TEXTS[0]: ["Dear Margaret, the roses by the gate have come", "Dear Margaret, the rosesby the gale have come"],
    TEXTS[1]: [f"The {HOSTILE} ask when you will come again;", "The children ask when you will come again,"],
}
LETTER = write_page(TEXTS, seed=4, width=900, height=700, paper="ruled")


@pytest.fixture(scope="module")
def reader() -> FakeReader:
    taught = FakeReader()
    taught.teach(LETTER, doubtful=["gale", "childrer", "lwo"], alternatives=OTHERS)
    return taught


def picture() -> FilePayload:
    packed = io.BytesIO()
    Image.fromarray(LETTER.image).save(packed, "PNG")
    return {"name": "letter.png", "mimeType": "image/png", "buffer": packed.getvalue()}


@pytest.fixture
def letter(page: Page, running: Running) -> ReadPage:
    """The letter, read and on the screen."""
    screen = ReadPage(page, running.url).open()
    screen.read(picture(), lines=len(TEXTS))
    return screen


def test_keys_alone_choose_what_a_doubtful_word_is(letter: ReadPage) -> None:
    letter.line(1).put_caret(before="gale")
    letter.press("Alt+ArrowRight")
    expect(letter.choices.get_by_role("option")).to_have_text(["gate", *OTHERS[TEXTS[0]]])
    expect(letter.choices.get_by_role("option", selected=True)).to_have_text("gate")
    keep_screenshot(letter.page, "choices")
    letter.press("ArrowDown", "ArrowUp", "Enter")
    expect(letter.choices).to_have_count(0)
    assert letter.line(1).text == OTHERS[TEXTS[0]][0]
    letter.line(1).expect_focus()
    assert letter.line(1).field.evaluate("field => field.selectionStart") == TEXTS[0].index("gale") + 4
    expect(letter.line(1).marks).to_have_count(0)
    letter.press("Control+z")
    assert letter.line(1).text == TEXTS[0]


def test_a_click_on_a_doubtful_word_offers_the_others_and_typing_goes_on(letter: ReadPage) -> None:
    where = letter.line(1).marks.bounding_box()
    assert where
    letter.page.mouse.click(where["x"] + where["width"] / 2, where["y"] + where["height"] / 2)
    expect(letter.choices).to_be_visible()
    letter.press("x")
    expect(letter.choices).to_have_count(0)
    assert "x" in letter.line(1).text.split()[6]
    letter.press("Escape")
    letter.page.mouse.click(where["x"] + where["width"] / 2, where["y"] + where["height"] / 2)
    letter.choices.get_by_role("option", name="gate", exact=True).click()
    assert letter.line(1).text == OTHERS[TEXTS[0]][0]


def test_enter_after_a_click_confirms_the_line_and_escape_closes_only_the_list(letter: ReadPage) -> None:
    letter.line(1).field.focus()
    letter.press("Alt+ArrowDown")
    letter.line(2).expect_focus()
    letter.press("x", "Control+z")
    letter.line(2).put_caret(before="childrer")
    letter.press("Alt+ArrowRight", "Escape")
    expect(letter.choices).to_have_count(0)
    letter.line(2).expect_focus()
    letter.line(3).put_caret(before="lwo")
    letter.press("Alt+ArrowRight")
    expect(letter.message).to_contain_text("Nothing else was thought of")
    where = letter.line(1).marks.bounding_box()
    assert where
    letter.page.mouse.click(where["x"] + 3, where["y"] + where["height"] / 2)
    expect(letter.choices).to_be_visible()
    letter.press("Enter")
    letter.line(2).expect_focus()
    letter.line(1).expect_state("checked")


def test_arrows_lead_from_line_to_line_and_leave_them_as_they_are(letter: ReadPage) -> None:
    letter.line(1).put_caret(before="roses")
    letter.press("ArrowDown")
    letter.line(2).expect_focus()
    assert abs(letter.line(2).caret - TEXTS[0].index("roses")) < 6
    letter.press("ArrowDown", "ArrowDown")
    letter.line(3).expect_focus()
    letter.press("ArrowUp", "ArrowUp")
    letter.line(1).expect_focus()
    letter.press("ArrowUp")
    letter.line(1).expect_focus()
    for number in (1, 2, 3):
        letter.line(number).expect_state("doubtful")


def test_arrows_walk_through_the_rows_of_a_text_that_wraps(letter: ReadPage) -> None:
    letter.page.set_viewport_size({"width": 420, "height": 800})
    letter.line(1).rewrite("A text that is long enough to wrap twice on so narrow a screen, and then some more of it")
    rows = letter.line(1).field.evaluate("f => Math.round(f.clientHeight / parseFloat(getComputedStyle(f).lineHeight))")
    assert rows > 1
    letter.press("Control+Home", *["ArrowDown"] * (rows - 1))
    letter.line(1).expect_focus()
    letter.press("ArrowDown")
    letter.line(2).expect_focus()
    letter.press("ArrowUp")
    letter.line(1).expect_focus()
    assert letter.line(1).caret > 40  # on its last row
    letter.press("Shift+ArrowUp", "Control+Home", "Shift+ArrowDown")
    letter.line(1).expect_focus()


@pytest.mark.parametrize(("width", "height"), [(1400, 520), (390, 700)])
def test_what_opens_at_the_end_of_a_page_is_all_within_reach(
    open_page: OpenPage, running: Running, width: int, height: int
) -> None:
    screen = ReadPage(open_page(width=width, height=height), running.url).open()
    screen.read(picture(), lines=len(TEXTS))
    screen.line(3).field.focus()
    screen.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    screen.line(2).put_caret(before="childrer")
    for keys, popup in (("Alt+ArrowRight", screen.choices), ("Alt+c", screen.palette)):
        screen.press(keys)
        expect(popup).to_be_visible()
        keep_screenshot(screen.page, f"at_the_end_{width}_{keys[-1]}")
        frame, bar = popup.bounding_box(), screen.editor.locator(".editor-bar").bounding_box()
        assert frame and bar
        assert 0 <= frame["y"] <= frame["y"] + frame["height"] <= min(height, bar["y"])
        screen.press("Escape")


def test_hostile_alternatives_are_text(letter: ReadPage) -> None:
    letter.line(2).put_caret(before="childrer")
    letter.press("ContextMenu")
    expect(letter.choices.get_by_role("option").first).to_have_text(HOSTILE)
    assert letter.page.locator("#line-editor :is(img, script, b)").count() == 0
    letter.press("Enter")
    assert letter.line(2).text == OTHERS[TEXTS[1]][0]


def test_the_overlay_lists_the_keys_and_gives_the_focus_back(letter: ReadPage) -> None:
    letter.line(2).field.focus()
    letter.press("F1")
    expect(letter.keys).to_be_visible()
    expect(letter.keys).to_contain_text("next doubtful line")
    keep_screenshot(letter.page, "keys")
    for _ in range(4):
        letter.press("Tab")
        assert letter.page.evaluate("document.activeElement.closest('dialog, .editor')?.tagName ?? 'none'") != "SECTION"
    letter.press("Escape")
    expect(letter.keys).to_be_hidden()
    letter.line(2).expect_focus()
    letter.press("Control+/")
    expect(letter.keys).to_be_visible()
    letter.press("Escape")
    letter.line(2).expect_focus()
    letter.press("?")
    assert "?" in letter.line(2).text  # in a text it is a question mark
    letter.submit_button.focus()
    letter.press("?")
    expect(letter.keys).to_be_visible()


def test_the_palette_inserts_at_the_caret_and_remembers(letter: ReadPage, open_page: OpenPage) -> None:
    letter.line(3).put_caret(before="has")
    letter.press("Alt+c")
    letter.palette.get_by_role("button", name="œ", exact=True).focus()
    letter.press("ArrowRight", "Enter")
    expect(letter.palette).to_have_count(0)
    assert letter.line(3).text == "little Tom ùhas lost lwo teeth."
    letter.line(3).expect_focus()
    letter.tool("Characters").click()
    letter.palette.get_by_role("button", name="«", exact=True).first.click()
    assert letter.line(3).text == "little Tom ù«has lost lwo teeth."
    expect(letter.palette).to_be_visible()
    letter.press("Enter")
    expect(letter.palette).to_have_count(0)
    again = ReadPage(open_page(), letter.url).open()
    again.line(1).field.focus()
    again.press("Alt+c")
    expect(again.palette.get_by_role("group", name="Used last").get_by_role("button")).to_have_text(["«", "ù"])
    keep_screenshot(again.page, "palette")
    again.press("Escape")
    again.line(1).expect_focus()


def test_lines_that_are_no_text_are_marked_and_the_mark_travels(letter: ReadPage, running: Running) -> None:
    letter.line(1).field.focus()
    letter.press("Alt+i")
    expect(letter.line(1).row).to_contain_text("illegible")
    letter.line(2).field.focus()
    letter.tool("Not text").click()
    expect(letter.tool("Not text")).to_have_attribute("aria-pressed", "true")
    letter.line(3).field.focus()
    letter.press("Alt+x", "Alt+x")
    letter.submit()
    contributor = running.store.contributor("local")
    document = running.store.document(running.store.documents(contributor)[0].id, contributor)
    assert [line.verdict for line in document.pages[0].lines] == ["illegible", "not_text", "text"]
    letter.reload()
    expect(letter.line(2).row).to_have_attribute("data-verdict", "not_text")


def test_a_right_to_left_text_is_typed_from_the_right(letter: ReadPage) -> None:
    hebrew = "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED}\N{HEBREW LETTER VAV}\N{HEBREW LETTER FINAL MEM}"
    letter.line(3).rewrite(hebrew)
    assert letter.line(3).field.evaluate("field => getComputedStyle(field).direction") == "rtl"
    letter.press("Home", "Alt+c")
    letter.palette.get_by_role("button", name="«", exact=True).first.click()
    assert letter.line(3).text == f"«{hebrew}"


def test_what_opens_over_the_lines_fits_a_phone(open_page: OpenPage, running: Running) -> None:
    screen = ReadPage(open_page(width=420, height=800, scheme="dark"), running.url).open()
    screen.read(picture(), lines=len(TEXTS))
    screen.line(1).put_caret(before="gale")
    screen.press("Alt+ArrowRight")
    for opened, name, closing in [(screen.choices, "choices_420", "Alt+c"), (screen.palette, "palette_420", "Escape")]:
        box = opened.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 420
        keep_screenshot(screen.page, name)
        screen.press(closing)
    screen.tool("Illegible").click()
    expect(screen.line(1).row).to_have_attribute("data-verdict", "illegible")
    screen.tool("Zoom in").click()
    screen.press("F1")
    help_box = screen.keys.bounding_box()
    assert help_box
    assert help_box["width"] <= 420
    keep_screenshot(screen.page, "keys_420")
    assert screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_zoom_follows_the_line_that_is_worked_on(letter: ReadPage) -> None:
    letter.line(1).field.focus()
    letter.press("Alt++", "Alt++", "Alt++", "Alt++", "Alt++", "Alt++")
    letter.press("Enter", "Enter")
    inside = """(box) => { const [a, b] = [box, box.closest('svg')].map((e) => e.getBoundingClientRect());
        return a.top >= b.top && a.bottom <= b.bottom && a.left >= b.left - 1; }"""
    letter.line(3).expect_focus()
    assert letter.line(3).box.evaluate(inside)
    keep_screenshot(letter.page, "zoomed")
    whole = letter.picture.get_attribute("viewBox")
    at = letter.picture.bounding_box()
    assert at
    mouse = letter.page.mouse
    mouse.move(at["x"] + at["width"] - 60, at["y"] + at["height"] - 20)
    mouse.down(button="middle")
    mouse.move(at["x"] + at["width"] - 160, at["y"] + at["height"] - 60, steps=3)
    mouse.up(button="middle")
    assert letter.picture.get_attribute("viewBox") != whole
    letter.press("Alt+0")
    expect(letter.picture).to_have_attribute("viewBox", "0 0 900 700")
    letter.page.keyboard.down("Control")
    mouse.wheel(0, -120)
    letter.page.keyboard.up("Control")
    expect(letter.picture).not_to_have_attribute("viewBox", "0 0 900 700")


def test_a_screen_reader_is_told_which_line_and_what_state(letter: ReadPage) -> None:
    expect(letter.line(1).field).to_have_accessible_name("Line 1, doubtful")
    expect(letter.line(1).crop).to_have_accessible_name("Image of line 1")
    letter.line(1).field.focus()
    letter.press("Alt+i")
    expect(letter.line(1).field).to_have_accessible_name("Line 1, illegible")
    unnamed = letter.editor.locator("button:visible").evaluate_all(
        "buttons => buttons.filter((b) => !(b.getAttribute('aria-label') || b.textContent.trim())).length"
    )
    assert unnamed == 0
    order = []
    for _ in range(3):
        order.append(letter.page.evaluate("document.activeElement.getAttribute('aria-label')"))
        letter.press("Tab")
    assert [name.split(",")[0] for name in order] == ["Line 1", "Line 2", "Line 3"]

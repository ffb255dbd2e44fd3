"""How a text leaves: copied as a whole, or saved as a file for another program."""

import io
import json

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, FilePayload, Page, expect

from tests.browser.conftest import OpenPage, Scheme, Watch, keep_screenshot
from tests.browser.pages import ReadPage
from tests.fake_reader import FakeReader
from tests.handwriting import write_page
from tests.running_app import Running

TEXTS = ["One line of ink", "and a second one"]
NOTE = write_page(TEXTS, seed=8, width=800, height=500)
HOSTILE_NAME = "<img src=x onerror=alert(1)> ${7*7} {{constructor}}.png"


def note(name: str = "note.png") -> FilePayload:
    packed = io.BytesIO()
    Image.fromarray(NOTE.image).save(packed, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": packed.getvalue()}


@pytest.fixture(scope="module")
def reader() -> FakeReader:
    taught = FakeReader()
    taught.teach(NOTE)
    return taught


@pytest.fixture
def screen(page: Page, running: Running) -> ReadPage:
    opened = ReadPage(page, running.url).open()
    opened.read(note(), lines=2)
    return opened


def test_all_text_is_copied_as_it_stands_on_the_screen(screen: ReadPage, window: BrowserContext) -> None:
    window.grant_permissions(["clipboard-read", "clipboard-write"], origin=screen.url)
    screen.line(1).rewrite("typed, not yet submitted")
    screen.exports.locator("summary").click()
    screen.exports.get_by_role("button", name="Copy all text").click()
    expect(screen.exports).to_contain_text("Copied 2 lines.")
    assert screen.page.evaluate("navigator.clipboard.readText()") == f"typed, not yet submitted\n{TEXTS[1]}"


def test_without_a_secure_page_the_text_is_copied_the_old_way(screen: ReadPage, window: BrowserContext) -> None:
    window.grant_permissions(["clipboard-read", "clipboard-write"], origin=screen.url)
    screen.page.evaluate(
        "() => { window.theirs = navigator.clipboard;"
        " Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true}); }"
    )
    screen.exports.locator("summary").click()
    screen.exports.get_by_role("button", name="Copy all text").click()
    expect(screen.exports).to_contain_text("Copied 2 lines.")
    assert screen.page.evaluate("window.theirs.readText()") == "\n".join(TEXTS)


def test_a_file_holds_what_was_submitted(screen: ReadPage) -> None:
    screen.line(2).rewrite("and a corrected one")
    screen.submit()
    screen.exports.locator("summary").click()
    with screen.page.expect_download() as saved:
        screen.exports.get_by_role("button", name="JSON").click()
    assert saved.value.suggested_filename == "note.json"
    (page,) = json.loads(saved.value.path().read_bytes())
    assert [(line["text"], line["verified"]) for line in page["lines"]] == [
        (TEXTS[0], False),
        ("and a corrected one", True),
    ]
    expect(screen.exports).to_contain_text("Saved note.json.")


def saved_lines(screen: ReadPage, button: str) -> list[str]:
    with screen.page.expect_download() as saved:
        screen.exports.get_by_role("button", name=button).click()
    return saved.value.path().read_text().splitlines()


def test_corrections_that_are_not_submitted_are_submitted_before_the_file_is_saved(screen: ReadPage) -> None:
    screen.line(2).rewrite("not yet submitted")
    screen.exports.locator("summary").click()
    screen.exports.get_by_role("button", name="Plain text").click()
    expect(screen.exports).to_contain_text("1 changed line is not in the file yet.")
    expect(screen.exports.get_by_role("button", name="Submit and save")).to_be_focused()
    keep_screenshot(screen.page, "exports_question")
    assert saved_lines(screen, "Submit and save") == [TEXTS[0], "not yet submitted"]
    screen.line(2).expect_state("stored")
    assert saved_lines(screen, "Plain text") == [TEXTS[0], "not yet submitted"]


def test_a_file_is_saved_without_what_is_not_submitted_when_a_person_says_so(screen: ReadPage) -> None:
    screen.line(1).field.focus()
    screen.press("Enter")
    screen.line(2).rewrite("not yet submitted")
    screen.exports.locator("summary").click()
    screen.exports.get_by_role("button", name="Plain text").click()
    expect(screen.exports).to_contain_text("2 changed or checked lines are not in the file yet.")
    assert saved_lines(screen, "Save without") == TEXTS
    screen.line(2).expect_state("changed")


def test_a_hostile_name_is_text_in_the_menu_too(screen: ReadPage) -> None:
    screen.read(note(HOSTILE_NAME), lines=2)
    screen.exports.locator("summary").click()
    with screen.page.expect_download():
        screen.exports.get_by_role("button", name="Plain text").click()
    expect(screen.exports).to_contain_text("Saved <img src=x onerror=alert(1)> ${7*7} {{constructor}}.txt.")


def test_what_cannot_be_fetched_gets_its_sentence(screen: ReadPage, watch: Watch) -> None:
    watch.expected_statuses.add(404)
    screen.page.route("**/export/alto", lambda route: route.continue_(url=route.request.url.replace("alto", "docx")))
    screen.exports.locator("summary").click()
    screen.exports.get_by_role("button", name="ALTO XML").click()
    expect(screen.exports).to_contain_text('There is no export "docx". Choose one of txt, json, page, alto, hocr, pdf.')


def test_escape_and_a_click_elsewhere_close_the_menu(screen: ReadPage) -> None:
    summary, copy = screen.exports.locator("summary"), screen.exports.get_by_role("button", name="Copy all text")
    summary.click()
    copy.focus()
    screen.press("Escape")
    expect(copy).to_be_hidden()
    expect(summary).to_be_focused()
    summary.press("Enter")
    expect(copy).to_be_visible()
    screen.page.locator(".masthead").click()
    expect(copy).to_be_hidden()


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (420, "dark")])
def test_the_menu_fits_the_window(open_page: OpenPage, running: Running, width: int, scheme: Scheme) -> None:
    screen = ReadPage(open_page(width=width, height=800, scheme=scheme), running.url).open()
    screen.read(note(), lines=2)
    screen.exports.locator("summary").click()
    menu = screen.exports.locator(".exports-list").bounding_box()
    assert menu and menu["x"] >= 0 and menu["y"] >= 0 and menu["x"] + menu["width"] <= width
    keep_screenshot(screen.page, f"exports_{width}_{scheme}")

"""My pages: each document with its state, found again, and deleted after a second thought."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.conftest import OpenPage, Scheme, Watch, keep_screenshot
from tests.browser.pages import ReadPage
from tests.fake_reader import FakeReader
from tests.handwriting import WrittenPage, write_page
from tests.running_app import Running

LETTER = write_page(["Dear Margaret,", "the roses by the gale", "are out at last."], seed=4, width=700, height=500)
RECIPE = write_page(["Take three eggs", "and some butter."], seed=5, width=700, height=500)
HOSTILE = "<img src=x onerror=alert(1)> ${7*7} {{constructor}}.png"


@pytest.fixture(scope="module")
def reader() -> FakeReader:
    taught = FakeReader()
    taught.teach(LETTER, doubtful=["gale"])
    taught.teach(RECIPE)
    return taught


@pytest.fixture
def screen(page: Page, running: Running) -> ReadPage:
    """The tab, without any page of an earlier test."""
    contributor = running.store.contributor("local")
    for document in running.store.documents(contributor):
        running.store.delete_document(document.id, contributor)
    return ReadPage(page, running.url).open()


def picture(page: WrittenPage, name: str) -> FilePayload:
    packed = io.BytesIO()
    Image.fromarray(page.image).save(packed, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": packed.getvalue()}


def read_both(screen: ReadPage) -> None:
    screen.read(picture(LETTER, "letter.png"), lines=3)
    screen.read(picture(RECIPE, "recipe.png"), lines=2)


def names(screen: ReadPage) -> Locator:
    return screen.own_pages.locator(".tile-name")


def test_each_page_tells_how_far_it_is(screen: ReadPage) -> None:
    screen.read(picture(LETTER, "letter.png"), lines=3)
    tile = screen.own_pages.first
    expect(tile).to_have_text(re.compile(r"letter\.png\s*Read\s*3 lines\s*1 doubtful"))
    screen.line(1).rewrite("Dear Margery,")
    screen.submit()
    expect(tile).to_have_text(re.compile(r"letter\.png\s*In progress\s*1 of 3 lines\s*1 doubtful"))
    screen.line(2).rewrite("the roses by the gate")
    screen.press("Enter", "Enter")
    screen.submit()
    expect(tile).to_have_text(re.compile(r"letter\.png\s*Submitted\s*3 lines"))
    expect(tile).not_to_contain_text("doubtful")


def test_pages_are_found_by_name_and_by_text(screen: ReadPage) -> None:
    read_both(screen)
    expect(names(screen)).to_have_text(["recipe.png", "letter.png"])
    search = screen.shelf.get_by_role("searchbox", name="Search names and texts")
    search.fill("BUTTER")
    expect(names(screen)).to_have_text(["recipe.png"])
    search.fill("letter")
    expect(names(screen)).to_have_text(["letter.png"])
    search.fill("no such word")
    expect(screen.own_pages).to_have_count(0)
    expect(screen.shelf).to_contain_text("No page of yours fits.")
    keep_screenshot(screen.page, "my_pages_none")
    search.fill("")
    expect(screen.own_pages).to_have_count(2)


def test_pages_are_found_by_their_state(screen: ReadPage) -> None:
    read_both(screen)
    screen.line(1).rewrite("Take four eggs")
    screen.submit()
    state = screen.shelf.get_by_label("Show pages by state")
    state.select_option("In progress")
    expect(names(screen)).to_have_text(["recipe.png"])
    state.select_option("Read")
    expect(names(screen)).to_have_text(["letter.png"])
    state.select_option("Reviewed")
    expect(screen.own_pages).to_have_count(0)
    state.select_option("All")
    expect(screen.own_pages).to_have_count(2)


def test_a_page_is_deleted_after_a_second_thought(screen: ReadPage) -> None:
    read_both(screen)
    screen.line(1).rewrite("Take four eggs")
    screen.submit()
    expect(screen.own_pages.first).to_contain_text("In progress")
    remove = screen.shelf.get_by_role("button", name="Delete recipe.png")
    question = screen.page.get_by_role("dialog", name="Delete")
    remove.click()
    expect(question).to_contain_text("This deletes 1 page with 2 lines and your corrections of 1 line.")
    expect(question.get_by_role("button", name="Keep")).to_be_focused()
    keep_screenshot(screen.page, "delete")
    question.get_by_role("button", name="Keep").click()
    expect(question).to_have_count(0)
    expect(screen.own_pages).to_have_count(2)
    remove.click()
    question.get_by_role("button", name="Delete").click()
    expect(names(screen)).to_have_text(["letter.png"])
    expect(screen.shelf.get_by_role("button", name="Delete letter.png")).to_be_focused()
    screen.page.reload()
    expect(names(screen)).to_have_text(["letter.png"])
    screen.expect_texts([line.text for line in LETTER.lines])


def test_the_page_that_is_open_closes_when_it_is_deleted(screen: ReadPage) -> None:
    screen.read(picture(LETTER, "letter.png"), lines=3)
    screen.shelf.get_by_role("button", name="Delete letter.png").click()
    screen.page.get_by_role("dialog", name="Delete").get_by_role("button", name="Delete").click()
    expect(screen.editor).to_be_hidden()
    expect(screen.shelf).to_have_attribute("data-empty", "true")
    expect(screen.page.get_by_label("Choose photos, scans or PDFs")).to_be_focused()
    assert "document=" not in screen.page.url
    screen.read(picture(RECIPE, "recipe.png"), lines=2)


def test_who_wrote_it_and_what_it_belongs_to_are_kept_and_suggested(screen: ReadPage, running: Running) -> None:
    screen.shelf.get_by_text("Whose hand is it?").click()
    screen.shelf.get_by_label("Writer").fill("Margaret H.")
    screen.shelf.get_by_label("Collection").fill("Letters 1905")
    screen.read(picture(LETTER, "letter.png"), lines=3)
    (kept,) = running.store.documents(running.store.contributor("local"))
    assert (kept.writer, kept.collection) == ("Margaret H.", "Letters 1905")
    options = screen.shelf.locator("datalist option")
    expect(options).to_have_count(2)
    assert options.evaluate_all("options => options.map((option) => option.value)") == ["Margaret H.", "Letters 1905"]


def test_hostile_names_are_text_in_the_question_too(screen: ReadPage) -> None:
    screen.read(picture(LETTER, HOSTILE), lines=3)
    screen.shelf.get_by_role("button", name=f"Delete {HOSTILE}").click()
    expect(screen.page.get_by_role("dialog", name="Delete")).to_contain_text(f"Delete {HOSTILE}?")
    screen.press("Escape")
    expect(screen.own_pages).to_have_count(1)


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (1400, "dark"), (420, "light"), (420, "dark")])
def test_first_and_later_visits_fit_the_window(
    screen: ReadPage, open_page: OpenPage, running: Running, width: int, scheme: Scheme
) -> None:
    shown = ReadPage(open_page(width=width, height=860, scheme=scheme), running.url).open()
    keep_screenshot(shown.page, f"first_visit_{width}_{scheme}")
    assert shown.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for number in range(8):
        shown.read(picture(RECIPE, f"recipe {number}.png"), lines=2)
    shown.line(1).rewrite("Take four eggs")
    shown.submit()
    shown.page.evaluate("scrollTo(0, 0)")
    shown.shelf.get_by_role("button", name="Show all").click()
    assert shown.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    keep_screenshot(shown.page, f"my_pages_{width}_{scheme}")
    shown.shelf.get_by_role("button", name="Show fewer").click()


def test_name_and_hand_may_be_said_later(screen: ReadPage, running: Running) -> None:
    screen.read(picture(LETTER, "letter.png"), lines=3)
    screen.line(1).rewrite("Dear Margery,")
    screen.shelf.get_by_role("button", name="Name and writer of letter.png").click()
    sheet = screen.page.get_by_role("dialog", name="Name and writer")
    sheet.get_by_label("Name").fill("To Margaret")
    sheet.get_by_label("Writer").fill("Margaret H.")
    keep_screenshot(screen.page, "details")
    sheet.get_by_label("Writer").press("Enter")
    expect(sheet).to_have_count(0)
    expect(names(screen)).to_have_text(["To Margaret"])
    expect(screen.editor).to_contain_text("To Margaret")
    expect(screen.line(1).field).to_have_value("Dear Margery,")
    (kept,) = running.store.documents(running.store.contributor("local"))
    assert (kept.name, kept.writer, kept.collection) == ("To Margaret", "Margaret H.", None)


def test_details_that_are_refused_stay_to_be_mended(screen: ReadPage, running: Running, watch: Watch) -> None:
    watch.expected_statuses.add(404)
    screen.read(picture(LETTER, "letter.png"), lines=3)
    screen.shelf.get_by_role("button", name="Name and writer of letter.png").click()
    sheet = screen.page.get_by_role("dialog", name="Name and writer")
    contributor = running.store.contributor("local")
    running.store.delete_document(running.store.documents(contributor)[0].id, contributor)
    sheet.get_by_label("Collection").fill("Letters")
    sheet.get_by_role("button", name="Save").click()
    expect(sheet.get_by_role("alert")).to_contain_text("There is no document")
    expect(sheet.get_by_label("Collection")).to_have_value("Letters")

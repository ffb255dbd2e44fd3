"""Nothing that a person typed is lost: closed tabs, second tabs, other people's tabs, servers that die."""

import io
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, Route, expect

from flywheel.records import StoredLine
from tests.browser.conftest import OpenPage, Watch, keep_screenshot
from tests.browser.pages import ReadPage
from tests.fake_reader import FakeReader
from tests.handwriting import write_page
from tests.running_app import Running, environment, serving, start

TEXTS = [
    "Dear Margaret, the roses by the gale have come",
    "out at last and I think of you each morning.",
    "The childrer ask when you will come again;",
    "little Tom has lost lwo teeth.",
    "With all my love, Eleanor",
]
LETTER = write_page(TEXTS, seed=4, width=900, height=700, paper="ruled")
UNSAVED = "typed and not submitted"


@pytest.fixture(scope="module")
def reader() -> FakeReader:
    taught = FakeReader()
    taught.teach(LETTER, doubtful=["gale", "childrer"])
    return taught


def picture(name: str = "letter.png") -> FilePayload:
    packed = io.BytesIO()
    Image.fromarray(LETTER.image).save(packed, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": packed.getvalue()}


@pytest.fixture
def letter(page: Page, running: Running) -> ReadPage:
    """The letter, read and on the screen."""
    screen = ReadPage(page, running.url).open()
    screen.read(picture(), lines=len(TEXTS))
    return screen


@pytest.fixture
def elsewhere(chromium: Browser, watch: Watch, running: Running) -> Iterator[ReadPage]:
    """Another browser of the same person: it hears nothing of what the first one does."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 1400, "height": 900})
    page = context.new_page()
    watch.follow(page)
    yield ReadPage(page, running.url)
    context.close()


def stored_lines(running: Running) -> tuple[StoredLine, ...]:
    contributor = running.store.contributor("local")
    newest = running.store.documents(contributor)[0].id
    return running.store.document(newest, contributor).pages[0].lines


def document_of(screen: ReadPage) -> str:
    found = re.search(r"document=([0-9a-f-]+)", screen.page.url)
    assert found
    return found[1]


def test_a_closed_tab_opens_where_it_was_with_everything_typed(letter: ReadPage, open_page: OpenPage) -> None:
    letter.line(1).field.focus()
    letter.press("Enter")
    letter.line(2).rewrite(UNSAVED)
    letter.press("Tab")
    expect(letter.saved).to_have_text("draft saved")
    letter.line(3).field.focus()
    letter.press("Alt+x", "Tab", "Alt++", "Alt++", "Alt++")
    letter.line(4).expect_focus()
    seen = letter.picture.get_attribute("viewBox")
    expect(letter.saved).to_have_text("draft saved")
    letter.page.close(run_before_unload=True)
    again = ReadPage(open_page(), letter.url).open(document=document_of(letter))
    again.expect_texts([TEXTS[0], UNSAVED, *TEXTS[2:]])
    again.line(1).expect_state("checked")
    again.line(2).expect_state("changed")
    expect(again.line(3).row).to_have_attribute("data-verdict", "not_text")
    again.line(4).expect_focus()
    expect(again.picture).to_have_attribute("viewBox", str(seen))
    keep_screenshot(again.page, "opened_where_it_was")
    again.submit()
    expect(again.saved).to_have_text("")


def test_a_reload_in_the_middle_of_a_word_loses_nothing(letter: ReadPage, running: Running) -> None:
    letter.line(2).rewrite("half a wor")
    letter.reload()
    letter.line(2).expect_focus()
    letter.expect_texts([TEXTS[0], "half a wor", *TEXTS[2:]])
    letter.press("End", "d")
    letter.submit()
    correction = stored_lines(running)[1].correction
    assert correction is not None
    assert correction.text == "half a word"
    assert correction.keystrokes is not None
    assert correction.keystrokes > len("half a word")  # counted across the reload


def test_undoing_a_line_takes_its_draft_back(letter: ReadPage, open_page: OpenPage) -> None:
    letter.line(2).rewrite(UNSAVED)
    letter.press("Tab")
    expect(letter.saved).to_have_text("draft saved")
    letter.line(2).field.focus()
    letter.press("Escape", "Tab")
    expect(letter.saved).to_have_text("")
    letter.page.close()
    ReadPage(open_page(), letter.url).open(document=document_of(letter)).expect_texts(TEXTS)


def test_a_line_undone_while_its_draft_was_under_way_stays_undone(letter: ReadPage) -> None:
    slow: list[Route] = []
    letter.page.route("**/api/v1/drafts", lambda route: slow.append(route), times=1)
    letter.line(2).rewrite(UNSAVED)
    with letter.page.expect_request("**/api/v1/drafts"):
        letter.press("Tab")
    letter.press("Shift+Tab", "Escape", "Tab")
    with letter.page.expect_response(lambda answer: '"text":null' in (answer.request.post_data or "")):
        slow[0].continue_()
    letter.reload()
    letter.expect_texts(TEXTS)


def test_a_second_tab_sees_changes_as_they_are_typed(letter: ReadPage, open_page: OpenPage, running: Running) -> None:
    other = ReadPage(open_page(), letter.url).open(document=document_of(letter))
    other.expect_texts(TEXTS)
    letter.line(2).rewrite("typed in the first tab")
    expect(other.line(2).field).to_have_value("typed in the first tab")
    other.line(2).expect_state("changed")
    other.line(4).rewrite("typed in the second")
    expect(letter.line(4).field).to_have_value("typed in the second")
    letter.submit()
    other.line(2).expect_state("stored")
    other.line(4).expect_state("stored")
    other.line(1).put_caret(before=" by the")
    other.press("Alt+Enter")
    expect(letter.fields).to_have_count(6)
    other.line(3).rewrite("and once more")
    other.submit()
    newest = stored_lines(running)[2].correction
    assert newest is not None
    assert (newest.text, newest.revision) == ("and once more", 2)


def test_a_stale_tab_shows_both_texts_and_keeps_mine(
    letter: ReadPage, elsewhere: ReadPage, watch: Watch, running: Running
) -> None:
    watch.expected_statuses.add(409)
    elsewhere.open(document=document_of(letter)).expect_texts(TEXTS)
    letter.line(2).rewrite("out at last, and I think of you <b>daily</b>")
    letter.submit()
    elsewhere.line(2).rewrite("out at last and I thought of you")
    elsewhere.line(5).rewrite("With love, E.")
    elsewhere.submit_button.click()
    expect(elsewhere.line(2).rival).to_contain_text("out at last, and I think of you <b>daily</b>")
    expect(elsewhere.line(2).rival.locator("del")).to_have_text(["last", "thought"])
    expect(elsewhere.message).to_contain_text("choose which text to keep")
    keep_screenshot(elsewhere.page, "changed_elsewhere")
    assert [line.revision for line in stored_lines(running)] == [0, 1, 0, 0, 0]  # nothing was stored
    elsewhere.line(2).rival.get_by_role("button", name="Keep mine").click()
    elsewhere.line(2).expect_focus()
    elsewhere.submit()
    assert [line.revision for line in stored_lines(running)] == [0, 2, 0, 0, 1]
    assert stored_lines(running)[1].text == "out at last and I thought of you"


def test_a_stale_tab_takes_over_what_was_saved(
    letter: ReadPage, elsewhere: ReadPage, watch: Watch, running: Running
) -> None:
    watch.expected_statuses.add(409)
    elsewhere.open(document=document_of(letter)).expect_texts(TEXTS)
    letter.line(2).rewrite("the newer state")
    letter.submit()
    elsewhere.line(2).rewrite("mine")
    elsewhere.submit_button.click()
    elsewhere.line(2).rival.get_by_role("button", name="Take what was saved").click()
    expect(elsewhere.line(2).rival).to_be_hidden()
    assert elsewhere.line(2).text == "the newer state"
    elsewhere.line(2).expect_state("stored")
    elsewhere.press("Control+z")
    assert elsewhere.line(2).text == "mine"


def test_a_draft_of_a_line_that_is_gone_gets_a_sentence(letter: ReadPage, running: Running, watch: Watch) -> None:
    watch.expected_statuses.update({404, 409})
    httpx.delete(f"{running.url}/api/v1/documents/{document_of(letter)}").raise_for_status()
    letter.line(2).rewrite(UNSAVED)
    letter.press("Tab")
    expect(letter.message).to_contain_text(re.compile(r"\w.*\."))
    assert letter.line(2).text == UNSAVED


def test_drafts_wait_while_the_server_is_away_and_arrive_when_it_is_back(
    page: Page, watch: Watch, reader: FakeReader, tmp_path: Path
) -> None:
    with serving(tmp_path / "var", reader) as running:
        screen = ReadPage(page, running.url).open()
        screen.read(picture(), lines=len(TEXTS))
    screen.line(2).rewrite(UNSAVED)
    screen.press("Tab")
    expect(screen.saved).to_have_text("not saved yet")
    keep_screenshot(page, "not_saved_yet")
    screen.line(3).rewrite("and this")
    with serving(tmp_path / "var", reader, port=running.url.rpartition(":")[2]):
        expect(screen.saved).to_have_text("draft saved", timeout=20_000)
        screen.reload()
        screen.expect_texts([TEXTS[0], UNSAVED, "and this", *TEXTS[3:]])
        screen.leave()
    watch.troubles[:] = [trouble for trouble in watch.troubles if "ERR_CONNECTION" not in trouble]


def test_a_server_killed_in_the_middle_of_an_edit_loses_nothing(page: Page, watch: Watch, tmp_path: Path) -> None:
    others = {name: value for name, value in os.environ.items() if not name.startswith("INKLOOP_")}
    first = start(environment(tmp_path / "var"), others)
    assert first.stdout is not None
    found = re.search(r"http://\S+", first.stdout.readline())
    assert found
    screen = ReadPage(page, found[0]).open()
    screen.choose(picture())
    screen.expect_idle()
    expect(screen.fields.first).to_be_visible()
    screen.line(1).rewrite("kept before the end")
    screen.press("Tab")
    expect(screen.saved).to_have_text("draft saved")
    first.send_signal(signal.SIGKILL)
    first.communicate()
    screen.line(2).rewrite("typed after the end")
    screen.press("Tab")
    expect(screen.saved).to_have_text("not saved yet")
    second = start(environment(tmp_path / "var", port=found[0].rpartition(":")[2]), others)
    try:
        expect(screen.saved).to_have_text("draft saved", timeout=90_000)
        screen.reload()
        expect(screen.line(1).field).to_have_value("kept before the end")
        expect(screen.line(2).field).to_have_value("typed after the end")
        screen.submit()
        screen.leave()
    finally:
        second.terminate()
        second.communicate(timeout=30)
    watch.troubles[:] = [trouble for trouble in watch.troubles if "ERR_CONNECTION" not in trouble]

"""Correcting a page in the browser: whole journeys, with a reader whose texts are known exactly."""

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from flywheel.records import Document
from tests.browser.conftest import OpenPage, Watch, keep_screenshot
from tests.browser.pages import LineOnScreen, ReadPage
from tests.fake_reader import FakeReader
from tests.handwriting import Grey, write_page
from tests.running_app import Running, serving

TEXTS = [
    "Dear Margaret, the roses by the gale have come",
    "out at last and I think of you each morning.",
    "The childrer ask when you will come again;",
    "little Tom has lost lwo teeth.",
    "With all my love, Eleanor",
]
DOUBTFUL = ["gale", "childrer", "lwo"]
LETTER = write_page(TEXTS, seed=4, width=900, height=700, paper="ruled")
SECOND = ["A second page,", "with a worb of doubt"]
SECOND_PAGE = write_page(SECOND, seed=3, width=900, height=700)


def picture(image: Grey, name: str = "letter.png") -> FilePayload:
    packed = io.BytesIO()
    Image.fromarray(image).save(packed, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": packed.getvalue()}


def book(*images: Grey) -> FilePayload:
    first, *rest = [Image.fromarray(image) for image in images]
    packed = io.BytesIO()
    first.save(packed, "PDF", save_all=True, append_images=rest)
    return {"name": "book.pdf", "mimeType": "application/pdf", "buffer": packed.getvalue()}


@pytest.fixture(scope="module")
def reader() -> FakeReader:
    taught = FakeReader()
    taught.teach(LETTER, doubtful=DOUBTFUL)
    taught.teach(SECOND_PAGE, doubtful=["worb"])
    return taught


@pytest.fixture
def letter(page: Page, running: Running) -> ReadPage:
    """The letter, read and on the screen."""
    screen = ReadPage(page, running.url).open()
    screen.read(picture(LETTER.image), lines=len(TEXTS))
    return screen


def newest(running: Running) -> Document:
    contributor = running.store.contributor("local")
    return running.store.document(running.store.documents(contributor)[0].id, contributor)


def test_a_page_is_read_corrected_submitted_and_there_again_after_reload_and_restart(
    page: Page, reader: FakeReader, tmp_path: Path
) -> None:
    corrected = [TEXTS[0].replace("gale", "gate"), TEXTS[1], TEXTS[2].replace("childrer", "children"), *TEXTS[3:]]
    with serving(tmp_path / "var", reader) as running:
        screen = ReadPage(page, running.url).open()
        keep_screenshot(page, "first_visit")
        screen.read(picture(LETTER.image), lines=len(TEXTS))
        screen.expect_texts(TEXTS)
        expect(screen.boxes).to_have_count(len(TEXTS))
        screen.line(1).rewrite(corrected[0])
        screen.line(3).rewrite(corrected[2])
        screen.line(3).expect_state("changed")
        expect(screen.submit_button).to_have_text("Submit 2 lines")
        keep_screenshot(page, "correcting")
        screen.submit()
        screen.line(3).expect_state("stored")
        expect(screen.own_pages).to_have_count(1)
        expect(screen.own_pages).to_contain_text("2 of 5 lines")
        page.reload()
        screen.expect_texts(corrected)
        screen.line(1).expect_state("stored")
        screen.line(2).expect_state("read")
        screen.leave()
    with serving(tmp_path / "var", reader, port=running.url.rpartition(":")[2]):
        screen.open().expect_texts(corrected)
        keep_screenshot(page, "after_restart")
        screen.leave()


def test_keys_alone_correct_a_page_from_first_to_last_line(letter: ReadPage, running: Running) -> None:
    letter.line(1).field.focus()
    letter.press("Alt+ArrowDown")
    letter.line(3).expect_focus()
    letter.page.keyboard.type("children")  # the doubtful word was selected
    letter.press("Shift+Enter")
    letter.line(2).expect_focus()
    letter.press("Enter")
    letter.line(2).expect_state("checked")
    letter.line(3).expect_focus()
    letter.press("Tab")
    letter.line(4).expect_focus()
    letter.press("Shift+Tab", "Enter")
    letter.line(4).expect_focus()
    letter.press("End", "!", "Escape")
    assert letter.line(4).text == TEXTS[3]
    letter.press("Alt+ArrowDown")
    letter.line(1).expect_focus()  # from the start again
    letter.press("Control+Enter")
    expect(letter.message).to_contain_text("Saved 2 lines")
    lines = newest(running).pages[0].lines
    assert [line.corrected for line in lines] == [False, True, True, False, False]
    assert lines[1].text == TEXTS[1]
    assert lines[2].text == "The children ask when you will come again;"


def test_enter_on_the_last_line_leads_to_submit(letter: ReadPage) -> None:
    letter.line(5).field.focus()
    letter.press("Enter")
    expect(letter.submit_button).to_be_focused()
    letter.press("Enter")
    expect(letter.message).to_contain_text("Saved 1 line")


def test_a_box_and_its_line_light_up_together(letter: ReadPage) -> None:
    letter.line(4).box.click()
    letter.line(4).expect_focus()
    letter.line(2).box.hover()
    expect(letter.line(2).row).to_contain_class("hot")
    letter.line(3).crop.hover()
    expect(letter.line(3).box).to_contain_class("hot")
    expect(letter.line(2).box).not_to_contain_class("hot")
    letter.line(3).crop.click()
    letter.line(3).expect_focus()


def at_once(*locators: Locator) -> list[dict[str, float]]:
    """Where they all are at one moment: the page may be scrolling."""
    found: list[dict[str, float]] = locators[0].page.evaluate(
        "all => all.map((each) => { const { x, y, width, height } = each.getBoundingClientRect();"
        " return { x, y, width, height }; })",
        [locator.element_handle() for locator in locators],
    )
    return found


def test_the_image_of_a_line_lies_directly_above_its_text(letter: ReadPage) -> None:
    for number in range(1, len(TEXTS) + 1):
        crop, field = at_once(letter.line(number).crop, letter.line(number).field)
        assert 0 <= field["y"] - (crop["y"] + crop["height"]) < 12
        assert abs(field["x"] - crop["x"]) < 12


def test_doubtful_words_are_marked_until_a_person_vouches_for_them(letter: ReadPage) -> None:
    line = letter.line(3)
    expect(line.marks).to_have_text(["childrer"])
    expect(line.side).to_have_text("1 word to check")
    expect(letter.line(2).side).to_have_text("")
    line.expect_state("doubtful")
    line.field.click()
    letter.press("End", "!")
    expect(line.marks).to_have_text(["childrer"])  # another word was changed
    line.rewrite("The children ask when you will come again;")
    expect(line.marks).to_have_count(0)
    letter.line(4).field.click()
    letter.press("Enter")
    expect(letter.line(4).marks).to_have_count(0)


def test_the_marks_lie_under_their_words_also_where_the_text_wraps(open_page: OpenPage, running: Running) -> None:
    screen = ReadPage(open_page(width=420), running.url).open()
    screen.read(picture(LETTER.image), lines=len(TEXTS))
    line = screen.line(1)
    sizes = line.field.evaluate("(f) => [f.scrollHeight, f.clientHeight, f.scrollWidth, f.clientWidth]")
    assert sizes[0] <= sizes[1] and sizes[2] <= sizes[3]
    styles = """(e) => { const s = getComputedStyle(e);
        return [s.font, s.padding, s.letterSpacing, s.wordSpacing, s.borderWidth, s.width, s.overflowWrap]; }"""
    mirror = line.row.locator(".line-mirror")
    assert mirror.evaluate(styles) == line.field.evaluate(styles)


def test_a_text_that_just_fits_takes_no_second_row(letter: ReadPage) -> None:
    line = letter.line(2)
    line.field.click()
    letter.press("End", " ")
    heights = line.row.locator(".line-text").evaluate("""(text) => {
        const [mirror, field] = text.children;
        const unlike = [];
        for (let width = 250; width < 650; width += 0.25) {
            text.style.width = `${width}px`;
            field.style.height = 0;
            const needed = field.scrollHeight + 2;
            field.style.height = "";
            if (Math.abs(mirror.offsetHeight - needed) > 2) unlike.push([width, mirror.offsetHeight, needed]);
        }
        return unlike;
    }""")
    assert heights == []


def test_effort_is_kept_with_the_correction(letter: ReadPage, running: Running) -> None:
    letter.line(2).field.click()
    letter.press("End", "Backspace", "!")
    letter.page.wait_for_timeout(300)
    letter.submit()
    correction = newest(running).pages[0].lines[1].correction
    assert correction is not None
    assert correction.keystrokes == 3
    assert correction.seconds is not None
    assert 0.2 <= correction.seconds < 60
    assert correction.prediction_id == newest(running).pages[0].lines[1].prediction.id


def test_the_page_on_the_screen_is_confirmed_with_one_more_word_without_its_doubtful_lines(
    page: Page, running: Running
) -> None:
    screen = ReadPage(page, running.url).open()
    screen.read(book(LETTER.image, SECOND_PAGE.image), lines=len(TEXTS))
    screen.submit_button.click()
    expect(screen.message).to_contain_text("Nothing to submit yet")
    expect(screen.message).to_contain_text("Mark 2 lines of this page as checked, without 3 doubtful lines.")
    screen.message.get_by_role("button").click()
    expect(screen.submit_button).to_be_focused()
    screen.submit()
    first, second = newest(running).pages
    assert [line.corrected for line in first.lines] == [False, True, False, False, True]
    assert not any(line.corrected for line in second.lines)
    screen.submit_button.click()
    expect(screen.message).to_contain_text("look at 3 doubtful lines of this page first")


def test_a_page_without_doubt_is_confirmed_as_a_whole(letter: ReadPage, running: Running, reader: FakeReader) -> None:
    plain = write_page(SECOND, seed=9, width=900, height=700)
    reader.teach(plain)
    letter.read(picture(plain.image, "plain.png"), lines=len(SECOND))
    letter.submit_button.click()
    letter.page.get_by_role("button", name="Mark the 2 lines of this page as checked").click()
    letter.submit()
    assert [line.text for line in newest(running).pages[0].lines] == SECOND
    assert all(line.corrected for line in newest(running).pages[0].lines)
    expect(letter.own_pages.first).to_contain_text("Submitted")
    letter.submit_button.click()
    expect(letter.message).to_have_text("Every line is saved already.")


def test_characters_the_model_does_not_know_are_kept_with_a_gentle_note(letter: ReadPage, running: Running) -> None:
    letter.line(5).rewrite("With all my love, Ⅷ")
    letter.submit()
    expect(letter.line(5).note).to_contain_text("“Ⅷ” is new to the model")
    assert newest(running).pages[0].lines[4].text == "With all my love, Ⅷ"


def test_line_breaks_that_are_not_pasted_become_spaces(letter: ReadPage) -> None:
    field = letter.line(5).field
    field.click()
    field.press("ControlOrMeta+a")
    field.evaluate("() => document.execCommand('insertText', false, 'two\\r\\n  lines')")
    assert letter.line(5).text == "two lines"


def paste(line: LineOnScreen, text: str) -> None:
    line.field.evaluate(
        """(field, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            const event = new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData });
            if (field.dispatchEvent(event)) document.execCommand("insertText", false, text);
        }""",
        text,
    )


def test_pasted_lines_go_into_this_one_and_the_next_in_one_step(letter: ReadPage) -> None:
    letter.line(2).put_caret(before="last")
    paste(letter.line(2), "one\r\n\r\n  two\nthree\n")
    expect(letter.message).to_have_text("3 lines pasted. Undo takes them back.")
    letter.expect_texts([TEXTS[0], "one", "two", "three", TEXTS[4]])
    letter.line(4).expect_focus()
    letter.line(4).expect_state("changed")
    letter.press("Control+z")
    letter.expect_texts(TEXTS)
    letter.line(2).expect_focus()


def test_pasted_lines_spare_what_a_person_has_touched_and_none_is_lost(letter: ReadPage) -> None:
    letter.line(4).field.focus()
    letter.press("Enter")
    letter.line(4).expect_state("checked")
    letter.line(2).rewrite("mine ")
    paste(letter.line(2), "one\ntwo\nthree")
    letter.expect_texts([TEXTS[0], "mine one", "two three", *TEXTS[3:]])
    letter.line(5).field.focus()
    paste(letter.line(5), "four\nfive")
    letter.expect_texts([TEXTS[0], "mine one", "two three", TEXTS[3], "four five"])


def test_enter_while_composing_belongs_to_the_input_method(letter: ReadPage) -> None:
    field = letter.line(1).field
    field.focus()
    field.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    letter.line(1).expect_focus()
    letter.line(1).expect_state("doubtful")


def test_a_server_that_is_gone_loses_nothing(page: Page, watch: Watch, reader: FakeReader, tmp_path: Path) -> None:
    with serving(tmp_path / "var", reader) as running:
        screen = ReadPage(page, running.url).open()
        screen.read(picture(LETTER.image), lines=len(TEXTS))
    screen.line(1).rewrite("typed while nobody listened")
    screen.submit_button.click()
    expect(screen.message).to_contain_text("Your text is still here")
    assert screen.line(1).text == "typed while nobody listened"
    with serving(tmp_path / "var", reader, port=running.url.rpartition(":")[2]) as again:
        screen.submit()
        assert newest(again).pages[0].lines[0].text == "typed while nobody listened"
        screen.leave()
    watch.troubles[:] = [trouble for trouble in watch.troubles if "ERR_CONNECTION" not in trouble]


def test_the_pages_of_a_pdf_are_turned_and_submitted_together(page: Page, running: Running) -> None:
    screen = ReadPage(page, running.url).open()
    screen.read(book(LETTER.image, SECOND_PAGE.image), lines=len(TEXTS))
    expect(screen.editor).to_contain_text("Page 1 of 2")
    screen.line(5).rewrite("With love, Eleanor")
    screen.press("Enter")
    screen.expect_texts(SECOND)
    screen.line(1).expect_focus()
    screen.press("Alt+ArrowDown")
    screen.line(2).expect_focus()
    page.keyboard.type("word")
    keep_screenshot(page, "second_page")
    screen.submit()
    expect(screen.message).to_contain_text("Saved 2 lines")
    page.get_by_role("button", name="Page before").click()
    expect(screen.message).to_have_text("")
    screen.expect_texts([*TEXTS[:4], "With love, Eleanor"])
    assert [stored.lines[-1].text for stored in newest(running).pages] == ["With love, Eleanor", "with a word of doubt"]


def test_a_list_leads_to_any_page_and_says_where_something_is_doubtful(page: Page, running: Running) -> None:
    screen = ReadPage(page, running.url).open()
    screen.read(book(LETTER.image, SECOND_PAGE.image), lines=len(TEXTS))
    options = screen.page_list.get_by_role("option", include_hidden=True)
    expect(options).to_have_text(["Page 1: 3 doubtful lines", "Page 2: 1 doubtful line"])
    screen.page_list.select_option(label="Page 2: 1 doubtful line")
    screen.expect_texts(SECOND)
    screen.line(1).expect_focus()
    expect(screen.editor).to_contain_text("Page 2 of 2")
    screen.press("Enter", "Enter")
    expect(options.nth(1)).to_have_text("Page 2")


def test_keys_turn_the_pages_and_lead_to_the_first_line(page: Page, running: Running) -> None:
    screen = ReadPage(page, running.url).open()
    screen.read(book(LETTER.image, SECOND_PAGE.image), lines=len(TEXTS))
    screen.line(4).field.focus()
    screen.press("Alt+PageDown")
    screen.expect_texts(SECOND)
    screen.line(1).expect_focus()
    expect(screen.page_list).to_have_value("2")
    screen.press("Alt+PageDown")
    expect(screen.message).to_have_text("This is the last page.")
    screen.press("Alt+PageUp")
    screen.expect_texts(TEXTS)
    screen.line(1).expect_focus()


def test_what_the_bar_says_goes_when_it_is_true_no_longer(letter: ReadPage) -> None:
    letter.submit_button.click()
    expect(letter.message).to_contain_text("Nothing to submit yet")
    letter.line(2).rewrite("typed")
    expect(letter.message).to_have_text("")
    letter.press("Control+z")
    expect(letter.message).to_have_text("Undone.")
    letter.press("Control+Shift+z")
    expect(letter.message).to_have_text("Done again.")
    letter.submit()
    expect(letter.message).to_have_text("")  # within the patience of every expectation


def test_what_was_typed_waits_while_another_document_is_open(letter: ReadPage) -> None:
    letter.line(1).rewrite("not yet submitted")
    letter.read(picture(SECOND_PAGE.image, "second.png"), lines=len(SECOND))
    letter.expect_texts(SECOND)
    letter.own_pages.nth(1).click()
    letter.expect_texts(["not yet submitted", *TEXTS[1:]])
    letter.line(1).expect_state("changed")


def test_an_address_opens_its_document_again(letter: ReadPage, running: Running, open_page: OpenPage) -> None:
    first = str(newest(running).id)
    letter.read(picture(SECOND_PAGE.image, "second.png"), lines=len(SECOND))
    ReadPage(open_page(), running.url).open(document=first).expect_texts(TEXTS)
    ReadPage(open_page(), running.url).open().expect_texts(SECOND)
    ReadPage(open_page(), running.url).open(document="nothing").expect_texts(SECOND)


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "${7*7} `${alert(2)}`",
    "{{constructor}} {{#each this}}x{{/each}}",
    "</textarea><script>alert(3)</script>",
    "\\u003cb\\u003e &lt;b&gt; &amp;",
]


def test_hostile_text_is_shown_as_text_wherever_it_appears(
    page: Page, running: Running, reader: FakeReader, watch: Watch
) -> None:
    watch.expected_statuses.add(422)
    hostile = write_page(HOSTILE, seed=6, width=900, height=700)
    reader.teach(hostile, doubtful=[word for text in HOSTILE for word in text.split()])
    name = "${7*7}{{constructor}}<img src=x onerror=alert(4)>.png"
    screen = ReadPage(page, running.url).open()
    screen.read(picture(hostile.image, name), lines=len(HOSTILE))
    screen.expect_texts(HOSTILE)
    screen.line(1).rewrite(f"{HOSTILE[0]} \N{RIGHT-TO-LEFT OVERRIDE} {HOSTILE[2]}")
    screen.submit()
    expect(screen.line(1).note).to_have_text("U+202E is new to the model. Your text is kept as you typed it.")
    keep_screenshot(page, "hostile")
    page.reload()
    screen.expect_texts([f"{HOSTILE[0]} \N{RIGHT-TO-LEFT OVERRIDE} {HOSTILE[2]}", *HOSTILE[1:]])
    expect(screen.line(2).marks.first).to_have_text("${7*7}")
    expect(screen.own_pages.first).to_contain_text("${7*7}{{constructor}}<img")
    assert page.locator("#line-editor :is(img, script, b), #shelf :is(script, [onerror])").count() == 0
    screen.choose({"name": name, "mimeType": "image/png", "buffer": b"no image"})
    expect(screen.trouble).to_contain_text("${7*7}{{constructor}}<img")
    assert page.locator("#shelf [onerror]").count() == 0

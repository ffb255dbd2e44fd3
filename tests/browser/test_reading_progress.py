"""A long document while it is read: the bar moves, pages arrive one by one, and reading may be stopped."""

import io
from threading import Semaphore

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from recognizer.images import PageImage
from recognizer.page import Page as ReadPageOf
from tests.browser.conftest import OpenPage, Scheme, keep_screenshot
from tests.browser.pages import ReadPage
from tests.fake_reader import FakeReader
from tests.handwriting import Grey, write_page
from tests.running_app import Running

PAGES = [write_page([f"page {number} of the book", "its last line"], seed=number, width=700, height=500)
         for number in range(1, 5)]  # fmt: skip
NOTE = write_page(["A note", "of three", "short lines"], seed=9, width=700, height=500)


class PatientReader(FakeReader):
    """Reads a page whenever a test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.turns, self.pages = Semaphore(0), 0

    def let(self, pages: int = 1) -> None:
        """Allow so many pages."""
        self.turns.release(pages)

    def read_page(self, page: PageImage, *, path: str) -> ReadPageOf:
        """As its parent, after its turn has come."""
        assert self.turns.acquire(timeout=60), "no test let this page be read"
        self.pages += 1
        return super().read_page(page, path=path)


@pytest.fixture(scope="module")
def reader() -> PatientReader:
    taught = PatientReader()
    for page in (*PAGES, NOTE):
        taught.teach(page)
    return taught


@pytest.fixture
def screen(page: Page, running: Running) -> ReadPage:
    return ReadPage(page, running.url).open()


def book(name: str = "book.pdf", pages: int = 4) -> FilePayload:
    first, *rest = [Image.fromarray(page.image) for page in PAGES[:pages]]
    packed = io.BytesIO()
    first.save(packed, "PDF", save_all=True, append_images=rest)
    return {"name": name, "mimeType": "application/pdf", "buffer": packed.getvalue()}


def picture(image: Grey, name: str) -> FilePayload:
    packed = io.BytesIO()
    Image.fromarray(image).save(packed, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": packed.getvalue()}


def expect_progress(screen: ReadPage, now: int, of: int) -> None:
    expect(screen.progress).to_have_attribute("aria-valuenow", str(now))
    expect(screen.progress).to_have_attribute("aria-valuemax", str(of))


def test_the_bar_moves_and_lines_appear_page_by_page(screen: ReadPage, reader: PatientReader) -> None:
    screen.choose(book())
    expect(screen.progress).to_be_visible()
    assert screen.progress.get_attribute("aria-valuenow") is None  # nobody knows yet how long it is
    reader.let()
    expect_progress(screen, 1, 4)
    screen.expect_texts([line.text for line in PAGES[0].lines])
    expect(screen.own_pages.first).to_contain_text("book.pdf")
    for number in (2, 3):
        reader.let()
        expect_progress(screen, number, 4)
        expect(screen.shelf).to_contain_text(f"Page {number} of 4")
        expect(screen.own_pages.first).to_contain_text(f"{number} of 4 pages read")
    expect(screen.shelf).to_contain_text("left")
    keep_screenshot(screen.page, "progress")
    screen.editor.get_by_role("button", name="Next page").click()
    screen.expect_texts([line.text for line in PAGES[1].lines])
    screen.line(1).rewrite("corrected while the rest is read")
    reader.let()
    expect(screen.progress).to_be_hidden()
    screen.expect_idle()
    expect(screen.line(1).field).to_have_value("corrected while the rest is read")
    expect(screen.editor).to_contain_text("Page 2 of 4")


def test_reading_may_be_stopped_and_what_was_read_stays(screen: ReadPage, reader: PatientReader) -> None:
    screen.choose(book("stopped.pdf"), picture(NOTE.image, "never.png"))
    reader.let(2)
    expect_progress(screen, 2, 5)
    screen.shelf.get_by_role("button", name="Cancel").click()
    screen.expect_idle()
    expect(screen.trouble).to_contain_text("Stopped. 2 of 4 pages of stopped.pdf were read and are kept.")
    expect(screen.trouble).to_contain_text("1 more file was not sent.")
    expect(screen.own_pages.first).to_contain_text("stopped.pdf")
    expect(screen.own_pages.first).to_contain_text("2 of 4 pages")
    screen.expect_texts([line.text for line in PAGES[0].lines])
    read = reader.pages
    reader.let()  # the page that was in work; the server asks for no further one
    screen.choose(picture(NOTE.image, "next.png"))
    reader.let()
    expect(screen.own_pages.first).to_contain_text("next.png")
    screen.expect_idle()
    assert reader.pages == read + 2
    screen.expect_texts([line.text for line in NOTE.lines])


def test_files_that_come_meanwhile_wait_their_turn(screen: ReadPage, reader: PatientReader) -> None:
    screen.choose(book("first.pdf", pages=2))
    reader.let()
    expect_progress(screen, 1, 2)
    encoded = picture(NOTE.image, "meanwhile.png")["buffer"]
    screen.page.evaluate(
        "bytes => document.dispatchEvent(new CustomEvent('inkloop:files', "
        "{ detail: { files: [new File([new Uint8Array(bytes)], 'meanwhile.png')] } }))",
        list(encoded),
    )
    expect_progress(screen, 1, 3)
    expect(screen.shelf).to_contain_text("File 1 of 2")
    reader.let(2)
    screen.expect_idle()
    expect(screen.own_pages.nth(0)).to_contain_text("meanwhile.png")
    expect(screen.own_pages.nth(1)).to_contain_text("first.pdf")
    screen.expect_texts([line.text for line in PAGES[0].lines])  # whoever is at work is not called away


@pytest.mark.parametrize(("width", "scheme"), [(420, "dark"), (420, "light")])
def test_the_progress_fits_a_phone(
    open_page: OpenPage, running: Running, reader: PatientReader, width: int, scheme: Scheme
) -> None:
    screen = ReadPage(open_page(width=width, scheme=scheme), running.url).open()
    screen.choose(book("a book with quite a long name that does not fit into a row of a phone.pdf"))
    reader.let()
    expect_progress(screen, 1, 4)
    assert screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    screen.page.evaluate("scrollTo(0, 0)")
    keep_screenshot(screen.page, f"progress_{width}_{scheme}")
    reader.let(3)
    screen.expect_idle()

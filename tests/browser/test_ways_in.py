"""How a page comes in: chosen, dropped, pasted or taken from the examples; and what a bad file is told."""

import base64
import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect
from pypdf import PdfWriter

from tests.browser.conftest import Watch, keep_screenshot
from tests.browser.pages import ReadPage
from tests.fake_reader import FakeReader
from tests.files import encode, encode_pdf
from tests.handwriting import write_page
from tests.running_app import Running, serving

TEXTS = ["One line of ink", "and a second one"]
NOTE = write_page(TEXTS, seed=8, width=800, height=500)
BLANK = write_page([], seed=1, width=400, height=300)


def payload(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def packed(image: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def note(name: str = "note.png") -> FilePayload:
    return payload(name, packed(Image.fromarray(NOTE.image), "PNG"))


def locked() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.encrypt("secret")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def reader() -> FakeReader:
    taught = FakeReader()
    taught.teach(NOTE)
    return taught


@pytest.fixture
def screen(page: Page, running: Running) -> ReadPage:
    return ReadPage(page, running.url).open()


BAD = [
    ("letter.txt", b"Dear Margaret", "letter.txt"),
    ("empty.png", b"", "empty.png"),
    ("cut.jpg", packed(Image.fromarray(NOTE.image), "JPEG")[:3000], "cut.jpg"),
    ("locked.pdf", locked(), "password"),
    ("archive.zip", b"PK\x03\x04 and so on", "archive.zip"),
]


def test_every_bad_file_gets_its_sentence_and_leaves_the_page_as_it_was(screen: ReadPage, watch: Watch) -> None:
    watch.expected_statuses |= {413, 422}
    screen.read(note(), lines=2)
    screen.line(1).rewrite("half done")
    for name, data, told in BAD:
        screen.choose(payload(name, data))
        expect(screen.trouble).to_contain_text(told)
        assert screen.trouble.inner_text().rstrip().endswith(".")
        screen.expect_idle()
        screen.expect_texts(["half done", TEXTS[1]])
    keep_screenshot(screen.page, "bad_file")
    screen.submit()


def test_a_file_over_the_limit_is_told_before_it_is_sent(page: Page, reader: FakeReader, tmp_path: Path) -> None:
    with serving(tmp_path / "var", reader, max_upload_mb="1") as running:
        screen = ReadPage(page, running.url).open()
        screen.choose(payload("huge.tiff", bytes(3 * 2**20)))
        expect(screen.trouble).to_contain_text("huge.tiff has 3 MB, more than the 1 MB")
        screen.leave()


def test_a_page_without_writing_gets_a_sentence_beside_its_picture(screen: ReadPage) -> None:
    screen.choose(payload("blank.png", packed(Image.fromarray(BLANK.image), "PNG")))
    expect(screen.editor).to_contain_text("No writing was found on this page")
    expect(screen.editor.get_by_role("img", name="Page 1")).to_be_visible()
    expect(screen.fields).to_have_count(0)
    keep_screenshot(screen.page, "no_writing")
    screen.submit_button.click()
    expect(screen.message).to_contain_text("There is no line to submit")


def test_of_several_files_the_bad_one_is_told_and_the_others_are_read(screen: ReadPage, watch: Watch) -> None:
    watch.expected_statuses.add(422)
    before = screen.own_pages.count()
    screen.choose(note("first.png"), payload("bad.txt", b"text"), note("last.png"))
    expect(screen.own_pages).to_have_count(before + 2, timeout=60_000)
    expect(screen.trouble).to_contain_text("bad.txt")
    screen.expect_texts(TEXTS)


HOSTILE = ["<img src=x onerror=alert(1)>.png", "${7*7}{{constructor}}.png", "\u202egnp.elif"]


def test_hostile_names_are_shown_as_text(screen: ReadPage) -> None:
    for name in HOSTILE:
        screen.read(note(name), lines=2)
        expect(screen.own_pages.first.locator(".tile-name")).to_have_text(name)
    keep_screenshot(screen.page, "hostile_names")


def test_phone_photos_and_scans_of_many_pages_are_read(screen: ReadPage) -> None:
    picture = Image.fromarray(NOTE.image)
    tiff = encode(picture, "TIFF", save_all=True, append_images=[picture])
    for name, data, pages in [
        ("photo.heic", encode(picture, "HEIF"), 1),
        ("scan.tiff", tiff, 2),
        ("scan.pdf", encode_pdf([picture, picture, picture], size_points=(800, 500)), 3),
    ]:
        screen.read(payload(name, data), lines=2)
        expect(screen.own_pages.first).to_contain_text(f"{2 * pages} lines")
        screen.expect_texts(TEXTS)


HAND_OVER = """([kind, name, encoded]) => {
  const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name, { type: "image/png" }));
  const target = document.querySelector(".masthead");
  const options = { bubbles: true, cancelable: true, dataTransfer: carried, clipboardData: carried };
  const kinds = kind === "drop" ? ["dragenter", "dragover", "drop"] : ["paste"];
  for (const each of kinds) {
    target.dispatchEvent(kind === "drop" ? new DragEvent(each, options) : new ClipboardEvent(each, options));
  }
}"""


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_file_may_be_dropped_or_pasted_anywhere(screen: ReadPage, kind: str) -> None:
    encoded = base64.b64encode(packed(Image.fromarray(NOTE.image), "PNG")).decode()
    screen.page.evaluate(HAND_OVER, [kind, f"{kind}.png", encoded])
    expect(screen.own_pages.first).to_contain_text(f"{kind}.png", timeout=60_000)
    screen.expect_texts(TEXTS)


def test_an_example_is_read_at_a_click(screen: ReadPage) -> None:
    assert screen.examples.count() >= 2
    before = screen.own_pages.count()
    if before:
        screen.shelf.get_by_text("Or try an example").click()
    title = screen.examples.first.inner_text()
    screen.examples.first.click()
    expect(screen.own_pages).to_have_count(before + 1, timeout=120_000)
    expect(screen.own_pages.first.locator(".tile-name")).to_have_text(title)
    expect(screen.editor).to_be_visible()
    expect(screen.trouble).to_be_hidden()

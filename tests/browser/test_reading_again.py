"""A newer model reads a document again; what people typed stays until they choose otherwise."""

import io
from dataclasses import replace
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import keep_screenshot
from tests.browser.pages import ReadPage
from tests.fake_reader import FakeReader
from tests.handwriting import write_page
from tests.running_app import serving

OLD = [
    "Dear Margaret, the roses by the gale have come",
    "out at last and I think of you each morning.",
    "The childrer ask when you will come again;",
    "little Tom has lost lwo teeth.",
]
NEW = [
    "Dear Margaret, the noses by the gate have come",
    "out at last and I think of you each morning.",
    "The children ask when you will come again;",
    "little Tim has lost two ${7*7} teeth.",
]
LETTER = write_page(OLD, seed=4, width=900, height=700, paper="ruled")


def reader(texts: list[str], version: str) -> FakeReader:
    lines = tuple(replace(line, text=text) for line, text in zip(LETTER.lines, texts, strict=True))
    taught = FakeReader()
    taught.version = version
    taught.teach(replace(LETTER, lines=lines))
    return taught


def test_reading_again_replaces_nothing_that_a_person_typed(page: Page, tmp_path: Path) -> None:
    packed = io.BytesIO()
    Image.fromarray(LETTER.image).save(packed, "PNG")
    with serving(tmp_path / "var", reader(OLD, "fake-1")) as running:
        screen = ReadPage(page, running.url).open()
        screen.read({"name": "letter.png", "mimeType": "image/png", "buffer": packed.getvalue()}, lines=len(OLD))
        expect(screen.read_again).to_be_hidden()
        screen.line(1).rewrite("Dear Margaret, the roses by the gate have come")
        screen.line(2).field.focus()
        screen.press("Enter")
        screen.submit()
        screen.line(4).rewrite("little Tom has lost two teeth.")
        screen.press("Tab")
        screen.leave()
    with serving(tmp_path / "var", reader(NEW, "fake-2"), port=running.url.rpartition(":")[2]):
        screen.open()
        expect(screen.read_again).to_have_text("Read again")
        expect(screen.read_again).to_have_attribute("title", "Read again with fake-2")
        screen.read_again.click()
        expect(screen.message).to_contain_text("2 lines of yours read otherwise")
        expect(screen.read_again).to_be_hidden()
        mine = ["Dear Margaret, the roses by the gate have come", OLD[1], NEW[2], "little Tom has lost two teeth."]
        screen.expect_texts(mine)
        screen.line(1).expect_focus()
        expect(screen.line(1).rival.locator("del")).to_have_text(["roses"])
        expect(screen.line(1).rival.locator("ins")).to_have_text(["noses"])
        expect(screen.line(2).rival).to_be_hidden()
        expect(screen.line(3).rival).to_be_hidden()
        expect(screen.line(4).rival.locator("ins")).to_have_text(["Tim", "${7*7}"])
        keep_screenshot(page, "read_again")
        screen.line(1).rival.get_by_role("button", name="Keep mine").click()
        expect(screen.line(1).rival).to_be_hidden()
        screen.line(4).rival.get_by_role("button", name="Take the new reading").click()
        screen.expect_texts([*mine[:3], NEW[3]])
        screen.press("Control+z")
        screen.expect_texts(mine)
        screen.reload()
        screen.expect_texts(mine)
        screen.leave()

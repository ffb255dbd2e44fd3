"""The main job, with nothing faked: ``python app.py`` as people start it, the shipped weights, a page written here."""

import json
from pathlib import Path

import httpx
from HersheyFonts import HersheyFonts
from PIL import Image
from playwright.sync_api import Page, expect
from rapidfuzz.distance import Levenshtein

from recognizer.datasets.strokes import draw_character
from tests.browser.conftest import keep_screenshot
from tests.browser.pages import ReadPage
from tests.handwriting import write_page
from tests.running_app import program

TEXTS = [
    "Dear Margaret,",
    "the roses by the gate have come out at last,",
    "and I think of you each morning when I open",
    "the window. Write soon and come again.",
    "With love, Eleanor",
]


def test_handwriting_becomes_text_that_a_person_corrects_and_the_store_keeps(page: Page, tmp_path: Path) -> None:
    written = write_page(TEXTS, seed=4, width=1400, height=1000)
    picture = tmp_path / "letter.png"
    Image.fromarray(written.image).save(picture)
    with program(tmp_path / "var") as url:
        screen = ReadPage(page, url).open()
        screen.read(picture, lines=len(TEXTS))
        expect(screen.boxes).to_have_count(len(TEXTS))
        read = [screen.line(number).text for number in range(1, len(TEXTS) + 1)]
        assert Levenshtein.distance("\n".join(read), "\n".join(TEXTS)) < 0.25 * len("\n".join(TEXTS)), read
        keep_screenshot(page, "real_page_read")
        for number, text in enumerate(TEXTS, start=1):
            screen.line(number).rewrite(text)
            screen.press("Enter")
        screen.submit()
        keep_screenshot(page, "real_page_submitted")
        page.reload()
        screen.expect_texts(TEXTS)
        with picture.open("rb") as file:
            (answered,) = httpx.post(f"{url}/api/v1/read", files={"file": file}, timeout=60).json()
        assert [line["text"] for line in answered["lines"]] == read
        (shown,) = json.loads(httpx.get(f"{url}/api/v1/documents/{document_in(page)}").text)["pages"]
        assert shown["text"] == "\n".join(TEXTS)
        asked = page.url
        screen.leave()
    with program(tmp_path / "var", port=url.rpartition(":")[2]):
        page.goto(asked)
        screen.expect_texts(TEXTS)
        for number in range(1, len(TEXTS) + 1):
            screen.line(number).expect_state("stored")
        screen.leave()


def document_in(page: Page) -> str:
    """The document that the page's address names."""
    return page.url.partition("document=")[2]


WRITE = """(canvas, strokes) => {
  const box = canvas.getBoundingClientRect();
  canvas.setPointerCapture = () => {};
  const send = (type, [x, y]) => canvas.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, pointerType: "mouse", isPrimary: true, bubbles: true, cancelable: true,
    clientX: box.left + x, clientY: box.top + y, button: type === "pointermove" ? -1 : 0,
  }));
  for (const stroke of strokes) {
    send("pointerdown", stroke[0]);
    for (const point of stroke.slice(1)) send("pointermove", point);
    send("pointerup", stroke.at(-1));
  }
}"""
PAD_TEXTS = ["the wild garden", "grows at noon"]
UNIT_PX = 2.2


def pen_strokes(texts: list[str]) -> list[list[list[float]]]:
    """The strokes of a hand that writes on every second line of the pad's paper."""
    fonts = HersheyFonts()
    fonts.load_default_font("scripts")
    drawn = []
    for row, text in enumerate(texts, start=1):
        right = 60.0
        for character in text:
            strokes, width = draw_character(character, fonts.all_glyphs)
            drawn += [(stroke * UNIT_PX + (right, 128 * row)).tolist() for stroke in strokes]
            right += width * UNIT_PX
    return drawn


def test_what_is_written_on_the_pad_is_read(page: Page, tmp_path: Path) -> None:
    with program(tmp_path / "var") as url:
        screen = ReadPage(page, url).open()
        screen.way("Write").click()
        screen.pad.get_by_role("img", name="Paper to write on").evaluate(WRITE, pen_strokes(PAD_TEXTS))
        keep_screenshot(page, "pad_written")
        screen.pad.get_by_role("button", name="Read this").click()
        expect(screen.fields).to_have_count(2, timeout=60_000)
        read = "\n".join(screen.line(number).text for number in (1, 2))
        assert Levenshtein.distance(read, "\n".join(PAD_TEXTS)) < 0.25 * len(read), read
        keep_screenshot(page, "pad_read")
        screen.leave()

"""Pictures that are no files yet: from the camera and from the clipboard."""

import base64
import io
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from recognizer.images import PageImage
from recognizer.page import Page as ReadPageOf
from tests.browser.conftest import OpenPage, Scheme, keep_screenshot
from tests.browser.pages import ReadPage
from tests.fake_reader import FakeReader
from tests.handwriting import write_page
from tests.running_app import Running

TEXTS = ["One line of ink", "and a second one"]
NOTE = write_page(TEXTS, seed=8, width=800, height=500)


class NotingReader(FakeReader):
    """Remembers the size of what it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[tuple[int, int]] = []

    def read_page(self, page: PageImage, *, path: str) -> ReadPageOf:
        """As its parent."""
        self.sizes.append(page.colour.size)
        return super().read_page(page, path=path)


@pytest.fixture(scope="module")
def reader() -> NotingReader:
    taught = NotingReader()
    taught.teach(NOTE)
    return taught


@pytest.fixture
def screen(page: Page, running: Running, window: BrowserContext) -> Iterator[ReadPage]:
    opened = ReadPage(page, running.url).open()
    yield opened
    window.clear_permissions()


def test_a_picture_is_taken_taken_again_and_read(
    screen: ReadPage, window: BrowserContext, reader: NotingReader
) -> None:
    window.grant_permissions(["camera"], origin=screen.url)
    screen.way("Camera").click()
    camera = screen.camera
    expect(camera.get_by_label("Camera preview")).to_be_visible()
    camera.get_by_role("button", name="Take picture").click()
    expect(camera.get_by_role("img", name="The picture")).to_be_visible()
    keep_screenshot(screen.page, "camera")
    camera.get_by_role("button", name="Take again").click()
    expect(camera.get_by_label("Camera preview")).to_be_visible()
    camera.get_by_role("button", name="Take picture").click()
    camera.get_by_role("button", name="Read this").click()
    expect(screen.own_pages.first).to_contain_text("Photo ")
    screen.expect_idle()
    assert reader.sizes[-1][0] >= 640
    expect(camera).to_have_count(0)


def test_the_camera_is_off_once_its_sheet_is_closed(screen: ReadPage, window: BrowserContext) -> None:
    window.grant_permissions(["camera"], origin=screen.url)
    screen.way("Camera").click()
    preview = screen.camera.get_by_label("Camera preview")
    expect(preview).to_be_visible()
    tracks = preview.evaluate_handle("video => video.srcObject.getTracks()")
    screen.press("Escape")
    expect(screen.camera).to_have_count(0)
    ended = "tracks => tracks.length === 1 && tracks.every((track) => track.readyState === 'ended')"
    window.pages[0].wait_for_function(ended, arg=tracks)  # a sheet tells of its closing one task after it is closed


def test_a_camera_that_is_refused_is_explained_and_may_be_tried_again(screen: ReadPage, window: BrowserContext) -> None:
    window.clear_permissions()
    screen.way("Camera").click()
    expect(screen.camera.get_by_role("status")).to_contain_text("does not let this page use the camera")
    keep_screenshot(screen.page, "camera_refused")
    window.grant_permissions(["camera"], origin=screen.url)
    screen.camera.get_by_role("button", name="Try again").click()
    expect(screen.camera.get_by_label("Camera preview")).to_be_visible()
    screen.camera.get_by_role("button", name="Close").click()


def failing(name: str) -> str:
    return f"navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('', '{name}'); }}"


@pytest.mark.parametrize(
    ("breaking", "told"),
    [
        (failing("NotFoundError"), "No camera was found"),
        (failing("NotReadableError"), "in use by another program"),
        (failing("AbortError"), "The camera does not start"),
        ("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})", "on this machine or over https"),
    ],
    ids=["none", "busy", "broken", "insecure"],
)
def test_without_a_camera_the_sheet_says_what_to_do(screen: ReadPage, breaking: str, told: str) -> None:
    screen.page.evaluate(f"() => {{ {breaking} }}")
    screen.way("Camera").click()
    expect(screen.camera.get_by_role("status")).to_contain_text(told)
    expect(screen.camera.get_by_role("button", name="Take picture")).to_be_hidden()


COPY = """async (encoded) => {
  const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  await navigator.clipboard.write([new ClipboardItem({ "image/png": new Blob([bytes], { type: "image/png" }) })]);
}"""


def test_a_copied_picture_is_pasted_at_a_click(screen: ReadPage, window: BrowserContext) -> None:
    window.grant_permissions(["clipboard-read", "clipboard-write"], origin=screen.url)
    packed = io.BytesIO()
    Image.fromarray(NOTE.image).save(packed, "PNG")
    screen.page.evaluate(COPY, base64.b64encode(packed.getvalue()).decode())
    screen.way("Paste").click()
    expect(screen.own_pages.first).to_contain_text("Pasted ")
    screen.expect_texts(TEXTS)


def test_a_clipboard_without_a_picture_is_told(screen: ReadPage, window: BrowserContext) -> None:
    window.grant_permissions(["clipboard-read", "clipboard-write"], origin=screen.url)
    screen.page.evaluate("navigator.clipboard.writeText('only text')")
    screen.way("Paste").click()
    expect(screen.trouble).to_contain_text("There is no picture in the clipboard.")


def test_a_closed_clipboard_is_told_with_the_way_round(screen: ReadPage, window: BrowserContext) -> None:
    window.clear_permissions()
    screen.way("Paste").click()
    expect(screen.trouble).to_contain_text("press Ctrl+V")


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (420, "dark")])
def test_the_camera_fits_the_window(
    open_page: OpenPage, running: Running, window: BrowserContext, width: int, scheme: Scheme
) -> None:
    window.grant_permissions(["camera"], origin=running.url)
    screen = ReadPage(open_page(width=width, height=800, scheme=scheme), running.url).open()
    screen.way("Camera").click()
    expect(screen.camera.get_by_role("button", name="Take picture")).to_be_in_viewport()
    box = screen.camera.bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= width
    keep_screenshot(screen.page, f"camera_{width}_{scheme}")

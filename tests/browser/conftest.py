"""A Chromium that fails the test on any page error, console error or request to another host."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    expect,
    sync_playwright,
)

from tests.browser.pages import FAREWELL
from tests.fake_reader import FakeReader
from tests.running_app import Running, serving

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a camera that shows a moving clock
]
NAMES = ("chromium", "chromium-browser", "google-chrome")
HERE = Path(__file__).resolve().parent
SCREENSHOTS = HERE.parent / "screenshots"

expect.set_options(timeout=30_000)  # ms; other tests may keep the machine busy


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's own Chromium."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    assert path, "Browser tests need Chromium. Install it, on Debian with: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


# What Gradio 6.31's client logs when a page is left while its own stream is still opening.
LEFT_BEHIND = ("AbortError: signal is aborted without reason", "Unexpected error Connection errored out.")


@dataclass
class Watch:
    """What must not happen in a page; statuses that a test provokes are told beforehand."""

    expected_statuses: set[int] = field(default_factory=set)
    troubles: list[str] = field(default_factory=list)
    leaving: bool = False

    def follow(self, page: Page) -> None:
        """Listen to a page from its first moment."""
        page.on("pageerror", lambda error: self.troubles.append(f"page error: {error}"))
        page.on("console", self._console)
        page.on("domcontentloaded", self._arrive)
        page.on("request", self._request)
        page.on("dialog", self._dialog)

    def _arrive(self, page: Page) -> None:
        self.leaving = self.leaving and page.url == "about:blank"

    def _console(self, message: ConsoleMessage) -> None:
        self.leaving = self.leaving or message.text == FAREWELL
        if message.type != "error" or (self.leaving and message.text.startswith(LEFT_BEHIND)):
            return
        status = re.search(r"status of (\d+)", message.text)
        if not (status and int(status[1]) in self.expected_statuses):
            self.troubles.append(f"console error: {message.text}")

    def _dialog(self, dialog: Dialog) -> None:
        if dialog.type != "beforeunload":  # that one warns a person who is about to lose typed text
            self.troubles.append(f"dialog: {dialog.message}")
        dialog.accept()

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.hostname != "127.0.0.1":
            self.troubles.append(f"request to another host: {request.url}")


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails the test for whatever went wrong in its pages."""
    watching = Watch()
    yield watching
    assert watching.troubles == []


# Whenever its queue has worked off an event, Gradio 6.31 asks pandas 3 for two things that are going away.
FROM_GRADIO = (
    "ignore:'future.no_silent_downcasting' is deprecated:pandas.errors.Pandas4Warning",
    "ignore:The copy keyword is deprecated:pandas.errors.Pandas4Warning",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.filterwarnings(*FROM_GRADIO))


OpenPage = Callable[..., Page]
Scheme = Literal["light", "dark"]


@pytest.fixture(scope="session")
def window(chromium: Browser) -> Iterator[BrowserContext]:
    """One browser window for all tests, so that Gradio's own files are fetched once."""
    context = chromium.new_context(locale="en-GB")
    yield context
    context.close()


@pytest.fixture
def open_page(window: BrowserContext, watch: Watch) -> Iterator[OpenPage]:
    """Opens watched pages: ``open_page(width=…, height=…, scheme="dark")``."""
    opened: list[Page] = []

    def open_one(*, width: int = 1400, height: int = 900, scheme: Scheme = "light") -> Page:
        page = window.new_page()
        opened.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        watch.follow(page)
        return page

    yield open_one
    for page in opened:
        page.close()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """One watched page, as wide as a desk."""
    return open_page()


@pytest.fixture(scope="module")
def reader() -> FakeReader:
    """Teach it what the module's pages say."""
    return FakeReader()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, reader: FakeReader) -> Iterator[Running]:
    """The app with the module's reader; its tests share a store, as people do."""
    with serving(tmp_path_factory.mktemp("running"), reader) as started:
        yield started


def keep_screenshot(page: Page, name: str) -> None:
    """Keep a picture for people to look at, in tests/screenshots."""
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


@pytest.fixture
def ask(page: Page, running: Running) -> Any:
    """Evaluates an expression with a module of ours as ``m``."""
    page.goto(f"{running.url}/docs")  # any page of ours; the modules need none

    def asked(module: str, expression: str) -> Any:
        return page.evaluate(f"import('/ui/{module}').then((m) => {expression})")

    return asked

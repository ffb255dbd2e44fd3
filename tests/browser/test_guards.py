"""What the browser refuses on our behalf, should markup of a stranger ever reach the page or the page a stranger."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.pages import ReadPage
from tests.running_app import Running

BLOCKED = """
markup => new Promise(resolve => {
    document.addEventListener("securitypolicyviolation", event => resolve(event.effectiveDirective), { once: true });
    document.body.insertAdjacentHTML("beforeend", markup);
    document.querySelector("#form")?.submit();
    setTimeout(() => resolve("nothing was blocked"), 3000);
})
"""


@pytest.fixture
def unwatched(window: BrowserContext) -> Iterator[Page]:
    """A page whose errors are what the test provokes."""
    page = window.new_page()
    yield page
    page.close()


@pytest.mark.parametrize(
    ("markup", "directive"),
    [
        ("<details open ontoggle='window.ran = true'></details>", "script-src-attr"),
        ("<img src='http://elsewhere.invalid/x.png'>", "img-src"),
        ("<link rel='stylesheet' href='http://elsewhere.invalid/x.css'>", "style-src-elem"),
        ("<object data='/ui/dom.js'></object>", "object-src"),
        ("<iframe src='http://elsewhere.invalid/'></iframe>", "frame-src"),
        ("<form action='http://elsewhere.invalid/' id='form'></form>", "form-action"),
    ],
)
def test_injected_markup_runs_and_fetches_nothing(
    unwatched: Page, running: Running, markup: str, directive: str
) -> None:
    screen = ReadPage(unwatched, running.url).open()
    assert unwatched.evaluate(BLOCKED, markup) == directive
    assert unwatched.evaluate("window.ran") is None
    screen.leave()

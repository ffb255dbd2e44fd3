"""The page as tests use it: what a person sees and does, by the names they would use for it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import FilePayload, Locator, Page, expect

Point = tuple[float, float]
FAREWELL = "the test leaves this page"  # logged by it, for whoever watches the page


@dataclass(frozen=True)
class LineOnScreen:
    """One line of the correction screen and its box on the page."""

    row: Locator
    box: Locator

    @property
    def field(self) -> Locator:
        """Where its text is typed."""
        return self.row.get_by_role("textbox")

    @property
    def crop(self) -> Locator:
        """Its own image."""
        return self.row.get_by_role("img")

    @property
    def marks(self) -> Locator:
        """The words that are marked as doubtful."""
        return self.row.locator("mark")

    @property
    def side(self) -> Locator:
        """What is said about its state."""
        return self.row.locator(".line-state")

    @property
    def note(self) -> Locator:
        """What is said about its text."""
        return self.row.locator(".line-note")

    @property
    def rival(self) -> Locator:
        """The other text for the line, beside its own, until a person has chosen."""
        return self.row.locator(".line-rival")

    @property
    def number(self) -> Locator:
        """By which it is dragged to another place in reading order."""
        return self.row.locator(".line-number")

    @property
    def text(self) -> str:
        """What stands in the field."""
        return self.field.input_value()

    def rewrite(self, text: str) -> None:
        """Replace the text as a person does: click, select all, type."""
        self.field.click()
        self.field.press("ControlOrMeta+a")
        self.field.press_sequentially(text)

    def put_caret(self, *, before: str) -> None:
        """Put the caret before the first place where a text stands in the line."""
        self.field.focus()
        self.field.evaluate("(field, at) => field.setSelectionRange(at, at)", self.text.index(before))

    @property
    def caret(self) -> int:
        """Where the caret stands in the text."""
        offset: int = self.field.evaluate("field => field.selectionStart")
        return offset

    def expect_state(self, state: str) -> None:
        """Wait until row and box say changed, checked, stored, doubtful or read."""
        expect(self.row).to_have_attribute("data-state", state)
        expect(self.box).to_have_attribute("data-state", state)

    def expect_focus(self) -> None:
        """Wait until the line is being worked on, in the list and on the page."""
        expect(self.field).to_be_focused()
        expect(self.box).to_have_class(re.compile(r"\bcurrent\b"))


class ReadPage:
    """The Read tab."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url

    def open(self, *, document: str | None = None) -> "ReadPage":
        """Go there, and wait until shelf and editor are there."""
        self.page.goto(self.url if document is None else f"{self.url}/?document={document}")
        self.expect_ready()
        return self

    def expect_ready(self) -> None:
        """Wait until shelf and editor are there."""
        self.shelf.wait_for()
        expect(self.page.locator("#shelf [data-ready]")).to_be_attached()
        expect(self.page.locator("#line-editor [data-ready]")).to_be_attached()

    def leave(self) -> None:
        """Go away, before the server does."""
        self.say_farewell()
        self.page.goto("about:blank")

    def say_farewell(self) -> None:
        """Tell whoever watches that what is done next leads to another page."""
        self.page.evaluate("farewell => console.debug(farewell)", FAREWELL)

    def reload(self) -> None:
        """Load the page again, whatever it was still waiting for."""
        self.say_farewell()
        self.page.reload()

    @property
    def shelf(self) -> Locator:
        """The drop area, the examples and one's own pages."""
        return self.page.get_by_role("region", name="Pages")

    @property
    def editor(self) -> Locator:
        """The correction screen."""
        return self.page.get_by_role("region", name="Correct the text")

    @property
    def own_pages(self) -> Locator:
        """The tiles of one's own documents, newest first."""
        return self.shelf.locator(".shelf-pages .tile")

    @property
    def examples(self) -> Locator:
        """The tiles of the ready examples."""
        return self.shelf.locator(".shelf-examples .tile")

    def way(self, name: str) -> Locator:
        """The button of another way in: Camera, Paste or Write."""
        return self.shelf.get_by_role("button", name=name, exact=True)

    @property
    def pad(self) -> Locator:
        """The drawing pad."""
        return self.page.get_by_role("dialog", name="Write with a pen")

    @property
    def camera(self) -> Locator:
        """The camera's sheet."""
        return self.page.get_by_role("dialog", name="Take a picture")

    @property
    def progress(self) -> Locator:
        """How far the reading is."""
        return self.shelf.get_by_role("progressbar")

    @property
    def trouble(self) -> Locator:
        """The sentence about a file that could not be read."""
        return self.shelf.get_by_role("alert")

    @property
    def fields(self) -> Locator:
        """The text of every line on the page that is shown."""
        return self.editor.get_by_role("textbox")

    @property
    def boxes(self) -> Locator:
        """The boxes on the page that is shown."""
        return self.editor.locator(".box")

    @property
    def expected_box(self) -> Locator:
        """Where a new line is being read."""
        return self.editor.locator('.sketch.busy[points]:not([points=""])')

    @property
    def message(self) -> Locator:
        """What the bar says."""
        return self.editor.get_by_role("status")

    @property
    def exports(self) -> Locator:
        """The menu of ways out."""
        return self.editor.locator(".exports")

    @property
    def submit_button(self) -> Locator:
        """Sends what was changed and checked."""
        return self.editor.get_by_role("button", name=re.compile("^(Submit|Saving)"))

    @property
    def saved(self) -> Locator:
        """Whether what is typed is safe on the server."""
        return self.editor.locator(".bar-saved")

    @property
    def read_again(self) -> Locator:
        """Lets the newer model read the document again."""
        return self.editor.locator(".bar-again")

    @property
    def choices(self) -> Locator:
        """The other readings of a word, while they are shown."""
        return self.editor.get_by_role("listbox", name="Other readings")

    @property
    def palette(self) -> Locator:
        """The characters that keyboards lack, while they are shown."""
        return self.editor.get_by_role("dialog", name="Characters")

    @property
    def keys(self) -> Locator:
        """The overlay that lists the keys, while it is shown."""
        return self.page.get_by_role("dialog", name="Keys")

    @property
    def page_list(self) -> Locator:
        """Leads to any page of the document."""
        return self.editor.get_by_role("combobox", name="Go to page")

    @property
    def picture(self) -> Locator:
        """The page with its boxes."""
        return self.editor.get_by_role("img", name=re.compile("^Page "))

    def tool(self, name: str) -> Locator:
        """A button beside the line that is worked on, or on the page."""
        return self.editor.get_by_role("toolbar").get_by_role("button", name=name, exact=True)

    def drag(self, start: Point, end: Point) -> None:
        """Drag from one point of the page to another, in pixels of its image."""
        (x1, y1), (x2, y2) = self.on_screen(start), self.on_screen(end)
        mouse = self.page.mouse
        mouse.move(x1, y1)
        mouse.down()
        mouse.move((x1 + x2) / 2, (y1 + y2) / 2, steps=3)
        mouse.move(x2, y2, steps=3)
        mouse.up()

    def on_screen(self, point: Point) -> Point:
        """Where a point of the page stands in the window."""
        self.picture.scroll_into_view_if_needed()
        x, y = self.picture.evaluate(
            """(svg, [x, y]) => { const at = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
                return [at.x, at.y]; }""",
            list(point),
        )
        return x, y

    def choose(self, *files: Path | FilePayload) -> None:
        """Choose files as the file dialog does."""
        chosen: Any = list(files)  # Playwright's types know lists of one kind only
        self.page.get_by_label("Choose photos, scans or PDFs").set_input_files(chosen)

    def read(self, *files: Path | FilePayload, lines: int) -> None:
        """Choose files, wait until each is among one's own pages, and for the lines of the last."""
        before = self.own_pages.count()
        self.choose(*files)
        expect(self.own_pages).to_have_count(before + len(files), timeout=120_000)
        self.expect_idle()
        expect(self.fields).to_have_count(lines)

    def expect_idle(self) -> None:
        """Wait until no file is being read."""
        expect(self.shelf).to_have_attribute("aria-busy", "false", timeout=120_000)

    def line(self, number: int) -> LineOnScreen:
        """The n-th line of the page that is shown, from 1."""
        return LineOnScreen(self.editor.get_by_role("listitem").nth(number - 1), self.boxes.nth(number - 1))

    def expect_texts(self, texts: Sequence[str]) -> None:
        """Wait until the lines say this."""
        expect(self.fields).to_have_count(len(texts))
        for number, text in enumerate(texts, start=1):
            expect(self.line(number).field).to_have_value(text)

    def submit(self) -> None:
        """Submit, and wait for the confirmation."""
        self.submit_button.click()
        expect(self.message).to_contain_text("Saved")

    def press(self, *keys: str) -> None:
        """Press keys wherever the focus is."""
        for key in keys:
            self.page.keyboard.press(key)


class LoginPage:
    """The page where people log in."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def name(self) -> Locator:
        """Where the account's name is typed."""
        return self.page.get_by_label("Name")

    @property
    def password(self) -> Locator:
        """Where the password is typed."""
        return self.page.get_by_label("Password")

    @property
    def trouble(self) -> Locator:
        """Why the last attempt did not work."""
        return self.page.get_by_role("alert")

    def log_in(self, name: str, password: str) -> None:
        """Type both and press Enter, as people do."""
        self.name.fill(name)
        self.password.fill(password)
        self.password.press("Enter")


class InsightsPage:
    """The Insights tab."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url

    def open(self) -> "InsightsPage":
        """Go there, and wait for the figures."""
        self.page.goto(self.url)
        return self.turn_to()

    def turn_to(self) -> "InsightsPage":
        """Choose the tab, and wait for the figures."""
        self.page.get_by_role("tab", name="Insights").click()
        self.expect_counted()
        return self

    def expect_counted(self) -> None:
        """Wait until the figures are those that were asked for last."""
        expect(self.board).to_have_attribute("aria-busy", "false")
        expect(self.page.locator("#insights [data-ready]")).to_be_attached()

    @property
    def board(self) -> Locator:
        """All of the tab."""
        return self.page.get_by_role("region", name="Insights")

    @property
    def trouble(self) -> Locator:
        """The sentence about a question that could not be answered."""
        return self.board.get_by_role("alert")

    def number(self, name: str) -> Locator:
        """A key number, by what it counts."""
        return self.board.locator(".key-numbers > div", has_text=name).locator(".key-value")

    def figure(self, title: str) -> Locator:
        """One figure, by its title."""
        return self.board.get_by_role("figure").filter(has=self.page.get_by_role("heading", name=title))

    def table(self, title: str) -> list[list[str]]:
        """The numbers of a figure, which are opened first where they are folded away."""
        figure = self.figure(title)
        fold = figure.locator("details:not([open]) summary")
        if fold.count():
            fold.click()
        return [row.get_by_role("cell").all_inner_texts() for row in figure.locator("tbody tr").all()]

    def choose(self, label: str, option: str) -> None:
        """Narrow the question, and wait for the answer."""
        self.board.get_by_role("combobox", name=label).select_option(label=option)
        self.expect_counted()

    def refresh(self) -> None:
        """Ask again, and wait for the answer."""
        with self.page.expect_response(lambda response: "/api/v1/insights" in response.url):
            self.board.get_by_role("button", name="Refresh").click()
        self.expect_counted()

"""People log in, reach their own pages and nobody else's, and log out."""

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from demo.asker import Role
from flywheel.accounts import add_account, change_password
from flywheel.login import FREE_FOR_NAME
from tests.browser.conftest import OpenPage, Scheme, Watch, keep_screenshot
from tests.browser.pages import LoginPage, ReadPage
from tests.fake_reader import FakeReader
from tests.handwriting import write_page
from tests.running_app import Running, serving

PASSWORD = "a quiet harbour"
TEXTS = ["Dear Margaret,", "the roses are out"]
LETTER = write_page(TEXTS, seed=2, width=700, height=500)


@pytest.fixture(scope="module")
def reader() -> FakeReader:
    taught = FakeReader()
    taught.teach(LETTER)
    return taught


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, reader: FakeReader) -> Iterator[Running]:
    """The app, where people log in."""
    with serving(tmp_path_factory.mktemp("accounts"), reader, auth="on") as started:
        add_account(started.store, "Ann", password=PASSWORD, role=Role.ANNOTATOR)
        add_account(started.store, "Cleo", password=PASSWORD, role=Role.ANNOTATOR)
        add_account(started.store, "Bob", password=PASSWORD, role=Role.READER)
        add_account(started.store, "Dora", password=PASSWORD, role=Role.READER)
        add_account(started.store, "Eve", password=PASSWORD, role=Role.READER)
        yield started


@pytest.fixture(autouse=True)
def nobody_is_logged_in(page: Page) -> None:
    page.context.clear_cookies()


def letter() -> FilePayload:
    packed = io.BytesIO()
    Image.fromarray(LETTER.image).save(packed, "PNG")
    return {"name": "letter.png", "mimeType": "image/png", "buffer": packed.getvalue()}


def test_a_person_logs_in_corrects_a_page_and_logs_out(page: Page, running: Running, watch: Watch) -> None:
    watch.expected_statuses |= {401, 404}
    page.goto(running.url)
    login = LoginPage(page)
    expect(login.name).to_be_focused()
    login.log_in("Ann", "a loud harbour")
    expect(login.trouble).to_contain_text("This name and this password do not belong together.")
    expect(login.name).to_have_value("Ann")
    expect(login.password).to_be_focused()
    keep_screenshot(page, "login_trouble")
    login.log_in("Ann", PASSWORD)
    screen = ReadPage(page, running.url)
    expect(page.get_by_text("Ann, annotator")).to_be_visible()
    screen.read(letter(), lines=len(TEXTS))
    screen.line(1).rewrite("Dear M.,")
    screen.submit()
    keep_screenshot(page, "logged_in")
    documents = page.url
    screen.leave()
    page.goto(running.url)
    expect(screen.own_pages).to_have_count(1)
    screen.say_farewell()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")
    page.goto(documents)
    page.wait_for_url("**/login?next=*")
    login.log_in("Bob", PASSWORD)
    expect(page.get_by_text("Bob, reader")).to_be_visible()
    assert page.url == documents
    expect(screen.own_pages).to_have_count(0)
    expect(screen.editor).to_be_hidden()
    hidden = page.evaluate("id => fetch(`/api/v1/documents/${id}`).then(r => r.status)", documents.partition("=")[2])
    assert hidden == 404
    screen.leave()


def test_a_person_changes_their_own_password(page: Page, running: Running) -> None:
    page.goto(running.url)
    LoginPage(page).log_in("Dora", PASSWORD)
    expect(page.get_by_role("link", name="Dora, reader")).to_be_visible()
    ReadPage(page, running.url).say_farewell()
    page.get_by_role("link", name="Dora, reader").click()
    page.get_by_label("Password until now").fill(PASSWORD)
    page.get_by_label("New password").fill("another harbour")
    page.get_by_label("The new one again").fill("another harbour")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("status")).to_contain_text("The password is changed.")
    keep_screenshot(page, "password_changed")


def test_what_was_typed_outlives_the_session_it_was_typed_in(
    page: Page, open_page: OpenPage, running: Running, watch: Watch
) -> None:
    watch.expected_statuses |= {401}
    page.goto(running.url)
    LoginPage(page).log_in("Cleo", PASSWORD)
    screen = ReadPage(page, running.url)
    screen.expect_ready()
    screen.read(letter(), lines=len(TEXTS))
    change_password(running.store, "Cleo", "another harbour")
    screen.line(1).rewrite("Dear M.,")
    screen.submit_button.click()
    expect(screen.message).to_contain_text("Nobody is logged in, or no longer. Log in")
    expect(screen.line(1).field).to_have_value("Dear M.,")
    beside = open_page()
    beside.goto(running.url)
    LoginPage(beside).log_in("Cleo", "another harbour")
    expect(beside.get_by_text("Cleo, annotator")).to_be_visible()
    screen.submit()
    for left in (screen, ReadPage(beside, running.url)):
        left.leave()


def test_whoever_guesses_is_told_to_wait(page: Page, running: Running, watch: Watch) -> None:
    watch.expected_statuses |= {401, 429}
    page.goto(f"{running.url}/login")
    login = LoginPage(page)
    for _ in range(FREE_FOR_NAME):
        login.log_in("Eve", "not the password")
        expect(login.password).to_have_value("")  # the page has come back
        expect(login.trouble).to_contain_text("do not belong together")
    login.log_in("Eve", PASSWORD)
    expect(login.trouble).to_contain_text("Too many logins with this name have failed. Wait")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [420, 1200])
def test_the_login_fits_and_can_be_read(open_page: OpenPage, running: Running, width: int, scheme: Scheme) -> None:
    page = open_page(width=width, height=760, scheme=scheme)
    page.goto(f"{running.url}/?document=7")
    expect(LoginPage(page).password).to_be_visible()
    keep_screenshot(page, f"login_{width}_{scheme}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (sum(paper) < 200) == (scheme == "dark")


def test_a_narrow_page_shows_who_is_logged_in(open_page: OpenPage, running: Running) -> None:
    page = open_page(width=420, height=760, scheme="dark")
    page.goto(running.url)
    LoginPage(page).log_in("Bob", PASSWORD)
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    expect(page.locator("#shelf [data-ready]")).to_be_attached()
    keep_screenshot(page, "logged_in_420_dark")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ReadPage(page, running.url).leave()

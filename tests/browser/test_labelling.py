"""A person reviews in a real Label Studio what was read here, and the Label tab counts it."""

import io
import json
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from flywheel import trust
from tests.browser.conftest import OpenPage, Scheme, Watch, keep_screenshot
from tests.fake_reader import FakeReader
from tests.handwriting import write_page
from tests.integration.test_flywheel_command import flywheel
from tests.label_studio import Studio
from tests.reviewing import misread_page
from tests.running_app import Running, environment, serving

TEXTS = ["Dear Bob,", "it rayns again", "<img src=x onerror=alert(1)> ${7*7} {{constructor}}"]
PAGE = write_page(["Dear Bob,", "it rains again", "yours, Ann"], seed=5, width=900, height=420)


@pytest.fixture(scope="module")
def reader() -> FakeReader:
    """Doubts a word of two lines, and misreads them."""
    taught = FakeReader()
    misread = tuple(replace(line, text=text) for line, text in zip(PAGE.lines, TEXTS, strict=True))
    taught.teach(replace(PAGE, lines=misread), doubtful=["rayns", "{{constructor}}"])
    return taught


def capture(running: Running) -> None:
    """Upload the page as a program does."""
    packed = io.BytesIO()
    Image.fromarray(PAGE.image).save(packed, "PNG")
    httpx.post(f"{running.url}/api/v1/read", files={"file": ("letter.png", packed.getvalue(), "image/png")})


def open_tab(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("tab", name="Label").click()
    expect(page.locator(".labelling-stages")).to_be_visible()


def expect_stage(page: Page, stage: str, count: int) -> None:
    expect(page.locator(f"[data-stage={stage}] .labelling-count")).to_have_text(str(count), timeout=60_000)


def log_in(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.url}/user/login/")
    page.locator("input[name=email]").fill(studio.account.username)
    page.locator("input[name=password]").fill(studio.account.password)
    page.locator("button[type=submit]").click()
    expect(page).to_have_url(f"{studio.url}/")


def retype(desk: Page, text: str) -> None:
    """Open the prefilled text and replace it; Label Studio may draw its fields anew under the first click."""
    field = desk.locator(".lsf-textarea__region textarea, .lsf-textarea__region input")
    for _ in range(60):
        if field.is_visible():
            break
        desk.get_by_test_id("htx-textbox-edit-button").click()
        desk.wait_for_timeout(1000)
    field.fill(text)


def test_a_person_fixes_a_prefilled_line_in_label_studio_and_the_tab_counts_it(
    studio: Studio, reader: FakeReader, open_page: OpenPage, watch: Watch, tmp_path: Path
) -> None:
    watch.expected_statuses.add(404)  # Label Studio asks for what its paid edition has
    variables = {name.removeprefix("INKLOOP_").lower(): value for name, value in studio.variables().items()}
    with serving(tmp_path, reader, **variables) as running:
        capture(running)
        tab = open_page()
        open_tab(tab, running.url)
        expect(tab.locator(".labelling-server")).to_contain_text(f"as {studio.account.username}", timeout=60_000)
        tab.get_by_role("button", name="Push").click()
        expect_stage(tab, "pushed", 2)
        expect(tab.get_by_role("row", name="it rayns again")).to_contain_text("sure")
        expect(tab.get_by_role("row").filter(has_text="onerror")).to_contain_text(TEXTS[2])
        keep_screenshot(tab, "label_pushed")
        link = tab.get_by_role("row", name="it rayns again").get_by_role("link").get_attribute("href")
        assert link and link.startswith(f"{studio.url}/projects/")

        desk = open_page()
        log_in(desk, studio)
        desk.goto(link)
        expect(desk.get_by_test_id("htx-textbox-view")).to_have_text("it rayns again", timeout=60_000)
        retype(desk, "it rains again")
        keep_screenshot(desk, "label_studio_line")
        desk.get_by_test_id("bottombar-submit-button").click()
        expect(desk.get_by_test_id("bottombar-update-button")).to_be_visible(timeout=60_000)

        pulled = flywheel(environment(tmp_path, **variables), tmp_path, "pull", "--json")
        assert (pulled.returncode, json.loads(pulled.stdout)["accepted"]) == (0, 1), pulled.stderr
        open_tab(tab, running.url)
        expect_stage(tab, "labelled", 1)
        expect_stage(tab, "accepted", 1)
        expect(tab.get_by_role("row", name=studio.account.username)).to_be_visible()
        keep_screenshot(tab, "label_counted")

        tab.get_by_text("Whole pages").click()
        tab.get_by_role("button", name="Send letter.png, page 1").click()
        expect(tab.locator(".labelling-pages li")).to_contain_text("open there", timeout=60_000)
        keep_screenshot(tab, "label_page_sent")
        tab.goto("about:blank")  # it would go on asking when the app has ended


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [420, 1400])
def test_without_label_studio_the_tab_says_how_to_get_one(
    running: Running, open_page: OpenPage, width: int, scheme: Scheme
) -> None:
    page = open_page(width=width, height=860, scheme=scheme)
    open_tab(page, running.url)
    expect(page.locator(".labelling-server")).to_have_text("No Label Studio is set up")
    expect(page.get_by_text("make labelstudio")).to_be_visible()
    expect(page.get_by_role("button", name="Push")).to_be_disabled()
    keep_screenshot(page, f"label_unset_{width}_{scheme}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.fixture
def held(running: Running) -> tuple[str, str]:
    """Two texts of a page that its image contradicts."""
    texts = ("Dear <b>Bob</b>, it rains again and again", "asdf jkl asdf")
    lines = [line.id for line in misread_page(running.store, ["Dear Bob,", "it rains."]).lines]
    with running.store.writing() as session:
        for line, text in zip(lines, texts, strict=True):
            trust.keep(session, trust.Claim(line, text, plausibility=-99.0), "trusted")
    return texts


def test_an_operator_accepts_one_held_text_and_dismisses_another(
    running: Running, held: tuple[str, str], open_page: OpenPage
) -> None:
    for width, scheme in [(420, "light"), (420, "dark"), (1400, "dark"), (1400, "light")]:
        page = open_page(width=width, height=860, scheme=scheme)
        open_tab(page, running.url)
        good, bad = (page.get_by_role("row").filter(has_text=text) for text in held)
        expect(good.get_by_role("img")).to_be_visible()
        expect(good).to_contain_text("The image does not bear it out")
        page.get_by_text("Whole pages").click()
        expect(page.get_by_role("listitem").filter(has_text="letter.png, page 1")).to_be_visible()
        keep_screenshot(page, f"label_held_{width}_{scheme}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    good.get_by_role("button", name="Accept").click()  # without a reason nothing happens
    good.get_by_label("Why").fill("The ink is faint, the text is right.")
    good.get_by_role("button", name="Accept").click()
    expect(good).to_have_count(0)
    expect_stage(page, "accepted", 1)
    bad.get_by_label("Why").fill("Mash.")
    bad.get_by_role("button", name="Dismiss").click()
    expect_stage(page, "quarantined", 0)
    expect_stage(page, "accepted", 1)


def test_a_server_that_is_down_is_told_with_what_to_do(
    reader: FakeReader, page: Page, watch: Watch, tmp_path: Path
) -> None:
    away = {"label_studio_url": "http://127.0.0.1:9", "label_studio_api_key": "0" * 40}
    with serving(tmp_path, reader, **away) as running:
        capture(running)
        open_tab(page, running.url)
        expect(page.locator(".labelling-server")).to_contain_text("is not reached", timeout=60_000)
        page.get_by_role("button", name="Push").click()
        expect(page.locator(".labelling-trouble")).to_contain_text("cannot be reached", timeout=60_000)
        expect_stage(page, "captured", 3)
        expect_stage(page, "queued", 2)
        keep_screenshot(page, "label_down")
        page.goto("about:blank")  # it would go on asking when the app has ended

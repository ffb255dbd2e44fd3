"""What people see of their corrections: plots, numbers beside them, and what to do while there are none."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import OpenPage, Scheme, Watch, keep_screenshot
from tests.browser.pages import InsightsPage, ReadPage
from tests.fake_reader import FakeReader
from tests.handwriting import write_page
from tests.running_app import Running, serving
from tests.settled import Settled, settle

TEXTS = ["Dear Margaret,", "the roses are ont"]
LETTER = write_page(TEXTS, seed=2, width=700, height=500)
HOSTILE = ["<img/src=x/onerror=alert(1)>", "${7*7}", "{{constructor}}", "\u202egnp.exe"]
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def reader() -> FakeReader:
    taught = FakeReader()
    taught.teach(LETTER)
    return taught


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, reader: FakeReader) -> Running:  # type: ignore[misc]
    """The app over a year of corrections by two people and two model versions."""
    with serving(tmp_path_factory.mktemp("insights"), reader) as started:
        weeks = [
            Settled(
                f"lwo cats and to day {week}",
                f"two cats and today {week}",
                week * 7,
                4,
                9,
                (0.4, 0.9, 0.8, 0.6, 0.5, 0.9),
            )
            for week in range(60)
        ]
        settle(started.store, *weeks[26:], model="inkloop-2025-06-01-old", contributor="Ann", today=NOW)
        settle(started.store, *weeks[:26], model="inkloop-2026-01-01-new", contributor="local", today=NOW)
        hostile = (Settled(text, "fine") for text in HOSTILE)
        settle(started.store, *hostile, model="<b>model</b>", contributor="local", today=NOW)
        yield started


@pytest.fixture(autouse=True)
def nothing_is_remembered(page: Page, running: Running) -> None:
    page.goto(f"{running.url}/docs")
    page.evaluate("localStorage.clear()")


def letter() -> FilePayload:
    packed = io.BytesIO()
    Image.fromarray(LETTER.image).save(packed, "PNG")
    return {"name": "letter.png", "mimeType": "image/png", "buffer": packed.getvalue()}


def test_whoever_has_corrected_nothing_learns_what_to_do_and_then_sees_plots(
    page: Page, tmp_path: Path, reader: FakeReader
) -> None:
    with serving(tmp_path, reader) as fresh:
        insights = InsightsPage(page, fresh.url).open()
        expect(insights.board).to_contain_text("Open a page in the Read tab, correct or confirm a few of its lines")
        keep_screenshot(page, "insights_empty")
        page.get_by_role("tab", name="Read").click()
        screen = ReadPage(page, fresh.url)
        screen.read(letter(), lines=2)
        screen.line(2).rewrite("the roses are out")
        screen.submit()
        insights.turn_to()
        expect(insights.number("Lines corrected")).to_have_text("1")
        expect(insights.number("Characters wrong")).to_have_text("5.9 %")
        expect(insights.figure("Characters wrong over time").get_by_role("img")).to_be_visible()
        assert insights.table("Words most often corrected") == [["ont", "out", "1"]]
        assert insights.table("Edit rate by model version")[0][:2] == ["fake-1", "1"]
        counts = insights.figure("Lines corrected per day").locator(".plot-rule + text, .plot-floor + text")
        assert counts.all_text_contents() == ["0", "1"]
        expect(insights.figure("Seconds per line").get_by_role("img")).to_be_visible()
        expect(insights.figure("Is its confidence to be trusted").get_by_role("img")).to_be_visible()
        screen.leave()


def test_every_figure_has_its_numbers_as_a_table(page: Page, running: Running) -> None:
    insights = InsightsPage(page, running.url).open()
    figures = insights.board.get_by_role("figure")
    expect(figures).to_have_count(7)
    for title in figures.get_by_role("heading").all_inner_texts():
        assert insights.table(title), title
    newest = insights.table("Characters wrong over time")[-2:]
    assert {row[1] for row in newest} == {"inkloop-2026-01-01-new", "<b>model</b>"}


def test_a_question_is_narrowed_and_kept_for_the_next_visit(page: Page, running: Running, watch: Watch) -> None:
    insights = InsightsPage(page, running.url).open()
    expect(insights.number("Lines corrected")).to_have_text("64")
    insights.choose("Model version", "inkloop-2025-06-01-old")
    expect(insights.number("Lines corrected")).to_have_text("34")
    insights.open()
    expect(insights.number("Lines corrected")).to_have_text("34")
    watch.expected_statuses.add(404)  # none of mine was read by that version: asked again without it
    insights.choose("Whose lines", "mine")
    expect(insights.trouble).to_be_hidden()
    expect(insights.number("Lines corrected")).to_have_text("30")
    insights.choose("Time", "last 30 days")
    expect(insights.figure("Lines corrected per day")).to_be_visible()


def test_nothing_that_fits_is_told_apart_from_nothing_at_all(page: Page, running: Running) -> None:
    insights = InsightsPage(page, running.url).open()
    insights.choose("Model version", "inkloop-2025-06-01-old")
    insights.choose("Time", "last 7 days")
    expect(insights.board).to_contain_text("Choose a longer time or another version")


def test_a_version_remembered_from_another_time_is_forgotten(page: Page, running: Running, watch: Watch) -> None:
    watch.expected_statuses.add(404)
    page.evaluate("""localStorage.setItem("inkloop.insights", '{"model": "long gone", "days": "7"}')""")
    insights = InsightsPage(page, running.url).open()
    expect(insights.number("Lines corrected")).to_have_text("5")
    expect(insights.trouble).to_be_hidden()


def test_the_assumed_speed_of_typing_is_told_and_can_be_changed(page: Page, running: Running) -> None:
    insights = InsightsPage(page, running.url).open()
    speed = insights.board.get_by_label("Characters a second, typing")
    expect(speed).to_have_value("4.3")
    expect(insights.board.get_by_role("link", name="Dhakal et al. 2018")).to_be_visible()
    fast = insights.number("Saved against typing")
    before = fast.inner_text()
    speed.fill("1")
    speed.press("Enter")
    expect(fast).not_to_have_text(before)
    expect(fast).to_have_text("17 min")  # 1250 characters, 240 s


def test_new_corrections_come_with_a_refresh_and_open_tables_stay_open(page: Page, tmp_path: Path) -> None:
    with serving(tmp_path, FakeReader()) as fresh:
        settle(fresh.store, Settled("a cat", "a hat"), contributor="local", today=NOW)
        insights = InsightsPage(page, fresh.url).open()
        assert len(insights.table("Characters wrong over time")) == 1
        settle(fresh.store, Settled("a cat", "a hat"), contributor="local", model="another", today=NOW)
        insights.refresh()
        expect(insights.number("Lines corrected")).to_have_text("2")
        rows = insights.figure("Characters wrong over time").get_by_role("row")
        expect(rows).to_have_count(3)  # the head among them: only visible rows have the role
        insights.page.goto("about:blank")


def test_hostile_words_and_names_are_shown_as_text(page: Page, running: Running) -> None:
    insights = InsightsPage(page, running.url).open()
    insights.choose("Model version", "<b>model</b>")
    said = {row[0] for row in insights.table("Words most often corrected")}
    assert said == set(HOSTILE)
    assert insights.table("Edit rate by model version")[0][0] == "<b>model</b>"
    expect(insights.board.locator("b, img[src]")).to_have_count(0)


def test_a_store_that_is_away_is_told_in_a_sentence(page: Page, running: Running, watch: Watch) -> None:
    watch.expected_statuses.add(503)
    insights = InsightsPage(page, running.url).open()
    sentence = '{"error": {"code": "store_unavailable", "message": "The database cannot be used."}}'
    page.route("**/api/v1/insights*", lambda route: route.fulfill(status=503, body=sentence))
    insights.refresh()
    expect(insights.trouble).to_have_text("The database cannot be used.")
    page.unroute("**/api/v1/insights*")
    insights.refresh()
    expect(insights.trouble).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [420, 900, 1400])
def test_the_figures_fit_and_are_drawn_as_wide_as_they_stand(
    open_page: OpenPage, running: Running, width: int, scheme: Scheme
) -> None:
    page = open_page(width=width, height=860, scheme=scheme)
    insights = InsightsPage(page, running.url).open()
    plot = insights.figure("Characters wrong over time").get_by_role("img")
    expect(plot).to_be_visible()
    keep_screenshot(page, f"insights_{width}_{scheme}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    drawn, room = plot.bounding_box(), insights.figure("Characters wrong over time").bounding_box()
    assert drawn and room and 0.8 * room["width"] < drawn["width"] < room["width"]
    page.set_viewport_size({"width": width - 40, "height": 860})
    expect(plot).not_to_have_attribute("width", str(int(drawn["width"])))

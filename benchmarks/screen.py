"""Is correcting fluent on a long page? Sixty lines in Chromium: click to last line, Enter to next line.

    make benchmark-screen

The page is handwriting made on the spot and the reader knows it by heart, so only the screen is measured: fetching the
document, building it, moving through it. The record goes to ``benchmarks/results``. Waits are in milliseconds, each
from the event in the page to the frame after the one that shows its effect.
"""

import argparse
import io
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks import records

LINES = 60
BOUNDS = {"click_to_last_line": 1500, "enter_to_next_line": 100}
WHAT = {
    "click_to_last_line": f"click on a page of {LINES} lines → its last line is there",
    "enter_to_next_line": "Enter → the caret stands in the next line",
    "letter_to_screen": "a letter typed → it is on the screen",
}
WATCH = """() => {
    const painted = (done) => requestAnimationFrame(() => requestAnimationFrame(done));
    const until = (seen, done) => (seen() ? painted(done) : requestAnimationFrame(() => until(seen, done)));
    globalThis.waits = [];
    globalThis.measure = (kind, seen) => addEventListener(kind, (event) => {
        const since = performance.now();
        const there = seen(event);
        if (there) until(there, () => waits.push(performance.now() - since));
    }, {capture: true});
    globalThis.lines = () => [...document.querySelectorAll('.editor .line')];
}"""
CLICK = f"measure('click', () => () => lines().length === {LINES})"
PRESS = """measure('keydown', (event) => {
    const field = document.activeElement;
    const [place, before] = [lines().findIndex((line) => line.contains(field)), field.value];
    if (event.key === 'Enter') return () => lines()[place + 1]?.contains(document.activeElement);
    return event.key.length === 1 && (() => field.value !== before);
})"""


def options() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screen", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="times the page is opened and walked through (5)")
    return parser


def measure(rounds: int) -> dict[str, list[float]]:
    """Every wait, by what was waited for."""
    from playwright.sync_api import sync_playwright

    from tests.fake_reader import FakeReader
    from tests.handwriting import write_page
    from tests.running_app import serving

    texts = [f"Line {number} of a long page, with one dubious word in it" for number in range(1, LINES + 1)]
    written = write_page(texts, seed=2, width=2000, height=2800)
    reader = FakeReader()
    reader.teach(written, doubtful=["dubious"])
    waits: dict[str, list[float]] = {name: [] for name in WHAT}
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), reader) as running, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--headless", "--no-sandbox", "--disable-gpu"])
        _upload(browser.new_page(), running.url, written.image)
        for _ in range(rounds):
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            _walk(page, running.url, waits)
            page.close()
        browser.close()
    return waits


def _upload(page: Any, url: str, image: Any) -> None:
    from PIL import Image

    from tests.browser.pages import ReadPage

    packed = io.BytesIO()
    Image.fromarray(image).save(packed, "PNG")
    for name in ("long.png", "short.png"):  # the newest opens by itself, and is not the one that is clicked
        ReadPage(page, url).open().read(
            {"name": name, "mimeType": "image/png", "buffer": packed.getvalue()}, lines=LINES
        )
    page.close()


def _walk(page: Any, url: str, waits: dict[str, list[float]]) -> None:
    """Open the long page by a click, then write a letter into every line and go on with Enter."""
    from tests.browser.pages import ReadPage

    screen = ReadPage(page, url).open()
    screen.line(LINES).field.wait_for()
    page.evaluate(WATCH)
    page.evaluate("lines().forEach((line) => line.remove())")  # so that only the clicked page's lines count
    page.evaluate(CLICK)
    screen.own_pages.last.click()
    waits["click_to_last_line"] += _waited(page, 1)
    screen.line(1).field.focus()
    page.evaluate(PRESS)
    for _ in range(LINES - 1):
        page.keyboard.press("x")
        waits["letter_to_screen"] += _waited(page, 1)
        page.keyboard.press("Enter")
        waits["enter_to_next_line"] += _waited(page, 1)


def _waited(page: Any, count: int) -> list[float]:
    page.wait_for_function("count => waits.length >= count", arg=count)
    return list(page.evaluate("waits.splice(0)"))


def summary(name: str, waits: list[float]) -> dict[str, Any]:
    """One row of the record."""
    p95 = quantiles(waits, n=20)[-1] if len(waits) > 1 else waits[0]
    row = {"what": WHAT[name], "times": len(waits), "median_ms": median(waits), "p95_ms": p95, "worst_ms": max(waits)}
    return {key: round(value, 1) if isinstance(value, float) else value for key, value in row.items()} | {
        "at_most_ms": BOUNDS.get(name)
    }


def markdown(record: dict[str, Any]) -> str:
    """The record as a page."""
    machine = record["hardware"]
    rows = [
        f"| {row['what']} | {row['times']} | {row['median_ms']} | {row['p95_ms']} | {row['worst_ms']} "
        f"| {row['at_most_ms'] or ''} |"
        for row in record["waits"].values()
    ]
    return "\n".join(
        [
            f"# The correction screen, {record['date']}, commit `{record['commit']}`",
            "",
            f"{record['browser']} on {machine['cores']} cores of {machine['processor']}; load "
            f"{machine['load_at_start']} when the run began. Milliseconds, to the frame after the one that shows it.",
            "",
            "| what | times | median | p95 | worst | at most |",
            "|---" * 6 + "|",
            *rows,
            "",
        ]
    )


def main() -> int:
    """The command; returns its exit code."""
    import os

    arguments = options().parse_args()
    machine = records.hardware(os.cpu_count() or 1)
    waits = measure(arguments.rounds)
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": records.commit(),
        "browser": "Chromium, headless",
        "lines": LINES,
        "hardware": machine,
        "waits": {name: summary(name, waited) for name, waited in waits.items()},
    }
    paths = records.write(record, name="screen", tell=markdown)
    print(markdown(record))
    print("Kept in", ", ".join(str(path) for path in paths), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The whole loop, once, by itself: does a hand that is read badly get read well?

    make demo-loop
    make demo-loop BENCHMARK=--record      also keep the figures in benchmarks/results

Starts Inkloop with its worker and a Label Studio, each on data of its own that is gone afterwards. Pages of one hand
(`benchmarks.old_hand`) are uploaded, corrected by script as a person would, pushed, reviewed and pulled back; then the
wheel turns: snapshot, training, gate, promotion; and the app, which never stopped, reads a letter in the same hand that
nobody corrected. A step that fails says what failed; the logs are kept then.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import httpx

from benchmarks import label_studio, records
from benchmarks.app_process import environment, running_app
from benchmarks.loop_app import App, StepFailed
from benchmarks.loop_reviewer import Reviewer
from benchmarks.old_hand import HandPage, copied_pages, letter_pages
from flywheel.gate import Rules
from flywheel.retraining import BY_THE_PROGRAM
from flywheel.settings import ROOT
from recognizer.metrics import cer

Result = TypeVar("Result")
FAILURES = (StepFailed, httpx.HTTPError, OSError, subprocess.SubprocessError, ValueError)
FIRST_PAGES, MORE_PAGES, MORE_TIMES = 30, 6, 5
LABELS = {"writer": "the old hand", "collection": "demo"}


@dataclass
class Diary:
    """What was done and how long it took, told as it happens."""

    begun: float = field(default_factory=time.monotonic)
    seconds: dict[str, float] = field(default_factory=dict)

    def say(self, text: str) -> None:
        """One line, with the time since the beginning."""
        print(f"{time.monotonic() - self.begun:5.0f} s  {text}", flush=True)

    def do(self, step: str, work: Callable[[], Result], tell: Callable[[Result], str]) -> Result:
        """A step; ``tell`` puts what came of it into words.

        Raises:
            StepFailed: it did not come to its end.
        """
        began = time.monotonic()
        try:
            done = work()
        except FAILURES as error:
            raise StepFailed(f"Failed to {step}: {error or type(error).__name__}") from error
        self.seconds[step] = round(self.seconds.get(step, 0) + time.monotonic() - began, 1)
        self.say(f"{step}: {tell(done)}")
        return done


@dataclass(frozen=True)
class Loop:
    """Everything that runs.

    Attributes:
        app: Inkloop.
        reviewer: in Label Studio.
        environ: of Inkloop, for its commands.
        diary: of the run.
    """

    app: App
    reviewer: Reviewer
    environ: dict[str, str]
    diary: Diary

    def label(self, pages: Sequence[HandPage]) -> None:
        """From photos to ground truth."""
        do, before = self.diary.do, self.app.stages()["accepted"]
        read = do("read", lambda: [(page, self.app.read(page, **LABELS)) for page in pages], told_read)
        lines = do("correct", lambda: sum(self.app.correct(*each) for each in read), "{} lines typed".format)
        do(
            "judge",
            lambda: self.app.await_judgement(lines),
            lambda _: f"{lines} lines held until somebody reviews them",
        )
        do("push", lambda: self.app.sync("push"), lambda stages: f"{stages['pushed']} tasks are open in Label Studio")
        do("review", self.reviewer.review, "{} tasks submitted by the reviewer".format)
        do("pull", lambda: self.app.sync("pull"), lambda stages: f"{stages['accepted']} lines are ground truth")
        got = self.app.stages()["accepted"] - before
        if got < lines:
            raise StepFailed(f"Failed to pull: {got} of {lines} reviewed lines came back.")

    def snapshot(self) -> dict[str, int]:
        """Freeze the ground truth from the command line; how many lines train, choose and test."""
        command = [sys.executable, "-m", "flywheel", "snapshot", "--json"]

        def work() -> dict[str, Any]:
            done = subprocess.run(command, cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False)
            if done.returncode:
                raise StepFailed(done.stderr.strip())
            return dict(json.loads(done.stdout))

        def tell(made: dict[str, Any]) -> str:
            return f"{made['id'][:12]} with " + ", ".join(f"{lines} {split}" for split, lines in made["lines"].items())

        return dict(self.diary.do("snapshot", work, tell)["lines"])

    def learn(self, minutes: float) -> dict[str, Any]:
        """Turn the wheel; the run.

        Raises:
            StepFailed: it promoted nothing.
        """

        def work() -> dict[str, Any]:
            run = self.app.turn(minutes, lambda stage: self.diary.say(f"  the wheel: {stage}"))
            newest = self.app.wheel()["promotions"][0]
            if run["state"] != "done" or newest["by"] == BY_THE_PROGRAM:
                raise StepFailed(run["message"])
            self.app.await_model(newest["version"])
            return run | {"model": newest["version"]}

        return self.diary.do("turn the wheel", work, lambda run: f"{run['message']} The app reads with {run['model']}.")


def told_read(read: Sequence[tuple[HandPage, dict[str, Any]]]) -> str:
    """What the app made of some pages."""
    return f"{len(read)} pages, {sum(len(page.lines) for page, _ in read)} lines, CER {page_cer(read):.1%}"


def page_cer(read: Sequence[tuple[HandPage, dict[str, Any]]]) -> float:
    """The CER of whole pages: their lines in reading order, joined by newlines."""
    return cer([(page.text, answer["text"]) for page, answer in read])


def run(loop: Loop, minutes: float) -> dict[str, Any]:
    """The loop; its figures."""
    diary, pages = loop.diary, copied_pages()
    loop.label(list(islice(pages, FIRST_PAGES)))
    frozen = loop.snapshot()
    for _ in range(MORE_TIMES):
        if frozen["test"] >= Rules().fewest_lines:
            break
        diary.say("These are too few test lines for the gate: the person copies some more pages.")
        loop.label(list(islice(pages, MORE_PAGES)))
        frozen = loop.snapshot()
    letter = letter_pages()
    before = diary.do("read an unseen letter", lambda: [(page, loop.app.read(page)) for page in letter], told_read)
    turned = loop.learn(minutes)
    documents = [answer["document"]["id"] for _, answer in before]
    after = diary.do(
        "read it again", lambda: list(zip(letter, map(loop.app.read_again, documents), strict=True)), told_read
    )
    if page_cer(after) >= page_cer(before):
        raise StepFailed("The model was promoted, and reads the unseen letter no better than the one before it.")
    return {
        "minutes": minutes,
        "lines": frozen,
        "unseen_pages": len(letter),
        "unseen_lines": sum(len(page.lines) for page in letter),
        "cer_before": round(page_cer(before), 4),
        "cer_after": round(page_cer(after), 4),
        "gate": turned["message"],
        "seconds": diary.seconds | {"in all": round(time.monotonic() - diary.begun, 1)},
    }


def measure(home: Path, minutes: float) -> dict[str, Any]:
    """Start everything, run the loop, stop everything; the record."""
    machine, diary = records.hardware(os.cpu_count() or 1), Diary()
    (home / "studio").mkdir(parents=True)
    diary.say(f"Everything is kept in {home} while this runs.")
    with label_studio.server(home / "studio") as (studio, token):
        diary.say(f"Label Studio answers at {studio}")
        chosen = {"trust": "reviewed", "label_studio_url": studio, "label_studio_api_key": token}
        with (
            running_app(home, "--worker", log=home / "app.log", **chosen) as (url, _),
            App.at(url) as app,
            Reviewer.at(studio, token) as reviewer,
        ):
            diary.say(f"Inkloop answers at {url}")
            figures = run(Loop(app, reviewer, environment(home, **chosen), diary), minutes)
    return {"date": datetime.now(UTC).date().isoformat(), "commit": records.commit(), "hardware": machine, **figures}


def summary(record: dict[str, Any]) -> str:
    """What it came to, in a sentence."""
    fewer = 1 - record["cer_after"] / record["cer_before"]
    return (
        f"On {record['unseen_pages']} pages that nobody corrected CER fell from {record['cer_before']:.1%} to "
        f"{record['cer_after']:.1%}: {fewer:.0%} fewer mistakes."
    )


def markdown(record: dict[str, Any]) -> str:
    """The record as a page."""
    machine, lines = record["hardware"], record["lines"]
    rows = [f"| {step} | {seconds:.0f} |" for step, seconds in record["seconds"].items()]
    sections = [
        f"# The whole loop, {record['date']}, commit `{record['commit']}`",
        f"{machine['cores']} cores of {machine['processor']}; load {machine['load_at_start']} when the run began. One "
        f"hand with letters of before 1800; {lines['train']} lines to learn from, {lines['validation']} to choose by, "
        f"{lines['test']} for the gate; {record['minutes']:g} minutes of training.",
        summary(record),
        f"The gate: {record['gate']}",
        "\n".join(["| step | seconds |", "|---|---|", *rows]),
    ]
    return "\n\n".join(sections) + "\n"


def options() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loop", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--minutes", type=float, default=2, help="of training (2)")
    parser.add_argument("--record", action="store_true", help="keep the figures in benchmarks/results")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the loop and print what it came to; 1 where a step failed."""
    chosen = options().parse_args(arguments)
    home = Path(tempfile.mkdtemp(prefix="inkloop-loop-"))
    try:
        record = measure(home, chosen.minutes)
    except (*FAILURES, KeyboardInterrupt) as error:
        print(f"{error or 'Stopped.'}\nWhat the servers said is in {home}.", file=sys.stderr)
        return 1
    shutil.rmtree(home, ignore_errors=True)
    print(summary(record))
    if chosen.record:
        records.write(record, name="loop", tell=markdown)
    return 0


if __name__ == "__main__":
    sys.exit(main())

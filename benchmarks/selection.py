"""What do lines of a new hand teach, and how many chosen ones as much as 128 random ones? The adapt hands of DATA.

    make benchmark-selection DATA=folder         lines_adapt.jsonl, lines_val.jsonl; 54 fine-tunings of 4 minutes

Of each hand some pages are only scored. From the others, lines are drawn at random or chosen by `flywheel.selection`
from what the parent read, and the parent is fine-tuned on them with replay of DATA; with --unlabelled on the rest of
those pages too, without its text. What it forgets is measured on lines_val. Each run is kept as soon as it is done: a
benchmark that is stopped goes on where it was.
"""

import argparse
import hashlib
import json
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from benchmarks import records
from benchmarks.reading import use_cores
from recognizer.corpora import LineTruth, read_manifest

if TYPE_CHECKING:
    from recognizer.line_reader import LineReader

NAME, NAME_UNLABELLED = "selection", "selection-unlabelled"
RANDOM_LINES, SELECTED_LINES = (16, 64, 128), (64, 48, 32)
COMPARED = 128  # random lines
TARGET = 64
ASKED = {16: 0.2, 64: 0.4, 128: 0.5}  # by how much of itself the CER is to fall
OTHERS = {
    False: "no other line of the hand",
    True: "and what is left of the pages that lines were drawn from, without its text",
}
SCORED = 0.3  # of a hand's lines, by whole pages


@dataclass(frozen=True, slots=True, order=True)
class Run:
    """One fine-tuning: what it learns from, and for how long."""

    hand: str
    seed: int
    method: str
    lines: int
    minutes: float
    parent: str


@dataclass(frozen=True, slots=True)
class Hand:
    """A writer's lines: those that may be labelled, and those that are only scored."""

    name: str
    pool: tuple[LineTruth, ...]
    scored: tuple[LineTruth, ...]


def read_hands(manifest: Path) -> list[Hand]:
    """The hands of a manifest, split by page; a hash of the page's name decides, so that the split is for ever."""
    writers: dict[str, list[LineTruth]] = defaultdict(list)
    for row in read_manifest(manifest):
        if row.text.strip():
            writers[row.writer].append(row)
    return [_split(name, rows) for name, rows in sorted(writers.items())]


def _split(name: str, rows: Sequence[LineTruth]) -> Hand:
    pages: dict[str, list[LineTruth]] = defaultdict(list)
    for row in rows:
        pages[str(row.extra["page"])].append(row)
    pool: list[LineTruth] = []
    scored: list[LineTruth] = []
    for page in sorted(pages, key=lambda page: hashlib.sha256(page.encode()).digest()):
        (scored if len(scored) < SCORED * len(rows) else pool).extend(pages[page])
    return Hand(name, tuple(pool), tuple(row for row in scored if not row.flags))


def plan(hands: Iterable[str], *, seeds: int, minutes: float, parent: str) -> Iterator[Run]:
    """Every run, those that answer most first: 128 random lines, 64 chosen ones, fewer of both."""
    steps = [("random", COMPARED), ("selection", SELECTED_LINES[0])]
    steps += [("random", lines) for lines in RANDOM_LINES if lines != COMPARED]
    steps += [("selection", lines) for lines in SELECTED_LINES[1:]]
    names = list(hands)
    for method, lines in steps:
        for seed in range(1, seeds + 1):
            for hand in names:
                yield Run(hand, seed, method, lines, minutes, parent)


def choose(run: Run, hand: Hand, reader: "LineReader") -> list[LineTruth]:
    """The lines a run learns from."""
    from flywheel.selection import Candidate, select
    from recognizer.line_images import open_line

    if run.method == "random":
        return random.Random(f"{run.hand} {run.seed}").sample(list(hand.pool), min(run.lines, len(hand.pool)))
    readings = reader.read_lines([open_line(row.image) for row in hand.pool])
    candidates = [Candidate(place, said.confidence, said.words) for place, said in enumerate(readings)]
    return [hand.pool[choice.key] for choice in select(candidates, count=run.lines, seed=run.seed)]


def other_hands(data: Path) -> list[LineTruth]:
    """Lines of hands that nothing here learns from."""
    return list(read_manifest(data / "lines_val.jsonl"))


def perform(
    run: Run, hand: Hand, reader: "LineReader", data: Path, model: Path | None, *, unlabelled: bool = False
) -> dict[str, Any]:
    """Fine-tune and score; returns the run's figures."""
    import torch

    from recognizer.datasets.replay import open_replay
    from recognizer.evaluation import evaluate_lines
    from recognizer.line_reader import LineReader
    from recognizer.model_card import SHIPPED
    from recognizer.training.finetuning import FinetuneOptions, finetune

    rows = choose(run, hand, reader)
    chosen = {row.image for row in rows}
    rest = [replace(row, text="") for row in hand.pool if unlabelled and row.image not in chosen]
    with tempfile.TemporaryDirectory(prefix="inkloop-selection-") as output:
        options = FinetuneOptions(minutes=run.minutes, seed=run.seed)
        report = finetune([*rows, *rest], model or SHIPPED, Path(output), open_replay([data]), options)
        child = LineReader.load(Path(output))
        scores, others = evaluate_lines(child, hand.scored), evaluate_lines(child, other_hands(data))
    return {
        **asdict(run),
        "cer": round(scores.cer, 4),
        "others_cer": round(others.cer, 4),
        "scored_lines": scores.lines,
        "characters_typed": sum(len(row.text) for row in rows),
        "unlabelled": report.unlabelled,
        "share": report.share,
        "seconds": round(report.seconds),
        "cores": torch.get_num_threads(),
    }


def summarise(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """For each hand the mean CER by method and lines over the seeds that have it, and the labels that were needed."""
    hands: dict[str, Any] = {}
    for hand in sorted({run["hand"] for run in runs}):
        cers: dict[tuple[str, int], list[float]] = defaultdict(list)
        for run in runs:
            if run["hand"] == hand:
                cers[run["method"], run["lines"]].append(run["cer"])
        means = {key: sum(found) / len(found) for key, found in cers.items()}
        goal = means.get(("random", COMPARED))
        enough = [
            lines for (method, lines), mean in means.items() if method == "selection" and goal and mean <= goal + 5e-5
        ]
        hands[hand] = {
            "cer": {f"{method} {lines}": round(mean, 4) for (method, lines), mean in sorted(means.items())},
            "seeds": {f"{method} {lines}": len(found) for (method, lines), found in sorted(cers.items())},
            "labels_needed": min(enough, default=None),
            "compared": goal is not None and any(method == "selection" for method, _ in means),
        }
    met = sum(found["labels_needed"] is not None and found["labels_needed"] <= TARGET for found in hands.values())
    return {"hands": hands, "hands_within_target": met}


def learning(record: dict[str, Any]) -> dict[str, dict[str, float]]:
    """For each number of random lines: how far the CER falls, and how far that of other hands rises at most.

    The fall is relative and the mean over the hands, of all seeds' means; the rise is in fractions.
    """
    found: dict[str, dict[str, float]] = {}
    for lines in RANDOM_LINES:
        runs = [run for run in record["runs"] if (run["method"], run["lines"]) == ("random", lines)]
        means = {hand: fmean(run["cer"] for run in runs if run["hand"] == hand) for hand in {r["hand"] for r in runs}}
        if means:
            found[str(lines)] = {
                "hands": len(means),
                "fall": round(fmean(1 - mean / record["before"][hand] for hand, mean in means.items()), 3),
                "asked": ASKED[lines],
                "others_rise": round(max(run["others_cer"] for run in runs) - record["others_before"], 4),
                "seconds": max(run["seconds"] for run in runs),
                "cores": max(run["cores"] for run in runs),
            }
    return found


def page(record: dict[str, Any]) -> str:
    """The record for people."""
    columns = [*(f"random {lines}" for lines in RANDOM_LINES), *(f"selection {lines}" for lines in SELECTED_LINES)]
    rows = []
    for hand, found in record["hands"].items():
        cers = [
            f"{found['cer'][column]:.3f} ({found['seeds'][column]})" if column in found["cer"] else ""
            for column in columns
        ]
        before = f"{record['before'][hand]:.3f}"
        needed = found["labels_needed"] or "more" if found["compared"] else "not run yet"
        rows.append(f"| {hand} | {before} | {' | '.join(cers)} | {needed} |")
    compared = sum(found["compared"] for found in record["hands"].values())
    return "\n".join(
        [
            f"# Selection, {record['date']}, commit `{record['commit']}`",
            "",
            f"CER on pages that nothing was labelled of, mean over seeds (how many). Parent {record['parent']}; "
            f"{record['minutes']:g} minutes of fine-tuning each at most, replay from DATA, "
            f"{OTHERS[record['unlabelled']]}; load "
            f"{record['hardware']['load_at_start']} on {record['hardware']['cores']} cores when the last call began.",
            "",
            f"| hand | before | {' | '.join(columns)} | labels needed for the CER of {COMPARED} random ones |",
            "|---" * (3 + len(columns)) + "|",
            *rows,
            "",
            f"{record['hands_within_target']} of {compared} hands compared need at most {TARGET} chosen lines.",
            "",
            "| random lines | hands | CER falls by, on average | asked | lines_val rises at most by | seconds |",
            "|---|---|---|---|---|---|",
            *(
                f"| {lines} | {row['hands']} | {row['fall']:.0%} | {row['asked']:.0%} | "
                f"{100 * row['others_rise']:+.2f} points of {100 * record['others_before']:.2f} % | "
                f"{row['seconds']} on {row['cores']} core{'s' * (row['cores'] > 1)} |"
                for lines, row in record["learning"].items()
            ),
            "",
        ]
    )


def main() -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.selection", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with lines_adapt.jsonl and what is replayed")
    parser.add_argument("--model", type=Path, help="folder of the parent; else the shipped one")
    parser.add_argument("--minutes", type=float, default=4.0, help="of each fine-tuning (4)")
    parser.add_argument("--seeds", type=int, default=3, help="(3)")
    parser.add_argument("--hand", action="append", help="only this hand; may be given again")
    parser.add_argument("--cores", type=int, default=2, help="(2)")
    parser.add_argument(
        "--unlabelled", action="store_true", help="learn the hand's other lines too, without their text"
    )
    parser.add_argument("--most", type=int, help="stop after this many new runs")
    arguments = parser.parse_args()
    use_cores(arguments.cores)
    for record in measure(arguments):
        paths = records.write(record, name=named(arguments.unlabelled), tell=page)
        print(page(record))
        print("Kept in", ", ".join(str(path) for path in paths), file=sys.stderr)
    return 0


def measure(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Perform what is not done yet; gives the record after every run."""
    from recognizer.evaluation import evaluate_lines
    from recognizer.line_reader import LineReader

    machine = records.hardware(arguments.cores)
    reader = LineReader.load(arguments.model)
    hands = {hand.name: hand for hand in read_hands(arguments.data / "lines_adapt.jsonl")}
    kept = [
        run
        for run in kept_runs(named(arguments.unlabelled))
        if (run["minutes"], run["parent"]) == (arguments.minutes, reader.version)
    ]
    done = {tuple(run[field] for field in Run.__slots__) for run in kept}
    planned = plan(arguments.hand or hands, seeds=arguments.seeds, minutes=arguments.minutes, parent=reader.version)
    missing = [run for run in planned if tuple(asdict(run).values()) not in done][: arguments.most]
    before = {hand.name: round(evaluate_lines(reader, hand.scored).cer, 4) for hand in hands.values()}
    others_before = round(evaluate_lines(reader, other_hands(arguments.data)).cer, 4)
    for run in missing:
        kept.append(
            perform(run, hands[run.hand], reader, arguments.data, arguments.model, unlabelled=arguments.unlabelled)
        )
        record = {
            "date": datetime.now(UTC).date().isoformat(),
            "commit": records.commit(),
            "hardware": machine,
            "parent": reader.version,
            "minutes": arguments.minutes,
            "unlabelled": arguments.unlabelled,
            "before": before,
            "others_before": others_before,
            **summarise(kept),
            "runs": kept,
        }
        yield record | {"learning": learning(record)}


def named(unlabelled: bool) -> str:
    """The record's name."""
    return NAME_UNLABELLED if unlabelled else NAME


def kept_runs(name: str, folder: Path = records.RESULTS) -> list[dict[str, Any]]:
    """The runs of the record that is there; none where there is none."""
    file = folder / f"{name}.json"
    return list(json.loads(file.read_text(encoding="utf-8"))["runs"]) if file.exists() else []


if __name__ == "__main__":
    sys.exit(main())

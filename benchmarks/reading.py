"""Does Inkloop read better and faster than its peers? The same lines and pages, in turns, on the same cores.

    make benchmark                               handwriting made on the spot, to try it
    make benchmark DATA=folder                   lines_val.jsonl and the val pages of pages.jsonl

The record goes to ``benchmarks/results``; ratios are against RapidOCR, whose network ours began from.
"""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import records, rounds, samples

PEER = "RapidOCR"


def options() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with lines_val.jsonl and pages.jsonl; else synthetic")
    parser.add_argument("--model", type=Path, help="folder of a model; else the shipped and the fast one")
    parser.add_argument("--cores", type=int, default=2, help="cores, and threads, that each engine gets (2)")
    parser.add_argument("--rounds", type=int, default=5, help="turns that the engines take (5)")
    parser.add_argument("--no-pages", action="store_true", help="lines only")
    return parser


def use_cores(count: int) -> None:
    """Keep this process and its children on ``count`` cores; before any library counts them to size its threads.

    A GPU is hidden: the peers would not use it.
    """
    os.environ |= {"OMP_NUM_THREADS": str(count), "CUDA_VISIBLE_DEVICES": ""}
    if hasattr(os, "sched_setaffinity"):  # Linux
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Let the engines compete; returns the record."""
    from benchmarks.engines import Engine, Inkloop, RapidOcr, Tesseract
    from recognizer.line_reader import FAST

    machine = records.hardware(arguments.cores)
    chosen = samples.real(arguments.data) if arguments.data else samples.synthetic()
    ours = [arguments.model] if arguments.model else [None, FAST]
    engines: list[Engine] = [*(Inkloop(model, arguments.cores) for model in ours), RapidOcr(arguments.cores)]
    absent = Tesseract.missing()
    if absent is None:
        engines.append(Tesseract(arguments.cores))
    scores = {"lines": rounds.compete(engines, chosen.lines, rounds.lines, rounds=arguments.rounds)}
    if not arguments.no_pages:
        turns = min(arguments.rounds, len(chosen.pages))
        scores["pages"] = rounds.compete(engines, chosen.pages, rounds.pages, rounds=turns)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": records.commit(),
        "data": chosen.name,
        "manifests_sha256": chosen.identity,
        "hardware": machine,
        "peer": PEER,
        "absent": {} if absent is None else {"Tesseract": absent},
        "scores": {kind: summaries(found) for kind, found in scores.items()},
    }


def summaries(scores: list[rounds.Score]) -> list[dict[str, object]]:
    """Every engine's row, its ratios against the peer's."""
    peer = next(score for score in scores if score.engine.startswith(PEER))
    return [score.summary(peer) for score in scores]


def main() -> int:
    """The command; returns its exit code."""
    arguments = options().parse_args()
    use_cores(arguments.cores)
    record = measure(arguments)
    paths = records.write(record, name=f"reading-{record['data']}", tell=records.markdown)
    print(records.markdown(record))
    print("Kept in", ", ".join(str(path) for path in paths), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Does Inkloop or kraken learn more from the same lines in the same time? Both train on one core each, both are scored.

    make benchmark-kraken DATA=folder MINUTES=20     lines_train.jsonl and lines_val.jsonl

Both get the lines of ``lines_train.jsonl`` without the writers that Inkloop's trainings hold out; these choose each
one's checkpoint. Scored are the lines of ``lines_val.jsonl`` without flags, by the one scoring code. kraken lives in an
environment of its own, which the first call makes.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import records
from benchmarks.kraken_environment import NoKraken, prepare, surroundings
from benchmarks.training_job import HELD, MANIFEST, SCORED, TRAIN, Job, Result
from flywheel.settings import ROOT
from recognizer.corpora import LineTruth, read_manifest
from recognizer.errors import RecognizerError
from recognizer.metrics import Pair, cer, wer

NAME = "kraken"
HEAD = "| engine | began from | reading | CER | WER | CER ratio | CPU s, training | CPU s, all | lines seen |"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two.

    Attributes:
        python: that runs its program.
        module: its program.
    """

    python: str
    module: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A side's result, and the processor time of its whole process: loading, validations and reading too."""

    result: Result
    all_s: float


def options() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kraken", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with lines_train.jsonl and lines_val.jsonl")
    parser.add_argument("--minutes", type=float, default=20.0, help="of training on one core, each (20)")
    parser.add_argument("--start", default="scale", help="what Inkloop begins from: scale, nothing or a folder (scale)")
    parser.add_argument("--most", type=int, help="take no more than this many training lines, to try it")
    parser.add_argument("--results", type=Path, default=records.RESULTS, help="folder of the record")
    return parser


def choose_lines(data: Path, *, most: int | None = None) -> dict[str, list[LineTruth]]:
    """The lines that train, that choose and that are scored.

    Raises:
        BadManifest: a manifest is missing or breaks its format.
    """
    from recognizer.training.line_training import find_corpora

    corpora, held = find_corpora(data)
    train = [row for row in corpora.lines if row.text.strip()]
    every = -(-len(train) // most) if most else 1
    scored = list(read_manifest(data / "lines_val.jsonl"))
    return {
        TRAIN: train[::every],
        HELD: [row for row in held if row.text.strip() and not row.flags],
        SCORED: [row for row in scored if not row.flags],
    }


def lay_out(rows: Sequence[LineTruth], folder: Path) -> None:
    """Lines as ``ketos train -f path`` takes them: an image, here a link, and its text in a ``.gt.txt`` beside it.

    Args:
        rows: the lines.
        folder: new; also gets a manifest, for Inkloop.
    """
    folder.mkdir(parents=True)
    with (folder / MANIFEST).open("w", encoding="utf-8") as manifest:
        for number, row in enumerate(rows):
            image = folder / f"{number:06}{row.image.suffix}"
            image.symlink_to(row.image.resolve())
            image.with_suffix(".gt.txt").write_text(row.text, encoding="utf-8")
            known = row.extra | {"image": image.name, "text": row.text, "flags": list(row.flags)}
            manifest.write(json.dumps(known, ensure_ascii=False) + "\n")


def train_both(sides: Sequence[Side], jobs: Sequence[Job]) -> list[Finished]:
    """Let each side do its job on a core of its own, at the same time; in turns where there is one core.

    Raises:
        subprocess.CalledProcessError: a side failed.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) < len(sides):
        return [_finish(_start(side, job, cores[:1]), job) for side, job in zip(sides, jobs, strict=True)]
    begun = [_start(side, job, [core]) for side, job, core in zip(sides, jobs, cores, strict=False)]
    try:
        return [_finish(process, job) for process, job in zip(begun, jobs, strict=True)]
    finally:
        for process in begun:
            if process.poll() is None:
                process.kill()
                process.wait()


def _start(side: Side, job: Job, cores: list[int]) -> "subprocess.Popen[bytes]":
    command = [side.python, "-m", side.module, str(job.keep())]
    process = subprocess.Popen(command, cwd=ROOT, env=surroundings(os.environ), stdout=sys.stderr)
    if cores:
        os.sched_setaffinity(process.pid, cores)  # before it has imported what counts them
    return process


def _finish(process: "subprocess.Popen[bytes]", job: Job) -> Finished:
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return Finished(Result.load(Path(job.output)), processor_time(used))


def processor_time(used: resource.struct_rusage) -> float:
    """Seconds, for the program and for the system on its behalf."""
    return used.ru_utime + used.ru_stime


def summarise(finished: Sequence[Finished], references: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each side and way of reading; ``cer_ratio`` is over kraken's."""
    rows = [
        _row(side, way, list(zip(references, texts, strict=True)))
        for side in finished
        for way, texts in side.result.texts.items()
    ]
    peer = next(row["cer"] for row in rows if row["engine"].startswith("kraken"))
    return [row | {"cer_ratio": round(row["cer"] / peer, 3) if peer else None} for row in rows]


def _row(side: Finished, way: str, pairs: list[Pair]) -> dict[str, Any]:
    result = side.result
    return {
        "engine": result.name,
        "began": result.began,
        "reading": way,
        "cer": round(cer(pairs), 4),
        "wer": round(wer(pairs), 4),
        "trained_s": round(result.trained_s),
        "all_s": round(side.all_s),
        "lines_seen": result.lines,
        "steps": result.steps,
        "held_cer": round(result.held_cer, 4),
        "notes": result.notes,
    }


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Train both and score them; returns the record.

    Raises:
        NoKraken: its environment cannot be made.
        BadManifest: the data are missing or broken.
        subprocess.CalledProcessError: a side failed.
    """
    chosen = choose_lines(arguments.data, most=arguments.most)
    sides = [Side(sys.executable, "benchmarks.inkloop_program"), Side(str(prepare()), "benchmarks.kraken_program")]
    machine = records.hardware(1)
    with tempfile.TemporaryDirectory(prefix="inkloop-kraken-") as name:
        folder = Path(name)
        for part, rows in chosen.items():
            lay_out(rows, folder / "lines" / part)
        outputs = [folder / side.module for side in sides]
        jobs = [Job(str(folder / "lines"), str(output), arguments.minutes, arguments.start) for output in outputs]
        finished = train_both(sides, jobs)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": records.commit(),
        "hardware": machine,
        "minutes": arguments.minutes,
        "lines": {part: len(rows) for part, rows in chosen.items()},
        "scores": summarise(finished, [row.text for row in chosen[SCORED]]),
    }


def page(record: dict[str, Any]) -> str:
    """The record for people."""
    machine, lines = record["hardware"], record["lines"]
    told = {row["engine"]: row["notes"] for row in record["scores"]}
    sections = [
        f"# Trained beside kraken, {record['date']}, commit `{record['commit']}`",
        f"{record['minutes']:g} minutes of training each on one core of {machine['processor']}; load "
        f"{machine['load_at_start']} when it began. The same {lines[TRAIN]} lines for both, the same {lines[HELD]} of "
        f"held-out writers to choose the checkpoint by; scored on {lines[SCORED]} lines of other writers.",
        "kraken began from nothing, as it does for whoever has no model that fits; no model of its repository was "
        "tried, since fetching one needs the network. Inkloop began from what the table says, by default the weights "
        "of PP-OCRv6 out of a wheel, as it does for its users. It had no other lines and no other text.",
        "\n".join([HEAD, "|---" * 9 + "|", *(row_text(row) for row in record["scores"])]),
        "CPU seconds are the processor's: those of training leave out validations; all is the whole process, with "
        "loading, validating and reading. kraken stops after its CPU seconds, Inkloop after as many by the clock: a "
        "busy machine is to Inkloop's disadvantage. kraken decodes by best path and has no language prior.",
        *(f"{engine}: {'; '.join(' '.join(note) for note in known.items())}." for engine, known in told.items()),
    ]
    return "\n\n".join(sections) + "\n"


def row_text(row: dict[str, Any]) -> str:
    """One row of the table."""
    ratio = "" if row["cer_ratio"] is None else f"{row['cer_ratio']:.2f}"
    return (
        f"| {row['engine']} | {row['began']} | {row['reading']} | {row['cer']:.3f} | {row['wer']:.3f} | {ratio} | "
        f"{row['trained_s']} | {row['all_s']} | {row['lines_seen']} |"
    )


def main() -> int:
    """The command; returns its exit code."""
    arguments = options().parse_args()
    try:
        record = measure(arguments)
    except (NoKraken, RecognizerError) as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"{' '.join(error.cmd)} ended with exit code {error.returncode}; the reason is above.", file=sys.stderr)
        return 1
    paths = records.write(record, name=NAME, tell=page, folder=arguments.results)
    print(page(record))
    print("Kept in", ", ".join(str(path) for path in paths), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

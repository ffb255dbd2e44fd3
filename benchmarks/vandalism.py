"""Is vandalism held before it becomes ground truth, and honest work not? Sessions of 500 corrections, 10 % vandalised.

    make benchmark-vandalism DATA=folder         lines_val.jsonl, rows without flags

Every line is judged with its true text and with each kind of vandalism; sessions are then drawn from these judgements,
so that the shares come with the spread that another draw of lines and vandals would have given. True texts are the
data's own, which hold some errors.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import records, samples
from benchmarks.reading import use_cores
from benchmarks.samples import Sample

if TYPE_CHECKING:
    from recognizer.line_reader import LineReader

Vandal = Callable[[str, str, random.Random], str | None]
"""From a text, another line's text and chance to a spoilt text."""
Held = dict[str, dict[int, bool]]
"""For each kind of text: whether a line's is held, by the line's place."""

CORRECTIONS, VANDALISED = 500, 0.1
KEYBOARD_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn")
TARGETS = {"whole line": ("at least", 0.95), "one word": ("at least", 0.60), "honest": ("at most", 0.05)}


def mashed(text: str, _: str, rng: random.Random) -> str:
    """Keys hit at random, as many as the text has characters."""
    words: list[str] = []
    while len(" ".join(words)) < max(3, len(text)):
        row = rng.choice(KEYBOARD_ROWS)
        words.append("".join(rng.choice(row) for _ in range(rng.randint(2, 9))))
    return " ".join(words)[: max(3, len(text))]


def inserted(text: str, other: str, rng: random.Random) -> str:
    """A word of another line put in anywhere."""
    words = text.split()
    words.insert(rng.randint(0, len(words)), rng.choice(other.split()))
    return " ".join(words)


def replaced(text: str, other: str, rng: random.Random) -> str | None:
    """A word swapped for one of another line."""
    words = text.split()
    place = rng.randrange(len(words))
    words[place] = rng.choice(other.split())
    return " ".join(words)


def exchanged(text: str, _: str, rng: random.Random) -> str | None:
    """Two words of the line swapped; None where it has only one."""
    words = text.split()
    if len(words) < 2:
        return None
    one, two = rng.sample(range(len(words)), 2)
    words[one], words[two] = words[two], words[one]
    return " ".join(words)


KINDS: dict[str, dict[str, Vandal]] = {
    "whole line": {
        "another line's text": lambda _, other, __: other,
        "reversed": lambda t, *_: t[::-1],
        "mash": mashed,
    },
    "one word": {"inserted": inserted, "replaced": replaced, "exchanged": exchanged},
}
"""What vandals do, by how much of the line they touch."""


def vandalise(texts: Sequence[str], vandal: Vandal, *, seed: int) -> list[str | None]:
    """Each text as one kind of vandal leaves it; None where that kind cannot touch it."""
    rng = random.Random(seed)
    spoilt: list[str | None] = []
    for text in texts:
        result = vandal(text, rng.choice([other for other in texts if other.split() != text.split()]), rng)
        spoilt.append(None if result is None or result.split() == text.split() else result)
    return spoilt


def judge_all(reader: "LineReader", lines: Sequence[Sample], *, seed: int) -> tuple[Held, float]:
    """Which lines are held, for each kind of vandalism and for ``honest``; and the texts judged a second."""
    from recognizer.decoding.plausibility import CONTRADICTED_BELOW
    from recognizer.line_images import open_line

    images = [open_line(line.image) for line in lines]
    texts = [line.text for line in lines]
    reader.plausibility(images[:8], texts[:8])
    vandals = {kind: vandal for kinds in KINDS.values() for kind, vandal in kinds.items()}
    claims: dict[str, list[str | None]] = {"honest": list(texts)}
    claims |= {kind: vandalise(texts, vandal, seed=seed + n) for n, (kind, vandal) in enumerate(vandals.items())}
    held: Held = {}
    begun, count = time.perf_counter(), 0
    for kind, spoilt in claims.items():
        claimed = [(row, text) for row, text in enumerate(spoilt) if text is not None]
        scores = reader.plausibility([images[row] for row, _ in claimed], [text for _, text in claimed])
        held[kind] = {row: score < CONTRADICTED_BELOW for (row, _), score in zip(claimed, scores, strict=True)}
        count += len(claimed)
    return held, count / (time.perf_counter() - begun)


def draw_session(held: Held, rng: random.Random) -> dict[str, float]:
    """The shares held in one session of corrections, each line corrected at most once."""
    lines = sorted(held["honest"])
    chosen = rng.sample(lines, min(CORRECTIONS, len(lines)))
    spoilt = round(VANDALISED * len(chosen))
    found: dict[str, list[bool]] = {"honest": [held["honest"][row] for row in chosen[spoilt:]]}
    kinds = [(extent, kind) for extent, vandals in KINDS.items() for kind in vandals]
    rng.shuffle(kinds)
    for number, row in enumerate(chosen[:spoilt]):
        extent, kind = kinds[number % len(kinds)]
        if row in held[kind]:
            found.setdefault(extent, []).append(held[kind][row])
    return {group: sum(answers) / len(answers) for group, answers in found.items()}


def summarise(held: Held, *, seed: int, sessions: int) -> dict[str, Any]:
    """Shares held by kind over all lines, and by group over drawn sessions (mean, worst of 95 %)."""
    rng = random.Random(seed)
    drawn = [draw_session(held, rng) for _ in range(sessions)]
    groups = {}
    for group, (sense, target) in TARGETS.items():
        shares = sorted(session[group] for session in drawn if group in session)
        tail = int(0.05 * (len(shares) - 1))
        bad = shares[tail] if sense == "at least" else shares[-1 - tail]
        met = sum(share >= target if sense == "at least" else share <= target for share in shares) / len(shares)
        groups[group] = {
            "target": f"{sense} {target:.0%}",
            "mean": round(sum(shares) / len(shares), 4),
            "worst_of_95_percent": round(bad, 4),
            "sessions_that_meet_it": round(met, 4),
        }
    kinds = {
        kind: {"lines": len(rows), "held": round(sum(rows.values()) / len(rows), 4)} for kind, rows in held.items()
    }
    return {"sessions": sessions, "groups": groups, "kinds": kinds}


def page(record: dict[str, Any]) -> str:
    """The record for people."""
    rows = [
        f"| {group} | {found['target']} | {found['mean']:.1%} | {found['worst_of_95_percent']:.1%} "
        f"| {found['sessions_that_meet_it']:.0%} |"
        for group, found in record["groups"].items()
    ]
    kinds = [f"| {kind} | {found['lines']} | {found['held']:.1%} |" for kind, found in record["kinds"].items()]
    return "\n".join(
        [
            f"# Vandalism, {record['date']}, commit `{record['commit']}`",
            "",
            f"Model {record['model']}; {record['data']}. {record['sessions']} sessions of {CORRECTIONS} corrections, "
            f"{VANDALISED:.0%} vandalised, seed {record['seed']}: share held for review before ground truth.",
            "",
            "| what | target | mean | worst of 95 % | sessions that meet it |",
            "|---" * 5 + "|",
            *rows,
            "",
            "Over all lines:",
            "",
            "| text | lines | held |",
            "|---" * 3 + "|",
            *kinds,
            "",
        ]
    )


def main() -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.vandalism", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with lines_val.jsonl and pages.jsonl; else synthetic")
    parser.add_argument("--model", type=Path, help="folder of the model to measure; else the shipped one")
    parser.add_argument("--seed", type=int, default=1, help="of vandals and sessions (1)")
    parser.add_argument("--sessions", type=int, default=200, help="sessions drawn (200)")
    arguments = parser.parse_args()
    use_cores(2)
    record = measure(arguments)
    paths = records.write(record, name=f"vandalism-{record['data']}", tell=page)
    print(page(record))
    print("Kept in", ", ".join(str(path) for path in paths), file=sys.stderr)
    return 0


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Judge everything; returns the record."""
    from recognizer.line_reader import LineReader

    machine = records.hardware(2)
    chosen = samples.real(arguments.data) if arguments.data else samples.synthetic()
    lines = [line for line in chosen.lines if line.text.strip()]
    reader = LineReader.load(arguments.model)
    held, per_second = judge_all(reader, lines, seed=arguments.seed)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": records.commit(),
        "data": chosen.name,
        "manifests_sha256": chosen.identity,
        "hardware": machine,
        "model": reader.version,
        "seed": arguments.seed,
        "judged_per_second": round(per_second, 1),
        **summarise(held, seed=arguments.seed, sessions=arguments.sessions),
    }


if __name__ == "__main__":
    sys.exit(main())

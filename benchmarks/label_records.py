"""The record of the Label Studio benchmark: a JSON file for programs, a page for people, the same figures in both."""

import json
from typing import Any

from benchmarks.records import RESULTS


def write(record: dict[str, Any]) -> str:
    """Keep a record in place of its predecessor, which git remembers; returns the page."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    page = markdown(record)
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    (RESULTS / "label-studio.json").write_text(text, encoding="utf-8")
    (RESULTS / "label-studio.md").write_text(page, encoding="utf-8")
    return page


def markdown(record: dict[str, Any]) -> str:
    """The record as a page."""
    machine, plain, outbox = record["hardware"], record["plain"], record["outbox"]
    bare = plain["uploading"] + plain["importing"]
    head = [
        f"# Label Studio, {record['date']}, commit `{record['commit']}`",
        f"{machine['cores']} cores of {machine['processor']}; load {machine['load_at_start']} when the run began; a "
        "Label Studio 1.23.2 with its default database on the same machine.",
        f"{record['lines']} lines pushed through the outbox against the SDK alone with the same pictures, same run:",
        "| | seconds | outbox ÷ this |\n|---|---|---|\n"
        f"| outbox: cuts, uploads, imports, remembers | {outbox['seconds']:.1f} | 1 |\n"
        f"| SDK alone: cuts, then uploads, then imports | {plain['seconds']:.1f} | "
        f"{outbox['seconds'] / plain['seconds']:.2f} |\n"
        f"| SDK alone, pictures cut before: {plain['uploading']:.1f} s uploading, {plain['importing']:.1f} s "
        f"importing | {bare:.1f} | {outbox['seconds'] / bare:.2f} |\n"
        f"| outbox once more, nothing new | {outbox['seconds_again']:.1f} | |",
        "Pulls:",
        "| tasks in the project | new labels | seconds |\n|---|---|---|\n"
        + "\n".join(f"| {row['tasks']} | {row['stored']} | {row['seconds']:.2f} |" for row in record["pulls"]),
    ]
    return "\n\n".join(head) + "\n"

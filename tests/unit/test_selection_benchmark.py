"""The selection benchmark keeps pages apart, goes on where it stopped, and counts labels right."""

import json
from pathlib import Path
from typing import Any

from benchmarks import selection
from benchmarks.selection import learning, plan, read_hands, summarise

FIELDS = {"seed": 1, "minutes": 4.0, "parent": "m-1", "scored_lines": 9, "others_cer": 0.08, "seconds": 240, "cores": 2}


def a_run(hand: str, method: str, lines: int, cer: float, seed: int = 1) -> dict[str, Any]:
    return FIELDS | {"hand": hand, "method": method, "lines": lines, "cer": cer, "seed": seed}


def test_no_page_is_both_labelled_and_scored(tmp_path: Path) -> None:
    rows = [
        {"image": f"{page}_{n}.webp", "text": "x", "writer": "ann", "page": f"page {page}", "flags": ["odd"] * (n == 0)}
        for page in range(12)
        for n in range(10)
    ]
    (tmp_path / "lines.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    (hand,) = read_hands(tmp_path / "lines.jsonl")
    assert {row.extra["page"] for row in hand.pool}.isdisjoint(row.extra["page"] for row in hand.scored)
    assert len(hand.pool) == 80
    assert len(hand.scored) == 36  # flagged lines may be learnt from, and are not scored


def test_the_first_runs_answer_most_and_no_run_comes_twice() -> None:
    runs = list(plan(["a", "b"], seeds=3, minutes=4, parent="m-1"))
    order = [(run.method, run.lines, run.seed, run.hand) for run in runs]
    assert order[:3] == [("random", 128, 1, "a"), ("random", 128, 1, "b"), ("random", 128, 2, "a")]
    assert [(method, lines) for method, lines, *_ in order[::6]][:3] == [
        ("random", 128),
        ("selection", 64),
        ("random", 16),
    ]
    assert len(runs) == len(set(runs)) == 36


def test_the_labels_needed_are_the_fewest_that_reach_the_random_lines() -> None:
    runs = [
        *(a_run("a", "random", 128, cer, seed) for seed, cer in ((1, 0.10), (2, 0.12))),
        *(a_run("a", "selection", 64, cer, seed) for seed, cer in ((1, 0.12), (2, 0.10))),
        a_run("a", "selection", 48, 0.105),
        a_run("a", "selection", 32, 0.2),
        a_run("b", "random", 128, 0.1),
        a_run("b", "selection", 64, 0.11),
    ]
    found = summarise(runs)
    assert found["hands"]["a"]["cer"]["random 128"] == 0.11
    assert found["hands"]["a"]["seeds"]["random 128"] == 2
    assert (found["hands"]["a"]["labels_needed"], found["hands"]["b"]["labels_needed"]) == (48, None)
    assert found["hands_within_target"] == 1


def test_the_page_shows_what_was_run_and_leaves_the_rest_empty() -> None:
    runs = [a_run("a", "random", 128, 0.1), a_run("a", "selection", 64, 0.09), a_run("b", "random", 128, 0.1)]
    record = {
        "date": "2026-01-02",
        "commit": "abc",
        "parent": "m-1",
        "minutes": 4.0,
        "unlabelled": False,
        "before": {"a": 0.2, "b": 0.3},
    }
    record |= {"hardware": {"load_at_start": 1.0, "cores": 2}, "others_before": 0.077, "runs": runs} | summarise(runs)
    shown = selection.page(record | {"learning": learning(record)})
    assert "| a | 0.200 |  |  | 0.100 (1) | 0.090 (1) |  |  | 64 |" in shown
    assert "| b | 0.300 |  |  | 0.100 (1) |  |  |  | not run yet |" in shown
    assert "| 128 | 2 | 58% | 50% | +0.30 points of 7.70 % | 240 on 2 cores |" in shown
    assert "1 of 1 hands compared need at most 64 chosen lines." in shown


def test_runs_that_were_kept_are_found_again(tmp_path: Path) -> None:
    assert selection.kept_runs("selection", tmp_path) == []
    (tmp_path / "selection.json").write_text(json.dumps({"runs": [a_run("a", "random", 128, 0.1)]}))
    assert [run["cer"] for run in selection.kept_runs("selection", tmp_path)] == [0.1]

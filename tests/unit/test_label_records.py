"""The Label Studio benchmark is recorded as ratios."""

from benchmarks.label_records import markdown

RECORD = {
    "date": "2026-01-01",
    "commit": "abc",
    "hardware": {"cores": 2, "processor": "a processor", "load_at_start": 0.5},
    "lines": 100,
    "labels": 10,
    "plain": {"seconds": 10.0, "cutting": 2.0, "uploading": 6.0, "importing": 2.0},
    "outbox": {"seconds": 12.0, "seconds_again": 0.5},
    "pulls": [{"tasks": 100, "labels": 10, "stored": 10, "seconds": 0.75}],
}


def test_the_page_tells_the_ratio_and_every_pull() -> None:
    page = markdown(RECORD)
    assert "| SDK alone: cuts, then uploads, then imports | 10.0 | 1.20 |" in page
    assert "6.0 s uploading, 2.0 s importing | 8.0 | 1.50 |" in page
    assert "| outbox once more, nothing new | 0.5 | |" in page
    assert "| 100 | 10 | 0.75 |" in page

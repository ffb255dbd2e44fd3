"""What the Label tab is told, from labels that are put into the store as a pull would."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, event

from flywheel import additions, trust
from flywheel.label_report import label_report
from flywheel.records import StoredLine, StoredPage
from flywheel.settings import Settings
from flywheel.store import Store
from flywheel.tables import LabelRow, SampleRow
from tests.readings import a_page, an_upload

NUMBERS = count(1)


def read(store: Store, texts: Sequence[str], *, by: str = "Ann", name: str = "letter.png") -> StoredPage:
    """A page that was read."""
    pages = [(a_page(texts), b"its image")]
    return store.keep_reading(an_upload(name), pages, contributor=store.contributor(by), seconds=1).pages[0]


def answered(
    store: Store, line_id: UUID, *answers: tuple[str, str], verdict: str = "text", known: bool = False
) -> None:
    """A line that people answered in Label Studio, each with a name and a text."""
    with store.writing() as session:
        sample = SampleRow(
            line_id=line_id, round=1, reason="The test wants it.", priority=0.5, state="labelled", known=known
        )
        session.add(sample)
        session.flush()
        session.add_all(
            LabelRow(
                sample_id=sample.id,
                annotation_id=next(NUMBERS),
                revision=1,
                content_sha256="0" * 64,
                contributor_id=additions.contributor(session, name),
                verdict=verdict,
                text=text,
                problem="It is strange." if verdict == "invalid" else None,
                result=[],
            )
            for name, text in answers
        )


@contextmanager
def statements() -> Iterator[list[str]]:
    """What the block asks databases."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def label_everything(store: Store, lines: Sequence[StoredLine]) -> None:
    """Of four lines one is agreed about, one not, one cannot be used and one is held."""
    for start in range(0, len(lines), 4):
        first, second, third, fourth = lines[start : start + 4]
        answered(store, first.id, ("ann", "alike"), ("bea", "alike"))
        answered(store, second.id, ("ann", "one text"), ("bea", "another"))
        answered(store, third.id, ("ann", "?"), verdict="invalid")
        with store.writing() as session:
            trust.keep(session, trust.Claim(fourth.id, "a vandal's", plausibility=-99.0), "trusted")


def test_the_report_asks_no_more_often_when_there_are_more_labels(store: Store, settings: Settings) -> None:
    asked, reports = [], []
    for _ in range(2):
        label_everything(store, read(store, ["line"] * 8).lines)
        with statements() as made:
            reports.append(label_report(store, settings))
        asked.append(len(made))
    assert asked[0] == asked[1] <= 30
    assert [report.stages["disagreed"] for report in reports] == [2, 4]
    assert [report.stages["quarantined"] for report in reports] == [4, 8]


def test_whoever_is_no_operator_sees_counts_and_their_own_lines(store: Store, settings: Settings) -> None:
    label_everything(store, read(store, ["line"] * 8, name="secret.png").lines)
    own = read(store, ["line"] * 4, by="Bob", name="own.png").lines
    label_everything(store, own)
    for line in (*own[:1], *read(store, ["secret"]).lines):
        with store.writing() as session:
            session.add(SampleRow(line_id=line.id, round=2, reason="x", priority=0.5, state="queued", shown="shown"))
    theirs = label_report(store, settings, viewer=store.contributor("Bob"))
    everything = label_report(store, settings)
    assert theirs.stages == everything.stages
    assert [len(rows) for rows in (everything.queue, everything.disagreed, everything.quarantined)] == [2, 3, 6]
    assert [len(rows) for rows in (theirs.queue, theirs.disagreed, theirs.quarantined)] == [1, 1, 2]
    named = [*theirs.queue, *theirs.disagreed, *theirs.quarantined, *theirs.pages]
    assert {row.where[:15] for row in named} == {"own.png, page 1"}


def test_the_report_tells_who_said_what_and_how_far_people_agree(store: Store, settings: Settings) -> None:
    page = read(store, ["one", "two", "three", "four", "five"])
    label_everything(store, page.lines[:4])
    answered(store, page.lines[4].id, ("ann", "alone"))
    report = label_report(store, settings)
    (row,) = report.disagreed
    assert (row.where, row.text) == ("letter.png, page 1, line 2", "ann: one text / bea: another")
    assert row.reason == "2 people disagree (CER 75%)."
    assert [(row.where, row.text, row.reason, row.line_id) for row in report.quarantined] == [
        ("letter.png, page 1, line 3", "?", "It is strange.", None),
        (
            "letter.png, page 1, line 4",
            "a vandal's",
            "The image does not bear it out; somebody should look first.",
            page.lines[3].id,
        ),
    ]
    assert [(row.name, row.labels, row.skipped, row.compared) for row in report.annotators] == [
        ("ann", 4, 0, 2),
        ("bea", 2, 0, 2),
    ]

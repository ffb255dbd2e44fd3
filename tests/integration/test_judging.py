"""What people type is judged by itself: by who typed it, and by whether the page's image bears it out."""

import io
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from demo.server import Services
from flywheel import trust
from flywheel.additions import LOCAL
from flywheel.ground_truth import ground_truth
from flywheel.judging import judge_new
from flywheel.records import NewCorrection
from flywheel.store import Store
from flywheel.trust import Outcome
from recognizer.line_reader import LineReader
from recognizer.page import Line, Page, Reading
from tests.fake_reader import FakeReader
from tests.handwriting import write_page
from tests.readings import an_upload
from tests.running_app import built, settings_in

TEXTS = ["Dear Margaret,", "the roses are out and", "the garden is full of bees", "come and see them soon"]
LETTER = write_page(TEXTS, seed=3, width=1000, height=700)
LONGEST_WAIT_S = 60


def packed(kind: str) -> bytes:
    """The letter as a file."""
    file = io.BytesIO()
    Image.fromarray(LETTER.image).save(file, kind, quality=90)
    return file.getvalue()


@pytest.fixture
def lines(store: Store) -> list[UUID]:
    """The letter's lines in a store, misread by some model."""
    readings = (Line(line.polygon, line.baseline, Reading("?", 0.1, (), ())) for line in LETTER.lines)
    page = Page("letter.png", 1, LETTER.image.shape[1], LETTER.image.shape[0], tuple(readings), "model-1")
    local = store.contributor(LOCAL)
    kept = store.keep_reading(an_upload(), [(page, packed("WEBP"))], contributor=local, seconds=1)
    return [line.id for line in kept.pages[0].lines]


def truths(store: Store) -> list[str]:
    return [line.text for line in ground_truth(store)]


def test_what_the_image_contradicts_waits_and_the_rest_is_accepted(store: Store, lines: list[UUID]) -> None:
    typed = [TEXTS[0], "the roses are out, and", TEXTS[1], "come and see them never soon"]
    new = [NewCorrection(line, text) for line, text in zip(lines, typed, strict=True)]
    store.keep_corrections(new, contributor=store.contributor(LOCAL))
    judgements = judge_new(store, "trusted", LineReader.load())
    assert [judgement.rule for judgement in judgements] == ["trusted", "trusted", "image", "image"]
    assert truths(store) == typed[:2]
    with store.reading() as session:
        held = trust.held_texts(session)
    assert [(text.text, text.reason) for text in held] == [
        (text, "The image does not bear it out; somebody should look first.") for text in typed[2:]
    ]


def test_what_cannot_be_compared_with_its_image_waits(
    store: Store, lines: list[UUID], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for blob in (tmp_path / "blobs").rglob("*"):
        if blob.is_file():
            blob.unlink()
    store.keep_corrections([NewCorrection(lines[0], TEXTS[0])], contributor=store.contributor(LOCAL))
    with caplog.at_level(logging.ERROR, "flywheel.judging"):
        (judgement,) = judge_new(store, "trusted", FakeReader())
    assert judgement.outcome is Outcome.HELD
    assert truths(store) == []
    assert "are held, for its image cannot be asked" in caplog.text


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[TestClient, Store]]:
    """The app with a reader that knows the letter, and its store."""
    reader = FakeReader()
    reader.teach(LETTER)
    settings = settings_in(tmp_path)
    with (
        Store.open(settings) as store,
        TestClient(built(Services(settings, store, reader)), base_url="http://127.0.0.1") as client,
    ):
        yield client, store


def soon(true: Callable[[], bool]) -> bool:
    """Whether something becomes true before long."""
    deadline = time.monotonic() + LONGEST_WAIT_S
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


def test_a_submitted_page_becomes_ground_truth_by_itself(web: tuple[TestClient, Store]) -> None:
    client, store = web
    (page,) = client.post("/api/v1/read", files={"file": ("letter.png", packed("PNG"))}).json()
    typed = [line["text"] for line in page["lines"]]
    typed[1], typed[2] = "the rosés are out and", "asdf jkl qwert"
    sent = [{"line_id": line["id"], "text": text} for line, text in zip(page["lines"], typed, strict=True)]
    assert client.post("/api/v1/corrections", json={"corrections": sent}).status_code == 200
    assert soon(lambda: len(truths(store)) == 3)
    assert truths(store) == [typed[0], typed[1], typed[3]]
    assert soon(lambda: 'inkloop_judgements_total{outcome="held"} 1.0' in client.get("/metrics").text)


def test_what_was_not_judged_before_a_stop_is_judged_at_the_start(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    reader = FakeReader()
    reader.teach(LETTER)
    with Store.open(settings) as store:
        local = store.contributor(LOCAL)
        page = Page("a.png", 1, 1000, 700, (Line(LETTER.lines[0].polygon, None, Reading("?", 0.1, (), ())),), "m")
        kept = store.keep_reading(an_upload(), [(page, packed("WEBP"))], contributor=local, seconds=1)
        store.keep_corrections([NewCorrection(kept.pages[0].lines[0].id, TEXTS[0])], contributor=local)
        with TestClient(built(Services(settings, store, reader))):
            assert soon(lambda: truths(store) == [TEXTS[0]])

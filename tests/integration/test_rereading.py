"""A newer model reads what is there already: its text stands beside what people typed, never in its place."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from flywheel.drafts import keep_drafts
from flywheel.errors import NotFound
from flywheel.records import Document, Draft, NewCorrection
from flywheel.rereading import keep_rereading
from flywheel.store import Store
from recognizer.page import Reading
from tests.fake_reader import FakeReader
from tests.handwriting import WrittenPage
from tests.integration.test_api import LETTER, correct, png, read, told, web
from tests.integration.test_editing_api import edit, part
from tests.readings import a_page, an_upload

NEWER = ["Dear Margarete,", "the noses are out", "at least."]


@pytest.fixture
def ann(store: Store) -> UUID:
    return store.contributor("Ann")


@pytest.fixture
def letter(store: Store, ann: UUID) -> Document:
    """A document of one page and two lines."""
    return store.keep_reading(an_upload(), [(a_page(["one", "two"]), b"image")], contributor=ann, seconds=1)


def reread(store: Store, document: Document, contributor: UUID, model: str, *texts: str) -> None:
    page = document.pages[0]
    said = [Reading(text, 0.5, (), ()) for text in texts]
    readings = dict(zip((line.id for line in page.lines), said, strict=False))
    keep_rereading(store, page.id, readings, model=model, seconds=2, contributor=contributor)


def test_the_newer_text_stands_beside_what_a_person_typed(store: Store, ann: UUID, letter: Document) -> None:
    one, two = letter.pages[0].lines
    store.keep_corrections([NewCorrection(one.id, "One")], contributor=ann)
    keep_drafts(store, [Draft(two.id, "Tw")], contributor=ann)
    reread(store, letter, ann, "inkloop-test-2", "eins", "zwei")
    page = store.document(letter.id, ann).pages[0]
    assert (page.model, page.seconds) == ("inkloop-test-2", 2)
    assert [(line.id, line.text, line.prediction.text) for line in page.lines] == [
        (one.id, "One", "eins"),
        (two.id, "zwei", "zwei"),
    ]
    assert page.lines[1].draft == Draft(two.id, "Tw")


def test_a_version_that_comes_back_shows_what_it_said_then(store: Store, ann: UUID, letter: Document) -> None:
    reread(store, letter, ann, "inkloop-test-2", "eins", "zwei")
    reread(store, letter, ann, "inkloop-test-1", "another one", "another two")
    page = store.document(letter.id, ann).pages[0]
    assert (page.model, page.text) == ("inkloop-test-1", "one\ntwo")
    reread(store, letter, ann, "inkloop-test-3", "uno")  # a line it did not read shows the newest there is
    assert store.document(letter.id, ann).pages[0].text == "uno\nzwei"


def test_nobody_reads_somebody_elses_page_again(store: Store, ann: UUID, letter: Document) -> None:
    with pytest.raises(NotFound, match=r"no page .* among yours"):
        reread(store, letter, store.contributor("Bob"), "inkloop-test-2", "eins")
    assert store.document(letter.id, ann) == letter


def test_a_document_is_read_again_by_the_model_that_reads_now(tmp_path: Path) -> None:
    reader = FakeReader()
    reader.teach(LETTER)
    with web(tmp_path, reader) as served:
        client = served.client
        (page,) = read(client, png(LETTER.image))
        document = f"/api/v1/documents/{page['document']['id']}"
        line = page["lines"][0]
        correct(client, {"line_id": line["id"], "text": "typed"})
        newer = zip(LETTER.lines, NEWER, strict=True)
        reader.become("fake-2", WrittenPage(LETTER.image, tuple(replace(line, text=text) for line, text in newer)))
        (waiting,) = client.get(document).json()["pages"]
        assert (waiting["model"], waiting["newer_model"]) == ("fake-1", "fake-2")
        split = [{"polygon": part(page["lines"][1], 0, 0.5)}, {"polygon": part(page["lines"][1], 0.5, 1)}]
        edit(client, page, replaces=[page["lines"][1]["id"]], lines=split)
        (again,) = client.post(f"{document}/read-again").json()["pages"]
        assert (again["model"], again["newer_model"]) == ("fake-2", None)
        assert [each["reading"] for each in again["lines"]] == [NEWER[0], "the noses", "are out", NEWER[2]]
        assert [each["text"] for each in again["lines"]] == ["typed", "the noses", "are out", NEWER[2]]
        assert again["lines"][0]["revision"] == 1
        assert client.post(f"{document}/read-again").json()["pages"] == [again]
        assert served.store.counts()["readings"] == 2  # nothing is read again without need
        assert told(client.post(f"/api/v1/documents/{uuid4()}/read-again"))[:2] == (404, "not_found")

"""Drafts, verdicts, edited lines and the list of documents as programs and the correction screen meet them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi.testclient import TestClient

from demo.server import Services
from flywheel.store import Store
from tests.fake_reader import FakeReader
from tests.integration.test_api import (
    LETTER,
    OTHER,
    TEXTS,
    Web,
    correct,
    page_of_somebody_else,
    pdf,
    png,
    read,
    told,
    web,
)
from tests.running_app import built, settings_in


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Web]:
    """An app of the test's own, its store empty."""
    with web(tmp_path) as own:
        yield own


@pytest.fixture
def client(fresh: Web) -> TestClient:
    return fresh.client


@pytest.fixture
def page(client: TestClient) -> dict[str, Any]:
    """A letter of three lines, read."""
    return read(client, png(LETTER.image))[0]


def draft(client: TestClient, *drafts: dict[str, Any]) -> httpx.Response:
    return client.put("/api/v1/drafts", json={"drafts": drafts})


def edit(client: TestClient, page: dict[str, Any], **sent: Any) -> httpx.Response:
    return client.post(f"/api/v1/pages/{page['id']}/lines", json=sent)


def shown(client: TestClient, page: dict[str, Any]) -> dict[str, Any]:
    (found,) = client.get(f"/api/v1/documents/{page['document']['id']}").json()["pages"]
    return dict(found)


def part(line: dict[str, Any], start: float, end: float) -> list[list[float]]:
    """The box around a part of a line, from one share of its width to another."""
    (left, right), (top, bottom) = [(min(axis), max(axis)) for axis in zip(*line["polygon"], strict=True)]
    low, high = left + start * (right - left), left + end * (right - left)
    return [[low, top], [high, top], [high, bottom], [low, bottom]]


def test_a_line_tells_what_a_tab_needs_to_go_on(client: TestClient, page: dict[str, Any]) -> None:
    line = page["lines"][1]
    assert (line["revision"], line["verdict"], line["draft"], line["origin"]) == (0, "text", None, "model")
    assert line["reading"] == line["text"] == TEXTS[1]
    assert page["newer_model"] is None
    typed = {"line_id": line["id"], "text": "the rases", "seconds": 2.5, "keystrokes": 3}
    assert draft(client, typed).json() == {"saved": 1}
    after = shown(client, page)["lines"][1]
    assert after["draft"] == {"text": "the rases", "verdict": "text", "seconds": 2.5, "keystrokes": 3}
    assert (after["text"], after["corrected"]) == (TEXTS[1], False)
    (row,) = correct(client, typed | {"verdict": "illegible", "base_revision": 0}).json()["corrections"]
    assert (row["revision"], row["verdict"]) == (1, "illegible")
    after = shown(client, page)["lines"][1]
    assert (after["revision"], after["verdict"], after["draft"], after["text"]) == (1, "illegible", None, "the rases")
    assert after["reading"] == TEXTS[1]


def test_a_draft_of_null_is_removed(client: TestClient, page: dict[str, Any]) -> None:
    one, two, _ = page["lines"]
    draft(client, {"line_id": one["id"], "text": "a"}, {"line_id": two["id"], "text": "b", "verdict": "not_text"})
    assert draft(client, {"line_id": one["id"], "text": None}).json() == {"saved": 1}
    drafts = [line["draft"] for line in shown(client, page)["lines"]]
    assert drafts == [None, {"text": "b", "verdict": "not_text", "seconds": None, "keystrokes": None}, None]


def test_a_stale_tabs_submit_is_refused_whole(client: TestClient, page: dict[str, Any]) -> None:
    one, two, _ = page["lines"]
    correct(client, {"line_id": one["id"], "text": "from the first tab", "base_revision": 0})
    stale = [{"line_id": line["id"], "text": "from the second", "base_revision": 0} for line in (two, one)]
    status, code, message = told(correct(client, *stale))
    assert (status, code) == (409, "stale_document")
    assert message.endswith("Load the document again to see it; nothing was stored.")
    assert [line["revision"] for line in shown(client, page)["lines"]] == [1, 0, 0]


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"text": "no line"}, "drafts.0.line_id"),
        ({"line_id": str(uuid4())}, "drafts.0.text"),
        ({"line_id": str(uuid4()), "text": "x" * 10_001}, "drafts.0.text"),
        ({"line_id": str(uuid4()), "text": "two\nlines"}, "drafts.0.text"),
        ({"line_id": str(uuid4()), "text": "x", "verdict": "boring"}, "drafts.0.verdict"),
        ({"line_id": str(uuid4()), "text": "x", "seconds": -1}, "drafts.0.seconds"),
    ],
    ids=["no line", "no text", "too long", "two lines", "no such verdict", "negative"],
)
def test_a_malformed_draft_is_told_where_it_is_wrong(client: TestClient, wrong: dict[str, Any], where: str) -> None:
    status, code, message = told(draft(client, wrong))
    assert (status, code) == (422, "bad_request")
    assert where in message and "Nothing was stored" in message


def test_a_split_line_is_read_in_its_halves_and_nowhere_else(client: TestClient, page: dict[str, Any]) -> None:
    line = page["lines"][1]
    halves = [{"polygon": part(line, 0, 0.5), "text": "the rases"}, {"polygon": part(line, 0.5, 1)}]
    after = edit(client, page, replaces=[line["id"]], lines=halves).json()
    assert [each["text"] for each in after["lines"]] == [TEXTS[0], "the roses", "are out", TEXTS[2]]
    assert [each["origin"] for each in after["lines"]] == ["model", "person", "person", "model"]
    assert after["lines"][1]["draft"]["text"] == "the rases"
    assert after["lines"][2]["draft"] is None
    assert len(after["lines"][1]["baseline"]) > 1
    assert after["text"].splitlines() == [each["text"] for each in after["lines"]]
    assert after == shown(client, page)
    assert [after["lines"][0], after["lines"][3]] == [page["lines"][0], page["lines"][2]]


def test_lines_are_merged_moved_added_deleted_and_all_of_it_undone(client: TestClient, page: dict[str, Any]) -> None:
    line = page["lines"][1]
    halves = [{"polygon": part(line, 0, 0.5)}, {"polygon": part(line, 0.5, 1)}]
    split = edit(client, page, replaces=[line["id"]], lines=halves).json()["lines"]
    ids = [split[1]["id"], split[2]["id"]]
    whole = {"polygon": part(line, 0, 1), "baseline": line["baseline"]}
    merged = edit(client, page, replaces=ids, lines=[whole]).json()["lines"]
    assert [each["text"] for each in merged] == TEXTS
    assert merged[1]["baseline"] == [pytest.approx(point) for point in line["baseline"]]
    moved = edit(client, page, replaces=[merged[1]["id"]], lines=[{"polygon": part(line, 0.5, 1)}]).json()["lines"]
    assert [each["text"] for each in moved] == [TEXTS[0], "are out", TEXTS[2]]
    deleted = edit(client, page, replaces=[moved[0]["id"]]).json()["lines"]
    assert [each["text"] for each in deleted] == ["are out", TEXTS[2]]
    added = edit(client, page, lines=[{"polygon": part(page["lines"][0], 0, 1)}]).json()["lines"]
    assert [each["text"] for each in added] == [TEXTS[0], "are out", TEXTS[2]]
    for restore, retire in (
        ([], [added[0]["id"]]),
        ([moved[0]["id"]], []),
        ([merged[1]["id"]], [moved[1]["id"]]),
        (ids, [merged[1]["id"]]),
        ([line["id"]], ids),
    ):
        sent = {"restore": restore, "retire": retire}
        undone = client.post(f"/api/v1/pages/{page['id']}/undo", json=sent)
        assert undone.status_code == 200, undone.text
    assert undone.json() == page
    numbers = client.get("/metrics").text
    for kind, times in (("split", 1), ("merge", 1), ("reshape", 1), ("delete", 1), ("add", 1), ("undo", 5)):
        assert f'inkloop_line_edits_total{{kind="{kind}"}} {times}.0' in numbers


def test_a_page_as_large_as_may_be_given_can_be_edited(tmp_path: Path) -> None:
    reader = FakeReader()
    reader.teach(LETTER)
    settings = settings_in(tmp_path, max_megapixels="1")  # for WebP, as pages are kept, a third of it
    with Store.open(settings) as store:
        app = built(Services(settings, store, reader))
        with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as small:
            (page,) = read(small, png(LETTER.image))
            edited = edit(small, page, lines=[{"polygon": part(page["lines"][0], 0, 1)}])
            assert edited.status_code == 200, edited.text


def test_lines_are_put_in_another_order(client: TestClient, page: dict[str, Any]) -> None:
    ids = [line["id"] for line in page["lines"]]
    address = f"/api/v1/pages/{page['id']}/order"
    after = client.put(address, json={"lines": ids[::-1]}).json()
    assert after["text"].splitlines() == TEXTS[::-1]
    assert told(client.put(address, json={"lines": ids[:2]}))[:2] == (409, "stale_document")
    assert shown(client, page) == after


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"lines": [{"polygon": [[10, 10], [10, 10], [10, 10]]}]}, 422, "bad_outline"),
        ({"lines": [{"polygon": [[900, 10], [999, 10], [999, 90]]}]}, 422, "bad_outline"),
        ({"lines": [{"polygon": [[1, 1], [99, 1]]}]}, 422, "bad_request"),
        ({"lines": [{"polygon": [[1, 1], [99, 1], ["x", 9]]}]}, 422, "bad_request"),
        ({"lines": [{"polygon": [[1, 1], [99, 1], [1e30, 9]]}]}, 422, "bad_request"),
        ({"lines": [{"polygon": [[1, 1], [99, 1], [99, 90]], "text": "x" * 10_001}]}, 422, "bad_request"),
        ({"replaces": [], "lines": []}, 422, "bad_request"),
        ({"replaces": ["seven"]}, 422, "bad_request"),
        ({"replaces": [str(uuid4())]}, 404, "not_found"),
    ],
    ids=["no size", "outside", "two points", "no number", "far away", "too long", "nothing", "no id", "unknown"],
)
def test_an_edit_that_cannot_be_made_changes_nothing(
    client: TestClient, page: dict[str, Any], sent: dict[str, Any], status: int, code: str
) -> None:
    refused = told(edit(client, page, **sent))
    assert refused[:2] == (status, code)
    assert refused[2].endswith(".")
    assert shown(client, page) == page


def test_a_line_that_is_gone_takes_no_text_and_no_second_edit(client: TestClient, page: dict[str, Any]) -> None:
    gone = page["lines"][0]["id"]
    after = edit(client, page, replaces=[gone]).json()
    for refused in (
        edit(client, page, replaces=[gone]),
        draft(client, {"line_id": gone, "text": "x"}),
        correct(client, {"line_id": gone, "text": "x"}),
    ):
        status, code, message = told(refused)
        assert (status, code) == (409, "stale_document")
        assert "Load the document again" in message
    assert shown(client, page) == after


def test_nobody_edits_what_is_somebody_elses(fresh: Web) -> None:
    client = fresh.client
    document, page_id, line = map(str, page_of_somebody_else(fresh.store))
    theirs = {"id": page_id}
    for refused in (
        edit(client, theirs, replaces=[line]),
        draft(client, {"line_id": line, "text": "mine"}),
        client.post(f"/api/v1/pages/{page_id}/undo", json={"retire": [line]}),
        client.put(f"/api/v1/pages/{page_id}/order", json={"lines": [line]}),
        client.delete(f"/api/v1/documents/{document}"),
    ):
        assert told(refused)[:2] == (404, "not_found")
    assert client.get("/api/v1/documents").json() == {"documents": []}


def test_documents_are_listed_searched_and_deleted(client: TestClient) -> None:
    (page,) = read(client, png(LETTER.image), "Été.png")
    files, data = {"file": ("book.pdf", pdf(OTHER.image, OTHER.image))}, {"writer": "Zoë", "collection": " "}
    book = client.post("/api/v1/read", files=files, data=data).json()[0]["document"]
    assert (book["writer"], book["collection"]) == ("Zoë", None)

    def found(**query: str) -> list[dict[str, Any]]:
        return list(client.get("/api/v1/documents", params=query).json()["documents"])

    newest, oldest = found()
    assert (newest["id"], newest["name"], newest["pages"], newest["page_count"]) == (book["id"], "book.pdf", 2, 2)
    assert (newest["lines"], newest["writer"], newest["state"]) == (4, "Zoë", "read")
    assert (oldest["lines"], oldest["corrected"], oldest["drafts"], oldest["doubtful"]) == (3, 0, 0, 1)
    assert client.get(oldest["thumbnail"]).status_code == 200
    assert [row["name"] for row in found(query="ROSES")] == [row["name"] for row in found(query="ÉTÉ")] == ["Été.png"]
    draft(client, {"line_id": page["lines"][0]["id"], "text": "x"})
    assert [row["name"] for row in found(state="in_progress")] == ["Été.png"]
    assert told(client.get("/api/v1/documents", params={"state": "lost"}))[:2] == (422, "bad_request")
    address = f"/api/v1/documents/{oldest['id']}"
    deleted = client.delete(address)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert [row["id"] for row in found()] == [book["id"]]
    for gone in (
        client.get(address),
        client.delete(address),
        client.get(page["image"]),
        client.get(oldest["thumbnail"]),
        client.get(f"{address}/export/txt"),
        draft(client, {"line_id": page["lines"][0]["id"], "text": "x"}),
        edit(client, page, replaces=[page["lines"][0]["id"]]),
    ):
        status, code, message = told(gone)
        assert (status, code) == (404, "not_found")
        assert message.endswith(".")


def test_the_edits_are_in_the_documentation(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for address, method in (
        ("/api/v1/drafts", "put"),
        ("/api/v1/documents", "get"),
        ("/api/v1/documents/{document_id}", "delete"),
        ("/api/v1/pages/{page_id}/lines", "post"),
        ("/api/v1/pages/{page_id}/undo", "post"),
        ("/api/v1/pages/{page_id}/order", "put"),
    ):
        described = paths[address][method]
        assert described["description"]
        assert "409" in described["responses"]

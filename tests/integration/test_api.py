"""The HTTP interface as programs meet it: the real app on SQLite, with a reader that knows its pages by heart."""

import io
import json
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image
from pypdf import PdfWriter

from demo import problems
from demo.metrics import Metrics
from demo.reading_desk import ReadingDesk
from demo.routes import api
from demo.server import Services
from flywheel.migrate import migrate_to
from flywheel.records import Upload
from flywheel.store import Store
from recognizer.images import PageImage
from recognizer.page import Line, Page, Reading
from tests.fake_reader import DOUBTFUL, SURE, FakeReader
from tests.handwriting import Grey, WrittenPage, write_page
from tests.running_app import built, settings_in

TEXTS = ["Dear Margaret,", "the roses are out", "at last."]
OTHERS = ["Quite another page", "of another hand"]
LETTER = write_page(TEXTS, seed=2, width=700, height=500)
OTHER = write_page(OTHERS, seed=5, width=600, height=800)


@dataclass(frozen=True)
class Web:
    """An app, the store under it and a program that talks to it."""

    client: TestClient
    services: Services

    @property
    def store(self) -> Store:
        """The app's own."""
        return self.services.store

    @property
    def contributor(self) -> UUID:
        """Whoever asks without an account."""
        return self.store.contributor("local")


@contextmanager
def web(folder: Path, reader: FakeReader | None = None) -> Iterator[Web]:
    """An app on a store of its own, with a reader that knows both pages unless the test brings one."""
    if reader is None:
        reader = FakeReader()
        reader.teach(LETTER, doubtful=["roses"])
        reader.teach(OTHER)
    settings = settings_in(folder, max_upload_mb="1")
    with Store.open(settings) as store:
        services = Services(settings, store, reader)
        with TestClient(built(services), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
            yield Web(client, services)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One app for the tests that count nothing."""
    with web(tmp_path_factory.mktemp("shared")) as shared:
        yield shared.client


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Web]:
    """An app of the test's own, its store empty."""
    with web(tmp_path) as own:
        yield own


def png(image: Grey) -> bytes:
    packed = io.BytesIO()
    Image.fromarray(image).save(packed, "PNG")
    return packed.getvalue()


def pdf(*images: Grey) -> bytes:
    first, *rest = [Image.fromarray(image) for image in images]
    packed = io.BytesIO()
    first.save(packed, "PDF", save_all=True, append_images=rest)
    return packed.getvalue()


def send(client: TestClient, data: bytes, name: str = "letter.png", **headers: str) -> httpx.Response:
    return client.post("/api/v1/read", files={"file": (name, data)}, headers=headers)


def read(client: TestClient, data: bytes, name: str = "letter.png") -> list[dict[str, Any]]:
    answered = send(client, data, name)
    assert answered.status_code == 200, answered.text
    return list(answered.json())


def correct(client: TestClient, *corrections: dict[str, Any]) -> httpx.Response:
    return client.post("/api/v1/corrections", json={"corrections": corrections})


def told(answered: httpx.Response) -> tuple[int, str, str]:
    assert set(answered.json()) == {"error"}
    return answered.status_code, answered.json()["error"]["code"], answered.json()["error"]["message"]


def page_of_somebody_else(store: Store) -> tuple[UUID, UUID, UUID]:
    """Document, page and line of another contributor."""
    line = Line(((0, 0), (9, 0), (9, 9), (0, 9)), None, Reading("theirs", 0.5, (), ()))
    page = Page("theirs.png", 1, 700, 500, (line,), "fake-1")
    somebody = store.contributor("somebody else")
    upload = Upload("theirs.png", b"original", "image/png")
    kept = store.keep_reading(upload, [(page, b"image")], contributor=somebody, seconds=1.0)
    return kept.id, kept.pages[0].id, kept.pages[0].lines[0].id


def test_read_answers_the_contract(client: TestClient) -> None:
    (page,) = read(client, png(LETTER.image))
    assert (page["path"], page["page"], page["width"], page["height"]) == ("letter.png", 1, 700, 500)
    assert page["text"] == "\n".join(TEXTS)
    assert [line["text"] for line in page["lines"]] == TEXTS
    line = page["lines"][1]
    assert line["polygon"] == [pytest.approx(point) for point in LETTER.lines[1].polygon]
    assert line["baseline"] == [pytest.approx(point) for point in LETTER.lines[1].baseline]
    assert 0 < line["confidence"] < 1
    assert line["alternatives"] == []
    assert [(word["text"], word["confidence"], word["doubtful"]) for word in line["words"]] == [
        ("the", SURE, False),
        ("roses", DOUBTFUL, True),
        ("are", SURE, False),
        ("out", SURE, False),
    ]


def test_a_pdf_is_read_page_by_page(client: TestClient) -> None:
    answered = send(client, pdf(LETTER.image, OTHER.image), "book.pdf", accept="application/x-ndjson")
    assert answered.headers["content-type"].startswith("application/x-ndjson")
    rows = [json.loads(row) for row in answered.text.splitlines()]
    assert [row["page"] for row in rows] == [1, 2]
    assert [row["text"] for row in rows] == ["\n".join(TEXTS), "\n".join(OTHERS)]
    assert {row["document"]["page_count"] for row in rows} == {2}


def test_what_was_read_is_kept_with_original_model_and_picture(fresh: Web) -> None:
    (page,) = read(fresh.client, png(LETTER.image))
    (summary,) = fresh.store.documents(fresh.contributor)
    document = fresh.store.document(summary.id, fresh.contributor)
    assert (document.name, document.media_type, document.page_count) == ("letter.png", "image/png", 1)
    assert document.pages[0].model == "fake-1"
    assert document.pages[0].seconds > 0
    assert document.pages[0].lines[1].prediction.text == TEXTS[1]
    picture = fresh.client.get(page["image"])
    assert Image.open(io.BytesIO(picture.content)).size == (700, 500)


def test_a_correction_is_kept_as_typed_with_its_effort(client: TestClient) -> None:
    (page,) = read(client, png(LETTER.image))
    line = page["lines"][1]
    typed = "  the  rœses are out “"
    answered = correct(
        client,
        {
            "line_id": line["id"],
            "prediction_id": line["prediction_id"],
            "text": typed,
            "seconds": 4.5,
            "keystrokes": 12,
        },
    )
    (row,) = answered.json()["corrections"]
    assert (row["text"], row["seconds"], row["keystrokes"], row["revision"]) == (typed, 4.5, 12, 1)
    shown = client.get(f"/api/v1/documents/{page['document']['id']}").json()
    again = shown["pages"][0]["lines"][1]
    assert (again["text"], again["corrected"]) == (typed, True)
    assert again["words"] == line["words"]  # what the model said stays beside it
    assert typed in shown["pages"][0]["text"]


def test_characters_outside_the_charset_are_kept_and_counted(fresh: Web) -> None:
    (page,) = read(fresh.client, png(LETTER.image))
    (row,) = correct(fresh.client, {"line_id": page["lines"][0]["id"], "text": "Ⅷ and Ⅷ and ſ"}).json()["corrections"]
    assert row["text"] == "Ⅷ and Ⅷ and ſ"
    assert row["unknown_characters"] == ["Ⅷ", "ſ"]
    assert "inkloop_unknown_characters_total 2.0" in fresh.client.get("/metrics").text
    assert fresh.store.counts()["unknown_characters"] == 2


def test_the_same_text_again_is_kept_as_a_confirmation(client: TestClient) -> None:
    (page,) = read(client, png(LETTER.image))
    line = page["lines"][0]
    revisions = [
        correct(client, {"line_id": line["id"], "text": line["text"]}).json()["corrections"][0]["revision"]
        for _ in range(2)
    ]
    assert revisions == [1, 2]


def test_one_bad_correction_keeps_none_of_its_batch(client: TestClient) -> None:
    (page,) = read(client, png(LETTER.image))
    good = {"line_id": page["lines"][0]["id"], "text": "changed"}
    status, code, _ = told(correct(client, good, {"line_id": str(uuid4()), "text": "nowhere"}))
    assert (status, code) == (404, "not_found")
    shown = client.get(f"/api/v1/documents/{page['document']['id']}").json()
    assert shown["pages"][0]["lines"][0]["corrected"] is False


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"text": "no line"}, "corrections.0.line_id"),
        ({"line_id": "seven", "text": "no id"}, "corrections.0.line_id"),
        ({"line_id": str(uuid4())}, "corrections.0.text"),
        ({"line_id": str(uuid4()), "text": "x", "seconds": -1}, "corrections.0.seconds"),
        ({"line_id": str(uuid4()), "text": "x", "keystrokes": 1.5}, "corrections.0.keystrokes"),
        ({"line_id": str(uuid4()), "text": "x" * 10_001}, "corrections.0.text"),
        ({"line_id": str(uuid4()), "text": "two\nlines"}, "corrections.0.text"),
    ],
    ids=["no line", "no id", "no text", "negative", "half a key", "too long", "two lines"],
)
def test_a_malformed_correction_is_told_where_it_is_wrong(
    client: TestClient, wrong: dict[str, Any], where: str
) -> None:
    status, code, message = told(correct(client, wrong))
    assert (status, code) == (422, "bad_request")
    assert where in message
    assert "Nothing was stored" in message


def test_a_correction_that_no_database_holds_is_refused_with_a_sentence(client: TestClient) -> None:
    (page,) = read(client, png(LETTER.image))
    status, code, message = told(correct(client, {"line_id": page["lines"][0]["id"], "text": "nul \0"}))
    assert (status, code) == (422, "unstorable")
    assert message.endswith(".")


@pytest.mark.parametrize("body", [b"{", b'{"corrections": []}', b"[]", b'{"corrections": [NaN]}'])
def test_a_body_that_breaks_the_contract_is_refused_with_a_sentence(client: TestClient, body: bytes) -> None:
    answered = client.post("/api/v1/corrections", content=body, headers={"content-type": "application/json"})
    assert told(answered)[:2] == (422, "bad_request")


def encrypted_pdf() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.encrypt("secret")
    packed = io.BytesIO()
    writer.write(packed)
    return packed.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes whose header asks for 900 million pixels."""
    packed = bytearray(png(LETTER.image))
    packed[16:24] = (30_000).to_bytes(4, "big") * 2
    packed[29:33] = zlib.crc32(packed[12:29]).to_bytes(4, "big")
    return bytes(packed)


@pytest.mark.parametrize(
    ("name", "data", "status", "code"),
    [
        ("empty.png", b"", 422, "not_an_image"),
        ("notes.txt", b"only text", 422, "not_an_image"),
        ("cut.png", png(LETTER.image)[:2000], 422, "not_an_image"),
        ("bomb.png", bomb(), 413, "too_large"),
        ("locked.pdf", encrypted_pdf(), 422, "encrypted_pdf"),
    ],
)
def test_a_bad_file_is_refused_with_a_sentence_that_names_it(
    client: TestClient, name: str, data: bytes, status: int, code: str
) -> None:
    for accept in ("application/json", "application/x-ndjson"):
        answered = told(send(client, data, name, accept=accept))
        assert answered[:2] == (status, code)
        assert name in answered[2]
        assert answered[2].endswith(".")


def test_a_page_without_writing_is_kept_and_answered_with_a_sentence(fresh: Web) -> None:
    blank = png(write_page([], seed=1, width=300, height=200).image)
    status, code, message = told(send(fresh.client, blank, "blank.png"))
    assert (status, code) == (422, "no_writing")
    assert message.startswith("No writing was found")
    (row,) = send(fresh.client, blank, "blank.png", accept="application/x-ndjson").text.splitlines()
    assert json.loads(row)["note"] == f"{message} Or add its lines by hand: draw a box around each, and it is read."
    assert len(fresh.store.documents(fresh.contributor)) == 2


def test_a_page_that_reads_badly_says_what_may_be_wrong_with_it(fresh: Web, tmp_path: Path) -> None:
    reader = FakeReader()
    reader.teach(LETTER, doubtful=[word for text in TEXTS for word in text.split()])
    with web(tmp_path / "turned", reader) as turned:
        (page,) = read(turned.client, png(LETTER.image))
    assert "upside down" in page["note"]
    assert read(fresh.client, png(LETTER.image))[0]["note"] is None


def test_a_pdf_that_breaks_off_keeps_the_pages_before(tmp_path: Path) -> None:
    class Stumbling(FakeReader):
        def read_page(self, page: PageImage, *, path: str) -> Page:
            if page.number == 2:
                raise problems.NotAnImage("Page 2 is damaged. Scan it again.")
            return super().read_page(page, path=path)

    reader = Stumbling()
    reader.teach(LETTER)
    with web(tmp_path, reader) as stumbling:
        rows = send(stumbling.client, pdf(LETTER.image, OTHER.image), "book.pdf", accept="application/x-ndjson").text
    first, last = [json.loads(row) for row in rows.splitlines()]
    assert first["text"] == "\n".join(TEXTS)
    assert last == {"error": {"code": "not_an_image", "message": "Page 2 is damaged. Scan it again."}}


def test_a_missing_file_is_told(client: TestClient) -> None:
    status, code, message = told(client.post("/api/v1/read"))
    assert (status, code) == (422, "bad_request")
    assert message.startswith("file:")


def test_an_upload_over_the_limit_is_refused_before_it_is_kept(fresh: Web) -> None:
    status, code, message = told(send(fresh.client, bytes(2 * 2**20), "big.png"))
    assert (status, code) == (413, "too_large")
    assert "1 MB" in message
    assert fresh.store.documents(fresh.contributor) == []


def test_an_upload_that_hides_its_size_is_refused_all_the_same(client: TestClient) -> None:
    def body() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="big.png"\r\n\r\n'
        for _ in range(40):
            yield bytes(2**16)
        yield b"\r\n--x--\r\n"

    answered = client.post("/api/v1/read", content=body(), headers={"content-type": "multipart/form-data; boundary=x"})
    assert told(answered)[:2] == (413, "too_large")


class Waiting(FakeReader):
    """Reads only when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.may_read = threading.Event()

    def read_page(self, page: PageImage, *, path: str) -> Page:
        self.asked.set()
        assert self.may_read.wait(30)
        return super().read_page(page, path=path)


def test_a_full_queue_answers_busy_and_recovers(fresh: Web) -> None:
    reader = Waiting()
    reader.teach(LETTER)
    metrics = Metrics()
    waiting = Services(fresh.services.settings, fresh.store, reader)
    desk = ReadingDesk(waiting, metrics, seats=1)
    app = FastAPI()
    problems.install(app, metrics)
    app.include_router(api.router(waiting, desk))
    with TestClient(app) as client, ThreadPoolExecutor(1) as pool:
        first = pool.submit(send, client, png(LETTER.image))
        assert reader.asked.wait(30)
        refused = send(client, png(LETTER.image), "second.png")
        assert told(refused)[:2] == (503, "busy")
        assert "second.png" in told(refused)[2]
        assert int(refused.headers["retry-after"]) > 0
        reader.may_read.set()
        assert first.result().status_code == 200
        assert send(client, png(LETTER.image)).status_code == 200
    desk.close()


def test_requests_at_once_share_the_reader_and_get_their_own_pages(client: TestClient) -> None:
    pages: list[tuple[WrittenPage, list[str]]] = [(LETTER, TEXTS), (OTHER, OTHERS)] * 4
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda page: read(client, png(page[0].image)), pages))
    assert [[line["text"] for line in answer[0]["lines"]] for answer in answers] == [texts for _, texts in pages]


def test_nobody_reaches_what_is_somebody_elses(fresh: Web) -> None:
    client = fresh.client
    document, page, line = page_of_somebody_else(fresh.store)
    for address in (f"/media/{page}", f"/documents/{document}/thumbnail", f"/api/v1/documents/{document}"):
        assert told(client.get(address))[:2] == (404, "not_found")
    assert told(correct(client, {"line_id": str(line), "text": "mine now"}))[:2] == (404, "not_found")


@pytest.mark.parametrize("name", ["nothing", "2f0c9b1e-6f0e-4c53-9a54-6e1f3f0f7a11", "..%2f..%2fetc%2fpasswd"])
def test_a_picture_that_does_not_exist_is_not_found(client: TestClient, name: str) -> None:
    assert client.get(f"/media/{name}").status_code == 404


def test_a_picture_is_private_and_never_sniffed(client: TestClient) -> None:
    (page,) = read(client, png(LETTER.image))
    picture = client.get(page["image"])
    assert picture.headers["content-type"] == "image/webp"
    assert picture.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert picture.headers["x-content-type-options"] == "nosniff"
    small = client.get(f"/documents/{page['document']['id']}/thumbnail")
    assert max(Image.open(io.BytesIO(small.content)).size) <= 320


def test_an_unknown_address_under_api_is_not_found_in_json(client: TestClient) -> None:
    for method, address in (("GET", "/api"), ("GET", "/api/v2/read"), ("DELETE", "/api/v1/read")):
        assert told(client.request(method, address))[:2] == (404, "not_found")


def test_health_and_readiness_are_told_apart(fresh: Web) -> None:
    client = fresh.client
    assert client.get("/healthz").json() == {"status": "up"}
    assert client.get("/readyz").json() == {"status": "ready", "model": "fake-1"}
    migrate_to(fresh.services.settings, "base")
    assert client.get("/healthz").status_code == 200
    assert told(client.get("/readyz"))[:2] == (503, "store_unavailable")


def test_the_store_that_is_away_is_told_and_nothing_breaks(fresh: Web) -> None:
    migrate_to(fresh.services.settings, "base")
    refused = send(fresh.client, png(LETTER.image))
    assert told(refused)[:2] == (503, "store_unavailable")
    assert "retry-after" in refused.headers


def test_metrics_count_what_happened_in_this_app_alone(fresh: Web) -> None:
    client = fresh.client
    (page,) = read(client, png(LETTER.image))
    correct(client, {"line_id": page["lines"][0]["id"], "text": "Dear Margaret!"})
    send(client, b"nothing", "nothing.txt")
    numbers = client.get("/metrics").text
    for line in (
        "inkloop_pages_read_total 1.0",
        "inkloop_lines_read_total 3.0",
        "inkloop_corrections_total 1.0",
        "inkloop_read_seconds_count 1.0",
        'inkloop_refused_total{code="not_an_image"} 1.0',
        'inkloop_requests_total{method="POST",route="/api/v1/read",status="200"} 1.0',
        'inkloop_requests_total{method="POST",route="/api/v1/read",status="422"} 1.0',
    ):
        assert line in numbers
    with TestClient(built(fresh.services), base_url="http://127.0.0.1") as another:
        assert "inkloop_pages_read_total 0.0" in another.get("/metrics").text


@pytest.mark.parametrize("address", ["/", "/docs", "/healthz", "/api/nothing", "/ui/editor.js", "/config"])
def test_every_answer_carries_the_security_headers(client: TestClient, address: str) -> None:
    headers = client.get(address).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["referrer-policy"] == "same-origin"
    policy = headers["content-security-policy"].split("; ")
    for directive in ("default-src 'self'", "script-src-attr 'none'", "object-src 'none'", "frame-ancestors 'self'"):
        assert directive in policy
    assert not any("http" in source or "*" in source for source in policy)


def test_another_site_cannot_write_through_a_visitors_browser(client: TestClient) -> None:
    refused = send(client, png(LETTER.image), **{"sec-fetch-site": "cross-site"})
    assert told(refused)[:2] == (422, "bad_request")


def test_a_foreign_name_for_this_machine_is_refused(client: TestClient) -> None:
    for host in ("evil.example", "evil.example:7860", "127.0.0.1.evil.example", ""):
        assert told(client.get("/healthz", headers={"host": host}))[:2] == (422, "bad_request")
    for host in ("localhost:7860", "127.0.0.1", "[::1]:7860", "[::1]"):
        assert client.get("/healthz", headers={"host": host}).status_code == 200


def test_the_documentation_lists_the_routes_and_loads_from_here(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "http://" not in page and "https://" not in page
    for asset in ("/swagger/swagger-ui-bundle.js", "/swagger/swagger-ui.css"):
        assert asset.removeprefix("/") in page
        assert client.get(asset).status_code == 200
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/api/v1/read", "/api/v1/corrections", "/media/{page_id}", "/healthz", "/readyz", "/metrics"} <= set(paths)


def test_a_mistake_of_ours_is_a_sentence_without_its_insides(tmp_path: Path) -> None:
    class Broken(FakeReader):
        def read_page(self, page: PageImage, *, path: str) -> Page:
            raise ZeroDivisionError("secret insides")

    with web(tmp_path, Broken()) as broken:
        status, code, message = told(send(broken.client, png(LETTER.image)))
    assert (status, code) == (500, "broken")
    assert "secret" not in message

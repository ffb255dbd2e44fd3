"""Ways out: a document read, corrected and fetched again in each format, looked at by programs of others."""

import io
import json
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import httpx
import pypdf
import pytest
from fastapi.testclient import TestClient

from demo.server import Services
from flywheel.records import Upload
from flywheel.store import Store
from recognizer.export import FORMATS
from tests.fake_reader import FakeReader
from tests.handwriting import write_page
from tests.integration.test_api import correct, page_of_somebody_else, pdf, png, read, told
from tests.running_app import built, settings_in

TEXTS = ["Dear Margaret,", "the roses are out", "at last."]
OTHERS = ["Quite another page", "of another hand"]
LETTER = write_page(TEXTS, seed=2, width=700, height=500)
OTHER = write_page(OTHERS, seed=5, width=600, height=800)
CORRECTED = "the roses — œufs & <b> — are out"
PAGE = "{http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15}"
ALTO = "{http://www.loc.gov/standards/alto/ns-v4#}"
HTML = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Store]]:
    reader = FakeReader()
    reader.teach(LETTER)
    reader.teach(OTHER)
    settings = settings_in(tmp_path_factory.mktemp("exports"))
    with Store.open(settings) as store:
        app = built(Services(settings, store, reader))
        with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
            yield client, store


@pytest.fixture(scope="module")
def client(web: tuple[TestClient, Store]) -> TestClient:
    return web[0]


@pytest.fixture(scope="module")
def letter(client: TestClient) -> dict[str, Any]:
    """One page whose second line was corrected and whose third line was confirmed."""
    (page,) = read(client, png(LETTER.image), "my letter.png")
    lines = [line["id"] for line in page["lines"]]
    assert correct(client, {"line_id": lines[1], "text": CORRECTED}, {"line_id": lines[2], "text": TEXTS[2]}).is_success
    return page


@pytest.fixture(scope="module")
def book(client: TestClient) -> str:
    """A document of two pages."""
    return str(read(client, pdf(LETTER.image, OTHER.image), "book.pdf")[0]["document"]["id"])


def export(client: TestClient, document: str, format_: str) -> httpx.Response:
    answered = client.get(f"/api/v1/documents/{document}/export/{format_}")
    assert answered.status_code == 200, answered.text
    return answered


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_is_a_download_named_after_the_document(
    client: TestClient, letter: dict[str, Any], format_: str
) -> None:
    answered = export(client, letter["document"]["id"], format_)
    ending = {"page": "page.xml", "alto": "alto.xml"}.get(format_, format_)
    assert answered.headers["content-disposition"] == f"attachment; filename*=UTF-8''my%20letter.{ending}"
    assert answered.content


def test_text_is_the_newest_text_of_every_line(client: TestClient, letter: dict[str, Any]) -> None:
    assert export(client, letter["document"]["id"], "txt").text == f"{TEXTS[0]}\n{CORRECTED}\n{TEXTS[2]}\n"


def test_json_comes_back_with_polygons_texts_model_and_who_vouches(client: TestClient, letter: dict[str, Any]) -> None:
    (page,) = json.loads(export(client, letter["document"]["id"], "json").content)
    assert page["model"] == "fake-1"
    assert [line["verified"] for line in page["lines"]] == [False, True, True]
    assert [line["polygon"] for line in page["lines"]] == [line["polygon"] for line in letter["lines"]]
    assert [line["text"] for line in page["lines"]] == [TEXTS[0], CORRECTED, TEXTS[2]]


def test_page_xml_comes_back_with_polygons_and_texts(client: TestClient, letter: dict[str, Any]) -> None:
    root = ElementTree.fromstring(export(client, letter["document"]["id"], "page").content)
    lines = list(root.iter(f"{PAGE}TextLine"))
    assert [line.findtext(f"{PAGE}TextEquiv/{PAGE}Unicode") for line in lines] == [TEXTS[0], CORRECTED, TEXTS[2]]
    for line, sent in zip(lines, letter["lines"], strict=True):
        points = [tuple(map(int, pair.split(","))) for pair in str(line.find(f"{PAGE}Coords").get("points")).split()]  # type: ignore[union-attr]
        assert points == [(round(x), round(y)) for x, y in sent["polygon"]]


def test_alto_comes_back_with_words_in_their_lines(client: TestClient, letter: dict[str, Any]) -> None:
    root = ElementTree.fromstring(export(client, letter["document"]["id"], "alto").content)
    lines = list(root.iter(f"{ALTO}TextLine"))
    said = [" ".join(str(word.get("CONTENT")) for word in line.iter(f"{ALTO}String")) for line in lines]
    assert said == [TEXTS[0], CORRECTED, TEXTS[2]]
    assert [line.get("CS") for line in lines] == [None, "true", "true"]


def test_hocr_comes_back_with_words_in_their_lines(client: TestClient, letter: dict[str, Any]) -> None:
    content = export(client, letter["document"]["id"], "hocr").content
    lines = [span for span in ElementTree.fromstring(content).iter(f"{HTML}span") if span.get("class") == "ocr_line"]
    assert [" ".join("".join(line.itertext()).split()) for line in lines] == [TEXTS[0], CORRECTED, TEXTS[2]]
    assert [str(line.get("title")).endswith("x_verified 1") for line in lines] == [False, True, True]


def test_the_pdf_holds_each_text_inside_its_line(client: TestClient, letter: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "letter.pdf"
    path.write_bytes(export(client, letter["document"]["id"], "pdf").content)
    found = subprocess.run(["pdftotext", "-bbox", str(path), "-"], capture_output=True, check=True).stdout
    words = {str(word.text): word for word in ElementTree.fromstring(found).iter(f"{HTML}word")}
    scale = 842 / 700
    for line, text in zip(letter["lines"], [TEXTS[0], CORRECTED, TEXTS[2]], strict=True):
        xs, ys = ([point[axis] * scale for point in line["polygon"]] for axis in (0, 1))
        for word in text.split():
            if word != "—":  # stands twice
                left, right, top, bottom = (float(words[word].get(key, "")) for key in ("xMin", "xMax", "yMin", "yMax"))
                assert min(xs) - 3 <= left < right <= max(xs) + 3, word
                assert min(ys) < (top + bottom) / 2 < max(ys), word
    information = pypdf.PdfReader(path).metadata
    assert information is not None
    assert (information.creator, information["/VerifiedLines"]) == ("Inkloop fake-1", "1: 2 3")


def test_several_pages_are_one_file_but_for_page_xml(client: TestClient, book: str) -> None:
    assert export(client, book, "txt").text == "\n".join(TEXTS) + "\n\f" + "\n".join(OTHERS) + "\n"
    assert len(json.loads(export(client, book, "json").content)) == 2
    alto = ElementTree.fromstring(export(client, book, "alto").content)
    assert [page.get("PHYSICAL_IMG_NR") for page in alto.iter(f"{ALTO}Page")] == ["1", "2"]
    assert len(pypdf.PdfReader(io.BytesIO(export(client, book, "pdf").content)).pages) == 2
    packed = export(client, book, "page")
    assert packed.headers["content-disposition"].endswith("book.page.zip")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert archive.namelist() == ["book-0001.xml", "book-0002.xml"]
        second = ElementTree.fromstring(archive.read("book-0002.xml"))
    assert [line.findtext(f"{PAGE}TextEquiv/{PAGE}Unicode") for line in second.iter(f"{PAGE}TextLine")] == OTHERS


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("a'; filename=evil.exe.png", "a%27%3B%20filename%3Devil.exe.txt"),
        ("../../etc/passwd.png", "passwd.txt"),
        ("..\\boot.png", "boot.txt"),
        ("Été œuf.png", "%C3%89t%C3%A9%20%C5%93uf.txt"),
        (".png", "png.txt"),
        ("..", "inkloop.txt"),
    ],
)
def test_a_hostile_name_stays_a_name(client: TestClient, name: str, sent: str) -> None:
    (page,) = read(client, png(LETTER.image), name)
    disposition = export(client, page["document"]["id"], "txt").headers["content-disposition"]
    assert disposition == f"attachment; filename*=UTF-8''{sent}"


def test_an_unknown_format_is_told_the_known_ones(client: TestClient, book: str) -> None:
    answered = client.get(f"/api/v1/documents/{book}/export/docx")
    assert told(answered) == (
        404,
        "not_found",
        'There is no export "docx". Choose one of txt, json, page, alto, hocr, pdf.',
    )


@pytest.mark.parametrize("format_", ["txt", "pdf"])
def test_nobody_exports_what_is_not_theirs(web: tuple[TestClient, Store], format_: str) -> None:
    client, store = web
    for document in (uuid4(), page_of_somebody_else(store)[0]):
        status, code, sentence = told(client.get(f"/api/v1/documents/{document}/export/{format_}"))
        assert (status, code) == (404, "not_found")
        assert sentence == f"There is no document {document} among yours. Go back to the list of documents."
    assert told(client.get(f"/api/v1/documents/none/export/{format_}"))[0] == 404


def test_a_document_of_which_no_page_is_read_yet_says_so(web: tuple[TestClient, Store]) -> None:
    client, store = web
    upload = Upload("waiting.pdf", b"original", "application/pdf")
    begun = store.begin_document(upload, contributor=store.contributor("local"), page_count=2)
    status, _, sentence = told(client.get(f"/api/v1/documents/{begun.id}/export/alto"))
    assert (status, sentence) == (404, "No page of waiting.pdf has been read yet. Ask again when one has.")


def test_verdicts_and_deletion_show_in_every_export(client: TestClient) -> None:
    (page,) = read(client, png(LETTER.image), "judged.png")
    first, second, _ = (line["id"] for line in page["lines"])
    document = page["document"]["id"]
    answered = correct(
        client,
        {"line_id": first, "text": TEXTS[0], "verdict": "not_text"},
        {"line_id": second, "text": TEXTS[1], "verdict": "illegible"},
    )
    assert answered.is_success, answered.text
    assert export(client, document, "txt").text == f"[illegible]\n{TEXTS[2]}\n"
    (exported,) = json.loads(export(client, document, "json").content)
    assert [(line["text"], line["verified"], line["legible"]) for line in exported["lines"]] == [
        ("", True, False),
        (TEXTS[2], False, True),
    ]
    alto = ElementTree.fromstring(export(client, document, "alto").content)
    assert [line.get("TAGREFS") for line in alto.iter(f"{ALTO}TextLine")] == ["verified illegible", None]
    assert client.delete(f"/api/v1/documents/{document}").status_code == 204
    for format_ in FORMATS:
        assert told(client.get(f"/api/v1/documents/{document}/export/{format_}"))[0] == 404

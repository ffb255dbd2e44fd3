"""Ways out: a document as a file for other programs, with what people have corrected in it."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import PurePath
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from PIL import Image

from demo.asker import contributor_of
from demo.errors import NoSuchAddress
from demo.problems import ProblemAnswer
from demo.services import Services
from flywheel.errors import NotFound
from flywheel.records import Document
from recognizer.export import FORMATS, render

# What a download is called after the document's name, and what it is.
FILES = {
    "txt": (".txt", "text/plain; charset=utf-8"),
    "json": (".json", "application/json"),
    "page": (".page.xml", "application/xml"),
    "alto": (".alto.xml", "application/xml"),
    "hocr": (".hocr", "application/xhtml+xml"),
    "pdf": (".pdf", "application/pdf"),
}
ZIP = (".page.zip", "application/zip")


def router(services: Services) -> APIRouter:
    """The addresses of exports."""
    routes = APIRouter(prefix="/api", tags=["reading"])

    @routes.get(
        "/v1/documents/{document_id}/export/{format_}",
        response_class=Response,
        responses={404: {"model": ProblemAnswer, "description": "No such document of yours, or no such format"}},
    )
    def export(request: Request, document_id: UUID, format_: str) -> Response:
        """One of the asker's own documents as txt, json, page, alto, hocr or pdf, corrections included.

        All but plain text tell the model that read, and which lines a person has verified. PAGE XML of several pages
        comes as a ZIP with a file per page.
        """
        if format_ not in FORMATS:
            raise NoSuchAddress(f'There is no export "{format_[:50]}". Choose one of {", ".join(FORMATS)}.')
        contributor = contributor_of(request, services)
        document = services.store.document(document_id, contributor)
        if not document.pages:
            raise NotFound(f"No page of {document.name} has been read yet. Ask again when one has.")
        pages = [page.as_page(document.name) for page in document.pages]
        return _download(document, format_, render(pages, _images(document, contributor, services), format_))

    return routes


def _images(document: Document, contributor: UUID, services: Services) -> Iterator[Image.Image]:
    """The pages' pictures, each opened when it is its turn."""
    for page in document.pages:
        image, _ = services.store.page_image(page.id, contributor)
        yield Image.open(io.BytesIO(image))


def _download(document: Document, format_: str, files: dict[str, bytes]) -> Response:
    name = PurePath(document.name.replace("\\", "/")).stem.strip(". ") or "inkloop"
    (ending, media_type), content = FILES[format_], next(iter(files.values()))
    if len(files) > 1:
        (ending, media_type), content = ZIP, _pack({f"{name}{suffix}": each for suffix, each in files.items()})
    return Response(content, media_type=media_type, headers={"Content-Disposition": _attachment(f"{name}{ending}")})


def _pack(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _attachment(name: str) -> str:
    """Percent-encoded whole (RFC 6266), so that no name can break out of the header."""
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"

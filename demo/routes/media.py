"""Pictures: a contributor's own pages, the examples; nobody else's, and nothing by path."""

import io
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from PIL import Image

from demo.asker import contributor_of
from demo.services import Services
from flywheel.errors import NotFound

# A page's image never changes; "private" keeps it out of caches that several people share.
FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}
THUMBNAIL_PX = (320, 320)


def router(services: Services) -> APIRouter:
    """The addresses of pictures."""
    routes = APIRouter(tags=["pictures"])

    @routes.get("/media/{page_id}", response_class=Response)
    def page_image(request: Request, page_id: UUID) -> Response:
        """The upright image of one of the asker's own pages."""
        image, media_type = services.store.page_image(page_id, contributor_of(request, services))
        return Response(image, media_type=media_type, headers=FOREVER)

    @routes.get("/documents/{document_id}/thumbnail", response_class=Response)
    def thumbnail(request: Request, document_id: UUID) -> Response:
        """The first page of one of the asker's own documents, small."""
        contributor = contributor_of(request, services)
        page_id = services.store.first_page(document_id, contributor)
        if page_id is None:
            raise NotFound(f"No page of document {document_id} has been read yet. Ask again when one has.")
        image, _ = services.store.page_image(page_id, contributor)
        return Response(_small(image), media_type="image/webp", headers=FOREVER)

    return routes


def _small(image: bytes) -> bytes:
    picture = Image.open(io.BytesIO(image))
    picture.thumbnail(THUMBNAIL_PX)
    packed = io.BytesIO()
    picture.save(packed, "WEBP", quality=80)
    return packed.getvalue()

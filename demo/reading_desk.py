"""Reads uploads for everybody at once: a few hands share the reader page by page, and the queue has an end.

A long document does not hold up a short one, because each page waits for a hand on its own.
"""

import io
import mimetypes
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import BoundedSemaphore
from uuid import UUID

from PIL import Image

from demo.errors import Busy
from demo.metrics import Metrics
from demo.services import Services
from flywheel.records import Document, StoredPage, Upload
from recognizer.images import PageImage, count_pages, open_pages
from recognizer.page import Page

SEATS = 16
HANDS = 2  # while one page is with the model, another is opened, packed and stored
WEBP_QUALITY = 85


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page that has left the reader and waits to be stored."""

    page: Page
    image: bytes
    seconds: float


class ReadingDesk:
    """Takes files in, gives stored pages out.

    Args:
        services: the reader that reads and the store that keeps.
        metrics: where pages, lines and seconds are counted.
        seats: files that may be in work or waiting at once; one more is refused.
    """

    def __init__(self, services: Services, metrics: Metrics, *, seats: int = SEATS) -> None:
        self._services, self._metrics, self._count = services, metrics, seats
        self._seats = BoundedSemaphore(seats)
        self._hands = ThreadPoolExecutor(HANDS, thread_name_prefix="reading")

    def close(self) -> None:
        """Let the pages in work finish and refuse further ones."""
        self._hands.shutdown(cancel_futures=True)

    def read(self, data: bytes, *, name: str, contributor: UUID) -> Iterator[tuple[Document, StoredPage]]:
        """Keep an upload and read it, page by page; each page is stored before it is given out.

        Raises:
            Busy: all seats are taken.
            BadInput: the file cannot be read; the pages before the bad one are kept.
            FlywheelError: the store refuses.
        """
        if not self._seats.acquire(blocking=False):
            raise Busy(f"{self._count} files are being read already. Send {name} again in a few seconds.")
        try:
            yield from self._read(Upload(name, data, _media_type(name)), contributor)
        finally:
            self._seats.release()

    def _read(self, upload: Upload, contributor: UUID) -> Iterator[tuple[Document, StoredPage]]:
        limits, store = self._services.limits, self._services.store
        pages_in_file = self._hands.submit(count_pages, upload.data, name=upload.name, limits=limits).result()
        document = store.begin_document(upload, contributor=contributor, page_count=pages_in_file)
        pages = open_pages(upload.data, name=upload.name, limits=limits)
        while (read := self._hands.submit(self._next, pages, upload.name).result()) is not None:
            stored = store.keep_page(document.id, read.page, read.image, seconds=read.seconds)
            self._metrics.pages_read.inc()
            self._metrics.lines_read.inc(len(stored.lines))
            self._metrics.read_seconds.observe(read.seconds)
            yield document, stored

    def _next(self, pages: Iterator[PageImage], name: str) -> ReadPage | None:
        image = next(pages, None)
        if image is None:
            return None
        started = time.perf_counter()
        page = self._services.reader.read_page(image, path=name)
        return ReadPage(page, _webp(image.colour), time.perf_counter() - started)


def _webp(image: Image.Image) -> bytes:
    packed = io.BytesIO()
    image.save(packed, "WEBP", quality=WEBP_QUALITY, method=2)
    return packed.getvalue()


def _media_type(name: str) -> str:
    return mimetypes.guess_type(name, strict=False)[0] or "application/octet-stream"

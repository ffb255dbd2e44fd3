"""Reads uploads for everybody at once: a few hands share the readers page by page, and the queue has an end.

What has a writer or a collection with a model of its own is read by that one, whenever it is read. A long document does
not hold up a short one, because each page waits for a hand on its own.
"""

import io
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore
from uuid import UUID

from PIL import Image

from demo.errors import Busy
from demo.metrics import Metrics
from demo.readers import Reader
from demo.services import Services
from flywheel.editing import Edit, check_edit, keep_edit
from flywheel.outlines import NewLine
from flywheel.records import Document, StoredPage, Upload
from flywheel.rereading import keep_rereading
from flywheel.scopes import scopes_of, scopes_of_page
from recognizer.images import PageImage, count_pages, open_pages
from recognizer.page import Line, Page

SEATS = 64
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

    def read(self, upload: Upload, *, contributor: UUID) -> Iterator[tuple[Document, StoredPage]]:
        """Keep an upload and read it, page by page; each page is stored before it is given out.

        Raises:
            Busy: all seats are taken.
            BadInput: the file cannot be read; the pages before the bad one are kept.
            FlywheelError: the store refuses.
        """
        with self._seat(upload.name):
            yield from self._read(upload, contributor)

    def edit(self, page_id: UUID, edit: Edit, *, contributor: UUID) -> Document:
        """Read the lines that a person drew, and only those, and let them take the place of others.

        Returns:
            The document with the page as it then is.

        Raises:
            FlywheelError: the edit does not fit the page as it is, or the store refuses.
        """
        store = self._services.store
        drawn = check_edit(store, page_id, edit, contributor=contributor)
        reader = self._services.reader_for(scopes_of_page(store, page_id))
        read = self._drawn(reader, page_id, drawn, contributor)
        return keep_edit(store, page_id, edit, read, model=reader.version, contributor=contributor)

    def read_again(self, document_id: UUID, *, contributor: UUID) -> Document:
        """Let the model that reads now read a document's lines, page by page; what people typed stays.

        Raises:
            Busy: all seats are taken.
            FlywheelError: the store refuses; the pages before are read.
        """
        store = self._services.store
        document = store.document(document_id, contributor)
        with self._seat(document.name):
            for page in document.pages:
                self._reread(page, self._services.reader_for(scopes_of(document)), contributor)
        return store.document(document_id, contributor)

    def _reread(self, page: StoredPage, reader: Reader, contributor: UUID) -> None:
        store, version = self._services.store, reader.version
        unread = [line for line in page.lines if line.prediction.model != version]
        if page.model == version and not unread:
            return
        started = time.perf_counter()
        outlines = [NewLine(line.polygon, line.baseline) for line in unread]
        read = self._drawn(reader, page.id, outlines, contributor)
        seconds = time.perf_counter() - started
        readings = {line.id: found.reading for line, found in zip(unread, read, strict=True)}
        keep_rereading(store, page.id, readings, model=version, seconds=seconds, contributor=contributor)
        self._metrics.read_seconds.observe(seconds)

    def _drawn(self, reader: Reader, page_id: UUID, lines: Sequence[NewLine], contributor: UUID) -> list[Line]:
        """What stands in these outlines, read when a hand is free."""
        if not lines:
            return []
        image, _ = self._services.store.page_image(page_id, contributor)
        read = self._hands.submit(self._read_outlines, reader, image, lines).result()
        self._metrics.lines_read.inc(len(read))
        return read

    def _read_outlines(self, reader: Reader, image: bytes, drawn: Sequence[NewLine]) -> list[Line]:
        (page,) = open_pages(image, name="the page's image")  # our own: the limits were for what people gave us
        return reader.read_outlines(page, [(line.polygon, line.baseline) for line in drawn])

    @contextmanager
    def _seat(self, name: str) -> Iterator[None]:
        if not self._seats.acquire(blocking=False):
            raise Busy(f"{self._count} files are being read already. Send {name} again in a few seconds.")
        try:
            yield
        finally:
            self._seats.release()

    def _read(self, upload: Upload, contributor: UUID) -> Iterator[tuple[Document, StoredPage]]:
        limits, store = self._services.limits, self._services.store
        pages_in_file = self._hands.submit(count_pages, upload.data, name=upload.name, limits=limits).result()
        document = store.begin_document(upload, contributor=contributor, page_count=pages_in_file)
        pages = open_pages(upload.data, name=upload.name, limits=limits)
        while (read := self._hands.submit(self._next, pages, upload).result()) is not None:
            stored = store.keep_page(document.id, read.page, read.image, seconds=read.seconds)
            self._metrics.pages_read.inc()
            self._metrics.lines_read.inc(len(stored.lines))
            self._metrics.read_seconds.observe(read.seconds)
            yield document, stored

    def _next(self, pages: Iterator[PageImage], upload: Upload) -> ReadPage | None:
        image = next(pages, None)
        if image is None:
            return None
        reader = self._services.reader_for(scopes_of(upload))
        started = time.perf_counter()
        page = reader.read_page(image, path=upload.name)
        return ReadPage(page, _webp(image.colour), time.perf_counter() - started)


def _webp(image: Image.Image) -> bytes:
    packed = io.BytesIO()
    image.save(packed, "WEBP", quality=WEBP_QUALITY, method=2)
    return packed.getvalue()

"""The store: the only opener of sessions. Pages, what the models said of them, and what people said.

Whatever returns has been committed; whatever raises has stored nothing. A contributor reaches only what is theirs.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from flywheel import additions, corrections, documents, queries
from flywheel.blobs import Blobs
from flywheel.database import connect, failures_named, for_reading, for_writing, sqlite_file
from flywheel.documents import Detail, DocumentSummary, State
from flywheel.errors import StoreUnavailable, WriteConflict
from flywheel.locks import alone
from flywheel.migrate import newest_revision, revision_of
from flywheel.records import (
    CorrectedPage,
    Document,
    ModelVersion,
    NewCorrection,
    StoredCorrection,
    StoredPage,
    Upload,
)
from flywheel.settings import Settings, without_password
from recognizer.page import Page

log = logging.getLogger(__name__)

T = TypeVar("T")
TRIES = 3


class Store:
    """Everything Inkloop remembers, in one database and one blob store; safe to share between threads."""

    def __init__(self, engine: Engine, blobs: Blobs, url: str) -> None:
        self._engine, self._blobs, self._url = engine, blobs, url

    @classmethod
    def open(cls, settings: Settings) -> "Store":
        """The store of ``settings``; the database is first reached by ``ready`` or the first use.

        Raises:
            BadSettings: the blob URL cannot be opened.
            StoreUnavailable: the SQLite file does not exist; ``flywheel.migrate.migrate_up`` makes it.
        """
        file = sqlite_file(settings.database_url)
        if file is not None and not file.exists():
            raise StoreUnavailable(
                f"There is no database at {settings.database} yet. Start the app once: it creates it."
            )
        return cls(connect(settings.database_url), Blobs.open(settings.blob_url), settings.database_url)

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @property
    def blobs(self) -> Blobs:
        """The files that rows name, for the modules of this package."""
        return self._blobs

    def ready(self) -> None:
        """Return if the database can be reached and has the tables of this code.

        Raises:
            StoreUnavailable: it cannot, or has others.
        """
        has, wants = self.revision(), newest_revision()
        if has != wants:
            raise StoreUnavailable(
                f"The database {without_password(self._url)} has revision {has}, this code needs {wants}. "
                "Start the app once: it migrates the database up."
            )

    def revision(self) -> str | None:
        """The migration the database is at; None when it has no tables.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        with failures_named(self._url):
            return revision_of(self._engine)

    def contributor(self, name: str) -> UUID:
        """The contributor of that name, made if new.

        Raises:
            Unstorable: the name is empty, over 200 characters long, or holds what databases refuse.
        """
        with self.writing() as session:
            return additions.contributor(session, name)

    def keep_reading(
        self, upload: Upload, pages: Sequence[tuple[Page, bytes]], *, contributor: UUID, seconds: float
    ) -> Document:
        """Keep a read upload, all of it or nothing.

        Args:
            upload: the original file.
            pages: each page with the image people are shown of it (upright, WebP), in the size the page names.
            contributor: whose upload it is.
            seconds: the time the reading took, spread evenly over the pages.

        Raises:
            NotFound: there is no such contributor.
            Unstorable: a name or text holds what databases refuse, or there is no page.
            BrokenBlob: the blob store takes no file.
        """
        original = self._blobs.put(upload.data)
        images = [self._blobs.put(image) for _, image in pages]
        with self.writing() as session:
            document_id = additions.begin_document(
                session, upload, sha256=original, contributor=contributor, page_count=len(pages)
            )
            for (page, _), image in zip(pages, images, strict=True):
                additions.keep_page(session, document_id, page, image=image, seconds=seconds / len(pages))
            return queries.document(session, document_id, contributor)

    def begin_document(self, upload: Upload, *, contributor: UUID, page_count: int) -> Document:
        """Keep the original of an upload whose pages follow one by one; it is complete once it has them all.

        Raises:
            NotFound: there is no such contributor.
            Unstorable: the name holds what databases refuse, or ``page_count`` is below 1.
            BrokenBlob: the blob store takes no file.
        """
        original = self._blobs.put(upload.data)
        with self.writing() as session:
            document_id = additions.begin_document(
                session, upload, sha256=original, contributor=contributor, page_count=page_count
            )
            return queries.document(session, document_id, contributor)

    def keep_page(self, document_id: UUID, page: Page, image: bytes, *, seconds: float) -> StoredPage:
        """Keep one read page of a document begun before, with the image people are shown of it (upright, WebP).

        Raises:
            NotFound: there is no such document.
            StaleDocument: it has that page already, or ends before it.
            Unstorable: a text holds what databases refuse.
            BrokenBlob: the blob store takes no file.
        """
        key = self._blobs.put(image)
        with self.writing() as session:
            page_id = additions.keep_page(session, document_id, page, image=key, seconds=seconds)
            return queries.page(session, page_id)

    def documents(self, contributor: UUID, *, query: str = "", state: State | None = None) -> list[DocumentSummary]:
        """A contributor's documents, newest first.

        Args:
            contributor: whose.
            query: only those whose name or text holds it, in any case.
            state: only those that are so far.
        """
        with self.reading() as session:
            found = documents.summaries(session, contributor, query=query)
        return [summary for summary in found if state in (None, summary.state)]

    def describe_document(self, document_id: UUID, contributor: UUID, details: Mapping[Detail, str | None]) -> Document:
        """Change a document's name, whose hand it is or what it belongs to; its lines and their texts stay.

        Raises:
            NotFound: there is none, or it is another contributor's.
            Unstorable: the name is empty, or a text is too long or holds what databases refuse.
        """
        with self.writing() as session:
            documents.describe(session, document_id, contributor, details)
            session.flush()
            return queries.document(session, document_id, contributor)

    def delete_document(self, document_id: UUID, contributor: UUID) -> None:
        """Take a document out of everybody's sight and out of the ground truth, its drafts with it.

        Raises:
            NotFound: there is none, or it is another contributor's.
        """
        self.write(lambda session: documents.delete_document(session, document_id, contributor))

    def document(self, document_id: UUID, contributor: UUID) -> Document:
        """One document with its pages, lines and newest corrections.

        Raises:
            NotFound: there is none, or it is another contributor's.
        """
        with self.reading() as session:
            return queries.document(session, document_id, contributor)

    def first_page(self, document_id: UUID, contributor: UUID) -> UUID | None:
        """The first kept page of a document; None while there is none.

        Raises:
            NotFound: there is no such document, or it is another contributor's.
        """
        with self.reading() as session:
            return queries.first_page(session, document_id, contributor)

    def page_image(self, page_id: UUID, contributor: UUID) -> tuple[bytes, str]:
        """The image people are shown of a page, and its media type.

        Raises:
            NotFound: there is no such page, or it is another contributor's.
            BrokenBlob: the image is missing or altered.
        """
        with self.reading() as session:
            key, media_type = queries.page_image(session, page_id, contributor)
        return self._blobs.get(key), media_type

    def keep_corrections(self, new: Sequence[NewCorrection], *, contributor: UUID) -> list[StoredCorrection]:
        """Keep what a person typed, all of it or nothing; nothing kept before is changed.

        Raises:
            NotFound: a line or prediction does not exist, or is another contributor's.
            StaleDocument: a line has been retired, or corrected since the revision that the person saw.
            Unstorable: a text holds what databases refuse, or a number is negative or not finite.
        """
        return self.write(lambda session: corrections.keep_corrections(session, new, contributor))

    def counts(self) -> dict[str, int]:
        """How many rows each table has, and how many unknown characters people have typed."""
        with self.reading() as session:
            return queries.counts(session)

    def corrected_pages(self) -> Iterator[CorrectedPage]:
        """Everybody's pages that hold a correction, oldest document first, loaded one at a time."""
        with self.reading() as session:
            page_ids = queries.corrected_page_ids(session)
        for page_id in page_ids:
            with self.reading() as session:
                page = queries.corrected_page(session, page_id)
            yield page

    def model_versions(self) -> list[ModelVersion]:
        """Every model version that has read something, in the order of their first use."""
        with self.reading() as session:
            return queries.model_versions(session)

    def blob_keys(self) -> tuple[set[str], set[str]]:
        """The blobs that the database names, and those of them that are missing."""
        with self.reading() as session:
            named = queries.blob_keys(session)
        return named, named - self._blobs.keys()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that writes, for the modules of this package; it commits unless the block raises."""
        with failures_named(self._url), Session(for_writing(self._engine)) as session, session.begin():
            yield session

    def write(self, work: Callable[[Session], T]) -> T:
        """What work gives in a transaction that writes; begun anew, twice at most, where others went first.

        Args:
            work: changes nothing but rows, so that it can be done again from its beginning.

        Raises:
            WriteConflict: others went first every time.
        """
        for _ in range(TRIES - 1):
            try:
                with self.writing() as session:
                    return work(session)
            except WriteConflict:
                log.info("Another transaction went first; this one begins anew.")
        with self.writing() as session:
            return work(session)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that sees one moment of the database, for the modules of this package."""
        with failures_named(self._url), Session(for_reading(self._engine)) as session, session.begin():
            yield session

    @contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """Whether no other process does the work of that name; if so, none begins it until the block ends."""
        with failures_named(self._url), alone(self._engine, self._url, name) as taken:
            yield taken

"""Ground truth that others made comes in: a page manifest as pages, the lines of a line manifest stacked into pages.

Imported lines are read by the model that serves, as every upload is, and accepted by the rule for imports. A page and
what was said of it come in together or not at all, and one that was imported before is passed over: an import that
broke off is simply done again.
"""

import io
import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from PIL import Image
from sqlalchemy import Select, select

from flywheel import queries, trust
from flywheel.additions import begin_document, keep_page
from flywheel.documents import delete_document
from flywheel.errors import FlywheelError
from flywheel.records import Upload
from flywheel.settings import Policy
from flywheel.store import Store
from flywheel.tables import AcceptanceRow, DocumentRow, LineRow, PageRow
from flywheel.trust import Claim
from recognizer.corpora import LineTruth, PageTruth, TrueLine, read_manifest, read_page_manifest, read_rows
from recognizer.errors import RecognizerError
from recognizer.images import open_pages
from recognizer.line_images import Grey, open_line
from recognizer.line_reader import LineReader
from recognizer.page import Outline, Page

log = logging.getLogger(__name__)

IMPORTER = "import"
GAP_PX = 12
LONGEST_PAGE = 40  # lines stacked into one page
BASELINE = 0.75  # where a line's foot stands in its crop, from the top


@dataclass
class Imported:
    """What came in.

    Attributes:
        pages: kept.
        lines: accepted.
        known: pages passed over because they are here already.
        flagged: lines of the manifest left out for their flags.
        failures: pages left out, each in a sentence.
    """

    pages: int = 0
    lines: int = 0
    known: int = 0
    flagged: int = 0
    failures: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The report as commands print it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class NewPage:
    """One page on its way in: a file, and what is written in it."""

    upload: Upload
    truth: PageTruth


def import_manifest(store: Store, reader: LineReader, manifest: Path, policy: Policy) -> Imported:
    """Bring in a line or page manifest; what it is follows from its first row.

    Raises:
        BadManifest: it cannot be read.
        StoreUnavailable: the store takes nothing.
    """
    done = Imported()
    person = store.contributor(IMPORTER)
    first = next((row for _, row in read_rows(manifest)), {})
    pages = _pages(manifest) if "lines" in first else _stacked(manifest, done)
    for page in pages:
        try:
            _keep(store, reader, page, policy, done, person)
        except (RecognizerError, FlywheelError, OSError) as error:
            done.failures.append(f"{page.truth.image} is left out: {error}")
            log.error(done.failures[-1])
    return done


def _pages(manifest: Path) -> Iterator[NewPage]:
    for truth in read_page_manifest(manifest):
        try:
            data = truth.image.read_bytes()
        except OSError:
            data = b""  # told when it is opened
        yield NewPage(_upload(truth.image.name, data, truth.extra), truth)


def _stacked(manifest: Path, done: Imported) -> Iterator[NewPage]:
    """The line images of one page, one under the other, as one page."""
    groups: dict[str, list[LineTruth]] = defaultdict(list)
    for row in read_manifest(manifest):
        if row.flags or not row.text.strip():
            done.flagged += 1
        else:
            groups[str(row.extra.get("page") or row.image)].append(row)
    for name, rows in groups.items():
        for start in range(0, len(rows), LONGEST_PAGE):
            some = rows[start : start + LONGEST_PAGE]
            try:
                yield _stack(name, some)
            except RecognizerError as error:
                done.failures.append(f"{name} is left out: {error}")
                log.error(done.failures[-1])


def _stack(name: str, rows: Sequence[LineTruth]) -> NewPage:
    images = [open_line(row.image) for row in rows]
    width = max(image.shape[1] for image in images) + 2 * GAP_PX
    height = sum(image.shape[0] + GAP_PX for image in images) + GAP_PX
    sheet: Grey = np.full((height, width), 255, np.uint8)
    lines, top = [], GAP_PX
    for row, image in zip(rows, images, strict=True):
        tall, wide = image.shape
        sheet[top : top + tall, GAP_PX : GAP_PX + wide] = image
        left, right, foot = float(GAP_PX), float(GAP_PX + wide), top + BASELINE * tall
        polygon: Outline = ((left, top), (right, top), (right, top + tall), (left, top + tall))
        lines.append(TrueLine(row.text, polygon, ((left, foot), (right, foot))))
        top += tall + GAP_PX
    packed = io.BytesIO()
    Image.fromarray(sheet).save(packed, "PNG")
    truth = PageTruth(rows[0].image, width, height, tuple(lines), rows[0].extra)
    return NewPage(_upload(f"{Path(name).name}.png", packed.getvalue(), rows[0].extra), truth)


def _upload(name: str, data: bytes, extra: dict[str, Any]) -> Upload:
    known = {key: str(extra[key]) for key in ("writer", "collection") if extra.get(key)}
    return Upload(name, data, "image/png" if name.endswith(".png") else "application/octet-stream", **known)


def _keep(store: Store, reader: LineReader, page: NewPage, policy: Policy, done: Imported, person: UUID) -> None:
    if _is_known(store, page.upload, person):
        done.known += 1
        return
    opened = next(iter(open_pages(page.upload.data, name=page.upload.name)))
    height, width = opened.grey.shape
    truth, x, y = page.truth, width / page.truth.width, height / page.truth.height
    outlines = [
        (_scaled(line.polygon, x, y), _scaled(line.baseline, x, y) if line.baseline else None) for line in truth.lines
    ]
    lines = reader.read_outlines(opened, outlines)
    placed = tuple(replace(line, polygon=outline) for line, (outline, _) in zip(lines, outlines, strict=True))
    read = Page(page.upload.name, 1, width, height, placed, reader.version)
    packed = io.BytesIO()
    opened.colour.save(packed, "WEBP", quality=95)
    _keep_together(store, page, read, packed.getvalue(), policy, person)
    done.pages += 1
    done.lines += len(truth.lines)


def _keep_together(store: Store, page: NewPage, read: Page, image: bytes, policy: Policy, person: UUID) -> None:
    """The page and the truth about it in one transaction; what an import of old left half done makes room."""
    original, shown = store.blobs.put(page.upload.data), store.blobs.put(image)
    with store.writing() as session:
        for half in session.scalars(_documents(original, person)).all():
            delete_document(session, half, person)
        document = begin_document(session, page.upload, sha256=original, contributor=person, page_count=1)
        kept = queries.page(session, keep_page(session, document, read, image=shown, seconds=0))
        for line, said in zip(kept.lines, page.truth.lines, strict=True):
            trust.keep(session, Claim(line.id, said.text, source="import", by=person), policy)


def _is_known(store: Store, upload: Upload, person: UUID) -> bool:
    """Whether it was imported; a document of whose lines nothing was ever said is one that an import left half done."""
    of_document = select(LineRow.id).join(PageRow).where(PageRow.document_id == DocumentRow.id)
    silent = of_document.exists() & ~of_document.join(AcceptanceRow).exists()
    with store.reading() as session:
        return session.scalar(_documents(store.blobs.put(upload.data), person).where(~silent).limit(1)) is not None


def _documents(original: str, person: UUID) -> Select[UUID]:
    return select(DocumentRow.id).where(
        DocumentRow.sha256 == original, DocumentRow.contributor_id == person, DocumentRow.deleted_at.is_(None)
    )


def _scaled(outline: Outline, x: float, y: float) -> Outline:
    return tuple((px * x, py * y) for px, py in outline)

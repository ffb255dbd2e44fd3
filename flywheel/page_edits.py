"""Lets what people did to a page's regions in Label Studio happen to its lines here: moved, drawn, deleted, reordered.

Each answer is applied once, and again with the next pull where a failure may pass. The sample remembers which region
stands for which line, also after a region was moved and its line became another, so an edit in Label Studio finds the
lines of before. It remembers in the transaction that changes the lines: a crash in the midst of an answer repeats
nothing that was done.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flywheel import queries, trust
from flywheel.editing import Edit, change_lines, check_edit, reorder
from flywheel.errors import BadOutline, FlywheelError, NotFound, StaleDocument, Unstorable
from flywheel.label_studio_records import Annotation
from flywheel.labels import newest_answers
from flywheel.outlines import NewLine
from flywheel.page_results import Region, in_order, read_page, same_outline
from flywheel.records import StoredLine, StoredPage
from flywheel.settings import Policy
from flywheel.settling import OURS, accept
from flywheel.store import Store
from flywheel.tables import DocumentRow, PageRow, SampleRow
from flywheel.trust import Claim
from recognizer.errors import RecognizerError
from recognizer.images import PageImage, open_pages
from recognizer.page import Line, Outline

log = logging.getLogger(__name__)

STALE = (
    "The page has changed in Inkloop since it was sent, so its regions were not taken over. "
    "Correct it in Inkloop, or send it again."
)

FOR_GOOD = (BadOutline, NotFound, StaleDocument, Unstorable)
"""What an answer cannot be taken over for, however often it is tried; all else may pass: a file that is missing, a
database that is away, a model that does not load."""


class OutlineReader(Protocol):
    """What drawn lines need of `recognizer.line_reader.LineReader`."""

    @property
    def version(self) -> str:
        """Names the model."""

    def read_outlines(self, page: PageImage, outlines: Sequence[tuple[Outline, Outline | None]]) -> list[Line]:
        """Read these lines of a page, and no others."""


GetReader = Callable[[UUID], OutlineReader]
"""Gives what reads a page, by its id."""


@dataclass
class Applied:
    """What became of the pages: lines whose text was accepted, and what could not be taken over."""

    accepted: int
    problems: list[str]


@dataclass
class _Work:
    """One answer to one page, and the lines it is about."""

    label: UUID
    sample: UUID
    page_id: UUID
    owner: UUID
    by: UUID
    result: list[dict[str, object]]
    lines: dict[str, UUID]


def apply_pages(store: Store, policy: Policy, reader: GetReader) -> Applied:
    """Apply every newest answer to a page that was not applied yet."""
    done = Applied(0, [])
    for work in _unapplied(store):
        try:
            _Page(store, policy, reader, work, done).apply()
        except FOR_GOOD as error:
            done.problems.append(f"An answer to page {work.page_id} was not taken over: {error}")
            log.error("%s", done.problems[-1])
        except (FlywheelError, RecognizerError, OSError) as error:
            done.problems.append(f"An answer to page {work.page_id} waits for the next pull: {error}")
            log.error("%s", done.problems[-1])
            continue
        with store.writing() as session:
            _remember(session, work, applied=work.label)
    return done


@dataclass
class _Page:
    store: Store
    policy: Policy
    reader: GetReader
    work: _Work
    done: Applied

    def apply(self) -> None:
        with self.store.reading() as session:
            page = queries.page(session, self.work.page_id)
        read = read_page(Annotation(0, "", False, None, tuple(self.work.result)), width=page.width, height=page.height)
        if read.problem:
            return  # told when it was pulled
        known = {line.id: line for line in page.lines}
        if any(line_id not in known for line_id in self.work.lines.values()):
            self.done.problems.append(f"Page {page.number} ({page.id}): {STALE}")
            return
        unread = self._unread(read.regions, known)
        kept = {region.id for region in read.regions}
        for name in [name for name in self.work.lines if name not in kept]:
            self._edit(page, name, None)
        for region in read.regions:
            line_id = self.work.lines.get(region.id)
            if line_id is None or not same_outline(known[line_id].polygon, region.polygon):
                self._edit(page, region.id, region)
        self._reorder(read.regions)
        self._accept([region for region in read.regions if region.id not in unread])

    def _unread(self, regions: Sequence[Region], known: Mapping[UUID, StoredLine]) -> set[str]:
        """The regions whose text a person found prefilled and left, though somebody said that it is none."""
        lines = [(region, known[self.work.lines[region.id]]) for region in regions if region.id in self.work.lines]
        return {region.id for region, line in lines if line.verdict != "text" and line.text == region.text}

    def _edit(self, page: StoredPage, name: str, region: Region | None) -> None:
        """Let a line go, or come, or come in place of another; a region that is none is named and left out."""
        old = self.work.lines.get(name)
        known = {line.id: line for line in page.lines}
        lines = () if region is None else (NewLine(region.polygon),)
        edit = Edit(() if old is None else (old,), lines)
        try:
            drawn = check_edit(self.store, page.id, edit, contributor=self.work.owner)
        except BadOutline as error:
            self.done.problems.append(f"A region of page {page.number} ({page.id}) was left out: {error}")
            return
        if old is not None and drawn and same_outline(known[old].polygon, drawn[0].polygon):
            return  # it reaches over the page's edge, and was cut off there before
        read = self._read(drawn)
        model = self.reader(page.id).version if read else page.model
        change = Edit(edit.replaces, tuple(drawn))
        with self.store.writing() as session:
            added = change_lines(session, page.id, change, read, model=model, contributor=self.work.owner)
            self.work.lines.pop(name, None)
            for line_id in added:
                self.work.lines[name] = line_id
            _remember(session, self.work, applied=None)

    def _read(self, drawn: Sequence[NewLine]) -> list[Line]:
        if not drawn:
            return []
        image, _ = self.store.page_image(self.work.page_id, self.work.owner)
        page = next(iter(open_pages(image, name=f"page {self.work.page_id}")))
        return self.reader(self.work.page_id).read_outlines(page, [(line.polygon, line.baseline) for line in drawn])

    def _live(self) -> Sequence[StoredLine]:
        with self.store.reading() as session:
            return queries.page(session, self.work.page_id).lines

    def _reorder(self, regions: Sequence[Region]) -> None:
        now = [line.id for line in self._live()]
        places = {
            self.work.lines[region.id]: region.place
            for region in regions
            if region.place is not None and region.id in self.work.lines
        }
        wanted = in_order(now, places)
        if wanted != now:
            reorder(self.store, self.work.page_id, wanted, contributor=self.work.owner)

    def _accept(self, regions: Sequence[Region]) -> None:
        said = [
            Claim(self.work.lines[region.id], region.text, OURS, self.work.by)
            for region in regions
            if region.text is not None and region.id in self.work.lines
        ]
        with self.store.writing() as session:
            trust.lock(session, (claim.line_id for claim in said))
            self.done.accepted += sum(accept(session, claim, self.policy) for claim in said)


def _unapplied(store: Store) -> list[_Work]:
    """The newest answer to each page, where it was not applied."""
    found = []
    with store.reading() as session:
        rows = session.execute(
            select(SampleRow, DocumentRow.contributor_id)
            .join(PageRow, PageRow.id == SampleRow.page_id)
            .join(DocumentRow, DocumentRow.id == PageRow.document_id)
            .where(SampleRow.state == "labelled", DocumentRow.deleted_at.is_(None))
        )
        for sample, owner in rows:
            memory = json.loads(sample.shown or "{}")
            answers = [row for row in newest_answers(session, sample.id) if row.verdict == "regions"]
            newest = max(answers, key=lambda row: row.created_at, default=None)
            if newest is None or sample.page_id is None or str(newest.id) == memory.get("applied"):
                continue
            lines = {region: UUID(line_id) for region, line_id in memory.get("lines", {}).items()}
            found.append(
                _Work(newest.id, sample.id, sample.page_id, owner, newest.contributor_id, newest.result, lines)
            )
    return found


def _remember(session: Session, work: _Work, *, applied: UUID | None) -> None:
    """Which region stands for which line now, and which answer has been applied."""
    row = session.get_one(SampleRow, work.sample)
    memory = json.loads(row.shown or "{}")
    memory["lines"] = {region: str(line_id) for region, line_id in work.lines.items()}
    if applied is not None:
        memory["applied"] = str(applied)
    row.shown = json.dumps(memory)

"""Which lines train, which choose the checkpoint, which judge: decided once for each page, for ever.

A page's place follows from the hash of its image, so the same photo uploaded twice lies in one split, and no line ever
moves from test to train: a decision is stored the first time a page is frozen. One original may be kept as several
images, because the ways in pack pages differently: whichever was decided first decides for the others. Of writers who
are known, a tenth is held out whole, so that the test also holds hands that no training saw; the first few writers are
exempt, because whoever starts with one hand wants that hand learnt.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Literal, Protocol, get_args
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from flywheel.tables import DocumentRow, PageRow, SplitRow

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
TEST, VALIDATION = 0.2, 0.1
HELD_OUT_WRITERS = 0.1
EXEMPT_WRITERS = 4
BY_PAGE = "by page"
STRICTEST: tuple[Split, ...] = ("test", "validation", "train")  # first what must not be learnt from
PAGES_AT_ONCE = 500  # less than a database takes parameters


class Placed(Protocol):
    """What decides a line's split."""

    @property
    def page_id(self) -> UUID:
        """The page it stands on."""

    @property
    def image_sha256(self) -> str:
        """Of the page image."""

    @property
    def writer(self) -> str | None:
        """Whose hand it is, where known."""


def assign(session: Session, lines: Iterable[Placed]) -> dict[str, Split]:
    """The split of every page image among the lines; what was never decided is decided and stored."""
    decided = {row.name: row.split for row in session.execute(select(SplitRow.name, SplitRow.split))}
    known = dict(decided)
    lines = list(lines)
    pages = sorted({(line.writer or "", line.image_sha256) for line in lines})
    new = {line.page_id for line in lines if f"page:{line.image_sha256}" not in decided}
    same = _same_originals(session, sorted(new))
    for writer in sorted({writer for writer, _ in pages if writer}):
        known.setdefault(f"writer:{writer}", _of_writer(writer, known))
    for writer, image in pages:
        of_writer = known.get(f"writer:{writer}", BY_PAGE)
        others = {known.get(f"page:{other}") for other in same.get(image, ())}
        before = next((split for split in STRICTEST if split in others), None)
        known.setdefault(f"page:{image}", before or (_of_page(image) if of_writer == BY_PAGE else of_writer))
    session.add_all(SplitRow(name=name, split=split) for name, split in known.items() if name not in decided)
    session.flush()
    places = {image: known[f"page:{image}"] for _, image in pages}
    return {image: split for image, place in places.items() for split in SPLITS if split == place}


def _same_originals(session: Session, pages: Sequence[UUID]) -> Mapping[str, set[str]]:
    """By the image of each page: the images that the same page of the same original is kept as."""
    there, whose = aliased(PageRow), aliased(DocumentRow)
    wanted = (
        select(PageRow.image_sha256, there.image_sha256)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .join(whose, whose.sha256 == DocumentRow.sha256)
        .join(there, and_(there.document_id == whose.id, there.number == PageRow.number))
    )
    found: dict[str, set[str]] = defaultdict(set)
    for start in range(0, len(pages), PAGES_AT_ONCE):
        some = wanted.where(PageRow.id.in_(pages[start : start + PAGES_AT_ONCE]))
        for image, other in session.execute(some):
            found[image].add(other)
    return found


def _of_page(image: str) -> Split:
    place = place_of(f"page:{image}")
    if place < TEST:
        return "test"
    return "validation" if place < TEST + VALIDATION else "train"


def _of_writer(writer: str, known: Mapping[str, str]) -> str:
    others = sum(name.startswith("writer:") for name in known)
    held_out = others >= EXEMPT_WRITERS and place_of(f"writer:{writer}") < HELD_OUT_WRITERS
    return "test" if held_out else BY_PAGE


def place_of(name: str) -> float:
    """A name's fixed place in [0, 1)."""
    return int.from_bytes(sha256(name.encode()).digest()[:8], "big") / 2**64

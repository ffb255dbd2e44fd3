"""Whose lines a model of its own may read: those of one hand, or of one collection.

A hand is narrower than a collection, so a line that has both is asked for its writer first.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flywheel.refusals import refuse_bad_label
from flywheel.store import Store
from flywheel.tables import DocumentRow, PageRow, ScopeRow

ScopeKind = Literal["writer", "collection"]


class Labelled(Protocol):
    """What says whose it is: an upload, a document, a line."""

    @property
    def writer(self) -> str | None:
        """Whose hand it shows, where known."""

    @property
    def collection(self) -> str | None:
        """What it belongs to, where known."""


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """One hand or one collection, by its name."""

    kind: ScopeKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    def holds(self, line: Labelled) -> bool:
        """Whether a line belongs to it."""
        return self.name == (line.writer if self.kind == "writer" else line.collection)


def scope_of(*, writer: str | None = None, collection: str | None = None) -> Scope | None:
    """The one scope that somebody named; None: none."""
    return Scope("writer", writer) if writer else Scope("collection", collection) if collection else None


def scopes_of(labelled: Labelled) -> tuple[Scope, ...]:
    """The scopes that something belongs to, the one that is asked first in front."""
    named: tuple[tuple[ScopeKind, str | None], ...] = (
        ("writer", labelled.writer),
        ("collection", labelled.collection),
    )
    return tuple(Scope(kind, name) for kind, name in named if name)


def scopes_of_page(store: Store, page_id: UUID) -> tuple[Scope, ...]:
    """The scopes of a stored page's document; none of a page that is not there."""
    wanted = select(DocumentRow).join(PageRow, PageRow.document_id == DocumentRow.id).where(PageRow.id == page_id)
    with store.reading() as session:
        document = session.scalar(wanted)
        return () if document is None else scopes_of(document)


def keep_scope(session: Session, scope: Scope) -> UUID:
    """The id of a scope's row, which is made where there was none.

    Raises:
        Unstorable: it can be no name.
    """
    refuse_bad_label(scope.name, scope.kind)
    wanted = select(ScopeRow).where(ScopeRow.kind == scope.kind, ScopeRow.name == scope.name)
    row = session.scalar(wanted)
    if row is None:
        row = ScopeRow(kind=scope.kind, name=scope.name)
        session.add(row)
        session.flush()
    return row.id


def find_scope(session: Session, scope_id: UUID | None) -> Scope | None:
    """The scope of a row that names one."""
    return None if scope_id is None else as_scope(session.get_one(ScopeRow, scope_id))


def as_scope(row: ScopeRow) -> Scope:
    """A row as the object that goes out."""
    return Scope(cast(ScopeKind, row.kind), row.name)

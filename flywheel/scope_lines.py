"""How many accepted lines each hand and each collection has, and whether they are enough for a model of its own.

A fifth of the pages only test. Where a page's split is not decided yet, its lines may become either.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute

from flywheel.errors import UnfitSnapshot
from flywheel.gate import Rules
from flywheel.ground_truth import standing
from flywheel.scopes import Scope, ScopeKind
from flywheel.snapshots import FrozenLine
from flywheel.store import Store
from flywheel.tables import AcceptanceRow, DocumentRow, LineRow, PageRow, SplitRow

FEWEST_TO_LEARN = 16  # the published start of the curve: −25 % relative CER of a new writer
FEWEST_TO_TEST = Rules().fewest_lines


@dataclass(frozen=True, slots=True)
class ScopeLines:
    """Accepted lines of one scope, by what they are for; ``undecided``: on pages that were never frozen."""

    train: int = 0
    validation: int = 0
    test: int = 0
    undecided: int = 0

    @property
    def all(self) -> int:
        """Every line."""
        return self.train + self.validation + self.test + self.undecided

    @property
    def enough(self) -> bool:
        """Whether a model of its own may be tried."""
        learnt, tested = self.train + self.undecided, self.test + self.undecided
        both = self.train + self.test + self.undecided
        fewest = FEWEST_TO_LEARN + FEWEST_TO_TEST
        return learnt >= FEWEST_TO_LEARN and tested >= FEWEST_TO_TEST and both >= fewest


def count(store: Store) -> dict[Scope, ScopeLines]:
    """The lines of every scope that has some."""
    kinds: tuple[tuple[ScopeKind, InstrumentedAttribute[str | None]], ...] = (
        ("writer", DocumentRow.writer),
        ("collection", DocumentRow.collection),
    )
    found: dict[Scope, Counter[str]] = {}
    for kind, column in kinds:
        for name, split, lines in _counted(store, column):
            found.setdefault(Scope(kind, name), Counter())[split or "undecided"] += lines
    return {scope: _as_lines(counted) for scope, counted in found.items()}


def everybody(store: Store) -> ScopeLines:
    """All accepted lines, whoever's they are."""
    with store.reading() as session:
        return _as_lines({split or "undecided": lines for split, lines in session.execute(_of_splits(SplitRow.split))})


def frozen(scope: Scope, lines: Iterable[FrozenLine]) -> ScopeLines:
    """The lines of one scope in a snapshot."""
    return _as_lines(Counter(line.split for line in lines if scope.holds(line)))


def require_lines(store: Store, scope: Scope | None) -> None:
    """Return if the scope, if one is asked for, may have enough accepted lines now.

    Raises:
        UnfitSnapshot: there are too few.
    """
    if scope is not None:
        require_enough(scope, count(store).get(scope, ScopeLines()))


def require_enough(scope: Scope, lines: ScopeLines) -> None:
    """Return if there may be enough lines for a model of its own.

    Raises:
        UnfitSnapshot: there are too few.
    """
    if lines.enough:
        return
    undecided = f", and {lines.undecided} that may become either" if lines.undecided else ""
    raise UnfitSnapshot(
        f"{scope.kind.capitalize()} {scope.name} has too few accepted lines for a model of its own: {lines.train} to "
        f"learn from, {lines.test} to test with{undecided}, where {FEWEST_TO_LEARN} and {FEWEST_TO_TEST} are asked "
        "for. Correct more of its pages: about a fifth of them become test pages by themselves. Nothing has changed."
    )


def _as_lines(counted: Mapping[str, int]) -> ScopeLines:
    return ScopeLines(**counted)


def _counted(store: Store, column: InstrumentedAttribute[str | None]) -> list[tuple[str, str | None, int]]:
    """(name, split, lines) of ground truth, counted where it lies."""
    wanted = _of_splits(column, SplitRow.split).where(column.is_not(None))
    with store.reading() as session:
        return [(name or "", split, lines) for name, split, lines in session.execute(wanted)]


def _of_splits(*columns: InstrumentedAttribute[Any]) -> Select[Any]:
    """Ground truth counted for each combination of some columns; a page that was never frozen has no split."""
    return (
        select(*columns, func.count())
        .select_from(AcceptanceRow)
        .join(LineRow, LineRow.id == AcceptanceRow.line_id)
        .join(PageRow, PageRow.id == LineRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .outerjoin(SplitRow, SplitRow.name == literal("page:") + PageRow.image_sha256)
        .where(*standing())
        .group_by(*columns)
    )

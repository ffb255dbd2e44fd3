"""What the Models tab tells of each hand and collection: its lines, what reads it, and how much better that is."""

from dataclasses import dataclass

from flywheel import personal
from flywheel.personal import PersonalPromotion
from flywheel.scope_lines import FEWEST_TO_LEARN, FEWEST_TO_TEST, ScopeLines, count
from flywheel.scopes import Scope
from flywheel.store import Store
from flywheel.verdicts import StoredVerdict, verdicts

SCOPES_SHOWN = 30


@dataclass(frozen=True, slots=True)
class ScopeReport:
    """One hand or collection.

    Attributes:
        kind: ``writer`` or ``collection``.
        name: of it.
        train: accepted lines to learn from.
        test: accepted lines to judge by.
        undecided: accepted lines on pages that were never frozen and may become either.
        enough: whether a model of its own may be tried.
        version: of its own model; None: the common one reads it.
        outdated: its own model has not been held against the newest common one yet.
        verdict: the gate's newest word on its own model or, where it has none, on the last that was tried.
        history: which version served it when, newest first.
    """

    kind: str
    name: str
    train: int
    test: int
    undecided: int
    enough: bool
    version: str | None
    outdated: bool
    verdict: StoredVerdict | None
    history: tuple[PersonalPromotion, ...]


@dataclass(frozen=True, slots=True)
class PersonalReport:
    """Every scope worth showing, those with a model of their own and the most lines first.

    Attributes:
        scopes: of them.
        left_out: how many more have accepted lines.
        fewest_to_learn: lines that a model of one's own asks for.
        fewest_to_test: test lines that it asks for.
    """

    scopes: tuple[ScopeReport, ...]
    left_out: int
    fewest_to_learn: int = FEWEST_TO_LEARN
    fewest_to_test: int = FEWEST_TO_TEST


def report(store: Store) -> PersonalReport:
    """Look at everything once."""
    lines, own, outdated = count(store), personal.serving(store), personal.unjudged(store)
    history, told = personal.history(store), [one for one in verdicts(store, limit=200) if one.scope is not None]
    asked = sorted(lines.keys() | own.keys(), key=lambda scope: (scope not in own, -_all(lines, scope), scope))
    shown = []
    for scope in asked[:SCOPES_SHOWN]:
        has = lines.get(scope, ScopeLines())
        version = own[scope].version if scope in own else None
        words = [one for one in told if one.scope == scope and version in (None, one.challenger)]
        shown.append(
            ScopeReport(
                kind=scope.kind,
                name=scope.name,
                train=has.train,
                test=has.test,
                undecided=has.undecided,
                enough=has.enough,
                version=version,
                outdated=scope in outdated,
                verdict=words[0] if words else None,
                history=tuple(row for row in history if row.scope == scope),
            )
        )
    return PersonalReport(tuple(shown), len(asked) - len(shown))


def _all(lines: dict[Scope, ScopeLines], scope: Scope) -> int:
    return lines[scope].all if scope in lines else 0

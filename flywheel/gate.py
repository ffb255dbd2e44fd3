"""The gate: a challenger is promoted only if it reads the frozen test lines surely better, and nothing else worse.

A challenger for one hand or collection is judged by that one's test lines alone: the others keep their own model, and
how it would read them is only told.

Champion and challenger read identical lines, scored by the recognizer's one scoring code. Beside the test split stand
base lines, which no training saw and which nobody corrected: they tell whether something was forgotten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from flywheel.bootstrap import Counted, change, error_rates
from recognizer.corpora import LineTruth

TEST, BASE, OLDER, OTHERS = "test", "base lines", "older hands", "everybody else"


class Decision(StrEnum):
    """What the gate says."""

    PROMOTE = "promote"
    KEEP = "keep"
    UNDECIDED = "not enough evidence"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a promotion asks for.

    Attributes:
        fewest_lines: in the test split, to decide anything.
        fewest_in_slice: for a slice to have a say.
        worse: CER by which no slice may worsen, a fraction.
        resamples: of the bootstrap.
        worst: how many of the worst lines the report shows.
        seed: of the bootstrap.
        personal: the challenger is for the test split's lines alone, so other slices do not matter.
    """

    fewest_lines: int = 30
    fewest_in_slice: int = 20
    worse: float = 0.01
    resamples: int = 2000
    worst: int = 12
    seed: int = 1
    personal: bool = False


@dataclass(frozen=True, slots=True)
class JudgedLine:
    """One line with both readings.

    Attributes:
        row: the line, its image and text.
        champion: what the champion reads.
        challenger: what the challenger reads.
        counted: their edits.
        slices: it belongs to; ``test`` for those that decide.
    """

    row: LineTruth
    champion: str
    challenger: str
    counted: Counted
    slices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """How both models do on a part of the lines; CERs are fractions, ``harmed`` says that the gate objects."""

    name: str
    lines: int
    characters: int
    champion_cer: float
    challenger_cer: float
    change: float
    low: float
    high: float
    unit: str
    harmed: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate decided and why.

    Attributes:
        decision: of the gate.
        reason: in one sentence.
        slices: the test split first.
        worst: the lines the challenger reads worst, with what is needed to show them.
        rules: that were asked for.
    """

    decision: Decision
    reason: str
    slices: tuple[Slice, ...] = ()
    worst: tuple[Mapping[str, Any], ...] = ()
    rules: Rules = field(default_factory=Rules)

    def to_json(self) -> dict[str, Any]:
        """The verdict as stores keep it and commands print it."""
        return asdict(self) | {"decision": str(self.decision)}


def judge(lines: Sequence[JudgedLine], rules: Rules | None = None) -> Verdict:
    """Decide on lines that both models have read."""
    rules = rules or Rules()
    slices = tuple(_slice(name, lines, rules) for name in _names(lines))
    decision, reason = _decide(slices, rules)
    return Verdict(decision, reason, slices, _worst(lines, rules), rules)


def _names(lines: Sequence[JudgedLine]) -> list[str]:
    """The slices that have a line, the test split first."""
    names = dict.fromkeys(name for line in lines for name in line.slices)
    return sorted(names, key=lambda name: (name != TEST, name != BASE, name))


def _slice(name: str, lines: Sequence[JudgedLine], rules: Rules) -> Slice:
    counted = [line.counted for line in lines if name in line.slices]
    before, after = error_rates(counted)
    found = change(counted, resamples=rules.resamples, seed=rules.seed)
    return Slice(
        name=name,
        lines=len(counted),
        characters=sum(line.characters for line in counted),
        champion_cer=before,
        challenger_cer=after,
        change=found.estimate,
        low=found.low,
        high=found.high,
        unit=found.unit,
        harmed=not rules.personal
        and name != TEST
        and len(counted) >= rules.fewest_in_slice
        and found.estimate > rules.worse,
    )


def _decide(slices: Sequence[Slice], rules: Rules) -> tuple[Decision, str]:
    test = next((part for part in slices if part.name == TEST), None)
    if test is None or test.lines < rules.fewest_lines:
        lines = test.lines if test else 0
        return Decision.UNDECIDED, (
            f"The test split has {lines} lines and needs {rules.fewest_lines}: correct more pages; about a fifth of "
            "them become test pages by themselves."
        )
    rates = f"CER {test.champion_cer:.1%} → {test.challenger_cer:.1%} on {test.lines} test lines"
    bounds = f"95 % interval of the change {100 * test.low:+.1f} to {100 * test.high:+.1f} points"
    if test.high >= 0:
        worse = test.change > 0
        return Decision.KEEP, f"{rates} ({bounds}): {'it is no better' if worse else 'that may be chance'}."
    harmed = [part for part in slices if part.harmed]
    if harmed:
        told = ", ".join(f"{part.name} {100 * part.change:+.1f} points" for part in harmed)
        return Decision.KEEP, f"{rates}, but it forgets: {told}; {100 * rules.worse:.1f} are allowed."
    if rules.personal:
        return Decision.PROMOTE, f"{rates} ({bounds}); all other lines stay with what reads them now."
    return Decision.PROMOTE, f"{rates} ({bounds}), and no slice worsens by over {100 * rules.worse:.1f} points."


def _worst(lines: Sequence[JudgedLine], rules: Rules) -> tuple[Mapping[str, Any], ...]:
    """What the challenger reads worst: by edits it adds, then by its edits."""
    wrong = [line for line in lines if line.counted.challenger]
    wrong.sort(key=lambda line: (line.counted.champion - line.counted.challenger, -line.counted.challenger))
    return tuple(
        {
            "line": line.row.extra.get("line"),
            "page": line.row.extra.get("page"),
            "slice": line.slices[0],
            "text": line.row.text,
            "champion": line.champion,
            "challenger": line.challenger,
            "champion_edits": line.counted.champion,
            "challenger_edits": line.counted.challenger,
        }
        for line in wrong[: rules.worst]
    )

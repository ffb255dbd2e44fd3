"""The state of the wheel in one look: what serves and why, how far a run is, what more lines would bring."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from flywheel import personal_report, registry, runs, scope_lines
from flywheel.jobs import alive, new_lines
from flywheel.learning_curve import Estimate, Step, estimate
from flywheel.personal_report import PersonalReport
from flywheel.registry import Promotion
from flywheel.runs import Run
from flywheel.scope_lines import ScopeLines
from flywheel.snapshots import Snapshot, snapshots
from flywheel.store import Store
from flywheel.verdicts import StoredVerdict, verdicts

LINES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class ModelLine:
    """One model of the lineage that is for everybody, with what the gate measured of it last.

    Attributes:
        version: its own.
        parent: its parent's; None: it came with the program.
        created_at: UTC.
        serving: whether it serves now.
        served: whether it ever served.
        lines: it learnt from, over its parent's charset and weights.
        uncorrected: lines it learnt from beside them as its parent read them.
        forgotten: why it may not be used any more.
        verdict: the gate's newest word on it.
    """

    version: str
    parent: str | None
    created_at: datetime
    serving: bool
    served: bool
    lines: int
    uncorrected: int
    forgotten: str | None
    verdict: StoredVerdict | None


@dataclass(frozen=True, slots=True)
class WheelReport:
    """What the Models tab shows; ``lines``: all that are accepted."""

    serving: str
    models: tuple[ModelLine, ...]
    promotions: tuple[Promotion, ...]
    runs: tuple[Run, ...]
    workers: tuple[str, ...]
    new_lines: int
    lines: ScopeLines
    estimate: Estimate | None
    personal: PersonalReport

    def to_json(self) -> dict[str, Any]:
        """The report as the API answers it."""
        return asdict(self)


def report(store: Store, serving: str) -> WheelReport:
    """Look at everything once.

    Args:
        store: where it is.
        serving: the version that reads in this app, also before any promotion.
    """
    promoted = registry.promotions(store)
    known = {snapshot.id: snapshot for snapshot in snapshots(store)}
    told = (verdict for verdict in reversed(verdicts(store, limit=200)) if verdict.scope is None)
    judged = {verdict.challenger: verdict for verdict in told}
    served = {promotion.version for promotion in promoted}
    models = tuple(
        ModelLine(
            version=model.version,
            parent=model.parent,
            created_at=model.created_at,
            serving=model.version == serving,
            served=model.version in served,
            lines=_learnt(known, model.snapshot),
            uncorrected=model.metrics.get("unlabelled", 0),
            forgotten=model.forgotten,
            verdict=judged.get(model.version),
        )
        for model in registry.models(store)
        if model.scope is None
    )
    return WheelReport(
        serving=serving,
        models=models,
        promotions=tuple(promoted[:LINES_SHOWN]),
        runs=tuple(runs.runs(store, limit=LINES_SHOWN)),
        workers=tuple(alive(store)),
        new_lines=new_lines(store),
        lines=scope_lines.everybody(store),
        estimate=_estimate(models),
        personal=personal_report.report(store),
    )


def _learnt(known: dict[str, Snapshot], snapshot: str | None) -> int:
    return known[snapshot].lines.get("train", 0) if snapshot in known else 0


def _estimate(models: tuple[ModelLine, ...]) -> Estimate | None:
    """From the newest verdict whose model serves, as challenger or as champion; None before the first."""
    lines = {model.version: model.lines for model in models}
    told = [model.verdict for model in models if model.verdict is not None and model.verdict.report["slices"]]
    steps = [
        Step(lines.get(one.champion, 0), lines[one.challenger], *_rates(one)) for one in told if one.challenger in lines
    ]
    for model in models:
        for one in told:
            if model.serving and model.version in (one.challenger, one.champion):
                before, after = _rates(one)
                cer = after if one.challenger == model.version else before
                return estimate(steps, cer=cer, lines=model.lines)
    return None


def _rates(verdict: StoredVerdict) -> tuple[float, float]:
    test = verdict.report["slices"][0]
    return float(test["champion_cer"]), float(test["challenger_cer"])

"""One look at the store: can it be used, how much is in it, is anything missing."""

from dataclasses import asdict
from typing import Any

from flywheel import label_status, wheel_status
from flywheel.accounts import NO_OPERATOR, has_operator
from flywheel.errors import FlywheelError
from flywheel.insight_records import Question
from flywheel.insights import Insights
from flywheel.migrate import newest_revision
from flywheel.settings import Settings
from flywheel.store import Store


def look(settings: Settings) -> dict[str, Any]:
    """The state of the store, ready for JSON; ``problems`` holds a sentence for each thing that needs a person."""
    report: dict[str, Any] = {
        "database": {
            "url": settings.database,
            "reachable": False,
            "revision": None,
            "newest_revision": newest_revision(),
        },
        "blobs": {"url": settings.blobs, "named": 0, "missing": 0},
        "counts": {},
        "model_versions": [],
        "corrections": {},
        "wheel": None,
        "label_studio": None,
        "problems": [],
    }
    try:
        with Store.open(settings) as store:
            _fill(report, store, settings)
            report["wheel"] = wheel_status.look(store)
            report["label_studio"] = label_status.look(settings, store)
    except FlywheelError as error:
        report["problems"].append(str(error))
    for part in ("wheel", "label_studio"):
        if report[part] is not None:
            report["problems"] += report[part].pop("problems")
    return report


def as_text(report: dict[str, Any]) -> str:
    """The same for people, one fact per line."""
    database, blobs = report["database"], report["blobs"]
    reachable = "reachable" if database["reachable"] else "not reachable"
    current = database["revision"] == database["newest_revision"]
    facts = [
        ("database", f"{database['url']} ({reachable})"),
        (
            "migrations",
            f"{database['revision']} ({'current' if current else 'newest: ' + database['newest_revision']})",
        ),
        ("blobs", f"{blobs['url']} ({blobs['named']} named, {blobs['missing']} missing)"),
    ]
    facts += [(name.replace("_", " "), str(number)) for name, number in report["counts"].items()]
    facts += [
        ("model", f"{model['name']} ({model['predictions']} predictions, {model['corrections']} corrections)")
        for model in report["model_versions"]
    ]
    if report["corrections"]:
        facts += _corrections(report["corrections"])
    if report["wheel"] is not None:
        facts += wheel_status.facts(report["wheel"])
    if report["label_studio"] is not None:
        facts += _label_studio(report["label_studio"])
    facts += [("problem", problem) for problem in report["problems"]]
    return "\n".join(f"{name:<20}{value}" for name, value in facts)


def _label_studio(report: dict[str, Any]) -> list[tuple[str, str]]:
    reached = f"reached as {report['account']}" if report["reached"] else "not reached"
    facts = [("Label Studio", f"{report['url']} ({reached})")]
    for project in report["projects"]:
        facts.append(("project", f"{project['name']}: {'deleted there' if project['gone'] else project['url']}"))
    return facts


def _corrections(report: dict[str, Any]) -> list[tuple[str, str]]:
    rates = [
        f"{each['cer']:.1%} of the characters that {each['model']} had read "
        f"({each['low']:.1%} to {each['high']:.1%}, {each['lines']} lines)"
        for each in report["versions"]
        if each["cer"] is not None
    ]
    return [
        ("last 7 days", f"{report['lines_in_7_days']} lines corrected"),
        *(("people changed", rate) for rate in rates),
    ]


def _corrected(store: Store) -> dict[str, Any]:
    """How many lines people corrected of late, and how wrong each model version had read those of all times."""
    insights = Insights(store)
    versions = [
        {
            "model": each.model,
            "lines": each.accuracy.lines,
            "cer": each.accuracy.cer.value,
            "low": each.accuracy.cer.low,
            "high": each.accuracy.cer.high,
        }
        for each in insights.answer(Question()).versions
    ]
    return {"lines_in_7_days": insights.answer(Question(days=7)).lines, "versions": versions}


def _fill(report: dict[str, Any], store: Store, settings: Settings) -> None:
    report["database"]["revision"] = store.revision()
    report["database"]["reachable"] = True
    store.ready()
    if settings.auth and not has_operator(store):
        report["problems"].append(NO_OPERATOR)
    report["counts"] = store.counts()
    report["model_versions"] = [
        asdict(model) | {"first_used": model.first_used.isoformat()} for model in store.model_versions()
    ]
    report["corrections"] = _corrected(store)
    named, missing = store.blob_keys()
    report["blobs"] |= {"named": len(named), "missing": len(missing)}
    if missing:
        report["problems"].append(
            f"{len(missing)} of {len(named)} blobs are missing from {report['blobs']['url']}, such as {min(missing)}. "
            "Restore them from a backup, or set INKLOOP_BLOB_URL to where they are."
        )

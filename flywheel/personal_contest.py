"""Once another common model serves, every model of one hand or collection must be the better one again.

What is no longer surely better on its scope's own frozen test lines goes back to the common model.
"""

import logging

from flywheel import personal, registry
from flywheel.contest import contest
from flywheel.gate import Decision, Rules
from flywheel.registry import Model
from flywheel.retraining import BY_THE_PROGRAM
from flywheel.scopes import Scope
from flywheel.settings import Settings
from flywheel.snapshots import snapshots
from flywheel.store import Store
from recognizer.errors import BadModel

log = logging.getLogger(__name__)


def judge_again(store: Store, settings: Settings, *, rules: Rules | None = None) -> dict[Scope, str]:
    """Judge every model that was chosen beside an earlier common one; gives those dropped, each with the reason.

    Judged before, or killed in between, it goes on where it stopped.

    Raises:
        BrokenBlob: a test line or a model is missing.
    """
    dropped = {}
    for scope, model in personal.unjudged(store).items():
        why = _objection(store, settings, scope, model, rules)
        if why is not None:
            log.warning("%s goes back to the common model: %s", scope.kind.capitalize(), why)
            personal.drop(store, scope, model.version, by=BY_THE_PROGRAM, why=why)
            dropped[scope] = why
    return dropped


def _objection(store: Store, settings: Settings, scope: Scope, model: Model, rules: Rules | None) -> str | None:
    """Why the common model should read the scope; None: its own is the better one still."""
    common = registry.serving(store)
    if common is not None and common.version == model.version:
        return "It is the common model now."
    snapshot = next((one for one in snapshots(store) if one.forgotten is None), None)
    if snapshot is None:
        return "No frozen test lines are left to compare it with the new common model on."
    try:
        verdict = contest(store, settings, model, snapshot, scope=scope, rules=rules)
    except BadModel as error:
        return f"It cannot be compared with the new common model: {error}"
    if verdict.decision == Decision.PROMOTE:
        return None
    return f"Beside the new common model: {verdict.reason}"

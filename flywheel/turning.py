"""One turn of the wheel: pull → snapshot → retrain → evaluate → promote, each step also done alone and done again.

A run may be for one hand or collection: then the same steps find and judge a model of its own.
"""

import logging
from dataclasses import dataclass

from flywheel import personal, registry, runs
from flywheel.contest import contest
from flywheel.errors import Cancelled, FlywheelError
from flywheel.fitness import left_out
from flywheel.gate import Decision
from flywheel.ground_truth import ground_truth
from flywheel.judging import judge_new
from flywheel.model_folders import load
from flywheel.registry import Model
from flywheel.retraining import champion, charset_for, retrain
from flywheel.scopes import Scope
from flywheel.settings import Settings
from flywheel.snapshots import find, freeze
from flywheel.store import Store
from flywheel.verdicts import StoredVerdict
from recognizer.errors import RecognizerError
from recognizer.training.progress import Progress

log = logging.getLogger(__name__)

NO_BETTER = "No model was found that reads the choosing lines better than the one that serves."


@dataclass(frozen=True, slots=True)
class Wheel:
    """The steps of a run; what one gives the next are ids, so that any process may go on.

    Attributes:
        store: where everything is.
        settings: of this machine.
        run: the run that the steps belong to.
    """

    store: Store
    settings: Settings
    run: str

    def pull(self) -> None:
        """Fetch what was reviewed, and judge what was typed since."""
        runs.advance(self.store, self.run, "pull")
        if self.settings.label_studio_url and self.settings.label_studio_api_key:
            self._pull_labels()
        reader = load(self.store, champion(self.store, self.settings), self.settings.scratch / "models")
        judge_new(self.store, self.settings.trust, reader)

    def _pull_labels(self) -> None:
        """What Label Studio holds; where it cannot be used now, the wheel turns with what is here."""
        from flywheel.label_studio import LabelStudio
        from flywheel.sync import pull

        try:
            with LabelStudio.of(self.settings) as client:
                pull(self.store, client, self.settings)
        except FlywheelError as error:
            log.warning("The turn goes on without Label Studio: %s", error)

    def snapshot(self) -> str:
        """Freeze the ground truth but for the lines that nothing can learn from; returns the snapshot's id.

        It is read again for that: looking at every line takes a while, what was forgotten meanwhile must not come back,
        and what was accepted meanwhile, which nobody has looked at, is for the next turn.
        """
        runs.advance(self.store, self.run, "snapshot")
        truth = list(ground_truth(self.store))
        without = left_out(self.store, truth, charset_for(self.store, self.settings), self.settings.scratch)
        runs.leave_out(self.store, self.run, without.to_json() if without.lines else None)
        if without.lines:
            log.warning("%s", without.to_json()["says"])
        looked_at = {line.line_id for line in truth}
        still = (line for line in ground_truth(self.store) if line.line_id in looked_at)
        return freeze(self.store, still, without=without.lines).id

    def retrain(self, snapshot: str) -> str | None:
        """Train a challenger; returns its version, or None where nothing better was found."""
        runs.advance(self.store, self.run, "retrain", snapshot=snapshot)

        def watch(progress: Progress) -> None:
            runs.tell(self.store, self.run, progress.to_json())

        run, frozen = runs.find(self.store, self.run), find(self.store, snapshot)
        trained = retrain(self.store, self.settings, frozen, minutes=run.minutes, watch=watch, scope=run.scope)
        return trained.challenger.version if trained.challenger else None

    def evaluate(self, snapshot: str, challenger: str) -> StoredVerdict:
        """Let the gate judge it."""
        runs.advance(self.store, self.run, "evaluate")
        model, scope = registry.find(self.store, challenger), runs.find(self.store, self.run).scope
        return contest(self.store, self.settings, model, find(self.store, snapshot), scope=scope)

    def promote(self, verdict: StoredVerdict) -> None:
        """Let the challenger serve if the gate said so, and end the run."""
        runs.advance(self.store, self.run, "promote")
        challenger: Model = registry.find(self.store, verdict.challenger)
        if verdict.decision == Decision.PROMOTE:
            self._promote(challenger, verdict.scope)
        said = "Promoted" if verdict.decision == Decision.PROMOTE else "Not promoted"
        message = f"{said}: {verdict.reason}"
        runs.finish(self.store, self.run, "done", message, made=(challenger.id, verdict.id))

    def _promote(self, challenger: Model, scope: Scope | None) -> None:
        """Let it serve, everybody or the scope; done before, nothing changes."""
        by = runs.find(self.store, self.run).asked_by
        serves = registry.serving(self.store) if scope is None else personal.serving(self.store).get(scope)
        if serves is not None and serves.id == challenger.id:
            return
        if scope is None:
            registry.promote(self.store, challenger.version, by=by)
        else:
            personal.promote(self.store, challenger.version, scope, by=by)

    def give_up(self, error: Exception) -> None:
        """End the run because of an error, in its words."""
        runs.finish(self.store, self.run, "cancelled" if isinstance(error, Cancelled) else "failed", str(error))


def turn(wheel: Wheel) -> runs.Run:
    """Every step, once, in this process.

    Raises:
        FlywheelError: a step cannot be done; the run says so too, and what serves is as it was.
        RecognizerError: likewise.
    """
    try:
        wheel.pull()
        snapshot = wheel.snapshot()
        challenger = wheel.retrain(snapshot)
        if challenger is None:
            runs.finish(wheel.store, wheel.run, "done", NO_BETTER)
        else:
            wheel.promote(wheel.evaluate(snapshot, challenger))
    except (FlywheelError, RecognizerError, OSError) as error:
        wheel.give_up(error)
        raise
    except KeyboardInterrupt:
        runs.finish(wheel.store, wheel.run, "cancelled", "It was stopped on the command line.")
        raise
    return runs.find(wheel.store, wheel.run)

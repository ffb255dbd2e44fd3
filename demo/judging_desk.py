"""Judges what people typed while they type on: one hand, woken by every submission, and once at the start."""

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock

from demo.metrics import Metrics
from demo.services import Services
from flywheel.errors import FlywheelError
from flywheel.judging import judge_new

log = logging.getLogger(__name__)


class JudgingDesk:
    """Turns corrections into ground truth, or holds them, soon after they are stored."""

    def __init__(self, services: Services, metrics: Metrics) -> None:
        self._services, self._metrics = services, metrics
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="judging")
        self._lock, self._woken = Lock(), False

    def wake(self) -> None:
        """Judge whatever is not judged yet, soon; returns at once."""
        with self._lock:
            if self._woken:
                return
            self._woken = True
        self._hand.submit(self._judge).add_done_callback(_tell)

    def close(self) -> None:
        """Let the judgement in work finish; what is left is judged at the next start."""
        self._hand.shutdown(cancel_futures=True)

    def _judge(self) -> None:
        with self._lock:
            self._woken = False
        services = self._services
        try:
            for judgement in judge_new(services.store, services.settings.trust, services.reader):
                self._metrics.judgements.labels(judgement.outcome).inc()
        except FlywheelError as error:
            log.error("Corrections wait to be judged: %s", error)


def _tell(judged: Future[None]) -> None:
    """A mistake of our own must not pass in silence."""
    if not judged.cancelled() and (error := judged.exception()) is not None:
        log.error("Corrections could not be judged", exc_info=error)

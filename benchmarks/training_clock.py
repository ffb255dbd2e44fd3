"""How much of a processor a training takes: the same clock for both sides, validations left out.

Standard library only: it also runs in kraken's environment, whose Lightning has another name.
"""

import time
from typing import Any


class TrainingClock:
    """Callback hooks of Lightning that count the processor time of this process, all its threads together.

    Attributes:
        seconds: counted so far.
        steps: of the optimizer.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.steps = 0
        self._since: float | None = None

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin to count."""
        self._go()

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Take the time of a step."""
        self._rest()
        self._go()
        self.steps += 1

    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
        """Leave a validation out."""
        self._rest()

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Go on, unless it was the validation after the end."""
        if trainer.state.fn == "fit":
            self._go()

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Count no more."""
        self._rest()

    def _go(self) -> None:
        self._since = time.process_time()

    def _rest(self) -> None:
        if self._since is not None:
            self.seconds += time.process_time() - self._since
        self._since = None

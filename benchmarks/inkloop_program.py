"""Inkloop's side of ``make benchmark-kraken``: train on the same lines and nothing else, and read.

    python -m benchmarks.inkloop_program JOB

No pen strokes, no fonts, no prose: the language prior knows the transcriptions of the training lines alone, and the
lines are read with it and without, since kraken has none.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytorch_lightning as pl
import torch

from benchmarks.training_clock import TrainingClock
from benchmarks.training_job import HELD, MANIFEST, SCORED, TRAIN, Job, Result
from recognizer.calibration import Calibration
from recognizer.charset import Charset
from recognizer.corpora import LineTruth, read_manifest
from recognizer.datasets.batches import Batch, Corpora, Mixture
from recognizer.decoding.best_path import best_path
from recognizer.decoding.language import Language
from recognizer.decoding.language_prior import LanguagePrior
from recognizer.engines.runtimes import OnnxRuntime
from recognizer.line_images import open_line, stack, to_height
from recognizer.line_recogniser import LineRecogniser
from recognizer.models.line_ctc import HEIGHT_PX, LineCTC
from recognizer.training.line_training import Course, fit, starting_model
from recognizer.training.lit_models import LineHyperparameters
from recognizer.training.trainer import best_precision

BEGAN = {"scale": "PP-OCRv6 small", "nothing": "nothing"}


class Clock(TrainingClock, pl.Callback):
    """Counts the lines of the batches too."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = 0

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: object, batch: Batch, batch_idx: int
    ) -> None:
        """Take the time of a step."""
        super().on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)
        self.lines += len(batch.lengths)


def perform(job: Job) -> Result:
    """Train, choose by the held-out lines, read the scored ones."""
    torch.set_num_threads(1)
    parts = {part: list(read_manifest(Path(job.lines) / part / MANIFEST)) for part in (TRAIN, HELD, SCORED)}
    corpora = Corpora(tuple(parts[TRAIN]))
    hyper = LineHyperparameters(minutes=job.minutes, seed=job.seed, hasty_steps=0)
    model, charset = starting_model(job.start, dropout=hyper.dropout)
    clock = Clock()
    course = Course(
        Mixture(corpora.sources(), charset), parts[HELD], hyper, Path(job.output), workers=0, watchers=(clock,)
    )
    held_cer = fit(model, course, {"accelerator": "cpu"})
    model.float().eval()
    known = Language.learn(corpora.language())
    texts = {
        "best path": read_best_path(model, charset, parts[SCORED]),
        "prior of the same transcriptions": read_with_prior(model, LanguagePrior(known, charset), parts[SCORED]),
    }
    notes = {"precision": best_precision(), "optimizer": f"AdamW, learning rate {hyper.learning_rate:g}, cosine"}
    began = BEGAN.get(job.start, job.start)
    return Result("Inkloop", began, clock.seconds, clock.steps, clock.lines, held_cer, texts, notes)


def read_best_path(model: LineCTC, charset: Charset, rows: Sequence[LineTruth]) -> list[str]:
    """The network's word alone, line by line."""
    with torch.inference_mode():
        logits = (model(stack([to_height(open_line(row.image), HEIGHT_PX)]))[0] for row in rows)
        return [best_path(scores, charset).strip() for scores in logits]


def read_with_prior(model: LineCTC, prior: LanguagePrior, rows: Sequence[LineTruth]) -> list[str]:
    """As the app reads, with this language."""
    recogniser = LineRecogniser(OnnxRuntime(model), prior.charset, Calibration(), prior=prior)
    return [reading.text for reading in recogniser.read([open_line(row.image) for row in rows])]


def main() -> int:
    """The command; returns its exit code."""
    job = Job.load(Path(sys.argv[1]))
    perform(job).keep(Path(job.output))
    return 0


if __name__ == "__main__":
    sys.exit(main())

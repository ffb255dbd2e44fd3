"""Train a line reader: from a model trained at scale, from our own weights, or from nothing.

One path for all of it, `fit`, which runs as every training does: see `recognizer.training.trainer`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers import Logger, WandbLogger

from recognizer.calibration import Calibration
from recognizer.charset import LATIN_V1, Charset
from recognizer.corpora import LineTruth, read_manifest, read_page_manifest
from recognizer.datasets.batches import Corpora, LineDataModule, Mixture
from recognizer.datasets.held_out import hold_out
from recognizer.datasets.packing import PAGES
from recognizer.decoding.language import Language
from recognizer.engines.int8_graph import Int8
from recognizer.engines.quantisation import activation_ranges, enough_of
from recognizer.engines.runtimes import OnnxRuntime
from recognizer.evaluation import calibrate
from recognizer.line_recogniser import HASTY, LineRecogniser
from recognizer.model_card import CARD, LANGUAGE, NEURAL, WEIGHTS
from recognizer.models.line_ctc import LineCTC
from recognizer.training.lit_models import LineHyperparameters, LitLineCTC
from recognizer.training.pretrained import load_line_ctc, wheel_model
from recognizer.training.stroke_statistics import learn_background
from recognizer.training.trainer import EndOfCall, Keeping, run
from recognizer.weights_files import lend_neural, load_prior, load_reader, save_prior, save_reader

RECOGNISER = "PP-OCRv6_rec_small.onnx"


def find_corpora(data: Path) -> tuple[Corpora, list[LineTruth]]:
    """What a data folder holds, and the lines of writers held out of its ``lines_train.jsonl``.

    Raises:
        BadManifest: there is no ``lines_train.jsonl``, or it or ``pages.jsonl`` breaks its format.
    """
    lines, held = hold_out(list(read_manifest(data / "lines_train.jsonl")), share=0.03)
    ink, fonts = data / "unipen_text.parquet", data / "fonts"
    writers = {line.writer for line in lines}
    pages = read_page_manifest(data / PAGES) if (data / PAGES).exists() else ()
    corpora = Corpora(
        tuple(lines),
        tuple(
            page
            for page in pages
            if page.extra.get("writer") in writers and page.extra.get("split", "train") == "train"
        ),
        ink if ink.exists() else None,
        fonts if fonts.exists() else None,
        tuple(sorted((data / "texts").glob("*.txt"))),
    )
    return corpora, held


def starting_model(start: str, *, dropout: float) -> tuple[LineCTC, Charset]:
    """The network a training begins with: ``scale`` (PP-OCRv6), ``nothing``, or a model folder.

    Raises:
        BadModel: the folder or the wheel cannot be loaded.
    """
    if start == "scale":
        return load_line_ctc(wheel_model(RECOGNISER), LATIN_V1, dropout=dropout), LATIN_V1
    if start == "nothing":
        return LineCTC(LATIN_V1.classes, dropout=dropout), LATIN_V1
    model, charset, _ = load_reader(Path(start))
    model.background = model.hands = None
    return model.train(), charset


@dataclass(frozen=True)
class Course:
    """What one training is made of.

    Attributes:
        mixture: of lines to train on.
        validation: lines that choose the checkpoint; they must be in no source of the mixture.
        hyper: how.
        output: folder for checkpoints.
        workers: processes that prepare batches.
        logger: where curves and sample readings go.
        watchers: callbacks that follow the training.
        save_every_steps: how often it is kept, to be resumed from.
        best: keep the best of the checkpoints on the validation lines; else the last one.
        int8: see `recognizer.training.lit_models.LitLineCTC`.
    """

    mixture: Mixture
    validation: Sequence[LineTruth]
    hyper: LineHyperparameters
    output: Path
    workers: int = 1
    logger: Logger | None = None
    watchers: tuple[pl.Callback, ...] = ()
    save_every_steps: int = 200
    best: bool = True
    int8: Int8 | None = None


def fit(model: LineCTC, course: Course, options: dict[str, Any]) -> float:
    """Train ``model`` in place until its schedule ends; it ends as the best or last of its averaged weights.

    Args:
        model: where to begin.
        course: what to train on and how.
        options: of the Lightning Trainer, over `recognizer.training.trainer.default_options`.

    Returns:
        CER on the validation lines, which chose the weights if the best are kept.
    """
    hyper = course.hyper
    pl.seed_everything(hyper.seed, workers=True, verbose=False)
    model.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    lit = LitLineCTC(model, course.mixture.charset, hyper, course.int8)
    data = LineDataModule(
        course.mixture, course.validation, batch_size=hyper.batch_size, workers=course.workers, seed=hyper.seed
    )
    keeping = Keeping(course.output, every_steps=course.save_every_steps, best=course.best)
    own = {"logger": course.logger or False, "callbacks": course.watchers}
    return run(lit, data, keeping, own | options)


@dataclass(frozen=True)
class Wish:
    """What somebody asks of `train`.

    Attributes:
        data: folder as `find_corpora` expects it.
        output: folder for checkpoints and model; a checkpoint in it is resumed.
        start: as `starting_model` expects it.
        workers: processes that prepare batches.
        track: log to Weights & Biases.
        call_minutes: after which this call ends, checkpoint and model written; the next one goes on with the schedule.
        rounded: learn as integers compute the network.
    """

    data: Path
    output: Path
    start: str = "scale"
    workers: int = 1
    track: bool = False
    call_minutes: float | None = None
    rounded: bool = False

    def watchers(self) -> tuple[pl.Callback, ...]:
        """What follows the training for the wish's sake."""
        return () if self.call_minutes is None else (EndOfCall(self.call_minutes),)


def train(wish: Wish, hyper: LineHyperparameters, options: dict[str, Any]) -> dict[str, Any]:
    """Train on a data folder and write a model folder: weights, and a card with calibrated confidence.

    Args:
        wish: what to train on and where to.
        hyper: hyperparameters.
        options: of the Lightning Trainer.

    Returns:
        Model version and CER on the held-out writers, who chose the weights.

    Raises:
        BadManifest: see `find_corpora`.
        BadModel: the start cannot be loaded.
    """
    corpora, held = find_corpora(wish.data)
    model, charset = starting_model(wish.start, dropout=hyper.dropout)
    mixture = Mixture(corpora.sources(), charset, wider=HASTY.wider)
    wish.output.mkdir(parents=True, exist_ok=True)
    logger = WandbLogger(project="inkloop", save_dir=str(wish.output)) if wish.track else None
    int8 = Int8(activation_ranges(model.eval(), enough_of(corpora.lines))) if wish.rounded else None
    course = Course(mixture, held, hyper, wish.output, wish.workers, logger, wish.watchers(), int8=int8)
    error = fit(model, course, options)
    report = write_model(model, charset, corpora, held, wish.output) | {"held_out_cer": error}
    if logger is not None:
        files = [wish.output / name for name in (WEIGHTS, CARD, LANGUAGE, NEURAL)]
        log_model(logger, files, version=report["model"])
    return report


def log_model(logger: WandbLogger, files: Sequence[Path], *, version: str) -> None:
    """Keep a model's files as an artifact of the logger's run, and close the run."""
    import wandb

    artifact = wandb.Artifact("line-reader", type="model", metadata={"version": version})
    for file in files:
        artifact.add_file(str(file))
    logger.experiment.log_artifact(artifact)
    logger.experiment.finish()


def write_model(
    model: LineCTC, charset: Charset, corpora: Corpora, held: Sequence[LineTruth], output: Path
) -> dict[str, Any]:
    """Learn the language of the training texts, calibrate on held-out lines, quantise, write the model folder.

    Beside what it counts in them stands the shipped neural language model.
    """
    language = save_prior(Language.learn(corpora.language()), output) | {"neural": lend_neural(output)}
    runtime = OnnxRuntime(model.float().eval())
    prior = load_prior(output, charset, {"language": language})
    recogniser = LineRecogniser(runtime, charset, Calibration(), prior=prior)
    curves = asdict(calibrate(recogniser, held))
    ranges = activation_ranges(model.eval(), enough_of(corpora.lines))
    model.background = learn_background(model, ranges, corpora.lines)
    notes = {"calibration": curves, "language": language, "sources": corpora.describe(), "int8": ranges}
    return {"model": save_reader(model, charset, output, notes=notes)}

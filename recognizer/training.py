"""Train a line reader: from a model trained at scale, from our own weights, or from nothing.

One path for all of it, `fit`: Lightning, on whatever accelerator it finds, resumed from the last checkpoint in the
output folder, the averaged weights kept.
"""

import difflib
import inspect
import json
import logging
import pickle
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint, WeightAveraging
from pytorch_lightning.loggers import Logger, WandbLogger
from torch import Tensor

from recognizer.calibration import Calibration
from recognizer.charset import LATIN_V1, Charset
from recognizer.corpora import LineTruth, read_manifest
from recognizer.data import Corpora, LineDataModule, Mixture
from recognizer.evaluation import calibrate
from recognizer.held_out import hold_out
from recognizer.language import CharacterModel
from recognizer.language_prior import LanguagePrior
from recognizer.line_images import open_line
from recognizer.line_recogniser import LineRecogniser
from recognizer.lit_models import LineHyperparameters, LitLineCTC
from recognizer.models.line_ctc import LineCTC
from recognizer.pretrained import load_line_ctc, wheel_model
from recognizer.quantisation import ENOUGH_LINES, activation_ranges
from recognizer.runtimes import OnnxRuntime
from recognizer.weights_files import CARD, LANGUAGE, WEIGHTS, load_reader, save_prior, save_reader

log = logging.getLogger(__name__)

RECOGNISER = "PP-OCRv6_rec_small.onnx"
BEST, LAST = "best", "last"


def best_precision() -> str:
    """bf16 where the processor computes in it, else plain float32."""
    if torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "16-mixed"
    flags = Path("/proc/cpuinfo")
    return "bf16-mixed" if flags.exists() and "bf16" in flags.read_text() else "32-true"


def find_corpora(data: Path) -> tuple[Corpora, list[LineTruth]]:
    """What a data folder holds, and the lines of writers held out of its ``lines_train.jsonl``.

    Raises:
        BadManifest: there is no ``lines_train.jsonl``, or it breaks its format.
    """
    lines, held = hold_out(list(read_manifest(data / "lines_train.jsonl")), share=0.03)
    ink, fonts = data / "unipen_text.parquet", data / "fonts"
    corpora = Corpora(
        tuple(lines),
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


def fit(model: LineCTC, course: Course, options: dict[str, Any]) -> float:
    """Train ``model`` in place until its schedule ends; it ends as the best or last of its averaged weights.

    Args:
        model: where to begin.
        course: what to train on and how.
        options: of the Lightning Trainer, over `default_options`.

    Returns:
        CER on the validation lines, which chose the weights if the best are kept.
    """
    hyper = course.hyper
    pl.seed_everything(hyper.seed, workers=True, verbose=False)
    lit = LitLineCTC(model.train().to(memory_format=torch.channels_last), course.mixture.charset, hyper)  # type: ignore[call-overload]
    data = LineDataModule(
        course.mixture, course.validation, batch_size=hyper.batch_size, workers=course.workers, seed=hyper.seed
    )
    checkpoints = ModelCheckpoint(course.output, filename=BEST, monitor="val/cer", enable_version_counter=False)
    resumable = ModelCheckpoint(
        course.output, filename=LAST, every_n_train_steps=course.save_every_steps, enable_version_counter=False
    )
    averaging = EveryStepAveraging(avg_fn=partial(_average, hyper.ema_decay))
    own = default_options(hyper) | {"logger": course.logger or False, "default_root_dir": str(course.output)}
    trainer = pl.Trainer(**own | options | {"callbacks": [averaging, checkpoints, resumable, *course.watchers]})
    last = course.output / f"{LAST}.ckpt"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"You have overridden `transfer_batch|Checkpoint directory .* exists")
        trainer.fit(lit, data, ckpt_path=str(last) if is_whole(last) else None, weights_only=False)
    trainer.save_checkpoint(last)
    return _keep(trainer, lit, data, checkpoints if course.best else None)


def is_whole(checkpoint: Path) -> bool:
    """Whether a training can be resumed from a file; one that was cut short is removed and told."""
    if not checkpoint.exists():
        return False
    try:
        torch.load(checkpoint, map_location="cpu", weights_only=False)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError) as error:
        log.warning("%s is damaged (%s): the training begins anew.", checkpoint, str(error).splitlines()[0])
        checkpoint.unlink()
        return False
    return True


@dataclass(frozen=True)
class Wish:
    """What somebody asks of `train`.

    Attributes:
        data: folder as `find_corpora` expects it.
        output: folder for checkpoints and model; a checkpoint in it is resumed.
        start: as `starting_model` expects it.
        workers: processes that prepare batches.
        track: log to Weights & Biases.
    """

    data: Path
    output: Path
    start: str = "scale"
    workers: int = 1
    track: bool = False


def train(wish: Wish, hyper: LineHyperparameters, options: dict[str, Any]) -> dict[str, Any]:
    """Train on a data folder and write a model folder: weights, and a card with calibrated confidence.

    Args:
        wish: what to train on and where to.
        hyper: hyperparameters.
        options: of the Lightning Trainer.

    Returns:
        Model version and CER on the held-out writers, who chose the weights.
    """
    corpora, held = find_corpora(wish.data)
    model, charset = starting_model(wish.start, dropout=hyper.dropout)
    mixture = Mixture(corpora.sources(), charset)
    wish.output.mkdir(parents=True, exist_ok=True)
    logger = WandbLogger(project="inkloop", save_dir=str(wish.output)) if wish.track else None
    error = fit(model, Course(mixture, held, hyper, wish.output, workers=wish.workers, logger=logger), options)
    report = write_model(model, charset, corpora, held, wish.output) | {"held_out_cer": error}
    if logger is not None:
        files = [wish.output / name for name in (WEIGHTS, CARD, LANGUAGE)]
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
    """Learn the language of the training texts, calibrate on held-out lines, quantise, write the model folder."""
    known = CharacterModel.learn(corpora.language())
    language = save_prior(known, output)
    runtime = OnnxRuntime(model.float().eval())
    recogniser = LineRecogniser(runtime, charset, Calibration(), prior=LanguagePrior(known, charset))
    curves = asdict(calibrate(recogniser, held))
    some = corpora.lines[:: -(-len(corpora.lines) // ENOUGH_LINES)]
    ranges = activation_ranges(model, [open_line(row.image) for row in some])
    notes = {"calibration": curves, "language": language, "sources": corpora.describe(), "int8": ranges}
    return {"model": save_reader(model, charset, output, notes=notes)}


def trainer_options(words: Sequence[str]) -> dict[str, Any]:
    """``--name value`` pairs as options of the Lightning Trainer, each checked by name.

    Raises:
        ValueError: a name the Trainer does not have, or a value is missing.
    """
    known = [name for name in inspect.signature(pl.Trainer.__init__).parameters if name != "self"]
    options: dict[str, Any] = {}
    words = [part for word in words for part in (word.split("=", 1) if word.startswith("--") else [word])]
    for name, value in zip(words[::2], [*words[1::2], *([None] if len(words) % 2 else [])], strict=True):
        if not name.startswith("--") or name[2:] not in known:
            near = difflib.get_close_matches(name.lstrip("-"), known, 1)
            raise ValueError(f"{name} is no option of train or of the Trainer" + (f"; {near[0]}?" if near else ""))
        if value is None:
            raise ValueError(f"{name} needs a value")
        options[name[2:]] = _value(value)
    return options


def _value(word: str) -> Any:
    """A word as the number, truth value or null it spells, else as it stands."""
    try:
        return json.loads(word.lower() if word in ("True", "False", "None") else word)
    except ValueError:
        return word


class EveryStepAveraging(WeightAveraging):
    """Averages after every step, from the first."""

    def should_update(self, step_idx: int | None = None, epoch_idx: int | None = None) -> bool:
        """Whether to average now: after steps, not after epochs."""
        return step_idx is not None


def _average(decay: float, averaged: Tensor, current: Tensor, steps: Tensor | int) -> Tensor:
    """An exponential average whose memory grows with training, up to ``decay``."""
    reach = min(decay, (1 + float(steps)) / (10 + float(steps)))
    return averaged + (current - averaged) * (1 - reach)


def default_options(hyper: LineHyperparameters) -> dict[str, Any]:
    """Trainer options that suit these trainings; each can be overridden under its own name."""
    return {
        "precision": best_precision(),
        "max_epochs": -1,
        "val_check_interval": timedelta(minutes=max(0.25, (hyper.minutes or 60) / 8)),
        "check_val_every_n_epoch": None,
        "gradient_clip_val": 5.0,
        "log_every_n_steps": 20,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "num_sanity_val_steps": 0,
    }


def _keep(trainer: pl.Trainer, lit: LitLineCTC, data: LineDataModule, others: ModelCheckpoint | None) -> float:
    """Leave the final averaged weights, or the best checkpoint if that is better, in ``lit``; return the CER."""
    final = float(trainer.validate(lit, data, verbose=False)[0]["val/cer"])
    score = others.best_model_score if others else None
    if others is not None and score is not None and float(score) < final:
        lit.load_state_dict(torch.load(others.best_model_path, weights_only=False)["state_dict"])
        return float(score)
    return final

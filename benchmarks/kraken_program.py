"""kraken's side of ``make benchmark-kraken``: train as ``ketos train`` does, for a given time, and read lines.

    python -m benchmarks.kraken_program          which versions are there
    python -m benchmarks.kraken_program JOB      do a job

It runs in kraken's own environment, where nothing of Inkloop's is installed. ``ketos train`` ends after epochs and
not after minutes, so this builds what that command builds (configuration, data module, trainer) with kraken's own
defaults; what differs is in `train`.
"""

import sys
import warnings
from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.training_clock import TrainingClock
from benchmarks.training_job import HELD, PARTS, SCORED, TRAIN, Job, Result

UNUSED_OPERATORS = ("nms", "qnms")
SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def open_torchvision() -> None:
    """Import torchvision also beside a torch that its compiled part was not made for, a CPU one for instance.

    kraken uses none of its compiled operators, but two of them must have been declared before it can be imported.
    """
    try:
        import torchvision
    except RuntimeError:
        import torch

        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        declared = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        for operator in UNUSED_OPERATORS:
            declared.define(f"{operator}{SIGNATURE}")  # type: ignore[no-untyped-call]
        import torchvision

        torchvision.declared_operators = declared  # they live as long as the library does


def train(job: Job) -> tuple[Any, Result]:
    """Train with the defaults of ``ketos train -f path``; returns the network and, without texts, the result.

    Against those defaults: the training ends by the clock, a validation comes every eighth of it (an epoch may be
    longer than all of it), and lines are prepared in the same process, so that its processor time is all there is.
    """
    import torch
    from kraken.configs import VGSLRecognitionTrainingConfig, VGSLRecognitionTrainingDataConfig
    from kraken.train import VGSLRecognitionDataModule, VGSLRecognitionModel
    from lightning.pytorch import seed_everything
    from lightning.pytorch.callbacks import ModelCheckpoint

    torch.set_num_threads(1)
    seed_everything(job.seed)
    config = VGSLRecognitionTrainingConfig(quit="fixed", checkpoint_path=job.output)
    files = {"training_data": job.images(TRAIN), "evaluation_data": job.images(HELD)}
    data = VGSLRecognitionDataModule(VGSLRecognitionTrainingDataConfig(format_type="path", num_workers=0, **files))
    clock = _clock(60 * job.minutes)
    kept = ModelCheckpoint(job.output, filename="best", monitor="val_metric", mode="max")
    module = VGSLRecognitionModel(config)
    _trainer(config, [clock, kept], minutes=job.minutes).fit(module, data)  # at the end comes a last validation
    if kept.best_model_score is None:
        raise SystemExit("kraken's training ended without a validation. Give it more minutes.")
    module.load_state_dict(torch.load(kept.best_model_path, weights_only=False)["state_dict"])
    notes = {
        "network": config.spec,
        "precision": config.precision,
        "optimizer": f"{config.optimizer}, learning rate {config.lrate:g} throughout",
        "torch": version("torch"),
    }
    error, seen = 1 - float(kept.best_model_score), clock.steps * config.batch_size
    return module.net, Result(name(), "nothing", clock.seconds, clock.steps, seen, error, {}, notes)


def _clock(seconds: float) -> Any:
    """A callback that counts training time and ends the training when it is over."""
    from lightning.pytorch import Callback

    class Clock(TrainingClock, Callback):  # type: ignore[misc]
        def on_train_batch_end(self, trainer: Any, pl_module: Any, *about: Any) -> None:
            super().on_train_batch_end(trainer, pl_module, *about)
            trainer.should_stop = trainer.should_stop or self.seconds >= seconds

    return Clock()


def _trainer(config: Any, callbacks: list[Any], *, minutes: float) -> Any:
    """kraken's trainer on one core; what is said here and not by ``config`` is of `train`'s exceptions."""
    from kraken.train import KrakenTrainer

    return KrakenTrainer(
        accelerator="cpu",
        devices=1,
        precision=config.precision,
        max_epochs=-1,
        min_epochs=0,
        val_check_interval=timedelta(minutes=max(0.25, minutes / PARTS)),
        check_val_every_n_epoch=None,
        gradient_clip_val=config.gradient_clip_val,
        num_sanity_val_steps=0,
        enable_progress_bar=False,
        enable_summary=False,
        enable_model_summary=False,
        callbacks=callbacks,
    )


def read(network: Any, images: list[Path]) -> Iterator[str]:
    """How a network reads cropped lines: kraken's own way for a line that is a whole image, greedy decoding."""
    from kraken.configs import RecognitionInferenceConfig
    from kraken.containers import BBoxLine, Segmentation
    from kraken.lib.util import open_image
    from kraken.tasks import RecognitionTaskModel

    reader = RecognitionTaskModel([network.eval()])
    settings = RecognitionInferenceConfig(accelerator="cpu", device=1, num_line_workers=0)
    for image in images:
        with open_image(image) as opened:
            line = BBoxLine(id="line", bbox=(0, 0, *opened.size))
            page = Segmentation("bbox", str(image), "horizontal-lr", False, [line])
            yield "".join(found.prediction for found in reader.predict(opened, page, settings)).strip()


def name() -> str:
    """The program and its version."""
    return f"kraken {version('kraken')}"


def main() -> int:
    """The command; returns its exit code."""
    warnings.simplefilter("ignore")
    open_torchvision()
    if len(sys.argv) < 2:
        from kraken.train import VGSLRecognitionModel

        print(name(), VGSLRecognitionModel.__name__, "torch", version("torch"))
        return 0
    job = Job.load(Path(sys.argv[1]))
    network, made = train(job)
    made.texts["best path"] = list(read(network, job.images(SCORED)))
    made.keep(Path(job.output))
    return 0


if __name__ == "__main__":
    sys.exit(main())

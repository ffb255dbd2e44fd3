"""A Weights & Biases run for each training: curves, sample readings, where it came from. It never stops a training."""

import logging
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import WandbLogger

from flywheel.settings import ROOT, Settings

log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 10.0
PROJECT = "inkloop"


def open_run(settings: Settings, folder: Path, facts: Mapping[str, Any]) -> WandbLogger | None:
    """A run that logs into ``folder``, and to the server where the settings ask for it and it answers.

    Args:
        settings: whether and where.
        folder: for its files.
        facts: kept as the run's configuration; the commit of this code is added.

    Returns:
        None where trainings are not logged, or the run cannot be opened.
    """
    if settings.wandb == "off":
        return None
    modes = ("online", "offline") if settings.wandb == "online" else ("offline",)
    for mode in modes:
        run = _open(mode, folder, {**facts, "commit": commit()})
        if run is not None:
            return run
    return None


def close_run(run: WandbLogger | None, outcome: Mapping[str, Any], files: list[Path]) -> None:
    """Add what came of the training, and its model's files, and end the run."""
    import wandb

    if run is None:
        return
    try:
        run.experiment.summary.update(dict(outcome))
        if files:
            artifact = wandb.Artifact("line-reader", type="model", metadata=dict(outcome))
            for file in files:
                artifact.add_file(str(file))
            run.experiment.log_artifact(artifact)
        run.experiment.finish()
    except (wandb.Error, OSError) as error:
        log.warning("The training is done, but Weights & Biases lost the end of its run: %s", error)


def commit() -> str | None:
    """The commit of this code, where it is a git clone."""
    asked = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def _open(mode: str, folder: Path, facts: Mapping[str, Any]) -> WandbLogger | None:
    import wandb

    folder.mkdir(parents=True, exist_ok=True)
    quiet = wandb.Settings(init_timeout=ANSWER_WITHIN_S, silent=True, console="off")
    try:
        run = WandbLogger(project=PROJECT, save_dir=str(folder), mode=mode, config=dict(facts), settings=quiet)
        _ = run.experiment  # opens it
    except (wandb.Error, OSError) as error:
        log.warning("Weights & Biases cannot be reached (%s): the training is logged in %s.", error, folder)
        return None
    return run

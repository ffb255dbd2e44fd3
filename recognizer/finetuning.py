"""Adapt a reader to a hand from few lines, without forgetting the rest.

Lines of the new hand alternate with replayed ones, and every weight is pulled a little towards the parent. Some lines
are held out by page: they choose between the child's checkpoints and the parent, so nothing worse is ever kept.
"""

import hashlib
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger

from recognizer.charset import Charset
from recognizer.corpora import LineTruth, read_manifest
from recognizer.data import InkLines, LineSource, Mixture, RealLines, pooled_batches
from recognizer.errors import BadManifest
from recognizer.ink import InkBook
from recognizer.lit_models import LineHyperparameters, validation_cer
from recognizer.progress import Follower, Watch
from recognizer.training import Course, find_corpora, fit
from recognizer.weights_files import LANGUAGE, load_reader, save_reader

FEWEST_LINES = 2


@dataclass(frozen=True)
class FinetuneOptions:
    """How to adapt.

    Attributes:
        minutes: training time, without loading.
        learning_rate: peak.
        batch_size: lines of 672 px per step.
        replay_share: of the lines drawn, where there is replay.
        pull: towards the parent's weights, per step and unit of learning rate.
        held_out: share of the lines that choose the checkpoint.
        seed: of everything random.
    """

    minutes: float = 4.0
    learning_rate: float = 2.0e-4
    batch_size: int = 8
    replay_share: float = 0.5
    pull: float = 5.0
    held_out: float = 0.15
    seed: int = 1


@dataclass(frozen=True)
class Surroundings:
    """Where a fine-tuning runs and who looks on.

    Attributes:
        held: lines that choose the checkpoint; none: some of those given are held out.
        checkpoints: folder that it is resumed from; None: a passing one.
        watch: told about once a second how far it is; whatever it raises ends the training.
        logger: where curves and sample readings go.
        save_every_steps: how often it is kept, to be resumed from.
    """

    held: Sequence[LineTruth] = ()
    checkpoints: Path | None = None
    watch: Watch | None = None
    logger: Logger | None = None
    save_every_steps: int = 25


@dataclass(frozen=True)
class FinetuneReport:
    """What came of it. Both CERs are on the held-out lines that chose the weights, so the second one flatters.

    Attributes:
        lines: trained on.
        held_out: lines that chose.
        skipped: lines with no text or with characters outside the charset.
        replayed: whether other lines were replayed.
        cer_before: of the parent.
        cer_after: of what was kept.
        kept: ``child`` or ``parent``.
        model: version written.
        seconds: in all.
    """

    lines: int
    held_out: int
    skipped: int
    replayed: bool
    cer_before: float
    cer_after: float
    kept: str
    model: str
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The report as the command prints it."""
        return asdict(self)


def finetune(
    rows: Sequence[LineTruth],
    parent: Path,
    output: Path,
    replay: Sequence[tuple[LineSource, float]],
    options: FinetuneOptions,
    surroundings: Surroundings | None = None,
) -> FinetuneReport:
    """Train from the model in ``parent`` on ``rows``; write the better of child and parent into ``output``.

    Raises:
        BadManifest: fewer than two usable lines.
        BadModel: the parent cannot be loaded.
        NotAnImage: a line's image cannot be opened.
        Diverged: the loss is no number any more.
    """
    begun = time.monotonic()
    around = surroundings or Surroundings()
    model, charset, card = load_reader(parent)
    usable, choosing = (
        [row for row in some if row.text and not charset.unknown(row.text)] for some in (rows, around.held)
    )
    if len(usable) < FEWEST_LINES:
        raise BadManifest(f"Only {len(usable)} of {len(rows)} lines can be learnt from. Give at least {FEWEST_LINES}.")
    lines, held = (usable, choosing) if choosing else hold_out_pages(usable, share=options.held_out)
    before = validation_cer(model, pooled_batches(held, charset), charset)
    with tempfile.TemporaryDirectory(prefix="inkloop-finetune-") as passing:
        course = Course(
            _mixture(lines, replay, charset, options),
            held,
            _hyperparameters(options),
            around.checkpoints or Path(passing),
            workers=0,
            logger=around.logger,
            watchers=(Follower(around.watch, lines=len(lines)),) if around.watch else (),
            save_every_steps=around.save_every_steps,
        )
        after = fit(model, course, {})
    better = after < before
    if not better:
        model, _, _ = load_reader(parent)
    inherited = {key: value for key, value in card.items() if key in ("calibration", "language", "sources", "int8")}
    if "language" in card:
        output.mkdir(parents=True, exist_ok=True)
        (output / LANGUAGE).write_bytes((parent / LANGUAGE).read_bytes())
    version = save_reader(model, charset, output, notes=inherited | {"parent": card["version"]})
    return FinetuneReport(
        lines=len(lines),
        held_out=len(held),
        skipped=len(rows) - len(usable),
        replayed=bool(replay),
        cer_before=before,
        cer_after=min(after, before),
        kept="child" if better else "parent",
        model=version,
        seconds=time.monotonic() - begun,
    )


def hold_out_pages(rows: Sequence[LineTruth], *, share: float) -> tuple[list[LineTruth], list[LineTruth]]:
    """(training, held-out): whole pages until about ``share`` is held out; single lines where pages are few.

    Which is held out follows from a hash of the page's or image's name, not from the order of the rows.
    """
    pages = {str(row.extra.get("page") or "") for row in rows}
    by_page = len(pages) >= 1 / share
    groups: dict[str, list[LineTruth]] = defaultdict(list)
    for row in rows:
        groups[str(row.extra["page"]) if by_page and row.extra.get("page") else str(row.image)].append(row)
    held: list[LineTruth] = []
    kept: list[LineTruth] = []
    for name in sorted(groups, key=lambda name: hashlib.sha256(name.encode()).digest()):
        (held if len(held) < share * len(rows) else kept).extend(groups[name])
    return kept, held


def open_replay(paths: Sequence[Path]) -> list[tuple[LineSource, float]]:
    """Sources to replay and their shares, from files and folders.

    Args:
        paths: line manifests (``.jsonl``), UNIPEN tables (``.parquet``), data folders with ``lines_train.jsonl``.

    Raises:
        BadManifest: a path is none of these.
    """
    sources: list[tuple[LineSource, float]] = []
    for path in paths:
        if path.suffix == ".jsonl":
            sources.append((RealLines(list(read_manifest(path))), 1.0))
        elif path.suffix == ".parquet" and path.exists():
            sources.append((InkLines(InkBook(path, split="train")), 1.0))
        elif (path / "lines_train.jsonl").exists():
            sources += find_corpora(path)[0].sources()
        else:
            raise BadManifest(f"{path} cannot be replayed. Give a line manifest, a UNIPEN table or a data folder.")
    return sources


def _mixture(
    lines: Sequence[LineTruth],
    replay: Sequence[tuple[LineSource, float]],
    charset: Charset,
    options: FinetuneOptions,
) -> Mixture:
    """The new lines with their share, the replayed ones with theirs."""
    whole = sum(share for _, share in replay)
    replayed = [(source, options.replay_share * share / whole) for source, share in replay]
    return Mixture([(RealLines(lines, strength=0.8), 1 - options.replay_share), *replayed], charset)


def _hyperparameters(options: FinetuneOptions) -> LineHyperparameters:
    return LineHyperparameters(
        learning_rate=options.learning_rate,
        weight_decay=0.0,
        minutes=options.minutes,
        batch_size=options.batch_size,
        ema_decay=0.95,
        pull=options.pull,
        warm_up_steps=20,
        seed=options.seed,
    )

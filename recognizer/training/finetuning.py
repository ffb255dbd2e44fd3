"""Adapt a reader to a hand from few lines, without forgetting the rest.

Lines of the new hand alternate with replayed ones. What is learnt goes into a second network, which reads the hands
that it learnt and leaves all others to the common one; see `recognizer.models.hands`. Some lines are held out by page:
they choose how far to go from the parent towards the child, so nothing worse is ever kept; see
`recognizer.training.blending`. Lines that nobody transcribed teach too, as the parent reads them; see
`recognizer.training.pseudo_labels`.
"""

import copy
import math
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger

from recognizer.charset import Charset
from recognizer.corpora import LineTruth
from recognizer.datasets.batches import Mixture, RealLines, pooled_batches
from recognizer.datasets.held_out import hold_out_pages
from recognizer.datasets.replay import Replay
from recognizer.engines.int8_graph import Ranges
from recognizer.errors import BadManifest
from recognizer.model_card import inherited
from recognizer.models.hands import Hands
from recognizer.models.line_ctc import STROKES, LineCTC
from recognizer.training.blending import LOOKS, Judges, blend, weights_of
from recognizer.training.line_training import Course, fit
from recognizer.training.lit_models import LineHyperparameters
from recognizer.training.progress import Follower, Watch
from recognizer.training.pseudo_labels import pseudo_labelled
from recognizer.training.stroke_statistics import learn_directions
from recognizer.weights_files import copy_language, load_reader, save_reader

FEWEST_LINES = 2
MOST_HELD_OUT = 10  # where some of the lines given are held out
LEAST_TRAINING = 0.5  # of the minutes, however long the rest takes
MOST_HANDS = 32  # that are told apart
MOST_VISITS = 40  # of a line; more gain nothing, and few lines are learnt by heart
UNLABELLED_COUNT_AS = 16  # transcribed lines: together lines that nobody transcribed are drawn as often, at most
FARTHER, ENOUGH_UNLABELLED = 0.4, 64  # share of the second half of the way that is safe with so many of them
SPARE = 0.03  # of the minutes, for what cannot be foreseen


@dataclass(frozen=True)
class FinetuneOptions:
    """How to adapt.

    Attributes:
        minutes: at most, in all: opening, training, choosing how far to go; few lines are learnt sooner.
        learning_rate: peak.
        batch_size: lines of 672 px per step.
        replay_share: of the lines drawn, where there is replay.
        replay_share_beside: the same where other hands are left to the common network and real ones are replayed.
        frozen: blocks, from the first, that stay as they are: strokes are strokes in every hand.
        for_all: other hands are to be read as well as before; else only the new lines count.
        held_out: share of the lines that choose, at most `MOST_HELD_OUT`.
        seed: of everything random.
    """

    minutes: float = 4.0
    learning_rate: float = 3.0e-4
    batch_size: int = 8
    replay_share: float = 0.5
    replay_share_beside: float = 0.25
    frozen: int = STROKES
    for_all: bool = True
    held_out: float = 0.15
    seed: int = 1


@dataclass(frozen=True)
class Surroundings:
    """Where a fine-tuning runs and who looks on.

    Attributes:
        held: lines that choose; none: some of those given are held out.
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
        lines: trained on, as somebody transcribed them.
        unlabelled: trained on as the parent reads them, because nobody did.
        held_out: lines that chose.
        skipped: lines with characters outside the charset, and lines without a text that the parent was not sure of.
        replayed: whether other lines were replayed.
        cer_before: of the parent.
        cer_after: of what was kept.
        kept: ``child`` or ``parent``.
        share: how far from the parent towards the child.
        model: version written.
        seconds: in all.
    """

    lines: int
    unlabelled: int
    held_out: int
    skipped: int
    replayed: bool
    cer_before: float
    cer_after: float
    kept: str
    share: float
    model: str
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The report as the command prints it."""
        return asdict(self)


def finetune(
    rows: Sequence[LineTruth],
    parent: Path,
    output: Path,
    replay: Replay,
    options: FinetuneOptions,
    surroundings: Surroundings | None = None,
) -> FinetuneReport:
    """Train from the model in ``parent`` on ``rows``; write the best between parent and child into ``output``.

    Args:
        rows: lines to learn; one without a text is learnt as the parent reads it, if that is sure enough.
        parent: model folder.
        output: model folder to be made.
        replay: lines of old.
        options: how.
        surroundings: where, and who looks on.

    Raises:
        BadManifest: fewer than two usable lines with a text.
        BadModel: the parent cannot be loaded.
        NotAnImage: a line's image cannot be opened.
        Diverged: the loss is no number any more.
    """
    begun = time.monotonic()
    around = surroundings or Surroundings()
    model, charset, card = load_reader(parent)
    lines, held = _parts(rows, around.held, charset, options)
    unlabelled = pseudo_labelled([row for row in rows if not row.text], parent)
    judges = _judges(held, replay, charset, options)
    opened = time.monotonic()
    before = judges.assess(model)
    judging = LOOKS * (time.monotonic() - opened)
    learner, made = _learner(model, card.get("int8"), [*lines, *unlabelled], options.for_all)
    if made is not learner:
        judges = replace(judges, whole=made, farthest=_farthest(len(held), len(unlabelled)))
        options = _beside(options, replay)
    origin = weights_of(learner)
    left = 60 * options.minutes * (1 - SPARE) - (time.monotonic() - begun) - judging
    _train(learner, held, _Task(lines, unlabelled, charset, replay, _shortened(options, left), around))
    found = blend(learner, origin, judges, before)
    if not found.share:
        made, *_ = load_reader(parent)
    if "language" in card:
        copy_language(parent, output)
    version = save_reader(made, charset, output, notes=inherited(card))
    return FinetuneReport(
        lines=len(lines),
        unlabelled=len(unlabelled),
        held_out=len(held),
        skipped=len(rows) + len(around.held) - len(lines) - len(unlabelled) - len(held),
        replayed=bool(replay.sources),
        cer_before=before[0].cer,
        cer_after=found.cer,
        kept="child" if found.share else "parent",
        share=found.share,
        model=version,
        seconds=time.monotonic() - begun,
    )


def _learner(
    model: LineCTC, ranges: Ranges | None, lines: Sequence[LineTruth], for_all: bool
) -> tuple[LineCTC, LineCTC]:
    """The network that is to learn, and what will read: the common network with it, or it alone.

    Alone where only the new lines count, and where they are in so many hands that what they teach holds for all.
    """
    learner = model.hands.network if model.hands else model
    found = learn_directions(model, ranges, lines) if for_all and model.background is not None else None
    if found is None or len(found) > MOST_HANDS:
        learner.background = model.background
        return learner, learner
    learner = copy.deepcopy(learner)
    learner.background = None
    model.hands = Hands(learner, found)
    return learner, model


def _beside(options: FinetuneOptions, replay: Replay) -> FinetuneOptions:
    """The same for a network that stands beside the common one, whose first blocks are its own."""
    share = options.replay_share_beside if replay.in_real_hands else options.replay_share
    return replace(options, frozen=max(STROKES, options.frozen), replay_share=share)


def _farthest(held: int, unlabelled: int) -> float:
    """How far towards a child that stands beside the common network so many lines may choose to go: few cannot tell.

    Lines that nobody transcribed keep it from learning a few by heart, so that farther is safe.
    """
    safe = FARTHER * min(1.0, unlabelled / ENOUGH_UNLABELLED)
    return 0.5 + 0.5 * max(safe, min(1.0, held / MOST_HELD_OUT))


def _judges(held: Sequence[LineTruth], replay: Replay, charset: Charset, options: FinetuneOptions) -> Judges:
    chosen_by = pooled_batches(held, charset)
    if not options.for_all:
        return Judges(chosen_by, (), charset)
    return Judges(chosen_by, replay.watched_batches(charset), charset, replay.farthest)


def _parts(
    rows: Sequence[LineTruth], held: Sequence[LineTruth], charset: Charset, options: FinetuneOptions
) -> tuple[list[LineTruth], list[LineTruth]]:
    """(lines to train on, lines that choose), of those that can be learnt from."""
    usable, choosing = ([row for row in some if row.text and not charset.unknown(row.text)] for some in (rows, held))
    if len(usable) < FEWEST_LINES:
        raise BadManifest(f"Only {len(usable)} of {len(rows)} lines can be learnt from. Give at least {FEWEST_LINES}.")
    if choosing:
        return usable, choosing
    return hold_out_pages(usable, share=min(options.held_out, MOST_HELD_OUT / len(usable)))


def _shortened(options: FinetuneOptions, seconds: float) -> FinetuneOptions:
    """The same, with what is left of the time."""
    return replace(options, minutes=max(seconds / 60, LEAST_TRAINING * options.minutes))


@dataclass(frozen=True)
class _Task:
    """What a training needs."""

    lines: Sequence[LineTruth]
    unlabelled: Sequence[LineTruth]
    charset: Charset
    replay: Replay
    options: FinetuneOptions
    around: Surroundings

    @property
    def shares(self) -> tuple[float, float, float]:
        """Of all lines drawn: transcribed, not transcribed, replayed."""
        replayed = self.options.replay_share if self.replay.sources else 0.0
        drawn = min(UNLABELLED_COUNT_AS, len(self.unlabelled))
        unlabelled = drawn / (len(self.lines) + drawn)
        return (1 - replayed) * (1 - unlabelled), (1 - replayed) * unlabelled, replayed


def _train(model: LineCTC, held: Sequence[LineTruth], task: _Task) -> None:
    around = task.around
    with tempfile.TemporaryDirectory(prefix="inkloop-finetune-") as passing:
        course = Course(
            _mixture(task),
            held,
            _hyperparameters(task.options),
            around.checkpoints or Path(passing),
            workers=0,
            logger=around.logger,
            watchers=(Follower(around.watch, lines=len(task.lines) + len(task.unlabelled)),) if around.watch else (),
            save_every_steps=around.save_every_steps,
            best=False,
        )
        model.freeze(task.options.frozen)
        fit(model, course, {"max_steps": _most_steps(task)})


def _most_steps(task: _Task) -> int:
    """In which each transcribed line is seen `MOST_VISITS` times; less often where others come between."""
    own, unlabelled, _ = task.shares
    visits = MOST_VISITS * (1 - 0.5 * unlabelled / (own + unlabelled))
    return math.ceil(visits * len(task.lines) / (own * task.options.batch_size))


def _mixture(task: _Task) -> Mixture:
    """The new lines with their share, those that nobody transcribed with theirs, the replayed ones with theirs."""
    own, unlabelled, replayed = task.shares
    new = [(RealLines(task.lines, strength=0.8), own)]
    if task.unlabelled:
        new.append((RealLines(task.unlabelled, strength=0.8), unlabelled))
    whole = sum(share for _, share in task.replay.sources)
    old = [(source, replayed * part / whole) for source, part in task.replay.sources]
    return Mixture([*new, *old], task.charset)


def _hyperparameters(options: FinetuneOptions) -> LineHyperparameters:
    return LineHyperparameters(
        learning_rate=options.learning_rate,
        weight_decay=0.0,
        minutes=options.minutes,
        batch_size=options.batch_size,
        ema_decay=0.98,
        warm_up_steps=20,
        seed=options.seed,
        hasty_steps=0,
    )

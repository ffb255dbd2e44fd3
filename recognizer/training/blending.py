"""Part of the way from a parent to its child: most of what was learnt, little forgotten.

Fine-tuned weights and those they began from lie in one basin: between them the new hand is read nearly as well as at
the child's end, and the old ones nearly as well as at the parent's. How far to go is measured: as far as serves the
lines that choose, and no farther than the watched lines of old bear.

Source: Wortsman et al. 2022, https://arxiv.org/abs/2109.01903 (WiSE-FT).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from recognizer.charset import Charset
from recognizer.datasets.batches import Batch
from recognizer.models.line_ctc import LineCTC
from recognizer.training.lit_models import Assessment, assess

MOST = 0.9  # of the child; beyond it something is forgotten for nothing
LOOKS = 5  # at shares between parent and child
FIRST, STEP = 0.6, 0.25  # of the way allowed: where to look first, and how far from there next; then half as far
FORGETS = 0.08  # by how much of itself the loss on the watched lines may rise
ALIKE = 0.01  # of a loss: what ten lines cannot tell apart
Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Judges:
    """The lines that say how far to go.

    Attributes:
        chosen_by: lines of the new hand that trained nothing.
        watched: lines of old that trained nothing; there may be none.
        charset: of the network.
        farthest: share of the child beyond which they cannot tell.
        whole: what the network that is judged is a part of, and is read by; None: it is read alone.
    """

    chosen_by: Sequence[Batch]
    watched: Sequence[Batch]
    charset: Charset
    farthest: float = 1.0
    whole: LineCTC | None = None

    def assess(self, model: LineCTC) -> tuple[Assessment, float]:
        """How the lines that choose are read, and the loss on the watched ones."""
        whole = self.whole or model
        watched = assess(whole, self.watched, self.charset).loss if self.watched else 0.0
        return assess(whole, self.chosen_by, self.charset), watched


@dataclass(frozen=True)
class Blend:
    """What was found between parent and child.

    Attributes:
        share: of the child; 0: the parent.
        cer: on the lines that choose.
    """

    share: float
    cer: float


def weights_of(model: LineCTC) -> dict[str, Tensor]:
    """A copy of a network's weights."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def blend(model: LineCTC, parent: Weights, judges: Judges, before: tuple[Assessment, float]) -> Blend:
    """Leave in ``model``, which is the child, the best of what lies between it and its parent.

    Of `LOOKS` shares, each farther than the last where that one forgot no more than `FORGETS` and served the lines that
    choose best, else nearer: the largest whose loss on these lines is the lowest or `ALIKE`; the parent where none of
    them has a lower loss than the parent, at no higher CER.

    Args:
        model: the child; changed in place.
        parent: its weights.
        judges: who decide.
        before: what they say of the parent.
    """
    child = weights_of(model)
    chosen, watched_before = before
    found: dict[float, Assessment] = {}
    lowest, whole = chosen.loss, min(judges.farthest, MOST)
    share, step = FIRST * whole, STEP * whole
    for _ in range(LOOKS):
        if share in found:
            break  # as far as is allowed, and looked at there already
        model.load_state_dict(_between(parent, child, share))
        said, watched = judges.assess(model)
        serves = said.loss < chosen.loss and said.cer <= chosen.cer and watched <= watched_before * (1 + FORGETS)
        if serves:
            found[share] = said
        farther = serves and said.loss <= lowest * (1 + ALIKE)
        lowest = min(lowest, said.loss) if serves else lowest
        share = min(whole, share + step) if farther else share - step
        step /= 2
    share = max((share for share, said in found.items() if said.loss <= lowest * (1 + ALIKE)), default=0.0)
    model.load_state_dict(_between(parent, child, share))
    return Blend(round(share, 4), found[share].cer if share else chosen.cer)


def _between(parent: Weights, child: Weights, share: float) -> dict[str, Tensor]:
    return {name: value.lerp(child[name], share) for name, value in parent.items()}

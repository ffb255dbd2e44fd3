"""Hands learnt later: a second network beside the common one, and what tells whose lines it is to read.

A network this small cannot learn a hand without reading others worse. So the common one stays as it is, what was
learnt goes into a second one, and each line is read by whichever knows its hand, from the first blocks on, which they
share. Hands are told apart by the means of these blocks' channels over the line: how thick, slanted, high and dense its
strokes are. Seen against how such means vary from hand to hand in the lines of the training, a few lines of a hand give
a direction (Fisher's discriminant). Lines of one page are most likely in one hand: where several of them are read
together, their mean decides, and a line has to be far from it to be taken for another's.

Source: Fisher 1936, https://doi.org/10.1111/j.1469-1809.1936.tb02137.x
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from recognizer.models.line_ctc import LineCTC

SURE = 2.2  # standard deviations from the lines of the training, along a hand's direction
ON_PAGES = (1.4, 2.4), (3.5, 1.0)  # the same for lines of pages whose mean is so far along, and between them
SHRINKAGE = 0.2  # of the correlations between channels
ALIKE = 0.65  # cosine from which two directions are one hand's


class Background(nn.Module):
    """How strokes vary over the lines of the training.

    Args:
        channels: whose means are looked at.
    """

    mean: Tensor
    whitening: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("whitening", torch.eye(channels))

    @classmethod
    def of(cls, strokes: Tensor) -> "Background":
        """Learn it.

        Args:
            strokes: (lines, channels), the means of each line, in each way it may be read.
        """
        found = cls(strokes.shape[1])
        mean, spread = strokes.double().mean(0), strokes.double().std(0, correction=0).clamp(min=1e-6)
        apart = (strokes.double() - mean) / spread
        covariance = apart.T @ apart / len(strokes)
        unit = torch.eye(len(mean), dtype=torch.double)
        values, vectors = torch.linalg.eigh((1 - SHRINKAGE) * covariance + SHRINKAGE * unit)
        found.mean = mean.float()
        found.whitening = (vectors / values.sqrt() / spread[:, None]).float()
        return found

    def seen(self, strokes: Tensor) -> Tensor:
        """(lines, channels) as they are to (lines, channels) in standard deviations, none correlated with another."""
        return (strokes - self.mean) @ self.whitening


class Hands(nn.Module):
    """The network that learnt some hands, and how to know them.

    Args:
        network: reads their lines; its first blocks, the common network's, are left as they are and never asked.
        directions: (hands, channels), unit vectors in what `Background.seen` gives.
    """

    network: "LineCTC"
    directions: Tensor

    def __init__(self, network: "LineCTC", directions: Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("directions", directions)

    def far(self, seen: Tensor) -> Tensor:
        """How far each line lies along the direction of the hand that it is likest, (lines,) standard deviations.

        Args:
            seen: (lines, channels), of `Background.seen`.
        """
        return (seen @ self.directions.T).amax(dim=1)


def bar_of_page(far: Sequence[float]) -> float:
    """How far along a hand's direction a line of a page has to lie to be in that hand, given how far its lines do."""
    return float(np.interp(np.mean(far), *ON_PAGES))


def directions(hands: Iterable[Tensor]) -> Tensor:
    """Where each hand lies, (hands, channels) unit vectors; groups of lines that lie alike are one hand.

    Args:
        hands: of each group (lines, channels), of `Background.seen`; the first ones name a hand that others share.
    """
    sums: list[Tensor] = []
    for lines in hands:
        whole = lines.sum(dim=0)
        alike = [torch.cosine_similarity(whole, other, dim=0).item() for other in sums]
        if alike and max(alike) > ALIKE:
            sums[alike.index(max(alike))] += whole
        else:
            sums.append(whole)
    return nn.functional.normalize(torch.stack(sums), dim=1)

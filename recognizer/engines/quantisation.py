"""What values the layers of a network take: the one thing that integers need to know and weights do not tell.

For each layer the mean, over lines, of a line's least and largest value. A rare outlier is cut off rather than let it
coarsen the steps for everything else.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import numpy as np
import torch
from torch import Tensor, nn

from recognizer.corpora import LineTruth
from recognizer.line_images import Grey, open_line, stack, to_height
from recognizer.models.line_ctc import HEIGHT_PX, Block, LineCTC, Shrink

ENOUGH_LINES = 96  # more change nothing
Span = tuple[float, float]


def activation_ranges(model: LineCTC, images: Sequence[Grey]) -> dict[str, Span]:
    """Least and largest value at each layer that `recognizer.engines.int8_graph` rounds.

    Args:
        model: the network, in float32.
        images: line crops (H, W) like those it will read.
    """
    spans: dict[str, list[Span]] = defaultdict(list)
    with ExitStack() as watching, torch.inference_mode():
        for layer, module, entering in rounded_layers(model):
            watching.callback(module.register_forward_hook(_watch(spans[layer], entering=entering)).remove)
        for image in images:
            model.tell(model.see(stack([to_height(image, HEIGHT_PX)], step_px=32)))
    means = {layer: np.mean(found, axis=0) for layer, found in spans.items()}
    return {layer: (round(float(low), 4), round(float(high), 4)) for layer, (low, high) in means.items()}


def enough_of(rows: Sequence[LineTruth]) -> list[Grey]:
    """The images of about `ENOUGH_LINES` of the lines, spread over all of them."""
    return [open_line(row.image) for row in rows[:: -(-len(rows) // ENOUGH_LINES)]]


def rounded_layers(model: LineCTC) -> list[tuple[str, nn.Module, bool]]:
    """Each layer that integers round, its module, and whether its values enter that module or leave it."""
    stem = model.stem
    layers: list[tuple[str, nn.Module, bool]] = [
        ("images", stem.first, True),
        ("stem.first", stem.narrow, True),
        ("stem.narrow", stem.widen, True),
        ("stem.joined", stem.second, True),
        ("stem.second", stem.project, True),
        ("stem", model.stem, False),
    ]
    for number, block in enumerate(model.blocks):
        assert isinstance(block, Block | Shrink)
        name = f"blocks.{number}"
        layers += [(f"{name}.space", block.space, False), (f"{name}.expand", block.expand, False)]
        if isinstance(block, Block):
            layers += [(f"{name}.gate", block.gate, False), (f"{name}.contract", block.contract, False)]
        layers += [(f"{name}.bent", block.bend, False), (name, block, False)]
    return layers


def _watch(spans: list[Span], *, entering: bool) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
    def hook(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        low, high = (inputs[0] if entering else output).aminmax()
        spans.append((float(low), float(high)))

    return hook

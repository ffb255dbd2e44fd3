"""The reader's convolutions in 8-bit integers, as ONNX Runtime multiplies them: four times as many at once.

Only processors with instructions for it gain, and only there it is used (`recognizer.engines.runtimes.largest_weight`).
Weights are rounded channel by channel when the graph is built, from the same safetensors as ever; what values the
layers take between them has to be known beforehand, and stands in the model's card (`recognizer.engines.quantisation`).
Sums are whole numbers and exact, so a line reads the same in any batch. Values lie as (B, H, W, C), which those
instructions want.

Source: Jacob et al. 2018, https://arxiv.org/abs/1712.05877.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from torch import nn

from recognizer.engines.graph import Graph
from recognizer.errors import BadModel
from recognizer.models.line_ctc import STROKES, Block, LineCTC, Shrink, SqueezeExcitation, Stem

Ranges = Mapping[str, tuple[float, float]]
LEVELS = 255
SHARE = 1 / LEVELS, 0  # step and zero of values from 0 to 1
GELU_SLOPE = 1.702


@dataclass(frozen=True)
class Int8:
    """How a network's values and weights are rounded.

    Attributes:
        ranges: least and largest value at each layer; see `recognizer.engines.quantisation.activation_ranges`.
        largest: whole number that stands for a channel's largest weight.
    """

    ranges: Ranges
    largest: int = 127


@dataclass(frozen=True)
class Rounded:
    """Values in the graph as whole numbers: (number - zero) · step."""

    name: str
    step: float
    zero: int


def scale_of(ranges: Ranges, layer: str) -> tuple[float, int]:
    """Size of a layer's step, and the number that stands for 0, which the numbers always hold.

    Raises:
        BadModel: nothing is known of the layer.
    """
    if layer not in ranges:
        raise BadModel(
            f"The card's int8 entry does not know the layer {layer}: another version wrote it. "
            "Run python -m recognizer quantise, or remove the entry."
        )
    low, high = min(ranges[layer][0], 0.0), max(ranges[layer][1], 0.0)
    step = float(np.float32(max(high - low, 1e-6) / LEVELS))
    return step, round(-low / step)


class Rounding:
    """Adds integer nodes to a graph.

    Args:
        graph: to add to.
        int8: how values and weights are rounded.
    """

    def __init__(self, graph: Graph, int8: Int8) -> None:
        self._graph = graph
        self._ranges, self._largest = int8.ranges, int8.largest

    def round(self, x: str, layer: str) -> Rounded:
        """Floats to whole numbers."""
        step, zero = scale_of(self._ranges, layer)
        return Rounded(self._graph.op("QuantizeLinear", x, *self._constants(step, zero)), step, zero)

    def widen(self, x: Rounded) -> str:
        """Whole numbers to floats."""
        return self._graph.op("DequantizeLinear", x.name, *self._constants(x.step, x.zero))

    def conv(self, x: Rounded, module: nn.Conv2d, layer: str, *, pads: list[int] | None = None) -> Rounded:
        """A convolution; a range that begins at 0 makes it end in a ReLU."""
        weight, steps = _round_weight(module.weight.detach().numpy(), self._largest)
        assert module.bias is not None
        bias = np.rint(module.bias.detach().numpy() / (x.step * steps)).astype(np.int32)
        step, zero = scale_of(self._ranges, layer)
        vertical, horizontal = (int(p) for p in module.padding)
        output = self._graph.op(
            "QLinearConv",
            x.name,
            *self._constants(x.step, x.zero),
            *(self._graph.constant(values) for values in (weight, steps, np.zeros(len(weight), np.int8))),
            *self._constants(step, zero),
            self._graph.constant(bias),
            domain="com.microsoft",
            channels_last=1,
            group=module.groups,
            kernel_shape=list(module.kernel_size),
            strides=list(module.stride),
            pads=pads or [vertical, horizontal, vertical, horizontal],
        )
        return Rounded(output, step, zero)

    def join(self, one: Rounded, other: Rounded, layer: str, *, kind: str) -> Rounded:
        """``QLinearAdd``, or ``QLinearConcat`` of the channels."""
        step, zero = scale_of(self._ranges, layer)
        terms = [(x.name, *self._constants(x.step, x.zero)) for x in (one, other)]
        ends = self._constants(step, zero)
        inputs, axis = ((*terms[0], *terms[1], *ends), {})
        if kind == "QLinearConcat":
            inputs, axis = ((*ends, *terms[0], *terms[1]), {"axis": 3})
        return Rounded(self._graph.op(kind, *inputs, domain="com.microsoft", **axis), step, zero)

    def scale(self, x: Rounded, shares: str, layer: str) -> Rounded:
        """Values times floats in [0, 1]."""
        return self._product(x, self._graph.op("QuantizeLinear", shares, *self._constants(*SHARE)), layer)

    def gelu(self, x: Rounded, layer: str) -> Rounded:
        """x · sigmoid(1.702 x), a table and products: off GELU by 0.02 at most, one or two steps of what comes out.

        Source: Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415.
        """
        gate = self._graph.op(
            "QLinearSigmoid",
            x.name,
            *self._constants(float(np.float32(GELU_SLOPE * x.step)), x.zero),
            *self._constants(*SHARE),
            domain="com.microsoft",
        )
        return self._product(x, gate, layer)

    def _product(self, x: Rounded, share: str, layer: str) -> Rounded:
        step, zero = scale_of(self._ranges, layer)
        terms = (x.name, *self._constants(x.step, x.zero), share, *self._constants(*SHARE))
        output = self._graph.op("QLinearMul", *terms, *self._constants(step, zero), domain="com.microsoft")
        return Rounded(output, step, zero)

    def _constants(self, step: float, zero: int) -> tuple[str, str]:
        return self._graph.constant(np.array(step, np.float32)), self._graph.constant(np.array(zero, np.uint8))


def see(graph: Graph, model: LineCTC, images: str, int8: Int8) -> tuple[str, str]:
    """Images (B, 1, H, W) to what `LineCTC.see` gives, whole numbers (B, H / 8, W / 4, 192), and its means (B, 192)."""
    ints = Rounding(graph, int8)
    x = _blocks(graph, ints, model, range(STROKES), _stem(graph, ints, model.stem, images))
    return x.name, graph.op("Squeeze", _means(graph, x), graph.constant(np.array([1, 2], np.int64)))


def features(graph: Graph, model: LineCTC, seen: str, int8: Int8) -> str:
    """What `see` gives through the other blocks: floats (B, C, H / 16, W / 4)."""
    ints = Rounding(graph, int8)
    x = Rounded(seen, *scale_of(int8.ranges, f"blocks.{STROKES - 1}"))
    x = _blocks(graph, ints, model, range(STROKES, len(model.blocks)), x)
    return graph.op("Transpose", ints.widen(x), perm=[0, 3, 1, 2])


def _blocks(graph: Graph, ints: Rounding, model: LineCTC, numbers: Iterable[int], x: Rounded) -> Rounded:
    for number in numbers:
        block = model.blocks[number]
        assert isinstance(block, Block | Shrink)
        x = _block(graph, ints, block, x, f"blocks.{number}")
    return x


def _stem(graph: Graph, ints: Rounding, module: Stem, images: str) -> Rounded:
    columns = graph.op("Transpose", images, perm=[0, 2, 3, 1])
    first = ints.conv(ints.round(columns, "images"), module.first, "stem.first")
    narrow = ints.conv(first, module.narrow, "stem.narrow", pads=[0, 0, 1, 1])
    wide = ints.conv(narrow, module.widen, "stem.joined", pads=[0, 0, 1, 1])
    pool = graph.op(
        "NhwcMaxPool", first.name, domain="com.microsoft", kernel_shape=[2, 2], strides=[1, 1], pads=[0, 0, 1, 1]
    )
    joined = ints.join(Rounded(pool, first.step, first.zero), wide, "stem.joined", kind="QLinearConcat")
    return ints.conv(ints.conv(joined, module.second, "stem.second"), module.project, "stem")


def _block(graph: Graph, ints: Rounding, module: Block | Shrink, x: Rounded, name: str) -> Rounded:
    x = ints.conv(x, module.space, f"{name}.space")
    if isinstance(module, Block) and isinstance(module.gate, SqueezeExcitation):
        x = ints.scale(x, _gate(graph, module.gate, x), f"{name}.gate")
    bent = ints.gelu(ints.conv(x, module.expand, f"{name}.expand"), f"{name}.bent")
    if isinstance(module, Shrink):
        return ints.conv(bent, module.mix, name)
    return ints.join(x, ints.conv(bent, module.contract, f"{name}.contract"), name, kind="QLinearAdd")


def _gate(graph: Graph, gate: SqueezeExcitation, x: Rounded) -> str:
    """Squeeze-excitation's share of each channel, floats (B, 1, 1, C) in [0, 1]: too few numbers to be worth rounding.

    A dense layer would add up a batch of one in another order than a convolution does.
    """
    opened = graph.op("Relu", graph.conv(graph.op("Transpose", _means(graph, x), perm=[0, 3, 1, 2]), gate.squeeze))
    share = graph.op("HardSigmoid", graph.conv(opened, gate.excite), alpha=1 / 6, beta=0.5)
    return graph.op("Transpose", share, perm=[0, 2, 3, 1])


def _means(graph: Graph, x: Rounded) -> str:
    """The mean of each channel over the line, floats (B, 1, 1, C).

    They must be the same in any batch, or a value beside the edge of a step rounds the other way. Sums of whole numbers
    are exact in any order.
    """
    whole = graph.op("Cast", x.name, to=TensorProto.FLOAT)
    mean = graph.op("ReduceMean", whole, graph.constant(np.array([1, 2], np.int64)), keepdims=1)
    centred = graph.op("Sub", mean, graph.constant(np.array(x.zero, np.float32)))
    return graph.op("Mul", centred, graph.constant(np.array(x.step, np.float32)))


def _round_weight(weight: NDArray[np.float32], largest: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Whole numbers up to ``largest`` and down to as far below 0, and the step of each output channel."""
    steps = np.maximum(np.abs(weight).reshape(len(weight), -1).max(axis=1) / largest, 1e-9).astype(np.float32)
    return np.rint(weight / steps[:, None, None, None]).astype(np.int8), steps

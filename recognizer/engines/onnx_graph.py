"""The reader's network as two ONNX graphs, built from its weights in memory: on a CPU they read faster than torch.

One sees strokes, one tells what they say; a network that learnt hands later is another of the second kind. There is one
set of weights, the safetensors file; the graphs are derived at load and proven equal by a test.
"""

from collections.abc import Iterable

import numpy as np
from torch import nn

from recognizer.engines import int8_graph
from recognizer.engines.graph import Graph
from recognizer.engines.int8_graph import Int8
from recognizer.models.line_ctc import STROKES, Attention, Block, LineCTC, Neck, Shrink, SqueezeExcitation, Stem


def seeing_graph(model: LineCTC, int8: Int8 | None = None) -> bytes:
    """A serialised ONNX model of `LineCTC.see`.

    ``images`` (B, 1, H, W) float32 to ``seen``, for `telling_graph`, and ``strokes`` (B, 192), as `LineCTC.knows` takes
    them. What is seen are floats (B, 192, H / 8, W / 4), or whole numbers (B, H / 8, W / 4, 192).

    Args:
        model: the network.
        int8: how its convolutions are rounded to integers; None: they are not.
    """
    graph = Graph()
    if int8 is not None:
        seen, means = int8_graph.see(graph, model, "images", int8)
    else:
        seen = _blocks(graph, list(model.blocks)[:STROKES], _stem(graph, model.stem, "images"))
        means = graph.op("ReduceMean", seen, graph.constant(np.array([2, 3], np.int64)), keepdims=0)
    whole = () if int8 is None else ("seen",)
    return graph.serialise({"images": ["batch", 1, "height", "width"]}, {"seen": seen, "strokes": means}, whole=whole)


def telling_graph(model: LineCTC, int8: Int8 | None = None) -> bytes:
    """A serialised ONNX model of `LineCTC.tell`: ``seen`` to ``logits`` (B, W / 8, C) float32.

    Args:
        model: the network; that of hands learnt later is another graph.
        int8: as of the graph that saw.
    """
    graph = Graph()
    if int8 is not None:
        x = int8_graph.features(graph, model, "seen", int8)
    else:
        x = _blocks(graph, list(model.blocks)[STROKES:], "seen")
    x = graph.op("ReduceMean", x, graph.constant(np.array([2], np.int64)), keepdims=1)
    x = graph.op("AveragePool", x, kernel_shape=[1, 2], strides=[1, 2])
    logits = graph.linear(_neck(graph, model.neck, x), model.head)
    first = model.blocks[STROKES]
    assert isinstance(first, Block | Shrink)
    channels, area = first.space.in_channels, ("height", "width")
    shape = ("batch", channels, *area) if int8 is None else ("batch", *area, channels)
    return graph.serialise({"seen": shape}, {"logits": logits}, whole=() if int8 is None else ("seen",))


def _blocks(graph: Graph, blocks: Iterable[nn.Module], x: str) -> str:
    for block in blocks:
        assert isinstance(block, Block | Shrink)
        x = _block(graph, block, x) if isinstance(block, Block) else _shrink(graph, block, x)
    return x


def _stem(graph: Graph, stem: Stem, images: str) -> str:
    first = graph.op("Relu", graph.conv(images, stem.first))
    narrow = graph.op("Relu", graph.conv(first, stem.narrow, pads=[0, 0, 1, 1]))
    wide = graph.op("Relu", graph.conv(narrow, stem.widen, pads=[0, 0, 1, 1]))
    pooled = graph.op("MaxPool", first, kernel_shape=[2, 2], strides=[1, 1], pads=[0, 0, 1, 1])
    second = graph.op("Relu", graph.conv(graph.op("Concat", pooled, wide, axis=1), stem.second))
    return graph.op("Relu", graph.conv(second, stem.project))


def _block(graph: Graph, block: Block, x: str) -> str:
    x = graph.conv(x, block.space)
    if isinstance(block.gate, SqueezeExcitation):
        mean = graph.op("GlobalAveragePool", x)
        gate = graph.conv(graph.op("Relu", graph.conv(mean, block.gate.squeeze)), block.gate.excite)
        x = graph.op("Mul", x, graph.op("HardSigmoid", gate, alpha=1 / 6, beta=0.5))
    return graph.op("Add", x, graph.conv(graph.op("Gelu", graph.conv(x, block.expand)), block.contract))


def _shrink(graph: Graph, shrink: Shrink, x: str) -> str:
    return graph.conv(graph.op("Gelu", graph.conv(graph.conv(x, shrink.space), shrink.expand)), shrink.mix)


def _neck(graph: Graph, neck: Neck, features: str) -> str:
    bypass = graph.silu(graph.conv(features, neck.bypass))
    x = graph.silu(graph.conv(features, neck.reduce))
    x = graph.op("Add", x, graph.silu(graph.conv(x, neck.local)))
    x = _sequence(graph, x)
    for layer in neck.attention:
        assert isinstance(layer, Attention)
        x = _attention(graph, layer, x)
    return graph.op("Add", graph.norm(x, neck.norm), _sequence(graph, bypass))


def _sequence(graph: Graph, x: str) -> str:
    """(B, C, 1, T) to (B, T, C)."""
    squeezed = graph.op("Squeeze", x, graph.constant(np.array([2], np.int64)))
    return graph.op("Transpose", squeezed, perm=[0, 2, 1])


def _attention(graph: Graph, layer: Attention, x: str) -> str:
    width = layer.mix.in_features
    split = graph.constant(np.array([0, 0, 3, layer.heads, width // layer.heads], np.int64))
    qkv = graph.op("Reshape", graph.linear(graph.norm(x, layer.norm_mix), layer.qkv), split)
    parts = [graph.op("Gather", qkv, graph.constant(np.array(i, np.int64)), axis=2) for i in range(3)]
    scale = graph.constant(np.array((width / layer.heads) ** -0.5, np.float32))
    q = graph.op("Mul", graph.op("Transpose", parts[0], perm=[0, 2, 1, 3]), scale)
    k = graph.op("Transpose", parts[1], perm=[0, 2, 3, 1])
    v = graph.op("Transpose", parts[2], perm=[0, 2, 1, 3])
    mixed = graph.op("MatMul", graph.op("Softmax", graph.op("MatMul", q, k), axis=-1), v)
    merge = graph.constant(np.array([0, 0, width], np.int64))
    merged = graph.op("Reshape", graph.op("Transpose", mixed, perm=[0, 2, 1, 3]), merge)
    x = graph.op("Add", x, graph.linear(merged, layer.mix))
    fed = graph.silu(graph.linear(graph.norm(x, layer.norm_feed), layer.feed_in))
    return graph.op("Add", x, graph.linear(fed, layer.feed_out))

"""The reader's network as an ONNX graph, built from its weights in memory: on a CPU it reads faster than torch.

There is one set of weights, the safetensors file; the graph is derived at load and proven equal by a test.
"""

import numpy as np

from recognizer.engines import int8_graph
from recognizer.engines.graph import Graph
from recognizer.engines.int8_graph import Int8
from recognizer.models.line_ctc import STROKES, Attention, Block, LineCTC, Neck, Shrink, SqueezeExcitation, Stem


def line_ctc_graph(model: LineCTC, int8: Int8 | None = None, *, strokes: bool = False) -> bytes:
    """A serialised ONNX model: ``images`` (B, 1, H, W) float32 to ``logits`` (B, W / 8, C) float32.

    Args:
        model: the network; that of hands learnt later is another graph.
        int8: how its convolutions are rounded to integers; None: they are not.
        strokes: also tell ``strokes``, (B, 192) as `LineCTC.knows` takes them.
    """
    graph = Graph()
    x, means = _features(graph, model, int8)
    x = graph.op("ReduceMean", x, graph.constant(np.array([2], np.int64)), keepdims=1)
    x = graph.op("AveragePool", x, kernel_shape=[1, 2], strides=[1, 2])
    logits = graph.linear(_neck(graph, model.neck, x), model.head)
    told = {"logits": logits, "strokes": means} if strokes else {"logits": logits}
    return graph.serialise(["batch", 1, "height", "width"], told)


def _features(graph: Graph, model: LineCTC, int8: Int8 | None) -> tuple[str, str]:
    """Stem and blocks, and what `LineCTC.knows` asks for."""
    if int8 is not None:
        return int8_graph.features(graph, model, "images", int8)
    x = seen = _stem(graph, model.stem, "images")
    for number, block in enumerate(model.blocks):
        assert isinstance(block, Block | Shrink)
        x = _block(graph, block, x) if isinstance(block, Block) else _shrink(graph, block, x)
        seen = x if number < STROKES else seen
    return x, graph.op("ReduceMean", seen, graph.constant(np.array([2, 3], np.int64)), keepdims=0)


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

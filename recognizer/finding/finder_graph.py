"""The line finder's network as an ONNX graph, built from its weights in memory: on a CPU it finds faster than torch.

There is one set of weights, the safetensors file; the graph is derived at load and proven equal by a test.
"""

import numpy as np
from torch import nn

from recognizer.engines.graph import Graph
from recognizer.models.line_finder import Backbone, Block, Excitation, LineFinderNet, Pyramid, Stem


def line_finder_graph(net: LineFinderNet) -> bytes:
    """A serialised ONNX model: ``images`` (B, 1, H, W) to the two maps of `FinderMaps`, ``text`` and ``geometry``."""
    graph = Graph()
    features = _pyramid(graph, net.pyramid, _backbone(graph, net.backbone, "images"))
    text = graph.op("Relu", graph.conv(features, net.text.reduce))
    text = _enlarge(graph, graph.op("Relu", _enlarge(graph, text, net.text.enlarge)), net.text.out)
    geometry = graph.op("Relu", graph.conv(features, net.geometry.reduce))
    geometry = graph.conv(graph.op("Relu", graph.conv(geometry, net.geometry.mix)), net.geometry.out)
    return graph.serialise({"images": ["batch", 1, "height", "width"]}, {"text": text, "geometry": geometry})


def _backbone(graph: Graph, backbone: Backbone, images: str) -> list[str]:
    features, levels = _stem(graph, backbone.stem, images), []
    for stage in backbone.stages:
        assert isinstance(stage, nn.Sequential)
        for block in stage:
            assert isinstance(block, Block)
            features = _block(graph, block, features)
        levels.append(features)
    return levels


def _stem(graph: Graph, stem: Stem, images: str) -> str:
    colours = graph.op("Concat", images, images, images, axis=1)
    halved = graph.op("Relu", graph.conv(colours, stem.halve))
    pooled = graph.op("MaxPool", halved, kernel_shape=[2, 2], strides=[1, 1], pads=[0, 0, 1, 1])
    narrowed = graph.op("Relu", graph.conv(halved, stem.narrow, pads=[0, 0, 1, 1]))
    widened = graph.op("Relu", graph.conv(narrowed, stem.widen, pads=[0, 0, 1, 1]))
    quarter = graph.op("Relu", graph.conv(graph.op("Concat", pooled, widened, axis=1), stem.quarter))
    return graph.op("Relu", graph.conv(quarter, stem.out))


def _block(graph: Graph, block: Block, x: str) -> str:
    mixed = graph.conv(x, block.neighbours)
    if isinstance(block.excitation, Excitation):
        mixed = _excite(graph, block.excitation, mixed)
    projected = graph.conv(graph.op("Gelu", graph.conv(mixed, block.expand)), block.project)
    return graph.op("Add", mixed, projected) if block.residual else projected


def _excite(graph: Graph, gate: Excitation, x: str) -> str:
    mean = graph.op("GlobalAveragePool", x)
    opened = graph.conv(graph.op("Relu", graph.conv(mean, gate.squeeze)), gate.excite)
    gated = graph.op("Mul", x, graph.op("HardSigmoid", opened, alpha=gate.gate_slope, beta=0.5))
    return graph.op("Add", x, gated) if gate.residual else gated


def _pyramid(graph: Graph, pyramid: Pyramid, levels: list[str]) -> str:
    merged: list[str] = []
    for lateral, level in zip(pyramid.lateral, reversed(levels), strict=True):
        own = _in_order(graph, lateral, level)
        merged.append(graph.op("Add", own, _repeat(graph, merged[-1], 2)) if merged else own)
    smoothed = [_in_order(graph, smooth, x) for smooth, x in zip(pyramid.smooth, merged, strict=True)]
    finest = len(smoothed) - 1
    return graph.op("Concat", *(_repeat(graph, x, 2 ** (finest - i)) for i, x in enumerate(smoothed)), axis=1)


def _in_order(graph: Graph, modules: nn.Module, x: str) -> str:
    """Convolutions and excitations one after the other."""
    for module in modules.children():
        if isinstance(module, nn.Conv2d):
            x = graph.conv(x, module)
        else:
            assert isinstance(module, Excitation)
            x = _excite(graph, module, x)
    return x


def _repeat(graph: Graph, x: str, times: int) -> str:
    """Every pixel that often in both directions."""
    if times == 1:
        return x
    scales = graph.constant(np.array([1, 1, times, times], np.float32))
    return graph.op(
        "Resize", x, "", scales, mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"
    )


def _enlarge(graph: Graph, x: str, module: nn.ConvTranspose2d) -> str:
    assert module.bias is not None
    weights = (graph.constant(p.detach().numpy()) for p in (module.weight, module.bias))
    return graph.op("ConvTranspose", x, *weights, strides=list(module.stride))

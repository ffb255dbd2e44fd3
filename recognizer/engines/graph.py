"""An ONNX graph in the making: nodes and weights in running order, named as they come."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

OPSET = 20
IR_VERSION = 9


class Graph:
    """Nodes and weights in running order."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Append a node; returns the name of its output."""
        output = f"v{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, values: NDArray[Any]) -> str:
        """Append a weight; returns its name."""
        name = f"w{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.array(values, order="C"), name))
        return name

    def conv(self, x: str, module: nn.Conv2d, *, pads: list[int] | None = None) -> str:
        """A convolution; ``pads`` overrides the module's own (top, left, bottom, right)."""
        vertical, horizontal = (int(p) for p in module.padding)
        weights = [p.detach().numpy() for p in (module.weight, module.bias) if p is not None]
        return self.op(
            "Conv",
            x,
            *(self.constant(values) for values in weights),
            group=module.groups,
            strides=list(module.stride),
            pads=pads or [vertical, horizontal, vertical, horizontal],
        )

    def linear(self, x: str, module: nn.Linear) -> str:
        """A dense layer on the last axis."""
        product = self.op("MatMul", x, self.constant(module.weight.detach().numpy().T))
        return self.op("Add", product, self.constant(module.bias.detach().numpy()))

    def norm(self, x: str, module: nn.LayerNorm) -> str:
        """Layer normalisation on the last axis."""
        weight, bias = (self.constant(p.detach().numpy()) for p in (module.weight, module.bias))
        return self.op("LayerNormalization", x, weight, bias, epsilon=module.eps)

    def silu(self, x: str) -> str:
        """x · sigmoid(x)."""
        return self.op("Mul", x, self.op("Sigmoid", x))

    def split(self, x: str, size: int, parts: int) -> list[str]:
        """The parts of the last axis, each of one size; returns their names."""
        outputs = [f"v{len(self._nodes)}_{part}" for part in range(parts)]
        sizes = self.constant(np.full(parts, size, np.int64))
        self._nodes.append(helper.make_node("Split", [x, sizes], outputs, axis=-1))
        return outputs

    def serialise(
        self, inputs: Mapping[str, Sequence[int | str]], outputs: Mapping[str, str], *, whole: Sequence[str] = ()
    ) -> bytes:
        """The whole model as bytes.

        Args:
            inputs: the shape of each, names in place of what varies.
            outputs: what each output is called, and the node output it is.
            whole: inputs and outputs that are whole numbers from 0 to 255; all others are floats.
        """
        nodes = [helper.make_node("Identity", [value], [name]) for name, value in outputs.items()]
        types = {name: TensorProto.UINT8 if name in whole else TensorProto.FLOAT for name in (*inputs, *outputs)}
        starts = [helper.make_tensor_value_info(name, types[name], list(shape)) for name, shape in inputs.items()]
        ends = [helper.make_tensor_value_info(name, types[name], None) for name in outputs]
        graph = helper.make_graph(self._nodes + nodes, "network", starts, ends, self._weights)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
        return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION).SerializeToString())

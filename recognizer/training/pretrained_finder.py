"""Fill the line finder with the weights of a detector trained at scale, once, at training time.

The weights come from PP-OCRv6's small text detector (PaddleOCR, Apache-2.0), which the ``rapidocr`` wheel carries as
ONNX. Nobody needs the wheel to run the product: what is shipped is our own fine-tuned file.
"""

import importlib.util
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from recognizer.errors import BadModel
from recognizer.models.line_finder import LineFinderNet

DETECTOR_FILE = "PP-OCRv6_det_small.onnx"

Kernel = tuple[NDArray[np.float32], NDArray[np.float32] | None]  # weights and, where there is one, bias


def wheel_detector() -> Path:
    """Where the installed ``rapidocr`` wheel keeps its detector.

    Raises:
        BadModel: the wheel is not installed, or is a version without this detector.
    """
    spec = importlib.util.find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise BadModel("The package rapidocr is not installed; run: pip install --no-deps rapidocr==3.10.0")
    path = Path(spec.origin).parent / "models" / DETECTOR_FILE
    if not path.is_file():
        raise BadModel(f"{path} does not exist; this needs rapidocr 3.10.0, whose wheel carries {DETECTOR_FILE}.")
    return path


def fill_line_finder(model: LineFinderNet, onnx_path: Path) -> None:
    """Copy the detector's weights into ``model``, in place; its geometry head, which is ours, stays as it is.

    Both list their convolutions in the order in which they compute, so the n-th fills the n-th.

    Args:
        model: any line finder.
        onnx_path: the detector, as ``wheel_detector`` finds it.

    Raises:
        BadModel: the file holds another network.
    """
    ours = [
        (name, module)
        for name, module in model.named_modules()
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d) and not name.startswith("geometry.")
    ]
    theirs = _convolutions(onnx_path)
    if len(ours) != len(theirs):
        raise BadModel(f"{onnx_path} has {len(theirs)} convolutions, the line finder {len(ours)}: another network.")
    with torch.no_grad():
        for (name, module), (weight, bias) in zip(ours, theirs, strict=True):
            if tuple(module.weight.shape) != weight.shape or (module.bias is None) != (bias is None):
                raise BadModel(f"{onnx_path} holds {weight.shape} where {name} needs {tuple(module.weight.shape)}.")
            module.weight.copy_(torch.from_numpy(weight.copy()))
            if module.bias is not None and bias is not None:
                module.bias.copy_(torch.from_numpy(bias.reshape(-1).copy()))


def _convolutions(onnx_path: Path) -> list[Kernel]:
    """Weights and biases of every convolution of an ONNX graph, in graph order; a bias is the Add that follows."""
    import onnx  # a training dependency, and slow to import
    from onnx import numpy_helper

    graph = onnx.load(str(onnx_path)).graph
    constants = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        elif node.op_type == "Identity" and node.input[0] in constants:
            constants[node.output[0]] = constants[node.input[0]]
    biases = {
        node.input[0]: constants[node.input[1]]
        for node in graph.node
        if node.op_type == "Add" and node.input[1] in constants
    }
    aliases = {node.input[0]: node.output[0] for node in graph.node if node.op_type == "Identity"}
    return [
        (constants[node.input[1]], biases.get(node.output[0], biases.get(aliases.get(node.output[0], ""))))
        for node in graph.node
        if node.op_type in ("Conv", "ConvTranspose")
    ]

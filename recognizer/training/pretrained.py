"""Fill our reader with the weights of a model trained at scale, once, at training time.

The RapidOCR wheel carries PP-OCRv6's small recogniser as ONNX (Apache-2.0). Its layers stand in the file in the
order in which they run, and `LineCTC` defines its layers in that same order: filling is pairing two lists.
rapidocr is needed for training only.
"""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from recognizer.charset import BLANK, Charset
from recognizer.errors import BadModel
from recognizer.models.line_ctc import LineCTC

Array = NDArray[np.float32]
LOOKS_LIKE = {"ſ": "f", "‚": ",", "„": '"', "Ÿ": "Y", "†": "+"}


@dataclass(frozen=True)
class Layer:
    """One layer of the ONNX file: its weight as torch expects it, and its bias."""

    weight: Array
    bias: Array


def wheel_model(name: str) -> Path:
    """Where the installed RapidOCR wheel keeps ``name``.

    Raises:
        BadModel: rapidocr is not installed, or its wheel lacks the file.
    """
    spec = importlib.util.find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise BadModel("rapidocr is not installed. Training begins from its weights: run `make install-train`.")
    path = Path(spec.origin).parent / "models" / name
    if not path.exists():
        raise BadModel(f"{path} is missing. Run `make install-train`.")
    return path


def load_line_ctc(path: Path, charset: Charset, *, dropout: float = 0.1) -> LineCTC:
    """A `LineCTC` with every layer from the ONNX file and the head's rows cut to ``charset``.

    The file's network sees grey three times, as red, green and blue; ours sees it once, with the weights' sum.

    Raises:
        BadModel: the file is not the recogniser this module knows.
    """
    layers, characters = read_layers(path)
    model = LineCTC(charset.classes, dropout=dropout)
    layers[0] = Layer(layers[0].weight.sum(axis=1, keepdims=True), layers[0].bias)
    modules = [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear | nn.LayerNorm)]
    if len(modules) != len(layers):
        raise BadModel(f"{path} has {len(layers)} layers, not {len(modules)}. It is not PP-OCRv6 small.")
    for module, layer in zip(modules[:-1], layers[:-1], strict=True):
        fill(module, layer, path=path)
    fill(modules[-1], cut_head(layers[-1], characters, charset), path=path)
    return model


def fill(module: nn.Module, layer: Layer, *, path: Path) -> None:
    """Copy one layer's weight and bias into ``module``."""
    for parameter, values in ((module.weight, layer.weight), (module.bias, layer.bias)):
        assert isinstance(parameter, Tensor)
        if parameter.shape != values.shape:
            raise BadModel(f"{path}: a layer has shape {values.shape}, not {tuple(parameter.shape)}.")
        parameter.data.copy_(torch.from_numpy(values.copy()))


def cut_head(head: Layer, characters: list[str], charset: Charset) -> Layer:
    """The head's rows for blank and each character of ``charset``; an unseen one starts as what it resembles."""
    row_of = {character: index for index, character in enumerate(characters, start=1)}
    rows = [BLANK]
    for character in charset.characters:
        known = character if character in row_of else LOOKS_LIKE.get(character, "")
        rows.append(row_of.get(known, row_of["·"]))
    return Layer(head.weight[rows], head.bias[rows])


def read_layers(path: Path) -> tuple[list[Layer], list[str]]:
    """Every layer of the file in running order, BatchNorm folded, and the characters of its head."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(path))
    constants: dict[str, Array] = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    nodes = list(model.graph.node)
    for node in nodes:
        if node.op_type == "Constant":
            constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    for node in nodes:
        if node.op_type == "Identity" and node.input[0] in constants:
            constants[node.output[0]] = constants[node.input[0]]
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    if "character" not in metadata:
        raise BadModel(f"{path} names no characters. It is not PP-OCRv6 small's recogniser.")
    characters = [*metadata["character"].split("\n"), " "]
    return list(_walk(nodes, constants)), characters


def _walk(nodes: list[Any], constants: dict[str, Array]) -> Iterator[Layer]:
    """Pair each weight with the bias or normalisation that follows it."""
    pending: Array | None = None
    scale: Array | None = None
    for node in nodes:
        known = [constants[name] for name in node.input if name in constants]
        if node.op_type in ("Conv", "MatMul") and known:
            pending = known[0].T if node.op_type == "MatMul" else known[0]
        elif node.op_type == "BatchNormalization" and pending is not None:
            yield _fold(pending, known, epsilon=1e-5)
            pending = None
        elif node.op_type == "Mul" and known and known[0].ndim == 1 and known[0].size > 1:
            scale = known[0]
        elif node.op_type == "Add" and known and known[0].size > 1:
            weight, pending, scale = (pending if pending is not None else scale), None, None
            if weight is not None:
                yield Layer(weight, known[0].reshape(-1))


def _fold(weight: Array, normalisation: list[Array], *, epsilon: float) -> Layer:
    """A convolution without bias and the BatchNorm behind it, as one convolution."""
    gamma, beta, mean, variance = normalisation
    factor = gamma / np.sqrt(variance + epsilon)
    return Layer(weight * factor.reshape(-1, 1, 1, 1), beta - mean * factor)

"""One character of `CharacterLSTM` as an ONNX graph: what is known before it, and it, to what is known after it.

The product that takes nearly all the time is computed in 8-bit integers where the processor has instructions for them:
what is known lies between -1 and 1, so that nothing has to be measured beforehand.
"""

import numpy as np

from recognizer.engines.graph import Graph
from recognizer.models.character_lstm import CharacterLSTM

LEVELS = 127  # on either side of 0, which is `ZERO`
ZERO = 128


def step_graph(model: CharacterLSTM, largest: int | None) -> bytes:
    """A serialised ONNX model, all floats.

    ``given`` (N, 4H), what the characters bring to the gates, and ``hidden`` and ``cell`` (N, H) to the next ``hidden``
    and ``cell``, called ``known`` and ``kept``, and to ``likely`` (N, C), log probabilities of what comes next.

    Args:
        model: the network.
        largest: see `recognizer.engines.runtimes.largest_weight`; None: in floats.
    """
    graph = Graph()
    hidden = model.lstm.hidden_size
    gates = graph.op("Add", "given", _product(graph, model, largest))
    parts = graph.split(gates, hidden, 4)
    enter, keep, tell = (graph.op("Sigmoid", parts[place]) for place in (0, 1, 3))
    new = graph.op("Mul", enter, graph.op("Tanh", parts[2]))
    cell = graph.op("Add", graph.op("Mul", keep, "cell"), new)
    known = graph.op("Mul", tell, graph.op("Tanh", cell))
    narrow = graph.linear(known, model.narrow)
    embedding = graph.constant(model.embedding.weight.detach().numpy().T)
    logits = graph.op("Add", graph.op("MatMul", narrow, embedding), graph.constant(model.bias.detach().numpy()))
    likely = graph.op("LogSoftmax", logits, axis=1)
    widths = {"given": 4 * hidden, "hidden": hidden, "cell": hidden}
    inputs: dict[str, list[int | str]] = {name: ["texts", width] for name, width in widths.items()}
    return graph.serialise(inputs, {"known": known, "kept": cell, "likely": likely})


def _product(graph: Graph, model: CharacterLSTM, largest: int | None) -> str:
    """What is known brings this to the gates, (N, 4H)."""
    weight = model.lstm.all_weights[0][1].detach().numpy().T
    if largest is None:
        return graph.op("MatMul", "hidden", graph.constant(weight))
    steps = np.maximum(np.abs(weight).max(axis=0), 1e-9) / largest
    zero = graph.constant(np.array(ZERO, np.uint8))
    whole = graph.op("QuantizeLinear", "hidden", graph.constant(np.array(1 / LEVELS, np.float32)), zero)
    rounded = graph.constant(np.rint(weight / steps).astype(np.int8))
    sums = graph.op("MatMulInteger", whole, rounded, zero)
    return graph.op("Mul", graph.op("Cast", sums, to=1), graph.constant((steps / LEVELS).astype(np.float32)))

"""Run the reader's network: torch on a GPU, ONNX Runtime on a CPU, from the same weights and with equal results."""

import os
import threading
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from recognizer.decoding.best_path import Floats
from recognizer.engines.int8_graph import Int8, Ranges
from recognizer.models.hands import SURE
from recognizer.models.line_ctc import LineCTC


class Told(NamedTuple):
    """What a network says of some lines.

    Attributes:
        logits: (B, W / 8, C).
        far: (B,), how far each lies along the direction of the hand, of those learnt later, that it is likest; minus
            infinity where none was.
    """

    logits: Floats
    far: Floats


class Runtime(Protocol):
    """A network ready to run; safe to share between threads.

    Attributes:
        workers: how many batches are best run at once.
        batch_px: widths that are best run as one batch, in all.
        hands: whether hands were learnt later.
    """

    workers: int
    batch_px: int
    hands: bool

    def __call__(self, images: Floats, bars: Floats | None = None) -> Told:
        """Read line images, (B, 1, H, W).

        Args:
            images: the lines.
            bars: (B,), how far a line has to lie along a hand's direction to be in it; None: as one by itself has to.
        """


class OnnxRuntime:
    """The network on the CPU: a batch per core, each on one thread, which beats all cores on one batch.

    Args:
        model: the network.
        int8: how its convolutions are rounded to integers; None: they are not.
    """

    def __init__(self, model: LineCTC, int8: Int8 | None = None) -> None:
        from recognizer.engines.onnx_graph import seeing_graph, telling_graph

        self.workers, self.batch_px = available_cores(), 2 * 672  # more leave the processor's cache
        self._see = open_session(seeing_graph(model, int8), threads=1)
        self._tell = open_session(telling_graph(model, int8), threads=1)
        self._far = model.far
        self.hands = model.hands is not None
        self._tell_hands = None
        if model.hands is not None:
            self._tell_hands = open_session(telling_graph(model.hands.network, int8), threads=1)

    def __call__(self, images: Floats, bars: Floats | None = None) -> Told:
        """See `Runtime`."""
        seen, strokes = self._see.run(["seen", "strokes"], {"images": images})
        far = self._far(torch.from_numpy(strokes)).numpy()
        if self._tell_hands is None:
            return Told(_said(self._tell, seen), far)
        known = far > (SURE if bars is None else bars)
        parts = [(session, rows) for session, rows in ((self._tell, ~known), (self._tell_hands, known)) if rows.any()]
        said = np.concatenate([_said(session, seen[rows]) for session, rows in parts])
        return Told(said[np.argsort(np.concatenate([np.flatnonzero(rows) for _, rows in parts]))], far)


def _said(session: Any, seen: NDArray[Any]) -> Floats:
    logits: Floats = session.run(["logits"], {"seen": seen})[0]
    return logits


class TorchRuntime:
    """The network on a torch device; one batch at a time."""

    def __init__(self, model: LineCTC, device: str) -> None:
        self.workers, self.batch_px, self.hands = 1, 8 * 672, model.hands is not None
        self._device = torch.device(device)
        self._model = model.eval().to(self._device)
        self._lock = threading.Lock()

    def __call__(self, images: Floats, bars: Floats | None = None) -> Told:
        """See `Runtime`."""
        with self._lock, torch.inference_mode():
            seen = self._model.see(torch.from_numpy(images).to(self._device))
            far = self._model.far(seen.mean(dim=(2, 3)))
            enough = SURE if bars is None else torch.from_numpy(bars).to(self._device)
            logits = self._model.tell_each(seen, far > enough)
            return Told(logits.float().cpu().numpy(), far.float().cpu().numpy())


def open_session(graph: bytes, *, threads: int) -> Any:
    """An ONNX Runtime session on the CPU; its threads leave the cores to others while there is nothing to do."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def available_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def choose(model: LineCTC, ranges: Ranges | None = None) -> Runtime:
    """CUDA where there is one, else ONNX Runtime.

    Args:
        model: the network.
        ranges: of its layers' values; with them, and where the processor has instructions for it, convolutions are
            computed in integers.
    """
    if torch.cuda.is_available():
        return TorchRuntime(model, "cuda")
    largest = largest_weight()
    if ranges is None or largest is None:
        return OnnxRuntime(model)
    return OnnxRuntime(model, Int8(ranges, largest))


def largest_weight(flags: Path = Path("/proc/cpuinfo")) -> int | None:
    """The largest whole number that may stand for a weight; None where the processor gains nothing by integers.

    Instructions for such products (VNNI) add them up in 32 bits. AVX2 adds two of them, of up to 255 each, in 16 bits.
    """
    known = set(flags.read_text().split()) if flags.exists() else set()
    if known & {"avx512_vnni", "avx_vnni"}:
        return 127
    return 64 if "avx2" in known else None

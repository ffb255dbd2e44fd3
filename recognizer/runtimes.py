"""Run the reader's network: torch on a GPU, ONNX Runtime on a CPU, from the same weights and with equal results."""

import os
import threading
from typing import Protocol

import numpy as np
import torch

from recognizer.decoding import Floats
from recognizer.models.line_ctc import LineCTC


class Runtime(Protocol):
    """A network ready to run; safe to share between threads.

    Attributes:
        workers: how many batches are best run at once.
    """

    workers: int

    def __call__(self, images: Floats) -> Floats:
        """Line images (B, 1, 48, W) to logits (B, W / 8, C)."""


class OnnxRuntime:
    """The network on the CPU: a batch per core, each on one thread, which beats all cores on one batch."""

    def __init__(self, model: LineCTC) -> None:
        import onnxruntime

        from recognizer.onnx_graph import line_ctc_graph

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = 1
        self.workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        providers = ["CPUExecutionProvider"]
        self._session = onnxruntime.InferenceSession(line_ctc_graph(model), options, providers=providers)

    def __call__(self, images: Floats) -> Floats:
        """See `Runtime`."""
        return np.asarray(self._session.run(["logits"], {"images": images})[0], np.float32)


class TorchRuntime:
    """The network on a torch device; one batch at a time."""

    def __init__(self, model: LineCTC, device: str) -> None:
        self.workers = 1
        self._device = torch.device(device)
        self._model = model.eval().to(self._device)
        self._lock = threading.Lock()

    def __call__(self, images: Floats) -> Floats:
        """See `Runtime`."""
        with self._lock, torch.inference_mode():
            logits: Floats = self._model(torch.from_numpy(images).to(self._device)).float().cpu().numpy()
            return logits


def choose(model: LineCTC) -> Runtime:
    """CUDA where there is one, else ONNX Runtime."""
    return TorchRuntime(model, "cuda") if torch.cuda.is_available() else OnnxRuntime(model)

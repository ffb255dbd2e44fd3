"""Training with what integers do to a network: what it learns, it learns with weights and values rounded as in reading.

Gradients pass a rounding as if it were not there, and end where a value leaves the range that integers can hold.

Source: Jacob et al. 2018, https://arxiv.org/abs/1712.05877.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from recognizer.engines.int8_graph import GELU_SLOPE, LEVELS, SHARE, Int8, scale_of
from recognizer.engines.quantisation import rounded_layers
from recognizer.models.line_ctc import LineCTC


def rounded(model: LineCTC, int8: Int8, images: Tensor) -> Tensor:
    """What ``model`` says of images as `recognizer.engines.int8_graph` computes it, with gradients.

    Args:
        model: the network.
        int8: how its values and weights are rounded.
        images: as `LineCTC.forward` takes them.
    """
    with ExitStack() as watching:
        for layer, module, entering in rounded_layers(model):
            if isinstance(module, nn.Identity):  # in the place of a gate
                continue
            step, zero = scale_of(int8.ranges, layer)
            if entering:
                hook: Any = module.register_forward_pre_hook(_entering(step, zero))
            else:
                hook = module.register_forward_hook(_leaving(step, zero, bent=layer.endswith(".bent")))
            watching.callback(hook.remove)
        said: Tensor = functional_call(model, _weights(model, int8.largest), (images,))
    return said


def _entering(step: float, zero: int) -> Callable[[nn.Module, tuple[Tensor, ...]], tuple[Tensor, ...]]:
    return lambda _, inputs: (_round(inputs[0], step, zero),)


def _leaving(step: float, zero: int, *, bent: bool) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
    def hook(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        if bent:
            output = inputs[0] * _round(torch.sigmoid(GELU_SLOPE * inputs[0]), *SHARE)
        return _round(output, step, zero)

    return hook


def _round(values: Tensor, step: float, zero: int) -> Tensor:
    done: Tensor = _Rounding.apply(values, step, zero)  # type: ignore[no-untyped-call]
    return done


class _Rounding(torch.autograd.Function):
    """What torch's fake quantisation does, in a third of its time on a CPU, and in bf16 where values are."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, step: float, zero: int) -> Tensor:
        steps = torch.round(values / step)
        held = steps.clamp(-zero, LEVELS - zero)
        ctx.save_for_backward(steps == held)
        return held.mul_(step)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (inside,) = ctx.saved_tensors
        return gradient * inside, None, None


def _weights(model: LineCTC, largest: int) -> dict[str, Tensor]:
    """The weights of all convolutions that integers compute, rounded channel by channel."""
    found: dict[str, Tensor] = {}
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d) and name.startswith(("stem.", "blocks.")) and ".gate." not in name:
            steps = module.weight.detach().abs().flatten(1).amax(dim=1).div(largest).clamp(min=1e-9)
            zeros = torch.zeros_like(steps, dtype=torch.int32)
            found[f"{name}.weight"] = torch.fake_quantize_per_channel_affine(
                module.weight, steps, zeros, 0, -largest, largest
            )
    return found

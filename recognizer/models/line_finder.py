"""The network that finds lines: a grey page in, maps of where writing is and how each line runs out.

Backbone, neck and text head are those of PP-OCRv6's small detector (PaddleOCR, Apache-2.0), so that
``recognizer.training.pretrained_finder`` can fill them: a light convolutional backbone, a feature pyramid with residual
squeeze-excitation, and the probability map of differentiable binarisation (DB). Batch normalisation is folded into the
convolutions, as in the published weights. The geometry head is ours: boxes are not enough, a reader needs baselines.

Sources: Liao et al. 2020 (DB), https://arxiv.org/abs/1911.08947; Cui et al. 2021 (PP-LCNet),
https://arxiv.org/abs/2109.15099; Kodym and Hradiš 2021 (baseline and heights as dense maps),
https://arxiv.org/abs/2102.11838
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

STRIDE = 32  # height and width of the input must be multiples of it
GEOMETRY_STRIDE = 4  # input pixels per cell of the geometry map
GEOMETRY_UNIT_PX = 16.0  # input pixels per unit of the first three geometry channels

_STAGES = (  # channels after the stage, and for each of its blocks: does it squeeze and excite?
    (48, (True, False)),
    (96, (True, False)),
    (192, (True, False, True, False)),
    (384, (True, False)),
)
_PYRAMID = 96
_GEOMETRY_WIDTH = 32


class FinderMaps(NamedTuple):
    """What the network says about a batch of pages.

    Attributes:
        text: (B, 1, H, W) logits: does this pixel lie in the middle band of a line, between and within words?
        geometry: (B, 5, H / 4, W / 4), meaningful inside the band only. In units of 16 px: how far below this cell
            the baseline lies, how high the writing reaches above the baseline, how low below it; then cosine and
            sine of the writing direction (y grows downwards), not normalised.
    """

    text: Tensor
    geometry: Tensor


class Excitation(nn.Module):
    """Squeeze-excitation: scale channels by a gate that sees the whole image.

    Args:
        channels: C of input and output.
        gate_slope: of the hard sigmoid, as in the published weights.
        residual: add the gated input to the input instead of replacing it.
    """

    def __init__(self, channels: int, *, gate_slope: float, residual: bool) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, channels // 4, 1)
        self.excite = nn.Conv2d(channels // 4, channels, 1)
        self.gate_slope, self.residual = gate_slope, residual

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        gate = self.excite(functional.relu(self.squeeze(features.mean(dim=(2, 3), keepdim=True))))
        gated = features * (self.gate_slope * gate + 0.5).clamp(0, 1)
        excited: Tensor = features + gated if self.residual else gated
        return excited


class Stem(nn.Module):
    """Grey page to features at a quarter of its size, through a convolution path and a pooling path."""

    def __init__(self) -> None:
        super().__init__()
        self.halve = nn.Conv2d(3, 24, 3, stride=2, padding=1)
        self.narrow = nn.Conv2d(24, 12, 2)
        self.widen = nn.Conv2d(12, 24, 2)
        self.quarter = nn.Conv2d(48, 24, 3, stride=2, padding=1)
        self.out = nn.Conv2d(24, 48, 1)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 1, H, W) in [-1, 1] to (B, 48, H / 4, W / 4)."""
        halved = functional.relu(self.halve(images.expand(-1, 3, -1, -1)))
        # Unstrided 2 × 2 windows reach one pixel right and down (SAME_UPPER); values are ≥ 0, so 0 pads the maximum.
        pooled = functional.max_pool2d(functional.pad(halved, (0, 1, 0, 1)), 2, stride=1)
        narrowed = functional.relu(self.narrow(functional.pad(halved, (0, 1, 0, 1))))
        widened = functional.relu(self.widen(functional.pad(narrowed, (0, 1, 0, 1))))
        joined = torch.cat([pooled, widened], dim=1)
        features: Tensor = functional.relu(self.out(functional.relu(self.quarter(joined))))
        return features


class Block(nn.Module):
    """Depthwise mixing of neighbours, optional excitation, then mixing of channels; residual unless it downsamples."""

    def __init__(self, channels: int, out_channels: int, *, stride: int = 1, excites: bool = False) -> None:
        super().__init__()
        self.neighbours = nn.Conv2d(channels, channels, 3, stride=stride, padding=1, groups=channels)
        self.excitation = Excitation(channels, gate_slope=1 / 6, residual=False) if excites else nn.Identity()
        self.expand = nn.Conv2d(channels, 2 * channels, 1)
        self.project = nn.Conv2d(2 * channels, out_channels, 1)
        self.residual = stride == 1

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) to (B, out_channels, H / stride, W / stride)."""
        mixed = self.excitation(self.neighbours(features))
        projected = self.project(functional.gelu(self.expand(mixed)))
        result: Tensor = mixed + projected if self.residual else projected
        return result


class Backbone(nn.Module):
    """Stem and four stages; each stage but the first begins by halving the resolution."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Stem()
        self.stages = nn.ModuleList()
        before = 48
        for channels, excitations in _STAGES:
            down = [] if channels == before else [self._downsampling(before, channels)]
            self.stages.append(nn.Sequential(*down, *(Block(channels, channels, excites=e) for e in excitations)))
            before = channels

    @staticmethod
    def _downsampling(channels: int, out_channels: int) -> Block:
        block = Block(channels, out_channels, stride=2)
        block.expand = nn.Conv2d(channels, out_channels, 1)
        block.project = nn.Conv2d(out_channels, out_channels, 1)
        return block

    def forward(self, images: Tensor) -> list[Tensor]:
        """(B, 1, H, W) to features at 1/4, 1/8, 1/16 and 1/32 of the size."""
        features, levels = self.stem(images), []
        for stage in self.stages:
            features = stage(features)
            levels.append(features)
        return levels


class Pyramid(nn.Module):
    """Bring all levels to one resolution, each knowing what the coarser ones saw."""

    def __init__(self) -> None:
        super().__init__()
        coarse_first = [channels for channels, _ in reversed(_STAGES)]
        self.lateral = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(channels, _PYRAMID, 1, bias=False), Excitation(_PYRAMID, gate_slope=0.2, residual=True)
            )
            for channels in coarse_first
        )
        quarter = _PYRAMID // 4
        self.smooth = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(_PYRAMID, _PYRAMID, 7, padding=3, groups=_PYRAMID),
                nn.Conv2d(_PYRAMID, quarter, 1, bias=False),
                Excitation(quarter, gate_slope=0.2, residual=True),
            )
            for _ in coarse_first
        )

    def forward(self, levels: list[Tensor]) -> Tensor:
        """Features at 1/4 … 1/32 to (B, 96, H / 4, W / 4)."""
        merged: list[Tensor] = []
        for lateral, level in zip(self.lateral, reversed(levels), strict=True):
            own = lateral(level)
            merged.append(own + functional.interpolate(merged[-1], scale_factor=2.0) if merged else own)
        smoothed = [smooth(features) for smooth, features in zip(self.smooth, merged, strict=True)]
        return torch.cat([functional.interpolate(s, size=smoothed[-1].shape[2:]) for s in smoothed], dim=1)


class TextHead(nn.Module):
    """Pyramid features to the text map at full resolution."""

    def __init__(self) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(_PYRAMID, 24, 3, padding=1)
        self.enlarge = nn.ConvTranspose2d(24, 24, 2, stride=2)
        self.out = nn.ConvTranspose2d(24, 1, 2, stride=2)

    def forward(self, features: Tensor) -> Tensor:
        """(B, 96, H / 4, W / 4) to logits (B, 1, H, W)."""
        logits: Tensor = self.out(functional.relu(self.enlarge(functional.relu(self.reduce(features)))))
        return logits


class GeometryHead(nn.Module):
    """Pyramid features to the five geometry channels of ``FinderMaps``."""

    def __init__(self) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(_PYRAMID, _GEOMETRY_WIDTH, 3, padding=1)
        self.mix = nn.Conv2d(_GEOMETRY_WIDTH, _GEOMETRY_WIDTH, 3, padding=1)
        self.out = nn.Conv2d(_GEOMETRY_WIDTH, 5, 1)

    def forward(self, features: Tensor) -> Tensor:
        """(B, 96, H / 4, W / 4) to (B, 5, H / 4, W / 4)."""
        geometry: Tensor = self.out(functional.relu(self.mix(functional.relu(self.reduce(features)))))
        return geometry


class LineFinderNet(nn.Module):
    """The whole network, 2.5M parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = Backbone()
        self.pyramid = Pyramid()
        self.text = TextHead()
        self.geometry = GeometryHead()

    def forward(self, images: Tensor) -> FinderMaps:
        """Find writing.

        Args:
            images: (B, 1, H, W), (grey / 255 − 0.5) / 0.5, H and W multiples of 32.
        """
        features = self.pyramid(self.backbone(images))
        return FinderMaps(self.text(features), self.geometry(features))

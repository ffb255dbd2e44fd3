"""The default line reader: convolutions with squeeze-excitation, a small attention neck, CTC.

The shapes are those of PP-OCRv6's small recogniser (Apache-2.0), so that `recognizer.training.pretrained` can fill
every layer from a model trained at scale. Normalisation is folded into the convolutions: nothing here depends on the
other lines of a batch. Squeeze-excitation and attention look at the whole width, padding included; lines are
therefore always padded to the bucket that their own width decides (`recognizer.line_images.bucket_width`).

Source: https://github.com/PaddlePaddle/PaddleOCR (architecture), Graves et al. 2006 (CTC),
Hu et al. 2018, https://arxiv.org/abs/1709.01507 (squeeze-excitation).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recognizer.models.hands import SURE, Background, Hands

HEIGHT_PX = 48
PX_PER_STEP = 8
FEW_ROWS = 32  # of the pixel rows, for a hasty look: two thirds of the work
STROKES = 4  # blocks, from the first, that see strokes; these are the same in every hand


class LineCTC(nn.Module):
    """Grey line images to character logits.

    Args:
        classes: size of the output layer; class 0 is the CTC blank.
        dropout: probability in the neck and before the head, while training.

    Attributes:
        background: how strokes vary over the lines it was trained on; None: nobody looked.
        hands: that were learnt later; what the letters of a line in one of them say, their network tells, but in
            training.
    """

    background: Background | None
    hands: Hands | None

    def __init__(self, classes: int, *, dropout: float = 0.1) -> None:
        super().__init__()
        self.background = None
        self.hands = None
        self.stem = Stem()
        self.blocks = nn.Sequential(
            Block(96, squeeze=True),
            Block(96),
            Block(96),
            Shrink(96, 192),
            Block(192, squeeze=True),
            Block(192),
            Block(192, squeeze=True),
            Block(192),
            Block(192, squeeze=True),
            Block(192),
            Shrink(192, 384),
            Block(384, squeeze=True),
            Block(384),
        )
        self.neck = Neck(384, 120, dropout=dropout)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(120, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Unnormalised class scores per time step.

        Args:
            images: (B, 1, H, W), H 48 or `FEW_ROWS`, W a multiple of 8, ink -1 to paper 1, padded on the right with 0.

        Returns:
            (B, T, C) with T = W / 8.
        """
        seen = self.see(images)
        if self.hands is None or self.training:
            return self.tell(seen)
        return self.tell_each(seen, self.far(seen.mean(dim=(2, 3))) > SURE)

    def tell_each(self, seen: Tensor, known: Tensor) -> Tensor:
        """Class scores from what `see` gives; of the lines that are ``known``, (B,), by the network of the hands."""
        if self.hands is None:
            return self.tell(seen)
        parts = [(network, rows) for network, rows in ((self, ~known), (self.hands.network, known)) if rows.any()]
        said = torch.cat([network.tell(seen[rows]) for network, rows in parts])
        return said[torch.cat([rows.nonzero()[:, 0] for _, rows in parts]).argsort()]

    def see(self, images: Tensor) -> Tensor:
        """The strokes of images, (B, 192, H / 8, W / 4): stem and first blocks, the same for all hands."""
        seen: Tensor = self.blocks[:STROKES](self.stem(images))
        return seen

    def tell(self, seen: Tensor) -> Tensor:
        """Class scores from what `see` gives, by this network alone."""
        features: Tensor = self.blocks[STROKES:](seen)
        steps = self.neck(F.avg_pool2d(features, (features.shape[2], 2)))
        logits: Tensor = self.head(self.dropout(steps))
        return logits

    def far(self, strokes: Tensor) -> Tensor:
        """How far each line lies along the direction of the hand, of those learnt later, that it is likest, (B,).

        Args:
            strokes: (B, 192), the mean of each channel after `STROKES` blocks.
        """
        if self.hands is None or self.background is None:
            return torch.full((len(strokes),), -torch.inf, device=strokes.device)
        return torch.cat([self.hands.far(self.background.seen(line[None])) for line in strokes])

    def freeze(self, depth: int) -> None:
        """Leave the stem and the first ``depth`` blocks as they are while the rest learns."""
        self.stem.requires_grad_(False)
        self.blocks[:depth].requires_grad_(False)


class Stem(nn.Module):
    """Two halvings of the image, with a pooled bypass between them: (B, 1, 48, W) to (B, 96, 12, W / 4)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 48, 3, stride=2, padding=1)
        self.narrow = nn.Conv2d(48, 24, 2)
        self.widen = nn.Conv2d(24, 48, 2)
        self.second = nn.Conv2d(96, 48, 3, stride=2, padding=1)
        self.project = nn.Conv2d(48, 96, 1)

    def forward(self, images: Tensor) -> Tensor:
        first = F.relu(self.first(images))
        branch = F.relu(self.narrow(F.pad(first, (0, 1, 0, 1))))
        branch = F.relu(self.widen(F.pad(branch, (0, 1, 0, 1))))
        pooled = F.max_pool2d(F.pad(first, (0, 1, 0, 1)), 2, stride=1)
        second = F.relu(self.second(torch.cat([pooled, branch], dim=1)))
        return F.relu(self.project(second))


class SqueezeExcitation(nn.Module):
    """Scales each channel by a gate computed from its mean over the image."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, channels // 4, 1)
        self.excite = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        gate = self.excite(F.relu(self.squeeze(x.mean(dim=(2, 3), keepdim=True))))
        return x * F.hardsigmoid(gate)


class Block(nn.Module):
    """Depthwise 3×3 (space), then a residual pointwise pair (channels); the size stays."""

    def __init__(self, channels: int, *, squeeze: bool = False) -> None:
        super().__init__()
        self.space = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.gate = SqueezeExcitation(channels) if squeeze else nn.Identity()
        self.expand = nn.Conv2d(channels, 2 * channels, 1)
        self.bend = nn.GELU()
        self.contract = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.gate(self.space(x))
        y: Tensor = x + self.contract(self.bend(self.expand(x)))
        return y


class Shrink(nn.Module):
    """Halves the height and doubles the channels; the width stays."""

    def __init__(self, channels: int, channels_out: int) -> None:
        super().__init__()
        self.space = nn.Conv2d(channels, channels, 3, stride=(2, 1), padding=1, groups=channels)
        self.expand = nn.Conv2d(channels, channels_out, 1)
        self.bend = nn.GELU()
        self.mix = nn.Conv2d(channels_out, channels_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.mix(self.bend(self.expand(self.space(x))))
        return y


class Neck(nn.Module):
    """Feature columns to a sequence that has seen the whole line: (B, C, 1, T) to (B, T, width)."""

    def __init__(self, channels: int, width: int, *, dropout: float) -> None:
        super().__init__()
        self.bypass = nn.Conv2d(channels, width, 1)
        self.reduce = nn.Conv2d(channels, width, 1)
        self.local = nn.Conv2d(width, width, (1, 7), padding=(0, 3), groups=width)
        self.attention = nn.Sequential(*(Attention(width, heads=8, dropout=dropout) for _ in range(2)))
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, features: Tensor) -> Tensor:
        bypass = F.silu(self.bypass(features))
        x = F.silu(self.reduce(features))
        x = x + F.silu(self.local(x))
        sequence = self.norm(self.attention(x.squeeze(2).transpose(1, 2)))
        steps: Tensor = sequence + bypass.squeeze(2).transpose(1, 2)
        return steps


class Attention(nn.Module):
    """A pre-norm Transformer encoder layer: (B, T, width) to the same.

    Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762.
    """

    def __init__(self, width: int, *, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm_mix = nn.LayerNorm(width, eps=1e-5)
        self.qkv = nn.Linear(width, 3 * width)
        self.mix = nn.Linear(width, width)
        self.norm_feed = nn.LayerNorm(width, eps=1e-5)
        self.feed_in = nn.Linear(width, 2 * width)
        self.feed_out = nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        batch, steps, width = x.shape
        qkv = self.qkv(self.norm_mix(x)).view(batch, steps, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, steps, width)
        x = x + self.dropout(self.mix(mixed))
        fed: Tensor = x + self.dropout(self.feed_out(F.silu(self.feed_in(self.norm_feed(x)))))
        return fed

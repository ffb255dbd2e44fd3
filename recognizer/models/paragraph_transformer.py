"""The paragraph reader: a residual CNN looks at a whole paragraph, a Transformer decoder writes its text.

Nothing finds lines: the decoder learns to go from one to the next by itself, and writes a newline between them. While
training it is given the true text so far (teacher forcing, `ParagraphTransformer.forward`); while reading, what it has
written itself, and the keys and values of the past are kept instead of computed anew (`ParagraphTransformer.decode`).

Sources: He et al. 2016, https://arxiv.org/abs/1512.03385 (residual networks), Vaswani et al. 2017,
https://arxiv.org/abs/1706.03762 (decoder), Singh & Karayev 2021, https://arxiv.org/abs/2103.06450 (the two together).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STRIDE_PX = (16, 8)  # height and width of what one feature stands for
LONGEST_PERIOD = 10_000.0

Cache = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class ParagraphShape:
    """What decides the size of a network and of what it reads; kept in its card.

    Attributes:
        width: of the decoder and of the encoder's last stage, a multiple of 32.
        layers: of the decoder.
        heads: of its attention.
        image_width_px: widest image that it learns to read.
        image_height_px: highest.
        most_lines: in one image.
        most_characters: that it writes of one image.
    """

    width: int = 256
    layers: int = 4
    heads: int = 4
    image_width_px: int = 480
    image_height_px: int = 256
    most_lines: int = 10
    most_characters: int = 600


class ParagraphTransformer(nn.Module):
    """Grey paragraph images and the text so far to scores of the next token.

    Args:
        tokens: how many there are, padding (0) among them.
        shape: of the network.
        dropout: probability in the decoder, while training.
    """

    def __init__(self, tokens: int, shape: ParagraphShape, *, dropout: float = 0.1) -> None:
        super().__init__()
        self.encoder = Encoder(shape.width)
        self.embedding = nn.Embedding(tokens, shape.width, padding_idx=0)
        nn.init.normal_(self.embedding.weight, std=0.5)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(Layer(shape.width, heads=shape.heads, dropout=dropout) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.width)
        self.head = nn.Linear(shape.width, tokens)

    def encode(self, images: Tensor) -> Tensor:
        """Features of the whole image with where they stand.

        Args:
            images: (B, 1, H, W), multiples of `STRIDE_PX`, ink -1 to paper 1, padded with 0.

        Returns:
            (B, S, width) with S = H / 16 × W / 8, row by row.
        """
        features: Tensor = self.encoder(images)
        _, channels, height, width = features.shape
        return (features + positions_2d(height, width, channels).to(features)).flatten(2).transpose(1, 2)

    def forward(self, images: Tensor, tokens: Tensor) -> Tensor:
        """Unnormalised scores of the token after each one of a given text.

        Args:
            images: as `encode` takes them.
            tokens: (B, L), the text so far, padded on the right.

        Returns:
            (B, L, tokens); what stands at l knows tokens 0 to l alone.
        """
        memory = self.encode(images)
        scores, _ = self._continue(tokens, self._recall(memory), None)
        return scores

    @torch.no_grad()
    def decode(self, images: Tensor, *, start: int, end: int, most: int) -> tuple[Tensor, Tensor]:
        """Write the text of each image, always the likeliest next token.

        Args:
            images: as `encode` takes them.
            start: the token before every text.
            end: the token that ends one.
            most: tokens after which it ends anyway.

        Returns:
            (B, L) tokens, from the first of the text, 0 behind each row's ``end``; (B, L) their probabilities in nats.
        """
        memory = self.encode(images)
        recalled = self._recall(memory)
        last = torch.full((len(images), 1), start, device=images.device)
        written = torch.zeros(len(images), 0, dtype=torch.long, device=images.device)
        likely = torch.zeros(len(images), 0, device=images.device)
        open_rows = torch.ones(len(images), 1, dtype=torch.bool, device=images.device)
        past: list[Cache] | None = None
        while written.shape[1] < most and bool(open_rows.any()):
            scores, past = self._continue(last, recalled, past)
            nats, last = scores[:, -1:].float().log_softmax(-1).max(-1)
            written = torch.cat([written, last * open_rows], dim=1)
            likely = torch.cat([likely, nats * open_rows], dim=1)
            open_rows = open_rows & (last != end)
        return written, likely

    def _recall(self, memory: Tensor) -> list[Cache]:
        return [layer.recall(memory) for layer in cast(Iterable[Layer], self.layers)]

    def _continue(self, tokens: Tensor, recalled: list[Cache], past: list[Cache] | None) -> tuple[Tensor, list[Cache]]:
        """Scores after each of these tokens, and the past with them in it; None: they begin the text."""
        done = past[0][0].shape[2] if past else 0
        x = self.embedding(tokens) * 2
        x = self.dropout(x + positions_1d(done + tokens.shape[1], x.shape[-1])[done:].to(x))
        caches: list[Cache] = []
        for index, layer in enumerate(self.layers):
            x, cache = layer(x, recalled[index], past[index] if past else None)
            caches.append(cache)
        scores: Tensor = self.head(self.norm(x))
        return scores, caches


class Encoder(nn.Module):
    """Residual stages: (B, 1, H, W) to (B, width, H / 16, W / 8)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        narrow = width // 8
        self.stem = nn.Sequential(
            nn.Conv2d(1, narrow, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(narrow), nn.ReLU()
        )
        self.stages = nn.Sequential(
            Residual(narrow, width // 4, stride=(2, 2)),
            Residual(width // 4, width // 4),
            Residual(width // 4, width // 2, stride=(2, 2)),
            Residual(width // 2, width // 2),
            Residual(width // 2, width, stride=(2, 1)),
            Residual(width, width),
        )

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.stages(self.stem(images))
        return features


class Residual(nn.Module):
    """Two 3×3 convolutions beside a bypass."""

    def __init__(self, channels: int, channels_out: int, *, stride: tuple[int, int] = (1, 1)) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels_out, 3, stride=stride, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(channels_out)
        self.second = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(channels_out)
        self.bypass: nn.Module = nn.Identity()
        if channels != channels_out:
            project = nn.Conv2d(channels, channels_out, 1, stride=stride, bias=False)
            self.bypass = nn.Sequential(project, nn.BatchNorm2d(channels_out))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.first_norm(self.first(x)))
        return F.relu(self.bypass(x) + self.second_norm(self.second(y)))


class Layer(nn.Module):
    """A pre-norm decoder layer: looks at the text so far, then at the image, then thinks."""

    def __init__(self, width: int, *, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm_text, self.norm_image, self.norm_feed = (nn.LayerNorm(width) for _ in range(3))
        self.qkv = nn.Linear(width, 3 * width)
        self.mix_text = nn.Linear(width, width)
        self.query = nn.Linear(width, width)
        self.recalled = nn.Linear(width, 2 * width)
        self.mix_image = nn.Linear(width, width)
        self.feed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(dropout)

    def recall(self, memory: Tensor) -> Cache:
        """Keys and values (B, heads, S, width / heads) of the image (B, S, width): the same for every token."""
        keys, values = self.recalled(memory).chunk(2, dim=-1)
        return self._split(keys), self._split(values)

    def forward(self, x: Tensor, image: Cache, past: Cache | None) -> tuple[Tensor, Cache]:
        """(B, L, width) to the same, and the text's keys and values with these tokens' in them.

        Args:
            x: the tokens; with a past, one alone.
            image: as `recall` gives it.
            past: keys and values (B, heads, done, width / heads) of the tokens before.
        """
        q, k, v = (self._split(part) for part in self.qkv(self.norm_text(x)).chunk(3, dim=-1))
        if past is not None:
            k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=past is None)
        x = x + self.dropout(self.mix_text(_join(seen)))
        looked = F.scaled_dot_product_attention(self._split(self.query(self.norm_image(x))), *image)
        x = x + self.dropout(self.mix_image(_join(looked)))
        fed: Tensor = x + self.dropout(self.feed(self.norm_feed(x)))
        return fed, (k, v)

    def _split(self, x: Tensor) -> Tensor:
        """(B, L, width) to (B, heads, L, width / heads)."""
        batch, length, width = x.shape
        return x.reshape(batch, length, self.heads, width // self.heads).transpose(1, 2)


def _join(x: Tensor) -> Tensor:
    """(B, heads, L, width / heads) to (B, L, width)."""
    return x.transpose(1, 2).flatten(2)


def positions_1d(length: int, channels: int) -> Tensor:
    """(length, channels): sines and cosines of each place, of ever longer periods."""
    rates = torch.exp(torch.arange(0, channels, 2) * (-math.log(LONGEST_PERIOD) / channels))
    angles = torch.arange(length)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


def positions_2d(height: int, width: int, channels: int) -> Tensor:
    """(channels, height, width): half of the channels tell the row, half the column."""
    rows = positions_1d(height, channels // 2).T[:, :, None].expand(-1, -1, width)
    columns = positions_1d(width, channels // 2).T[:, None].expand(-1, height, -1)
    return torch.cat([rows, columns])

"""Train the line finder: from the wheel's detector to handwriting, its baselines and its heights.

    python -m recognizer.training.finder_training --data DATA --output DIR

writes ``line_finder.safetensors`` (the averaged weights) and its card into DIR every few minutes, and resumes from
DIR where it stopped.
"""

import argparse
import json
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from recognizer.datasets.finder_collage import data_source
from recognizer.datasets.finder_pages import PageTruth, read_page_truths
from recognizer.datasets.finder_views import FinderViews, ViewMix
from recognizer.finding.finder_weights import FinderCard, load_finder, save_finder
from recognizer.models.line_finder import FinderMaps, LineFinderNet
from recognizer.training.pretrained_finder import fill_line_finder, wheel_detector

log = logging.getLogger(__name__)

Batch = tuple[Tensor, Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class FinderRecipe:
    """Hyperparameters, saved with the weights.

    Attributes:
        steps: optimizer steps in all; the learning rate falls to nothing by then.
        learning_rate: of the pretrained layers; above 3e-4 they forget.
        head_learning_rate: of the geometry head, which starts from nothing.
        averaging: of the weights that are kept, per step.
        frozen_stages: of the backbone, after its stem, that stay as they were: they see strokes, not lines, and cost
            a quarter of the time.
    """

    steps: int = 1000
    batch: int = 2
    learning_rate: float = 2e-4
    head_learning_rate: float = 1e-3
    warmup_steps: int = 60
    weight_decay: float = 1e-2
    averaging: float = 0.99
    frozen_stages: int = 1
    seed: int = 1
    mix: ViewMix = field(default_factory=ViewMix)


def text_loss(logits: Tensor, text: Tensor) -> Tensor:
    """Balanced cross-entropy, with three hard negatives per positive pixel, plus Dice loss, as DB trains its map.

    Args:
        logits: (B, 1, H, W).
        text: (B, 1, H, W), 0 or 1.

    Source: Liao et al. 2020, https://arxiv.org/abs/1911.08947
    """
    entropy = functional.binary_cross_entropy_with_logits(logits, text, reduction="none")
    positives = text.sum()
    hard = int(min(max(3 * float(positives), 1000.0), text.numel() - float(positives)))
    negatives = torch.topk((entropy * (1 - text)).flatten(), hard).values.sum()
    balanced = ((entropy * text).sum() + negatives) / (positives + hard)
    probability = logits.sigmoid()
    dice = 1 - 2 * (probability * text).sum() / (probability.sum() + positives + 1)
    return balanced + dice


def geometry_loss(geometry: Tensor, target: Tensor, inside: Tensor) -> Tensor:
    """Distances in line heights, and directions, both by smooth L1, over the cells inside bands.

    Args:
        geometry: (B, 5, H / 4, W / 4).
        target: the same shape.
        inside: (B, H / 4, W / 4) bool.
    """
    if not inside.any():
        return geometry.sum() * 0
    said, true = (maps.permute(0, 2, 3, 1)[inside] for maps in (geometry, target))
    height = true[:, 1:3].sum(dim=1, keepdim=True)
    distances = functional.smooth_l1_loss(said[:, :3] / height, true[:, :3] / height, beta=0.1)
    return distances * 5 + functional.smooth_l1_loss(said[:, 3:], true[:, 3:], beta=0.2)


class LitFinder(pl.LightningModule):
    """Losses and optimizer of the line finder, and the running average of its weights."""

    def __init__(self, recipe: FinderRecipe, net: LineFinderNet | None = None) -> None:
        super().__init__()
        self.recipe = recipe
        self.net = (net or LineFinderNet()).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for frozen in (self.net.backbone.stem, *self.net.backbone.stages)[: recipe.frozen_stages + 1]:
            frozen.requires_grad_(False)
        average = get_ema_multi_avg_fn(recipe.averaging)  # type: ignore[no-untyped-call]
        self.averaged = AveragedModel(self.net, multi_avg_fn=average)

    def forward(self, images: Tensor) -> FinderMaps:
        """(B, 1, H, W) to maps."""
        maps: FinderMaps = self.net(images.contiguous(memory_format=torch.channels_last))
        return maps

    def training_step(self, batch: Batch, _index: int) -> Tensor:
        """Loss of one batch of views."""
        images, text, geometry, inside = batch
        maps = self(images)
        of_text = text_loss(maps.text.float(), text)
        of_geometry = geometry_loss(maps.geometry.float(), geometry, inside)
        self.log_dict({"text_loss": of_text, "geometry_loss": of_geometry}, prog_bar=True)
        return of_text + of_geometry

    def on_train_batch_end(self, *_: Any) -> None:
        """Let the average follow; later steps count more, and early ones are forgotten sooner at the start."""
        self.averaged.update_parameters(self.net)

    def configure_optimizers(self) -> Any:
        """AdamW with warm-up and cosine decay; the new head learns faster."""
        recipe = self.recipe
        groups = [
            {"params": list(self._parameters_of(ours=False)), "lr": recipe.learning_rate},
            {"params": list(self._parameters_of(ours=True)), "lr": recipe.head_learning_rate},
        ]
        optimizer = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)
        warm = torch.optim.lr_scheduler.LinearLR(optimizer, 0.05, total_iters=recipe.warmup_steps)
        fall = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(recipe.steps - recipe.warmup_steps, 1))
        schedule = torch.optim.lr_scheduler.SequentialLR(optimizer, [warm, fall], [recipe.warmup_steps])
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _parameters_of(self, *, ours: bool) -> list[nn.Parameter]:
        named = [(name, p) for name, p in self.net.named_parameters() if p.requires_grad]
        return [p for name, p in named if name.startswith("geometry.") == ours]


class KeepWeights(ModelCheckpoint):
    """A resumable checkpoint every so many steps, and beside it the averaged weights as the product loads them."""

    def __init__(self, folder: Path, *, every_steps: int, card: FinderCard) -> None:
        super().__init__(dirpath=folder, save_last=True, save_top_k=0, every_n_train_steps=every_steps)
        self._folder, self._card = folder, card

    def _save_last_checkpoint(self, trainer: pl.Trainer, monitor_candidates: dict[str, Tensor]) -> None:
        super()._save_last_checkpoint(trainer, monitor_candidates)
        module = trainer.lightning_module
        assert isinstance(module, LitFinder)
        save_finder(module.averaged.module, self._folder, card=self._card)


def split_pages(pages: list[PageTruth]) -> tuple[list[PageTruth], list[PageTruth]]:
    """Pages of the split ``train`` to learn from, and about one in twelve of its writers held out to choose by."""
    train = [page for page in pages if page.extra.get("split", "train") == "train" and page.lines]
    held_out = {w for i, w in enumerate(sorted({str(p.extra.get("writer")) for p in train})) if i % 12 == 5}
    chosen = [[p for p in train if (str(p.extra.get("writer")) in held_out) == held] for held in (False, True)]
    return chosen[0], chosen[1]


def train_finder(
    data: Path,
    output: Path,
    *,
    recipe: FinderRecipe,
    parent: Path | None,
    trainer_options: dict[str, Any],
    workers: int = 1,
) -> Path:
    """Train, or go on training, in ``output``; returns the weights file.

    Args:
        data: a folder with ``pages.jsonl``, ``fonts``, ``texts`` and the UNIPEN tables.
        output: checkpoint, weights and card go here.
        recipe: hyperparameters.
        parent: folder of the weights to begin with; None means the wheel's detector.
        trainer_options: handed to ``pl.Trainer`` as they are.
        workers: processes that prepare views.
    """
    pl.seed_everything(recipe.seed)
    pages, _ = split_pages(read_page_truths(data / "pages.jsonl"))
    views = FinderViews(pages, data_source(data, pages), mix=recipe.mix, seed=recipe.seed)
    net = _beginning(parent)
    card = FinderCard(recipe=asdict(recipe))
    trainer = pl.Trainer(
        max_steps=recipe.steps,
        callbacks=[KeepWeights(output, every_steps=25, card=card)],
        logger=False,
        enable_model_summary=False,
        **trainer_options,
    )
    last = output / "last.ckpt"
    loader = DataLoader(views, batch_size=recipe.batch, num_workers=workers, prefetch_factor=4)
    trainer.fit(LitFinder(recipe, net), loader, ckpt_path=str(last) if last.exists() else None)
    return output / "line_finder.safetensors"


def _beginning(parent: Path | None) -> LineFinderNet:
    if parent is not None:
        return load_finder(parent)[0].train()
    net = LineFinderNet()
    fill_line_finder(net, wheel_detector())
    return net


def main() -> None:
    """The command line; see the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with pages.jsonl, fonts, texts, UNIPEN tables")
    parser.add_argument("--output", type=Path, required=True, help="folder for checkpoint, weights and card")
    parser.add_argument(
        "--from", dest="parent", type=Path, help="weights to begin with (default: the wheel's detector)"
    )
    parser.add_argument("--steps", type=int, default=FinderRecipe.steps)
    parser.add_argument("--batch", type=int, default=FinderRecipe.batch)
    parser.add_argument("--workers", type=int, default=1, help="processes that prepare views (default: 1)")
    parser.add_argument("--threads", type=int, default=None, help="processor threads (default: all)")
    parser.add_argument("--precision", default="bf16-mixed")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    if given.threads:
        torch.set_num_threads(given.threads)
    recipe = FinderRecipe(steps=given.steps, batch=given.batch)
    options = {"precision": given.precision}
    weights = train_finder(
        given.data, given.output, recipe=recipe, parent=given.parent, trainer_options=options, workers=given.workers
    )
    print(json.dumps({"weights": str(weights)}))


if __name__ == "__main__":
    main()

"""Training the line finder: begun from the wheel's detector, it learns pages, and learns them fast."""

import warnings

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from recognizer.datasets.finder_pages import TrackedPage
from recognizer.datasets.finder_views import as_tensors
from recognizer.finding.line_tracing import trace_lines
from recognizer.finding.line_tracks import track_line
from recognizer.models.line_finder import LineFinderNet
from recognizer.page_metrics import LineScore, score_lines
from recognizer.training.finder_training import FinderRecipe, LitFinder, geometry_loss, text_loss
from recognizer.training.pretrained_finder import fill_line_finder, wheel_detector
from tests.handwriting import WrittenPage, write_page


def _pages() -> list[WrittenPage]:
    return [write_page(["a first line", "of two words", "and a third"], seed=s, width=320, height=256) for s in (1, 2)]


def _tracked(page: WrittenPage) -> TrackedPage:
    return TrackedPage(
        page.image, tuple(track_line(np.array(line.polygon), np.array(line.baseline)) for line in page.lines)
    )


def test_the_finder_memorises_two_pages() -> None:
    torch.manual_seed(0)
    net, pages = LineFinderNet(), _pages()
    fill_line_finder(net, wheel_detector())
    recipe = FinderRecipe(
        steps=16, batch=2, learning_rate=3e-4, head_learning_rate=3e-3, warmup_steps=2, frozen_stages=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lightning's own: few workers, a deprecated torch name
        trainer = pl.Trainer(
            max_steps=16, logger=False, enable_checkpointing=False, enable_progress_bar=False, accelerator="cpu"
        )
        trainer.fit(LitFinder(recipe, net), DataLoader([as_tensors(_tracked(page)) for page in pages], batch_size=2))
    net.eval()
    for page in pages:
        with torch.inference_mode():
            maps = net(as_tensors(_tracked(page))[0][None])
        lines = trace_lines(maps.text[0, 0].sigmoid().numpy(), maps.geometry[0].numpy())
        found = [tuple(map(tuple, line.outline)) for line in lines]
        assert score_lines(found, [line.polygon for line in page.lines]) == LineScore(3, 3, 3)


def test_perfect_maps_cost_nothing() -> None:
    _, text, geometry, inside = (part[None] for part in as_tensors(_tracked(_pages()[0])))
    assert float(text_loss((text - 0.5) * 60, text)) == pytest.approx(0, abs=1e-3)
    assert float(geometry_loss(geometry, geometry, inside)) == 0


def test_a_view_without_writing_still_has_a_loss_to_learn_from() -> None:
    logits = torch.zeros(1, 1, 64, 64, requires_grad=True)
    loss = text_loss(logits, torch.zeros(1, 1, 64, 64))
    loss.backward()
    assert logits.grad is not None and float(logits.grad.abs().sum()) > 0
    geometry = torch.ones(1, 5, 16, 16)
    assert float(geometry_loss(geometry, geometry, torch.zeros(1, 16, 16, dtype=torch.bool))) == 0

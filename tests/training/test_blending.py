"""Between a parent and its child is chosen what serves the new lines and forgets little."""

from pathlib import Path

import numpy as np
import pytest
import torch

from recognizer.charset import LATIN_V1
from recognizer.datasets.batches import Batch, pooled_batches
from recognizer.datasets.replay import UNWATCHED, written_by
from recognizer.model_card import SHIPPED
from recognizer.models.line_ctc import LineCTC
from recognizer.training.blending import FORGETS, MOST, Blend, Judges, blend, weights_of
from recognizer.training.lit_models import assess, ctc_loss
from recognizer.weights_files import load_reader
from tests.unit.lines import written_lines

HAND = ["Qzk wjx 17", "vyq gfp 28", "kzw qyj 39"]


@pytest.fixture
def hand(tmp_path: Path) -> list[Batch]:
    return pooled_batches(written_lines(tmp_path / "hand", HAND), LATIN_V1)


@pytest.fixture
def strange(hand: list[Batch]) -> list[Batch]:
    """A hand that no reader knows: its texts run backwards."""
    return contradicted(hand)


@pytest.fixture
def old(tmp_path: Path) -> list[Batch]:
    return pooled_batches(written_lines(tmp_path / "old", ["the old hand", "is still read"]), LATIN_V1)


@pytest.fixture
def model() -> LineCTC:
    return load_reader(SHIPPED)[0]


def learn(model: LineCTC, batches: list[Batch], *, rate: float, steps: int = 6) -> None:
    """A child: a few steps on lines."""
    torch.manual_seed(1)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    for _ in range(steps):
        for batch in batches:
            optimizer.zero_grad()
            ctc_loss(model(batch.images), batch.targets, batch.lengths).backward()
            optimizer.step()


def contradicted(batches: list[Batch]) -> list[Batch]:
    """The same images with their texts reversed: whoever learns them forgets the true ones."""
    return [Batch(batch.images, batch.targets.flip(1), batch.lengths) for batch in batches]


def test_the_largest_share_with_about_the_lowest_loss_is_kept_and_is_what_the_model_then_holds(
    model: LineCTC, hand: list[Batch]
) -> None:
    parent, judges = weights_of(model), Judges(hand, (), LATIN_V1)
    before = judges.assess(model)
    learn(model, hand, rate=1e-3)
    child = weights_of(model)
    found = blend(model, parent, judges, before)
    kept = assess(model, hand, LATIN_V1).loss
    losses = {}
    for share in (found.share, *np.arange(0.1, MOST + 0.01, 0.1)):
        model.load_state_dict({name: value.lerp(child[name], share) for name, value in parent.items()})
        losses[share] = assess(model, hand, LATIN_V1).loss
    assert losses[found.share] == pytest.approx(kept, rel=1e-3) and kept < before[0].loss
    assert kept <= 1.02 * min(losses.values())
    model.load_state_dict(child)
    assert blend(model, parent, judges, before) == found


def test_the_way_to_a_child_that_overshoots_is_gone_part_of_the_way(model: LineCTC, hand: list[Batch]) -> None:
    parent, judges = weights_of(model), Judges(hand, (), LATIN_V1)
    before = judges.assess(model)
    learn(model, hand, rate=1e-3)
    learnt = weights_of(model)
    for times in (2.0, 4.0, 8.0, 16.0, 32.0):
        model.load_state_dict({name: value.lerp(learnt[name], times) for name, value in parent.items()})
        if judges.assess(model)[0].loss > before[0].loss:
            break
    found = blend(model, parent, judges, before)
    assert 0 < found.share < MOST
    assert assess(model, hand, LATIN_V1).loss < before[0].loss


def test_a_child_that_forgets_is_followed_less_far(model: LineCTC, strange: list[Batch], old: list[Batch]) -> None:
    parent = weights_of(model)
    alone, together = Judges(strange, (), LATIN_V1), Judges(strange, old, LATIN_V1)
    before = together.assess(model)
    learn(model, [*strange, *contradicted(old)], rate=1e-3)
    child = weights_of(model)
    free = blend(model, parent, alone, before)
    model.load_state_dict(child)
    bound = blend(model, parent, together, before)
    assert bound.share < free.share
    assert together.assess(model)[1] <= (1 + FORGETS) * before[1]


def test_a_child_that_reads_no_line_better_is_not_followed_at_all(model: LineCTC, hand: list[Batch]) -> None:
    parent, judges = weights_of(model), Judges(hand, (), LATIN_V1)
    before = judges.assess(model)
    torch.manual_seed(1)
    model.load_state_dict({name: value + 0.1 * torch.randn_like(value) for name, value in parent.items()})
    assert blend(model, parent, judges, before) == Blend(0.0, before[0].cer)
    assert all(torch.equal(value, parent[name]) for name, value in model.state_dict().items())


def test_where_no_real_hand_tells_what_was_forgotten_it_is_followed_less_than_half_way(
    model: LineCTC, hand: list[Batch]
) -> None:
    replay = written_by(SHIPPED)
    judges = Judges(hand, replay.watched_batches(LATIN_V1), LATIN_V1, replay.farthest)
    parent, before = weights_of(model), judges.assess(model)
    learn(model, hand, rate=1e-3)
    assert 0 < blend(model, parent, judges, before).share <= UNWATCHED < 0.5

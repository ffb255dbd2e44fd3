"""Hands learnt later: each line is read by whichever network knows its hand, alone or in a batch, on any engine."""

import copy
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from recognizer.calibration import Calibration
from recognizer.charset import LATIN_V1
from recognizer.corpora import LineTruth
from recognizer.decoding.best_path import Floats, softmax
from recognizer.engines.int8_graph import Int8
from recognizer.engines.quantisation import activation_ranges
from recognizer.engines.runtimes import OnnxRuntime, Runtime, TorchRuntime
from recognizer.evaluation import read_rows
from recognizer.line_images import open_line, stack, to_height
from recognizer.line_reader import LineReader
from recognizer.line_recogniser import LineRecogniser
from recognizer.model_card import SHIPPED, WEIGHTS, read_card
from recognizer.models.hands import SURE, Background, Hands, bar_of_page, directions
from recognizer.models.line_ctc import LineCTC
from recognizer.training.stroke_statistics import learn_background, learn_directions
from recognizer.weights_files import load_reader, save_reader
from tests.handwriting import write_line
from tests.unit.lines import written_lines

RANGES = read_card(SHIPPED)["int8"]
TEXTS = ("the quick brown fox", "never again at noon", "12 rue du Port", "a letter from home")


def hand(folder: Path, name: str, *, seed: int = 1, nib_px: int = 1, slant: float = 0.0) -> list[LineTruth]:
    """Lines of one writer, who may write with a broad nib, or more slanted than anybody."""
    folder.mkdir(exist_ok=True)
    rows = []
    for number, text in enumerate(TEXTS * 2):
        path = folder / f"{name}-{number}.png"
        image = cv2.erode(write_line(f"{text} {number}", seed=seed), np.ones((nib_px, nib_px), np.uint8))
        height, width = image.shape
        shear = np.array([[1, -slant, slant * height], [0, 1, 0]], np.float32)
        size = (width + round(slant * height), height)
        cv2.imwrite(str(path), cv2.warpAffine(image, shear, size, borderMode=cv2.BORDER_REPLICATE))
        rows.append(LineTruth(path, text, (), {"writer": name}))
    return rows


def broad(folder: Path) -> list[LineTruth]:
    """Lines of the hand that is learnt later."""
    return hand(folder, "broad", nib_px=5)


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> list[LineTruth]:
    """Lines of many writers."""
    folder = tmp_path_factory.mktemp("others")
    return [row for seed in range(2, 26) for row in hand(folder, f"writer-{seed}", seed=seed)[:4]]


@pytest.fixture(scope="module")
def learnt(others: list[LineTruth], tmp_path_factory: pytest.TempPathFactory) -> LineCTC:
    """The shipped network with one hand learnt later, by a network that says nothing."""
    model, *_ = load_reader(SHIPPED)
    model.background = learn_background(model, RANGES, others)
    blank = copy.deepcopy(model)
    blank.background = None
    with torch.no_grad():
        blank.head.weight.zero_()
        blank.head.bias.zero_()
    model.hands = Hands(blank, learn_directions(model, RANGES, broad(tmp_path_factory.mktemp("hand"))))
    return model


@pytest.fixture
def model(learnt: LineCTC) -> LineCTC:
    return copy.deepcopy(learnt)


def silent(logits: Floats) -> bool:
    """Whether every class is as likely as another."""
    return bool(np.abs(softmax(logits) - softmax(logits)[:, :1]).max() < 1e-3)


def images_of(rows: list[LineTruth]) -> Floats:
    """The beginnings of lines as one batch."""
    crops = [to_height(open_line(row.image), 48) for row in rows]
    width = min(crop.shape[1] for crop in crops)
    return stack([crop[:, :width] for crop in crops], step_px=32).numpy()


@pytest.mark.parametrize("engine", ["torch", "floats", "integers"])
def test_each_line_is_read_by_the_network_that_knows_its_hand(
    model: LineCTC, others: list[LineTruth], tmp_path: Path, engine: str
) -> None:
    runtime: Runtime = TorchRuntime(model, "cpu")
    if engine != "torch":
        runtime = OnnxRuntime(model, Int8(RANGES, 64) if engine == "integers" else None)
    images = images_of([*broad(tmp_path), *others[::12]])
    together = runtime(images).logits
    said = [silent(line[None]) for line in together]
    assert sum(said[:8]) >= 7 and sum(said[8:]) <= 1
    apart = np.concatenate([runtime(images[row : row + 1]).logits for row in range(len(images))])
    assert np.abs(apart - together).max() < 1e-3


@pytest.mark.parametrize("engine", ["torch", "floats"])
def test_a_page_is_in_one_hand_though_some_of_its_lines_alone_do_not_tell(
    model: LineCTC, others: list[LineTruth], tmp_path: Path, engine: str
) -> None:
    assert model.hands is not None
    torch.nn.init.constant_(model.hands.network.head.bias[:1], 20.0)  # the blank: it reads nothing in any line
    runtime: Runtime = TorchRuntime(model, "cpu") if engine == "torch" else OnnxRuntime(model)
    rows = [*broad(tmp_path), *others[:8]]
    crops = [open_line(row.image) for row in rows]
    far = np.concatenate([runtime(stack([to_height(crop, 48)], step_px=32).numpy()).far for crop in crops])
    # The hand's lines now lie about where a line alone may be another's.
    model.hands.directions *= float(2.1 / far[:8].mean())
    reader = LineReader(None, LineRecogniser(runtime, LATIN_V1, Calibration()), version="two-networks")

    def said(pages: list[str] | None) -> list[bool]:
        return [bool(reading.text) for reading in reader.read_lines(crops, pages=pages)]

    assert said(["mine"] * 8 + ["theirs"] * 8) == [False] * 8 + [True] * 8
    assert any(said(None)[:8])
    assert said([f"page {number // 3}" for number in range(16)]) == said(None)  # three lines are too few to tell
    on_pages = [replace(row, extra={"page": "of mine" if number < 8 else 9}) for number, row in enumerate(rows)]
    assert [bool(reading.text) for reading in read_rows(reader, on_pages)] == [False] * 8 + [True] * 8


def test_a_line_that_is_far_from_its_pages_hand_is_anothers() -> None:
    assert bar_of_page([2.6, 1.5, 2.9]) < 1.5 and bar_of_page([-0.4, 2.9, 0.3]) > 2.9
    assert bar_of_page([-np.inf] * 4) > 0  # no hand was learnt


def test_in_training_nobody_else_speaks(model: LineCTC, tmp_path: Path) -> None:
    images = torch.from_numpy(images_of(broad(tmp_path)[:1]))
    assert silent(model(images).detach().numpy()) and not silent(model.train()(images).detach().numpy())


def test_strokes_are_seen_once_whoever_reads_them(model: LineCTC, tmp_path: Path) -> None:
    images = torch.from_numpy(images_of(broad(tmp_path)))
    said = model(images)
    assert model.hands is not None
    torch.nn.init.normal_(model.hands.network.stem.project.weight)
    assert torch.equal(model(images), said)


def test_ranges_for_integers_are_the_common_networks(model: LineCTC, tmp_path: Path) -> None:
    crops = [open_line(row.image) for row in broad(tmp_path)]
    found = activation_ranges(model, crops)
    model.hands = None
    assert activation_ranges(model, crops) == found


def test_hands_survive_the_disk(model: LineCTC, tmp_path: Path) -> None:
    save_reader(model, LATIN_V1, tmp_path / "one")
    again, charset, _ = load_reader(tmp_path / "one")
    images = torch.from_numpy(images_of(broad(tmp_path)[:1]))
    assert silent(again(images).detach().numpy())
    save_reader(again, charset, tmp_path / "two")
    assert (tmp_path / "two" / WEIGHTS).read_bytes() == (tmp_path / "one" / WEIGHTS).read_bytes()


def test_groups_of_lines_that_lie_alike_are_one_hand_and_old_hands_are_kept(model: LineCTC, tmp_path: Path) -> None:
    pages = [replace(row, extra={"writer": f"page-{n // 4}"}) for n, row in enumerate(broad(tmp_path))]
    assert len(learn_directions(model, RANGES, pages)) == 1
    slanted = hand(tmp_path, "slanted", slant=1.0)
    found = learn_directions(model, RANGES, slanted)
    assert len(found) == 2 and torch.allclose(found.norm(dim=1), torch.ones(2))
    assert model.hands is not None
    model.hands.directions = found
    for rows in (pages, slanted):
        said = model(torch.from_numpy(images_of(rows))).detach().numpy()
        assert sum(silent(line[None]) for line in said) >= 7


def test_the_lines_of_the_training_are_nobodys() -> None:
    rng = np.random.default_rng(1)
    mixing = rng.normal(size=(192, 192))
    seen = torch.from_numpy((rng.normal(size=(4000, 192)) @ mixing + 5).astype(np.float32))
    background = Background.of(seen)
    whitened = background.seen(seen)
    assert whitened.mean(dim=0).abs().max() < 0.01 and (whitened.T @ whitened / 4000).diagonal().max() < 1.3
    far = directions([background.seen(seen[:20] + 3 * seen.std(dim=0))])
    taken = Hands(load_reader(SHIPPED)[0], far).far(whitened) > SURE
    assert taken.float().mean() < 0.05


def test_background_of_a_few_lines_is_still_one(tmp_path: Path) -> None:
    model, *_ = load_reader(SHIPPED)
    model.background = learn_background(model, RANGES, written_lines(tmp_path))
    assert torch.isfinite(model.background.whitening).all()

"""The line network: it is PP-OCRv6's, it survives the disk, and no line depends on another."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from recognizer.calibration import Calibration
from recognizer.charset import LATIN_V1, Charset
from recognizer.datasets.batches import collate
from recognizer.decoding.best_path import Floats, softmax
from recognizer.engines.int8_graph import Int8
from recognizer.engines.quantisation import activation_ranges
from recognizer.engines.runtimes import OnnxRuntime, Told, TorchRuntime, largest_weight
from recognizer.errors import BadModel
from recognizer.line_images import stack, to_height
from recognizer.line_recogniser import HASTY, Effort, LineRecogniser
from recognizer.model_card import CARD, WEIGHTS
from recognizer.models.line_ctc import FEW_ROWS, LineCTC
from recognizer.training.line_training import RECOGNISER
from recognizer.training.lit_models import ctc_loss
from recognizer.training.pretrained import cut_head, load_line_ctc, read_layers, wheel_model
from recognizer.weights_files import load_reader, save_reader
from tests.handwriting import write_line
from tests.unit.lines import TEXTS

LETTERS = Charset("letters", "".join(sorted(set("".join(TEXTS)))))


@pytest.fixture(scope="module")
def filled() -> LineCTC:
    """The network as the wheel's weights fill it."""
    return load_line_ctc(wheel_model(RECOGNISER), LATIN_V1).eval()


@pytest.fixture(scope="module")
def integers(filled: LineCTC) -> OnnxRuntime:
    """The same network in integers, exact on any processor."""
    ranges = activation_ranges(filled, [write_line(text, seed=seed) for seed, text in enumerate(TEXTS)])
    return OnnxRuntime(filled, Int8({name: (low, high) for name, (low, high) in ranges.items()}, 64))


def test_the_filled_network_says_what_onnxruntime_says(filled: LineCTC) -> None:
    path = wheel_model(RECOGNISER)
    line = torch.from_numpy(np.random.default_rng(1).uniform(-1, 1, (2, 1, 48, 192)).astype(np.float32))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    theirs = session.run(None, {session.get_inputs()[0].name: line.expand(-1, 3, -1, -1).numpy()})[0]
    _, characters = read_layers(path)
    known = [i for i, c in enumerate(LATIN_V1.characters) if c in characters]
    rows = [0, *(characters.index(LATIN_V1.characters[i]) + 1 for i in known)]
    with torch.no_grad():
        ours = softmax(filled(line)[..., [0, *(i + 1 for i in known)]].numpy())
    expected = theirs[..., rows] / theirs[..., rows].sum(-1, keepdims=True)
    assert np.abs(ours - expected).max() < 1e-4


def test_a_character_the_wheel_lacks_starts_as_what_it_resembles() -> None:
    layers, characters = read_layers(wheel_model(RECOGNISER))
    head = cut_head(layers[-1], characters, Charset("two", "‚,"))
    assert (head.weight[1] == head.weight[2]).all()


def test_a_file_that_is_not_the_recogniser_is_refused() -> None:
    with pytest.raises(BadModel, match="not PP-OCRv6 small's recogniser"):
        load_line_ctc(wheel_model("PP-OCRv6_det_small.onnx"), LATIN_V1)


def test_the_graph_for_onnxruntime_equals_torch(filled: LineCTC) -> None:
    for batch, height, width in ((1, 48, 96), (3, 48, 480), (2, FEW_ROWS, 96)):
        images = np.random.default_rng(width).uniform(-1, 1, (batch, 1, height, width)).astype(np.float32)
        onnx, ours = (runtime(images).logits for runtime in (OnnxRuntime(filled), TorchRuntime(filled, "cpu")))
        assert np.abs(softmax(onnx) - softmax(ours)).max() < 1e-4


@pytest.mark.parametrize("rows", [48, FEW_ROWS])
def test_in_integers_the_network_says_nearly_the_same(filled: LineCTC, integers: OnnxRuntime, rows: int) -> None:
    lines = [write_line("the quick brown fox", seed=seed) for seed in range(4)]
    images = stack([to_height(line, rows, wider=48 / rows) for line in lines]).numpy()
    exact, rounded = (softmax(runtime(images).logits) for runtime in (OnnxRuntime(filled), integers))
    assert 0 < np.abs(exact - rounded).sum(axis=-1).mean() < 0.1
    assert (exact.argmax(axis=-1) == rounded.argmax(axis=-1)).mean() > 0.95


@pytest.mark.parametrize(("flags", "largest"), [("avx2 avx512_vnni", 127), ("avx avx2", 64), ("asimd", None)])
def test_weights_are_as_large_as_the_processor_adds_up_exactly(flags: str, largest: int | None, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(f"processor : 0\nflags\t\t: fpu {flags}\n")
    assert largest_weight(tmp_path / "cpuinfo") == largest and largest_weight(tmp_path / "none") is None
    assert largest != 64 or 2 * 255 * largest < 2**15


def test_ranges_that_lack_a_layer_are_refused_with_what_to_do(filled: LineCTC) -> None:
    with pytest.raises(BadModel, match=r"layer stem\.first: .*quantise"):
        OnnxRuntime(filled, Int8({"images": (0.0, 1.0)}))


def test_save_and_load_is_exact(filled: LineCTC, tmp_path: Path) -> None:
    version = save_reader(filled, LATIN_V1, tmp_path / "one")
    model, charset, card = load_reader(tmp_path / "one")
    assert charset == LATIN_V1 and card["version"] == version
    assert all((a == b.bfloat16()).all() for a, b in zip(model.parameters(), filled.parameters(), strict=True))
    assert save_reader(model, charset, tmp_path / "two") == version
    assert (tmp_path / "one" / WEIGHTS).read_bytes() == (tmp_path / "two" / WEIGHTS).read_bytes()


@pytest.mark.parametrize("name", [WEIGHTS, CARD])
def test_a_damaged_model_is_refused_by_name(filled: LineCTC, tmp_path: Path, name: str) -> None:
    save_reader(filled, LATIN_V1, tmp_path)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:100])
    with pytest.raises(BadModel, match=name):
        load_reader(tmp_path)


def test_integers_are_the_same_in_any_batch(integers: OnnxRuntime) -> None:
    for width in (64, 96, 288, 320):
        images = np.random.default_rng(width).uniform(-1, 1, (3, 1, 48, width)).astype(np.float32)
        apart = np.concatenate([integers(images[row : row + 1]).logits for row in range(3)])
        assert np.abs(integers(images).logits - apart).max() < 1e-3


@pytest.mark.parametrize("rounded", [False, True])
def test_a_line_reads_the_same_alone_and_in_any_batch(filled: LineCTC, integers: OnnxRuntime, rounded: bool) -> None:
    recogniser = LineRecogniser(integers if rounded else OnnxRuntime(filled), LATIN_V1, Calibration())
    images = [write_line(text, seed=seed) for seed, text in enumerate(TEXTS * 2)]
    together = recogniser.read(images)
    for image, reading in zip(images, together, strict=True):
        (alone,) = recogniser.read([image])
        assert alone.text == reading.text and alone.alternatives == reading.alternatives
        assert alone.confidence == pytest.approx(reading.confidence, abs=1e-4)
    assert [r.text for r in recogniser.read(images[::-1])] == [r.text for r in together][::-1]


def test_the_loss_of_a_line_does_not_depend_on_its_padded_targets() -> None:
    torch.manual_seed(1)
    logits = torch.randn(2, 30, LETTERS.classes)
    long = ctc_loss(logits, torch.tensor([[1, 2, 0, 0], [1, 2, 3, 4]]), torch.tensor([2, 4]))
    apart = (
        ctc_loss(logits[:1], torch.tensor([[1, 2]]), torch.tensor([2]))
        + ctc_loss(logits[1:], torch.tensor([[1, 2, 3, 4]]), torch.tensor([4]))
    ) / 2
    assert long == pytest.approx(float(apart), rel=1e-5)


def test_an_empty_list_of_lines_is_no_reading(filled: LineCTC) -> None:
    assert LineRecogniser(OnnxRuntime(filled), LATIN_V1, Calibration()).read([]) == []


def test_collate_pads_targets_with_blank() -> None:
    batch = collate([(np.zeros((48, 30), np.uint8), [5]), (np.zeros((48, 60), np.uint8), [5, 6, 7])])
    assert batch.targets.tolist() == [[5, 0, 0], [5, 6, 7]] and batch.lengths.tolist() == [1, 3]


def test_a_crowded_line_is_read_once_more_stretched() -> None:
    seen: list[tuple[int, int]] = []

    class Crowding:
        workers, batch_px, hands = 1, 8 * 672, False

        def __call__(self, images: Floats, bars: Floats | None = None) -> Told:
            seen.append(images.shape[-2:])
            logits = np.zeros((len(images), images.shape[-1] // 8, LETTERS.classes), np.float32)
            steps = np.arange(logits.shape[1])
            logits[:, steps, np.where(seen[0][1] == 192, 1 + steps % 2, 0)] = 20
            return Told(logits, np.full(len(images), -np.inf, np.float32))

    recogniser = LineRecogniser(Crowding(), LETTERS, Calibration())
    assert len(recogniser.read([np.full((48, 192), 255, np.uint8)])[0].text) > 20 and seen == [(48, 192), (48, 288)]
    seen.clear()
    assert recogniser.read([np.full((48, 96), 255, np.uint8)])[0].text == "" and seen == [(48, 96)]
    seen.clear()
    LineRecogniser(Crowding(), LETTERS, Calibration(), effort=HASTY).read([np.full((48, 192), 255, np.uint8)])
    assert seen == [(FEW_ROWS, 224)]


def test_a_line_in_doubt_is_read_once_more_stretched_and_both_looks_count() -> None:
    class Wavering:
        workers, batch_px, hands = 1, 8 * 672, False

        def __call__(self, images: Floats, bars: Floats | None = None) -> Told:
            logits = np.zeros((len(images), images.shape[-1] // 8, LETTERS.classes), np.float32)
            logits[:, :, 0] = 20
            logits[:, 4, [0, *LETTERS.encode("ehn")]] = (
                (0, 20, 19.9, 19.7) if images.shape[-1] == 192 else (0, 20, 21, 19)
            )
            return Told(logits, np.full(len(images), -np.inf, np.float32))

    image = np.full((48, 192), 255, np.uint8)
    (reading,) = LineRecogniser(Wavering(), LETTERS, Calibration()).read([image])
    assert (reading.text, *reading.alternatives) == ("h", "e", "n")
    assert reading.confidence < 0.7
    (once,) = LineRecogniser(Wavering(), LETTERS, Calibration(), effort=Effort(looks=1)).read([image])
    assert once.text == "e"

"""The line finder's network and what it says about a page, whatever else is read beside it."""

import json
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
import torch

from recognizer.engines.runtimes import open_session
from recognizer.errors import BadModel
from recognizer.finding.finder_graph import line_finder_graph
from recognizer.finding.finder_weights import CARD_FILE, WEIGHTS_FILE, FinderCard, load_finder, save_finder
from recognizer.line_finder import LineFinder
from recognizer.models.line_finder import LineFinderNet
from recognizer.page_metrics import score_lines
from recognizer.training.pretrained_finder import fill_line_finder, wheel_detector
from tests.handwriting import WrittenPage, write_page

SHIPPED = Path(__file__).parents[2] / "recognizer" / "weights"
TEXTS = [
    "Dear friend, I write to you",
    "from the house by the river",
    "where the boats go by",
    "and nobody reads the clock.",
    "Come before the summer ends.",
]


@pytest.fixture(scope="module")
def finder() -> LineFinder:
    return LineFinder.load(SHIPPED)


def _image(page: WrittenPage) -> torch.Tensor:
    return torch.from_numpy(page.image.astype(np.float32) / 127.5 - 1)[None, None]


def test_the_network_says_what_the_wheels_detector_says() -> None:
    net = LineFinderNet().eval()
    fill_line_finder(net, wheel_detector())
    image = _image(write_page(TEXTS, seed=1, width=448, height=320))
    session = onnxruntime.InferenceSession(str(wheel_detector()))
    expected = session.run(None, {session.get_inputs()[0].name: image.expand(-1, 3, -1, -1).numpy()})[0]
    with torch.inference_mode():
        said = net(image).text.sigmoid().numpy()
    assert expected.max() > 0.5  # it does see writing
    np.testing.assert_allclose(said, expected, atol=1e-4)


def test_filling_from_another_network_is_refused(tmp_path: Path) -> None:
    import onnx

    model = onnx.load(str(wheel_detector()))
    del model.graph.node[-40:]
    onnx.save(model, str(tmp_path / "other.onnx"))
    with pytest.raises(BadModel, match="another network"):
        fill_line_finder(LineFinderNet(), tmp_path / "other.onnx")


def test_weights_survive_saving_and_loading_exactly(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = LineFinderNet().half().float().eval()
    save_finder(net, tmp_path, card=FinderCard(measured={"held_out_f1": 0.5}))
    loaded, card = load_finder(tmp_path)
    assert card.measured == {"held_out_f1": 0.5}
    for name, value in net.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[name]), name
    image = torch.rand(1, 1, 64, 96)
    with torch.inference_mode():
        assert all(torch.equal(a, b) for a, b in zip(net(image), loaded(image), strict=True))


def test_a_missing_or_foreign_weights_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match="holds no line finder"):
        LineFinder.load(tmp_path)
    save_finder(torch.nn.Linear(2, 2), tmp_path, card=FinderCard())
    with pytest.raises(BadModel, match="not of architecture"):
        LineFinder.load(tmp_path)
    (tmp_path / WEIGHTS_FILE).write_bytes(b"broken")
    with pytest.raises(BadModel, match="holds no line finder"):
        LineFinder.load(tmp_path)
    (tmp_path / CARD_FILE).write_text(json.dumps({"unknown": 1}), encoding="utf-8")
    with pytest.raises(BadModel, match="holds no line finder"):
        LineFinder.load(tmp_path)


def test_a_page_gets_the_same_maps_alone_and_in_any_batch() -> None:
    net, _ = load_finder(SHIPPED)
    images = [_image(write_page(TEXTS[k:], seed=k, width=320, height=256)) for k in range(3)]
    with torch.inference_mode():
        together = net(torch.cat(images))
        for index, image in enumerate(images):
            alone = net(image)
            torch.testing.assert_close(together.text[index].sigmoid(), alone.text[0].sigmoid(), atol=1e-5, rtol=0)
            torch.testing.assert_close(together.geometry[index], alone.geometry[0], atol=1e-3, rtol=0)


def test_the_graph_for_onnxruntime_says_what_torch_says() -> None:
    net, _ = load_finder(SHIPPED)
    image = _image(write_page(TEXTS, seed=4, width=384, height=256))
    text, geometry = open_session(line_finder_graph(net), threads=1).run(
        ["text", "geometry"], {"images": image.numpy()}
    )
    with torch.inference_mode():
        maps = net(image)
    torch.testing.assert_close(torch.from_numpy(text).sigmoid(), maps.text.sigmoid(), atol=1e-4, rtol=0)
    torch.testing.assert_close(torch.from_numpy(geometry), maps.geometry, atol=1e-3, rtol=0)


@pytest.mark.parametrize("paper", ["plain", "ruled", "squared"])
def test_lines_on_any_paper_are_found_in_reading_order(finder: LineFinder, paper: str) -> None:
    page = write_page(TEXTS, seed=2, width=800, height=700, paper=paper)  # type: ignore[arg-type]
    found = finder.find(page.image)
    assert len(found) == len(TEXTS)
    for line, written in zip(found, page.lines, strict=True):
        assert score_lines([line.polygon], [written.polygon]).matched == 1
        assert 0.5 < line.confidence <= 1


def test_finding_twice_gives_the_same_lines(finder: LineFinder) -> None:
    page = write_page(TEXTS, seed=4, width=600, height=500).image
    first = finder.find(page)
    finder.find(write_page(TEXTS[:2], seed=5, width=500, height=300).image)
    assert finder.find(page) == first


def test_two_columns_are_found_and_read_one_after_the_other(finder: LineFinder) -> None:
    page = write_page(TEXTS * 2, seed=6, width=1000, height=700, columns=2)
    found = finder.find(page.image)
    assert len(found) == 10
    assert all(score_lines([a.polygon], [b.polygon]).matched for a, b in zip(found, page.lines, strict=True))


def test_a_tilted_photo_is_read_downwards(finder: LineFinder) -> None:
    page = write_page(TEXTS, seed=8, width=800, height=700)
    turn = cv2.getRotationMatrix2D((400, 350), 12, 1.0)
    tilted = cv2.warpAffine(page.image, turn, (800, 700), borderValue=90)
    found = finder.find(np.asarray(tilted, np.uint8))
    expected = [cv2.transform(np.array([line.polygon]), turn)[0] for line in page.lines]
    assert len(found) == len(TEXTS)
    assert all(score_lines([a.polygon], [b]).matched for a, b in zip(found, expected, strict=True))


def test_large_and_small_writing_are_found_alike(finder: LineFinder) -> None:
    large = write_page(["Two big", "words"], seed=2, width=900, height=3000).image[:600]
    tiny = write_page(["Two small", "words"], seed=2, width=900, height=240).image
    small = np.full((3000, 2200), 235, np.uint8)
    small[300:900, 400:1000] = write_page(TEXTS, seed=2, width=600, height=600).image
    assert len(finder.find(large)) == 2
    assert len(finder.find(tiny)) == 2
    assert len(finder.find(small)) == len(TEXTS)


@pytest.mark.parametrize("shade", [0, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (700, 500)])
def test_a_page_without_writing_has_no_lines(finder: LineFinder, shape: tuple[int, int], shade: int) -> None:
    assert finder.find(np.full(shape, shade, np.uint8)) == []

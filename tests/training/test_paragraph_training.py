"""The paragraph reader learns: by heart, from the command line, over an interruption; and then reads by `--model`."""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from recognizer.__main__ import main
from recognizer.charset import LATIN_V1
from recognizer.decoding.plausibility import CONTRADICTED_BELOW
from recognizer.line_images import Grey
from recognizer.line_reader import LineReader
from recognizer.model_card import CARD, PARAGRAPHS, WEIGHTS
from recognizer.models.paragraph_transformer import ParagraphShape, ParagraphTransformer
from recognizer.paragraphs.composition import compose
from recognizer.paragraphs.data import Paragraph, collate
from recognizer.paragraphs.images import bucket, cut_bands, fit_line, fit_paragraph
from recognizer.paragraphs.tokens import ParagraphTokens
from recognizer.paragraphs.training import token_loss
from recognizer.weights_files import save_reader
from tests.handwriting import write_line
from tests.unit.lines import write_manifest

TOKENS = ParagraphTokens(LATIN_V1)
SHAPE = ParagraphShape(width=64, layers=1, image_width_px=192, image_height_px=128, most_lines=3, most_characters=40)
TEXTS = ("zyxwv\nq!?j#", "oôœ 19\nxx\n4a", "W,w;W\nno")  # nothing a language would suggest
CROP = "Qzkç"
HAND = [f"{word} {number}" for number, word in enumerate(("Qzk", "wjx", "vyq", "gfp") * 4)]


@dataclass(frozen=True)
class Learnt:
    """A folder with a model, a page for each of `TEXTS`, and a manifest of one line: `CROP`."""

    folder: Path
    pages: list[str]
    manifest: Path


def write_paragraph(text: str, path: Path, *, seed: int) -> Grey:
    """A page with a paragraph in one hand; gives what networks see of it."""
    lines = [(write_line(line, seed=seed), line) for line in text.split("\n")]
    page = np.pad(compose(lines, SHAPE, np.random.default_rng(seed))[0], 30, constant_values=250)
    cv2.imwrite(str(path), page)
    (((top, bottom), (left, right)),) = cut_bands(page, SHAPE)
    return fit_paragraph(page[top:bottom, left:right], SHAPE)


def learn(paragraphs: list[Paragraph]) -> ParagraphTransformer:
    """A network that knows these by heart."""
    torch.manual_seed(0)
    model = ParagraphTransformer(TOKENS.count, SHAPE, dropout=0.0)
    batches = [
        collate([one for one in paragraphs if bucket(one[0]) == size]) for size in {bucket(i) for i, _ in paragraphs}
    ]
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(300):
        losses = []
        for batch in batches:
            optimizer.zero_grad()
            loss = token_loss(model(batch.images, batch.tokens[:, :-1]), batch.tokens[:, 1:])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            losses.append(loss.item())
        if max(losses) < 0.01:
            break
    return model


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Learnt:
    """What a network was taught until it knew it."""
    folder = tmp_path_factory.mktemp("learnt")
    pages = [folder / f"{seed}.png" for seed in range(len(TEXTS))]
    images = [write_paragraph(text, pages[seed], seed=seed) for seed, text in enumerate(TEXTS)]
    manifest = write_manifest(folder, [CROP])
    images.append(fit_line(write_line(CROP, seed=0), SHAPE))
    model = learn([(image, TOKENS.encode(text)) for image, text in zip(images, (*TEXTS, CROP), strict=True)])
    save_reader(model, LATIN_V1, folder, notes={"shape": vars(SHAPE)}, architecture=PARAGRAPHS)
    return Learnt(folder, [str(page) for page in pages], manifest)


def test_pages_learnt_by_heart_are_read_by_model(learnt: Learnt, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", *learnt.pages, "--model", str(learnt.folder), "--json"]) == 0
    read = json.loads(capsys.readouterr().out)
    assert [page["text"] for page in read] == list(TEXTS)
    for page in read:
        tops = [line["polygon"][0][1] for line in page["lines"]]
        assert tops == sorted(tops) and tops[0] >= 0 and page["lines"][-1]["polygon"][2][1] <= page["height"]
        for line in page["lines"]:
            assert line["text"] == " ".join(word["text"] for word in line["words"])
            assert 0 < line["confidence"] <= min(word["confidence"] for word in line["words"]) + 1e-4 <= 1.001


def test_pages_are_scored_with_the_boxes_that_lines_get(
    learnt: Learnt, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["read", *learnt.pages, "--model", str(learnt.folder), "--json"]) == 0
    read = json.loads(capsys.readouterr().out)
    rows = [{**page, "image": page["path"]} for page in read]
    (tmp_path / "pages.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert main(["evaluate-pages", str(tmp_path / "pages.jsonl"), "--model", str(learnt.folder), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert (scores["pages"], scores["page_cer"], scores["line_f1"]) == (len(TEXTS), 0, 1)


def test_a_line_learnt_by_heart_is_scored_as_a_paragraph(learnt: Learnt, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(learnt.manifest), "--model", str(learnt.folder), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["lines"] == 1 and scores["cer"] == 0


def test_an_image_bears_out_what_was_learnt_and_contradicts_another_text(learnt: Learnt) -> None:
    reader, image = LineReader.load(learnt.folder), write_line(CROP, seed=0)
    own, other, less = reader.plausibility([image] * 3, [CROP, "wholly other", CROP[:1]])
    assert own == pytest.approx(1.0, abs=1e-3) and other < CONTRADICTED_BELOW and less < CONTRADICTED_BELOW


def test_the_command_trains_goes_on_and_refuses_another_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_manifest(tmp_path / "data", HAND, name="lines_train.jsonl")
    command = ["train", "--architecture", "paragraph_transformer", "--data", str(tmp_path / "data"), "--workers", "0"]
    command += ["--output", str(tmp_path / "out"), "--batch_size", "1", "--precision", "32-true", "--json"]
    tiny = ["--layers", "1", "--image_width_px", "192", "--image_height_px", "128", "--most_lines", "3"]
    length = ["--limit_train_batches", "2", "--limit_val_batches", "1"]
    assert main([*command, *tiny, *length, "--width", "32", "--max_epochs", "1"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["held_out_cer"] > 0
    assert main([*command, *tiny, *length, "--width", "32", "--max_epochs", "2", "--wandb"]) == 0
    second = json.loads(capsys.readouterr().out)
    kept = torch.load(tmp_path / "out" / "last.ckpt", weights_only=False)
    assert kept["global_step"] == 4 and second["model"] != first["model"]
    assert list((tmp_path / "out" / "wandb").glob("offline-run-*/run-*.wandb"))
    assert main([*command, *tiny, *length, "--width", "64", "--max_epochs", "3"]) == 1
    assert "Give another --output" in capsys.readouterr().err
    page = tmp_path / "page.png"
    cv2.imwrite(str(page), np.pad(write_line("no", seed=1), 20, constant_values=250))
    assert main(["read", str(page), "--model", str(tmp_path / "out"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["model"] == second["model"]


def test_a_damaged_folder_is_refused_by_name(
    learnt: Learnt, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = json.loads((learnt.folder / CARD).read_text(encoding="utf-8"))
    (tmp_path / CARD).write_text(json.dumps(card | {"shape": {"widht": 3}}), encoding="utf-8")
    assert main(["read", *learnt.pages, "--model", str(tmp_path)]) == 1
    assert f"{CARD} tells no sizes" in capsys.readouterr().err
    (tmp_path / CARD).write_text(json.dumps(card), encoding="utf-8")
    assert main(["read", *learnt.pages, "--model", str(tmp_path)]) == 1
    assert f"{WEIGHTS} cannot be loaded" in capsys.readouterr().err

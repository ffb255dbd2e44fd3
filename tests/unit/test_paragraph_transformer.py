"""The paragraph network: its cache changes nothing, it survives the disk, and no image depends on another."""

from pathlib import Path

import numpy as np
import pytest
import torch

from recognizer.charset import LATIN_V1
from recognizer.decoding.plausibility import LEAST
from recognizer.errors import BadModel
from recognizer.line_reader import LineReader
from recognizer.model_card import PARAGRAPHS
from recognizer.models.paragraph_transformer import ParagraphShape, ParagraphTransformer
from recognizer.paragraphs.images import cut_bands, stack
from recognizer.paragraphs.reader import ParagraphReader, ParagraphRecogniser
from recognizer.paragraphs.tokens import ParagraphTokens
from recognizer.weights_files import load_paragraph_reader, load_reader, save_reader
from tests.handwriting import write_line, write_page

TOKENS = ParagraphTokens(LATIN_V1)
SHAPE = ParagraphShape(width=32, layers=2, heads=2, image_width_px=192, image_height_px=128, most_characters=24)


@pytest.fixture(scope="module")
def network() -> ParagraphTransformer:
    """An untrained network; what it writes is nonsense, and as good for these tests as any text."""
    torch.manual_seed(3)
    return ParagraphTransformer(TOKENS.count, SHAPE).eval()


def test_tokens_spell_lines_and_nothing_else() -> None:
    text = "Où êtes-vous ?\n\nici"
    assert TOKENS.decode(TOKENS.encode(text)) == text
    assert TOKENS.decode([*TOKENS.encode("a")[:-1], 0, TOKENS.end, *TOKENS.encode("behind the end")]) == "a"


def test_decoding_with_a_cache_writes_what_decoding_without_one_does(network: ParagraphTransformer) -> None:
    images = stack([write_line(text, seed=seed, height_px=32)[:, :180] for seed, text in enumerate(("one", "two"))])
    written, nats = network.decode(images, start=TOKENS.start, end=TOKENS.end, most=SHAPE.most_characters)
    so_far = torch.full((2, 1), TOKENS.start)
    for step in range(written.shape[1]):
        with torch.no_grad():
            likely, token = network(images, so_far)[:, -1].log_softmax(-1).max(-1)
        running = ~(so_far == TOKENS.end).any(dim=1)
        assert torch.equal(written[running, step], token[running])
        assert torch.allclose(nats[running, step], likely[running], atol=1e-4)
        assert not written[~running, step].any()
        so_far = torch.cat([so_far, token[:, None]], dim=1)
    assert written.shape[1] == SHAPE.most_characters or bool((written == TOKENS.end).any(dim=1).all())


def test_a_token_knows_nothing_of_those_behind_it(network: ParagraphTransformer) -> None:
    images = torch.rand(1, 1, 64, 96)
    one, other = torch.tensor([[TOKENS.start, 5, 6, 7]]), torch.tensor([[TOKENS.start, 5, 9, 2]])
    with torch.no_grad():
        assert torch.allclose(network(images, one)[:, :2], network(images, other)[:, :2], atol=1e-6)


def test_save_and_load_is_exact_and_the_card_chooses_the_reader(network: ParagraphTransformer, tmp_path: Path) -> None:
    notes = {"shape": vars(SHAPE)}
    version = save_reader(network, LATIN_V1, tmp_path, notes=notes, architecture=PARAGRAPHS)
    model, charset, shape, _ = load_paragraph_reader(tmp_path)
    assert (charset, shape) == (LATIN_V1, SHAPE)
    assert all((a == b.bfloat16()).all() for a, b in zip(model.parameters(), network.parameters(), strict=True))
    reader = LineReader.load(tmp_path)
    assert isinstance(reader, ParagraphReader) and reader.version == version
    with pytest.raises(BadModel, match="paragraph_transformer model, where a line_ctc model is needed"):
        load_reader(tmp_path)


def test_an_image_reads_the_same_alone_and_in_any_batch(network: ParagraphTransformer) -> None:
    recogniser = ParagraphRecogniser(network, LATIN_V1, SHAPE)
    images = [write_line(text, seed=seed) for seed, text in enumerate(("one", "two and a half", "three", "a"))]
    together = recogniser.read(images)
    for image, reading in zip(images, together, strict=True):
        (alone,) = recogniser.read([image])
        assert alone.text == reading.text and alone.confidence == pytest.approx(reading.confidence, rel=1e-3)
    assert recogniser.read([]) == []


def test_a_high_page_is_cut_between_its_lines() -> None:
    page = write_page(["a line of text"] * 8, seed=2, width=600, height=900)
    bands = cut_bands(page.image, SHAPE)
    assert len(bands) > 1
    for (top, bottom), (left, right) in bands:
        assert (bottom - top) * SHAPE.image_width_px / (right - left) <= SHAPE.image_height_px + 1
    for line in page.lines:
        middle = float(np.mean([y for _, y in line.baseline])) - 5
        assert sum(top <= middle < bottom for (top, bottom), _ in bands) == 1
    assert cut_bands(np.full((500, 400), 250, np.uint8), SHAPE) == []


def test_a_text_largely_of_unknown_characters_is_not_borne_out(network: ParagraphTransformer) -> None:
    image = write_line("one", seed=1)
    recogniser = ParagraphRecogniser(network, LATIN_V1, SHAPE)
    read = recogniser.read([image])[0].text
    odd, foreign = recogniser.plausibility([image] * 2, [f"{read} →", f"{read} жжж жжжж"])
    assert odd > LEAST == foreign

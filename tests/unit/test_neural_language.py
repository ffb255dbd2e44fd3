"""The neural language model: its tree of texts, its graph against torch, its file, and what it decides."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from recognizer.charset import Charset
from recognizer.decoding.beam import beam_search
from recognizer.decoding.characters import CharacterModel
from recognizer.decoding.language import Language
from recognizer.decoding.language_prior import LanguagePrior
from recognizer.decoding.looks import Look, settle
from recognizer.decoding.text_tree import REMEMBERED, grow
from recognizer.engines import character_runtime
from recognizer.engines.character_runtime import CharacterRuntime
from recognizer.engines.runtimes import largest_weight
from recognizer.errors import BadModel
from recognizer.model_card import LANGUAGE, NEURAL
from recognizer.models.character_lstm import EDGE, FIRST, UNKNOWN, CharacterLSTM, codes_of
from recognizer.weights_files import copy_language, load_neural, save_neural

ALPHABET = " abcdefgh"
ABC = Charset("abc", "abc")


def network(seed: int = 3) -> CharacterLSTM:
    """One that nothing taught, with opinions."""
    torch.manual_seed(seed)
    model = CharacterLSTM(FIRST + len(ALPHABET), hidden=24, width=8).eval()
    with torch.no_grad():
        for value in model.parameters():
            value.mul_(3)
    return model


def by_torch(model: CharacterLSTM, text: str) -> list[float]:
    codes = torch.tensor([[EDGE, *codes_of(text, ALPHABET)]])
    with torch.no_grad():
        likely = model(codes)[0, :-1].log_softmax(-1)
    return likely.gather(1, codes[0, 1:, None])[:, 0].tolist()


def test_a_tree_asks_once_for_what_texts_share() -> None:
    tree = grow(["abc", "abd", "", "b"], [0] * 4)
    assert tree.characters == "abcdb"
    assert tree.parents.tolist() == [-1, 0, 1, 1, -1]
    assert [level.tolist() for level in tree.levels] == [[0, 4], [1], [2, 3]]
    assert tree.texts == [[0, 1, 2], [0, 1, 3], [], [4]]


def test_texts_that_agree_again_for_long_share_what_follows() -> None:
    rest = "".join(ALPHABET[1 + place % 8] for place in range(REMEMBERED + 10))
    one, other = grow(["xa" + rest, "ya" + rest], [0, 0]).texts
    assert one[-1] == other[-1]
    assert one[5] != other[5]


def test_what_is_told_of_a_line_hangs_on_no_other_line() -> None:
    rest = "".join(ALPHABET[1 + place % 8] for place in range(REMEMBERED + 10))
    runtime = CharacterRuntime(network(), ALPHABET)
    (alone,) = runtime.log_likelihoods(["ya" + rest], [0])
    assert runtime.log_likelihoods(["xa" + rest, "ya" + rest], [0, 1])[1] == pytest.approx(alone, abs=1e-6)


def test_no_text_is_no_question() -> None:
    assert grow([], []).levels == []
    assert CharacterRuntime(network(), ALPHABET).log_likelihoods([], []) == []


OFF = {None: 1e-5, 64: 0.3, 127: 0.2}  # nats, by the largest weight


@pytest.mark.parametrize(
    "largest", sorted({None, 64, largest_weight()}, key=str)
)  # others this processor adds up wrong
def test_the_graph_says_what_torch_says(largest: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(character_runtime, "largest_weight", lambda: largest)
    model, texts = network(), ["", "a", "abc abd", "abc abe", "hgfedcba é", "abc abd"]
    told = CharacterRuntime(model, ALPHABET).log_likelihoods(texts, [0, 1, 2, 2, 1, 0])
    for text, likely in zip(texts, told, strict=True):
        assert likely == pytest.approx(by_torch(model, text), abs=OFF[largest])


def test_a_text_is_as_likely_alone_as_among_others() -> None:
    runtime = CharacterRuntime(network(), ALPHABET)
    (alone,) = runtime.log_likelihoods(["abc abd"], [0])
    assert runtime.log_likelihoods(["hh", "abc abe", "abc abd", "c"], [0, 0, 0, 1])[2] == pytest.approx(alone, abs=1e-6)


def test_characters_beyond_the_alphabet_are_one() -> None:
    assert codes_of("aé", ALPHABET) == [FIRST + 1, UNKNOWN]


def test_it_learns_eight_lines_by_heart() -> None:
    torch.manual_seed(1)
    lines = ["abc", "cab dad", "bad cab", "hag", "a bad hag", "fed", "had a fed", "ceded"]
    model = CharacterLSTM(FIRST + len(ALPHABET), hidden=48, width=16)
    codes = [torch.tensor([EDGE, *codes_of(line, ALPHABET), EDGE]) for line in lines]
    batch = torch.nn.utils.rnn.pad_sequence(codes, batch_first=True, padding_value=-1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(150):
        loss = torch.nn.functional.cross_entropy(
            model(batch[:, :-1].clamp(min=EDGE)).flatten(0, 1), batch[:, 1:].flatten(), ignore_index=-1
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    least = np.mean([np.log(len(lines)) / (len(line) + 1) for line in lines])  # which line it is cannot be known
    assert loss.item() < 1.5 * least
    told = CharacterRuntime(model.eval(), ALPHABET).log_likelihoods(["a bad hag", "a bad hab"], [0, 0])
    assert told[0].sum() > told[1].sum() + 2


def test_it_survives_its_file(tmp_path: Path) -> None:
    model = network()
    with torch.no_grad():
        for value in model.parameters():
            value.copy_(value.bfloat16().float())
    entry = save_neural(model, ALPHABET, tmp_path)
    again, alphabet = load_neural(tmp_path)
    assert alphabet == ALPHABET
    assert len(entry["sha256"]) == 64
    assert by_torch(again, "abc") == by_torch(model, "abc")
    (tmp_path / LANGUAGE).write_bytes(b"counts")
    copy_language(tmp_path, tmp_path)
    copy_language(tmp_path, tmp_path / "child")
    for name in (LANGUAGE, NEURAL):
        assert (tmp_path / "child" / name).read_bytes() == (tmp_path / name).read_bytes()


@pytest.mark.parametrize("damage", ["gone", "cut", "of another kind"])
def test_a_damaged_file_is_told(tmp_path: Path, damage: str) -> None:
    save_neural(network(), ALPHABET, tmp_path)
    file = tmp_path / NEURAL
    if damage == "gone":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:400])
    else:
        from safetensors.torch import save_file

        save_file({"x": torch.zeros(2)}, file)
    with pytest.raises(BadModel, match=r"language\.safetensors cannot be loaded.*Restore the file"):
        load_neural(tmp_path)


class Liking:
    """Likes one text above all, as a language model of its own."""

    def __init__(self, text: str) -> None:
        self.text, self.asked = text, list[str]()

    def log_likelihoods(self, texts: list[str], lines: list[int]) -> list[np.ndarray]:
        self.asked += texts
        return [np.full(len(text), -1.0 if text == self.text else -6.0) for text in texts]


def steps(odds: list[list[float]]) -> np.ndarray:
    """Probabilities of a, b, c at each of some places, a blank after each."""
    rows = [row for place in odds for row in ([1e-4, *place], [1, 1e-4, 1e-4, 1e-4])]
    said = np.array(rows, np.float32)
    return said / said.sum(axis=1, keepdims=True)


def settled(odds: list[list[float]], liking: Liking) -> tuple[list[str], list[str]]:
    """What two lines that look alike are read as, without and with a network asked."""
    prior = LanguagePrior(Language(CharacterModel.learn(["abc", "cab", "bca"] * 3), None), ABC)
    said = steps(odds)
    look = Look(said, beam_search([said], prior=prior)[0])
    plain, asked = settle([[look]], prior), settle([[look]], replace(prior, neural=liking))
    return tuple([ABC.decode(text.classes) for text in found[0].texts] for found in (plain, asked))  # type: ignore[return-value]


def test_the_network_decides_between_texts_that_are_close() -> None:
    plain, asked = settled([[0.9, 0.1, 1e-4], [0.8, 0.2, 1e-4]], Liking("ab"))
    plain_other, asked_other = settled([[0.9, 0.1, 1e-4], [0.8, 0.2, 1e-4]], Liking("aa"))
    assert (asked[0], asked_other[0]) == ("ab", "aa")
    assert plain == plain_other


def test_what_is_far_behind_is_not_asked_about_and_stays_behind() -> None:
    liking = Liking("cc")
    plain, asked = settled([[1, 1e-7, 1e-7], [1e-7, 1, 1e-7]], liking)
    assert (plain[0], asked[0]) == ("ab", "ab")
    assert liking.asked == ["ab"]

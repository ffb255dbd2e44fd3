"""Beams against brute force, alignments against what they must spell."""

import itertools
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import torch

from recognizer.charset import LATIN_V1, Charset
from recognizer.decoding.alignment import align
from recognizer.decoding.beam import beam_search
from recognizer.decoding.best_path import best_path, needed_steps, softmax
from recognizer.decoding.characters import CharacterModel
from recognizer.decoding.language import Language
from recognizer.decoding.language_prior import LanguagePrior
from recognizer.errors import BadModel

ABC = Charset("abc", "abc")


def collapse(path: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(c for c, _ in itertools.groupby(path) if c)


@pytest.mark.parametrize("seed", range(5))
def test_beam_search_finds_the_most_probable_texts_of_all_paths(seed: int) -> None:
    probabilities = softmax(np.random.default_rng(seed).normal(0, 1.5, (5, 4)).astype(np.float32))
    mass: dict[tuple[int, ...], float] = defaultdict(float)
    for path in itertools.product(range(4), repeat=5):
        mass[collapse(path)] += float(np.prod(probabilities[range(5), path]))
    found = beam_search([probabilities], width=400, floor=0)[0]
    assert [h.classes for h in found[:5]] == sorted(mass, key=mass.__getitem__, reverse=True)[:5]
    assert found[0].probability / found[1].probability == pytest.approx(
        mass[found[0].classes] / mass[found[1].classes], rel=0.01
    )


def test_a_narrow_beam_still_joins_equal_texts() -> None:
    probabilities = softmax(np.random.default_rng(9).normal(0, 2, (40, 4)).astype(np.float32))
    texts = [h.classes for h in beam_search([probabilities], width=6)[0]]
    assert len(set(texts)) == len(texts) <= 6


def test_beam_probabilities_sum_to_one_over_what_was_kept() -> None:
    probabilities = softmax(np.random.default_rng(3).normal(0, 1, (30, 4)).astype(np.float32))
    assert sum(h.probability for h in beam_search([probabilities])[0]) == pytest.approx(1)


def test_lines_of_unequal_length_are_read_as_each_would_be_alone() -> None:
    rng = np.random.default_rng(4)
    lines = [softmax(rng.normal(0, 2, (steps, 4)).astype(np.float32)) for steps in (30, 7, 1, 18)]
    together, alone = beam_search(lines), [beam_search([line])[0] for line in lines]
    assert [[h.classes for h in found] for found in together] == [[h.classes for h in found] for found in alone]


def test_steps_that_are_certainly_blank_part_equal_letters_and_change_nothing_else() -> None:
    blank, a = np.array([1, 0, 0, 0], np.float32), np.array([0.2, 0.8, 0, 0], np.float32)
    twice = beam_search([np.stack([blank, a, blank, blank, a, blank])])[0]
    once = beam_search([np.stack([a, a])])[0]
    assert ABC.decode(twice[0].classes) == "aa" and ABC.decode(once[0].classes) == "a"


def test_what_was_given_up_for_a_prefix_that_fares_alike_is_an_alternative() -> None:
    model = CharacterModel.learn(["the same end of a line"] * 3 + ["tke same end of a line"])
    steps = np.full((20, LATIN_V1.classes), 1e-5, np.float32)
    for step, character in enumerate("the same end of a line"[:20]):
        steps[step, LATIN_V1.encode(character)[0]] = 0.99
    steps[1, LATIN_V1.encode("h")[0]], steps[1, LATIN_V1.encode("k")[0]] = 0.6, 0.4
    steps /= steps.sum(axis=1, keepdims=True)
    texts = beam_search([steps], width=2, prior=LanguagePrior(Language(model, None), LATIN_V1))[0]
    assert [LATIN_V1.decode(h.classes) for h in texts[:2]] == ["the same end of a li", "tke same end of a li"]


def test_best_path_collapses_repeats_and_drops_blanks() -> None:
    steps = torch.nn.functional.one_hot(torch.tensor([0, 1, 1, 0, 1, 2, 2, 0, 3]), 4).float()
    assert best_path(steps, ABC) == "aabc"


@pytest.mark.parametrize("classes", [(1,), (1, 1), (1, 2, 2, 3), (3, 3, 3)])
def test_an_alignment_spells_its_text(classes: tuple[int, ...]) -> None:
    probabilities = softmax(np.random.default_rng(1).normal(0, 2, (12, 4)).astype(np.float32))
    (path,) = align([probabilities], [classes])
    assert collapse(tuple(0 if p < 0 else int(p) + 1 for p in path)) == tuple(range(1, len(classes) + 1))


def test_equal_neighbours_need_a_step_more() -> None:
    assert [needed_steps(text) for text in ("", "ab", "elle", "aaa")] == [0, 2, 5, 5]
    assert [needed_steps(classes) for classes in ([1, 2, 3], [1, 1], [1, 1, 1], [])] == [3, 3, 5, 0]


def test_an_alignment_of_nothing_is_all_blank() -> None:
    assert (align([np.full((4, 3), 1 / 3, np.float32)], [()])[0] == -1).all()


def test_lines_of_unequal_length_are_aligned_as_each_would_be_alone() -> None:
    rng = np.random.default_rng(6)
    texts = [(1, 2, 2, 3), (), (3,), tuple(rng.integers(1, 4, 30).tolist())] * 20
    lines = [softmax(rng.normal(0, 2, (2 * len(text) + 3, 4)).astype(np.float32)) for text in texts]
    alone = [align([line], [text])[0].tolist() for line, text in zip(lines, texts, strict=True)]
    assert [path.tolist() for path in align(lines, texts)] == alone


def test_the_best_alignment_beats_every_other() -> None:
    probabilities = softmax(np.random.default_rng(2).normal(0, 2, (6, 3)).astype(np.float32))

    def likelihood(path: tuple[int, ...]) -> float:
        return float(np.prod(probabilities[range(6), path]))

    best = max((p for p in itertools.product(range(3), repeat=6) if collapse(p) == (1, 2)), key=likelihood)
    found = tuple(0 if p < 0 else (1, 2)[int(p)] for p in align([probabilities], [(1, 2)])[0])
    assert likelihood(found) == pytest.approx(likelihood(best))


def test_a_charset_gives_back_what_it_encodes_in_nfc() -> None:
    assert LATIN_V1.decode(LATIN_V1.encode("e\u0301te\u0301 à Œuvre « ſ »")) == "été à Œuvre « ſ »"


def test_a_language_prior_tips_the_scales_between_equal_readings() -> None:
    model = CharacterModel.learn(["cab", "cab", "cab"], least=1)
    steps = np.full((3, 4), 0.02, np.float32)
    steps[0, 3], steps[2, 2] = 0.94, 0.94
    steps[1, 1] = steps[1, 2] = 0.48  # a or b
    alone = beam_search([steps])[0]
    known = beam_search([steps], prior=LanguagePrior(Language(model, None), ABC))[0]
    assert ABC.decode(known[0].classes) == "cab"
    assert known[0].probability > next(h.probability for h in alone if ABC.decode(h.classes) == "cab")


def test_character_probabilities_of_a_context_sum_to_less_than_one_and_favour_what_was_seen() -> None:
    model = CharacterModel.learn(["the cat", "the car", "the cap"], least=1)
    every = np.arange(len(model.alphabet) + 1)
    chances = np.exp(
        model.extend(np.repeat(model.states_along([codes_of(model, "the cat")])[-1], len(every)), every)[0]
    )
    assert chances[1:].sum() <= 1 and model.alphabet[int(chances[1:].argmax())] in "trp"
    assert chances[model.code("t")] > 5 * chances[model.code("h")] > 0


def test_following_a_line_leads_through_the_states_before_its_characters() -> None:
    model = CharacterModel.learn(["the cat sat", "the car ran", "a cap"], least=1)
    codes = codes_of(model, "the cup ran")
    state, found = np.array([model.start]), []
    for code in codes:
        found.append(int(state[0]))
        state = model.extend(state, np.array([code]))[1]
    assert found == model.states_along([codes]).tolist()


def test_smoothed_probabilities_are_those_of_the_formula() -> None:
    model = CharacterModel.learn(["ab", "ab", "ac"], least=1)
    # after "\na": b twice, c once; after "a": each behind one character; after nothing: a, b and c behind one each
    never = 1 / 256
    alone = (1 - 0.8) / 3 + 2.4 / 3 * never
    after_a = (1 - 0.8) / 2 + 1.6 / 2 * alone
    after_start_a = (2 - 1.2) / 3 + 2.0 / 3 * after_a
    assert math.exp(model.log_probabilities([codes_of(model, "ab")])[0][1]) == pytest.approx(after_start_a)


def codes_of(model: CharacterModel, text: str) -> np.ndarray:
    return np.array([model.code(character) for character in text])


def test_the_prior_weighs_a_text_as_the_character_model_finds_it_likely() -> None:
    model = CharacterModel.learn(["the cat sat", "the car ran", "a cap"], least=1)
    text = "the cup"
    found = LanguagePrior(Language(model, None), LATIN_V1).counted([LATIN_V1.encode(text)])[0]
    assert found == pytest.approx(model.log_probabilities([codes_of(model, text)])[0])


def test_two_languages_joined_know_what_one_knows_that_read_both() -> None:
    texts = ["the cat sat", "the car ran", "a cap"], ["der Kater saß", "die Katze ran", "äh"]
    joined = CharacterModel.learn(texts[0], least=1).joined(CharacterModel.learn(texts[1], least=1))
    both = CharacterModel.learn(texts[0] + texts[1], least=1)
    assert set(joined.alphabet) == set(both.alphabet) and joined.states == both.states
    for text in ("the cat", "die Katze sah", "äh, zwölf"):
        ours, theirs = (model.log_probabilities([codes_of(model, text)])[0] for model in (joined, both))
        assert ours == pytest.approx(theirs)


def test_bits_fall_for_what_was_seen() -> None:
    model = CharacterModel.learn(["the cat sat", "the car ran"] * 3)
    assert model.bits(["the cat ran"]) < 2 < model.bits(["xyz"]) == pytest.approx(9, abs=1)
    with pytest.raises(ValueError, match="no character"):
        model.bits([" "])


def test_a_language_survives_the_disk_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    language = Language.learn(["où est-elle ?", "où est-il ?"])
    language.save(tmp_path / "l.xz")
    again = Language.load(tmp_path / "l.xz")
    codes = codes_of(language.characters, "où est elle")
    assert (again.characters.log_probabilities([codes])[0] == language.characters.log_probabilities([codes])[0]).all()
    assert language.words is not None and again.words is not None
    texts = ["où est elle", "où suis-je ?", ""]
    assert (again.words.weigh(texts, bonus=1) == language.words.weigh(texts, bonus=1)).all()
    again.save(tmp_path / "again.xz")
    assert (tmp_path / "again.xz").read_bytes() == (tmp_path / "l.xz").read_bytes()
    for damaged in (b"nothing", (tmp_path / "l.xz").read_bytes()[:-20]):
        (tmp_path / "damaged.xz").write_bytes(damaged)
        with pytest.raises(BadModel, match=r"damaged\.xz cannot be loaded"):
            Language.load(tmp_path / "damaged.xz")


@pytest.mark.parametrize("characters", [[1, 1], [2, 1], [1, 3]], ids=["twice", "not sorted", "beyond the alphabet"])
def test_counts_in_disorder_are_refused(characters: list[int]) -> None:
    with pytest.raises(ValueError, match="in disorder"):
        CharacterModel("ab", np.zeros(2, np.int64), np.array(characters), np.ones(2, np.int64))


def test_an_older_language_knows_no_words(tmp_path: Path) -> None:
    Language(CharacterModel.learn(["a line"] * 3), None).save(tmp_path / "l.xz")
    old = Language.load(tmp_path / "l.xz")
    assert old.words is None and old.joined(Language.learn(["another"])).words is None

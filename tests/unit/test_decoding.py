"""Beams against brute force, alignments against what they must spell."""

import itertools
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import torch

from recognizer.charset import LATIN_V1, Charset
from recognizer.decoding import align, beam_search, best_path, softmax
from recognizer.errors import BadModel
from recognizer.language import CharacterModel, LanguagePrior

ABC = Charset("abc", "abc")


def collapse(path: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(c for c, _ in itertools.groupby(path) if c)


@pytest.mark.parametrize("seed", range(5))
def test_beam_search_finds_the_most_probable_texts_of_all_paths(seed: int) -> None:
    probabilities = softmax(np.random.default_rng(seed).normal(0, 1.5, (5, 4)).astype(np.float32))
    mass: dict[tuple[int, ...], float] = defaultdict(float)
    for path in itertools.product(range(4), repeat=5):
        mass[collapse(path)] += float(np.prod(probabilities[range(5), path]))
    found = beam_search(probabilities, width=400, floor=0)
    assert [h.classes for h in found[:5]] == sorted(mass, key=mass.__getitem__, reverse=True)[:5]
    assert found[0].probability == pytest.approx(max(mass.values()), rel=1e-4)


def test_a_narrow_beam_still_joins_equal_texts() -> None:
    probabilities = softmax(np.random.default_rng(9).normal(0, 2, (40, 4)).astype(np.float32))
    texts = [h.classes for h in beam_search(probabilities, width=6)]
    assert len(set(texts)) == len(texts) <= 6


def test_beam_probabilities_sum_to_one_over_what_was_kept() -> None:
    probabilities = softmax(np.random.default_rng(3).normal(0, 1, (30, 4)).astype(np.float32))
    assert sum(h.probability for h in beam_search(probabilities)) == pytest.approx(1)


def test_best_path_collapses_repeats_and_drops_blanks() -> None:
    steps = torch.nn.functional.one_hot(torch.tensor([0, 1, 1, 0, 1, 2, 2, 0, 3]), 4).float()
    assert best_path(steps, ABC) == "aabc"


@pytest.mark.parametrize("classes", [(1,), (1, 1), (1, 2, 2, 3), (3, 3, 3)])
def test_an_alignment_spells_its_text(classes: tuple[int, ...]) -> None:
    probabilities = softmax(np.random.default_rng(1).normal(0, 2, (12, 4)).astype(np.float32))
    path = align(probabilities, classes)
    assert collapse(tuple(0 if p < 0 else int(p) + 1 for p in path)) == tuple(range(1, len(classes) + 1))


def test_an_alignment_of_nothing_is_all_blank() -> None:
    assert (align(np.full((4, 3), 1 / 3, np.float32), ()) == -1).all()


def test_the_best_alignment_beats_every_other() -> None:
    probabilities = softmax(np.random.default_rng(2).normal(0, 2, (6, 3)).astype(np.float32))

    def likelihood(path: tuple[int, ...]) -> float:
        return float(np.prod(probabilities[range(6), path]))

    best = max((p for p in itertools.product(range(3), repeat=6) if collapse(p) == (1, 2)), key=likelihood)
    found = tuple(0 if p < 0 else (1, 2)[int(p)] for p in align(probabilities, (1, 2)))
    assert likelihood(found) == pytest.approx(likelihood(best))


def test_a_charset_gives_back_what_it_encodes_in_nfc() -> None:
    assert LATIN_V1.decode(LATIN_V1.encode("e\u0301te\u0301 à Œuvre « ſ »")) == "été à Œuvre « ſ »"


def test_a_language_prior_tips_the_scales_between_equal_readings() -> None:
    model = CharacterModel.learn(["cab", "cab", "cab"], least=1)
    steps = np.full((3, 4), 0.02, np.float32)
    steps[0, 3], steps[2, 2] = 0.94, 0.94
    steps[1, 1] = steps[1, 2] = 0.48  # a or b
    alone = beam_search(steps)
    known = beam_search(steps, prior=LanguagePrior(model, ABC))
    assert ABC.decode(known[0].classes) == "cab"
    assert known[0].probability > next(h.probability for h in alone if ABC.decode(h.classes) == "cab")


def test_character_probabilities_of_a_context_sum_to_less_than_one_and_favour_what_was_seen() -> None:
    model = CharacterModel.learn(["the cat", "the car", "the cap"], least=1)
    shares = {c: math.exp(model.log_probability("he ca", c)) for c in "abcdefghijklmnopqrstuvwxyz "}
    assert sum(shares.values()) <= 1 and max(shares, key=shares.__getitem__) in "trp"
    assert shares["t"] > 5 * shares["z"] > 0


def test_a_language_survives_the_disk_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    model = CharacterModel.learn(["où est-elle ?", "où est-il ?"], least=1)
    model.save(tmp_path / "l.xz")
    again = CharacterModel.load(tmp_path / "l.xz")
    assert again.log_probability("où es", "t") == model.log_probability("où es", "t")
    (tmp_path / "l.xz").write_bytes(b"nothing")
    with pytest.raises(BadModel, match=r"l\.xz cannot be loaded"):
        CharacterModel.load(tmp_path / "l.xz")

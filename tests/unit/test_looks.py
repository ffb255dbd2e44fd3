"""Two looks at a line in doubt: sums over paths against brute force, and what both bear out against what one likes."""

import itertools

import numpy as np
import pytest

from recognizer.charset import LATIN_V1, Charset
from recognizer.decoding.beam import beam_search
from recognizer.decoding.best_path import Floats, softmax
from recognizer.decoding.characters import CharacterModel
from recognizer.decoding.language import Language
from recognizer.decoding.language_prior import LanguagePrior
from recognizer.decoding.looks import Look, log_likelihoods, settle
from recognizer.decoding.words import WordModel

ABC = Charset("abc", "abc")


def steps_of(texts: dict[str, float], *, pause: int = 1) -> Floats:
    """Steps that spell texts of one length at these odds, a letter and so many blanks at a time."""
    length = len(next(iter(texts)))
    steps = np.full((length * (1 + pause), ABC.classes), 1e-4, np.float32)
    steps[:, 0] = 1
    for place in range(length):
        steps[place * (1 + pause)] = 1e-4
        for text, odds in texts.items():
            steps[place * (1 + pause), ABC.encode(text[place])[0]] += odds
    normal: Floats = steps / steps.sum(axis=1, keepdims=True)
    return normal


def look(probabilities: Floats, prior: LanguagePrior | None = None) -> Look:
    return Look(probabilities, beam_search([probabilities], prior=prior)[0])


def text_of(first: Floats, second: Floats, prior: LanguagePrior | None = None) -> str:
    found = settle([[look(first, prior), look(second, prior)]], prior)[0]
    return ABC.decode(found.texts[0].classes)


def test_a_text_is_as_likely_as_all_its_paths_together() -> None:
    rng = np.random.default_rng(2)
    lines = [softmax(rng.normal(0, 1.5, (steps, 4)).astype(np.float32)) for steps in (5, 3)]
    texts = [(), (1,), (1, 1), (2, 3, 1), (3, 3, 3), (1, 2, 3, 1)]
    found = log_likelihoods(lines, np.repeat([0, 1], len(texts)), texts * 2)
    for said, line, text in zip(found, np.repeat([0, 1], len(texts)), texts * 2, strict=True):
        steps = len(lines[line])
        paths = list(itertools.product(range(4), repeat=steps))
        spelt = [tuple(c for c, _ in itertools.groupby(path) if c) for path in paths]
        mass = sum(
            np.prod(lines[line][range(steps), path]) for path, of in zip(paths, spelt, strict=True) if of == text
        )
        assert np.exp(said) == pytest.approx(float(mass), rel=1e-5)


def test_long_texts_do_not_vanish() -> None:
    steps = np.full((900, 4), 0.25, np.float32)
    (said,) = log_likelihoods([steps], np.array([0]), [(1, 2, 3) * 100])
    assert -1300 < said < -100


def test_what_both_looks_bear_out_wins_over_what_one_likes_best() -> None:
    first, second = steps_of({"aba": 0.5, "aca": 0.45}), steps_of({"aca": 0.6, "aba": 0.2}, pause=2)
    assert text_of(first, second) == text_of(second, first) == "aca"
    assert text_of(first, first) == "aba"


def test_the_language_has_its_say() -> None:
    even = steps_of({"aba": 0.5, "aca": 0.5})
    for text in ("aba", "aca"):
        prior = LanguagePrior(Language(CharacterModel.learn([text] * 5), None), ABC)
        assert text_of(even, even, prior) == text


def test_a_word_that_the_language_has_wins_over_one_that_only_sounds_like_it() -> None:
    seen = steps_of({"abcab": 0.52, "abbab": 0.48})
    characters = CharacterModel.learn(["abcab", "abbab"] * 5)
    for words, text in ((None, "abcab"), (WordModel.learn(["abbab"] * 5), "abbab")):
        prior = LanguagePrior(Language(characters, words), ABC)
        found = settle([[look(seen, prior)]], prior)[0]
        assert ABC.decode(found.texts[0].classes) == text
        assert len(found.texts) == len(look(seen, prior).texts)
        assert found.doubts[2] > 10 * found.doubts[[0, 1, 3, 4]].max()


def test_a_character_is_in_doubt_as_far_as_other_texts_are_probable() -> None:
    steps = np.full((9, 4), 1e-4, np.float32)
    for step, character in enumerate((1, 0, 2, 0, 3, 0, 1, 0, 2)):
        steps[step, character] = 1
    steps[4, 3], steps[4, 1] = 0.7, 0.3
    steps[8, 2], steps[8, 0] = 0.9, 0.1
    found = settle([[look(steps / steps.sum(axis=1, keepdims=True))]], None)[0]
    assert ABC.decode(found.texts[0].classes) == "abcab"
    assert found.doubts == pytest.approx([0, 0, 3 / 7, 0, 1 / 9], abs=0.06)


def test_what_the_texts_do_not_share_is_in_doubt() -> None:
    first, second = steps_of({"abcab": 0.5, "acaab": 0.45}), steps_of({"abcab": 0.6, "acaab": 0.3})
    found = settle([(look(first), look(second))], None)[0]
    assert ABC.decode(found.texts[0].classes) == "abcab"
    assert found.doubts[1:3].min() > 10 * found.doubts[[0, 3, 4]].max()
    assert sum(text.probability for text in found.texts) == pytest.approx(1)


def test_a_text_that_one_look_has_no_room_for_is_not_taken() -> None:
    roomy = steps_of({"aabb": 0.6, "abab": 0.3})
    cramped = steps_of({"ab": 0.8, "cb": 0.1}, pause=0)
    assert text_of(roomy, cramped) == text_of(cramped, roomy) == "ab"


def test_many_lines_are_settled_as_each_would_be_alone() -> None:
    rng = np.random.default_rng(5)
    pairs = [
        tuple(look(softmax(rng.normal(0, 1, (steps, 4)).astype(np.float32))) for steps in rng.integers(1, 25, 2))
        for _ in range(60)
    ]
    together = settle([(one, other) for one, other in pairs], None)
    apart = [settle([(one, other)], None)[0] for one, other in pairs]
    assert [one.texts[0].classes for one in together] == [one.texts[0].classes for one in apart]


def test_no_line_is_no_text() -> None:
    assert settle([], LanguagePrior(Language.learn(["a"]), LATIN_V1)) == []

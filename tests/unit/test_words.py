"""Words and their neighbours: the formula by hand, what the word model must not mind, two languages in one."""

import numpy as np
import pytest

from recognizer.charset import LATIN_V1
from recognizer.decoding.language import Language
from recognizer.decoding.language_prior import CHARACTERS, WORD_BONUS, WORDS, LanguagePrior
from recognizer.decoding.words import DISCOUNT, OTHER_CASE, RARE, RARER, WordModel, split

LINES = ["the cat sat", "the cat ran", "The dog sat, twice"]


def weight(model: WordModel, text: str) -> float:
    return float(model.weigh([text], bonus=0)[0])


def test_a_text_is_split_into_letters_signs_and_numbers() -> None:
    assert split("L'été 1866, no 7-b !") == ["L", "'", "été", "0", ",", "no", "0", "-", "b", "!"]
    assert split("e\u0301te\u0301") == ["été"] and split("  ") == []


def test_probabilities_are_those_of_the_formula() -> None:
    model, words = WordModel.learn(LINES), 11

    def alone(count: int, any_case: int) -> float:
        return (count + OTHER_CASE * any_case) / (1 + OTHER_CASE) / words

    the = (2 - DISCOUNT + DISCOUNT * 2 * alone(2, 3)) / 3  # two of three lines begin with it; two words begin lines
    cat = (2 - DISCOUNT + DISCOUNT * 1 * alone(2, 2)) / 2
    dog = DISCOUNT * 1 * alone(1, 1) / 2  # never after "the"
    assert weight(model, "the cat") == pytest.approx(np.log(the * cat))
    assert weight(model, "the dog") == pytest.approx(np.log(the * dog))
    never = np.log(DISCOUNT * 2 * RARE * np.exp(-RARER * 2) / 3)
    assert weight(model, "zebra") == pytest.approx(never)
    assert weight(model, "zebra cat") == pytest.approx(never + np.log(alone(2, 2)))  # nobody knows what follows it


def test_words_seen_are_likelier_than_others_in_any_case_and_numbers_are_alike() -> None:
    model = WordModel.learn([*LINES, "in 1905"])
    assert weight(model, "the cat") > weight(model, "the dog") > weight(model, "the Dog") > weight(model, "the dug")
    assert weight(model, "in 1905") == weight(model, "in 7")


def test_each_character_is_as_common_as_its_word() -> None:
    model = WordModel.learn(LINES)
    told = model.commonness("the cat, 12")
    assert len(set(told[:3])) == len(set(told[4:7])) == len(set(told[9:])) == 1
    assert told[3] == told[8] == 0 and told[0] > told[7] > told[9]


def test_texts_do_not_depend_on_their_neighbours() -> None:
    model = WordModel.learn(LINES)
    texts = ["the cat", "", "sat the", "zebra", "cat"]
    assert model.weigh(texts, bonus=2).tolist() == [float(model.weigh([text], bonus=2)[0]) for text in texts]
    assert model.weigh([], bonus=2).tolist() == []


def test_two_languages_joined_know_what_one_knows_that_read_both() -> None:
    joined, both = WordModel.learn(LINES[:2]).joined(WordModel.learn(LINES[2:])), WordModel.learn(LINES)
    texts = ["the cat sat", "The dog", "nothing of it"]
    assert joined.weigh(texts, bonus=0).tolist() == both.weigh(texts, bonus=0).tolist()


def test_nothing_learnt_is_nothing_known() -> None:
    assert np.isfinite(weight(WordModel.learn([]), "the cat"))
    with pytest.raises(ValueError, match="no word"):
        WordModel([], np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64))


def test_a_prior_weighs_whole_texts_by_characters_and_words() -> None:
    language = Language.learn(LINES)
    prior, old = LanguagePrior(language, LATIN_V1), LanguagePrior(Language(language.characters, None), LATIN_V1)
    texts = [LATIN_V1.encode(text) for text in ("the cat", "the cot", "")]
    counted = prior.counted(texts)
    along = prior.along(counted)
    assert along == pytest.approx(
        [prior.weight * sum(each) + prior.bonus * len(text) for each, text in zip(counted, texts, strict=True)]
    )
    assert language.words is not None
    words = language.words.weigh(["the cat", "the cot", ""], bonus=WORD_BONUS)
    assert prior.whole(texts, along) == pytest.approx(CHARACTERS * along + WORDS * words)
    assert old.whole(texts, along).tolist() == along.tolist()

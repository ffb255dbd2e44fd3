"""Which words a language has, and which of them follow each other: what single characters do not tell.

Counts of words and of pairs of neighbours, with an absolute discount: a word gives some of what it was seen before to
what occurs at all. A number is one word whatever its digits, and a form counts a little for the others that differ by
capitals alone.

Source: Ney, Essen & Kneser 1994, https://doi.org/10.1006/csla.1994.1001 (absolute discounting).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from io import BytesIO
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

DISCOUNT = 0.75  # taken from each pair's count
OTHER_CASE = 0.3  # what a word counts for the forms of it that differ by capitals
RARE, RARER = 1e-7, 2.0  # probability of a word never seen; nats by which it falls with each letter over three
NUMBER, BEGIN = "0", ""
Integers = NDArray[np.int64]
Doubles = NDArray[np.float64]
_WORD = re.compile(r"[^\W\d_]+|(\d+)|[^\w\s]")


def split(text: str) -> list[str]:
    """The words of a text: runs of letters, single signs, and `NUMBER` for each number."""
    return [_name(word) for word in _WORD.finditer(unicodedata.normalize("NFC", text))]


def _name(word: re.Match[str]) -> str:
    return NUMBER if word[1] else word[0]


class WordModel:
    """Counts of words and pairs, and how probable they make texts.

    Args:
        words: every form that was seen, sorted; `BEGIN` is the first of them.
        counts: (N,), how often each was seen.
        pairs: (M,), N · place of a word + place of the next one, sorted; a line begins after `BEGIN`.
        times: (M,), how often each pair was seen.

    Raises:
        ValueError: these are no such counts.
    """

    def __init__(self, words: Sequence[str], counts: Integers, pairs: Integers, times: Integers) -> None:
        if not words or words[0] != BEGIN or len(words) != len(counts) or len(pairs) != len(times):
            raise ValueError("it knows no word")
        self._words, self._counts, self._pairs, self._times = list(words), counts, pairs, times
        self._place = {word: place for place, word in enumerate(words)}
        self._any_case: Counter[str] = Counter()
        for word, count in zip(words, counts.tolist(), strict=True):
            self._any_case[word.lower()] += count
        first = pairs // len(words)
        self._followed = np.bincount(first, times, len(words))
        self._followers = np.bincount(first, minlength=len(words))
        self._all = max(1, int(counts.sum()))

    @classmethod
    def learn(cls, lines: Iterable[str]) -> "WordModel":
        """Count the words of lines of text."""
        words, pairs = Counter({BEGIN: 0}), Counter[tuple[str, str]]()
        for line in lines:
            said = split(line)
            words.update(said)
            pairs.update(pairwise([BEGIN, *said]))
        return cls._of(words, pairs)

    @classmethod
    def _of(cls, words: Counter[str], pairs: Counter[tuple[str, str]]) -> "WordModel":
        forms = sorted(words)
        place = {word: number for number, word in enumerate(forms)}
        counted = sorted((len(forms) * place[one] + place[other], times) for (one, other), times in pairs.items())
        keys, times = np.array(counted, np.int64).reshape(-1, 2).T
        return cls(forms, np.array([words[form] for form in forms]), keys, times)

    def joined(self, other: "WordModel") -> "WordModel":
        """What both have seen."""
        words, pairs = Counter({BEGIN: 0}), Counter[tuple[str, str]]()
        for model in (self, other):
            words.update(dict(zip(model._words, model._counts.tolist(), strict=True)))
            one, next_one = np.divmod(model._pairs, len(model._words))
            for a, b, times in zip(one.tolist(), next_one.tolist(), model._times.tolist(), strict=True):
                pairs[model._words[a], model._words[b]] += times
        return WordModel._of(words, pairs)

    def weigh(self, texts: Sequence[str], *, bonus: float) -> Doubles:
        """How probable each text's words are, (N,) nats, with a bonus for each, against the pull to few words."""
        said = [split(text) for text in texts]
        lengths = np.array([len(words) for words in said], np.int64)
        flat = [word for words in said for word in words]
        places = np.array([self._place.get(word, -1) for word in flat], np.int64)
        before = np.roll(places, 1)
        before[(np.cumsum(lengths) - lengths)[lengths > 0]] = 0  # a line begins
        alone = self._alone(flat, places)
        known = before >= 0
        seen, ways = (np.where(known, of[before], 0) for of in (self._followed, self._followers))
        own = np.maximum(self._seen(before, places) - DISCOUNT, 0)
        likely = np.log(np.where(seen > 0, (own + DISCOUNT * ways * alone) / np.maximum(seen, 1), alone))
        sums = np.bincount(np.repeat(np.arange(len(texts)), lengths), likely + bonus, len(texts))
        return np.asarray(sums, np.float64)

    def commonness(self, text: str) -> Doubles:
        """How common the word is that each character of an NFC text belongs to, alone, (L,) nats; 0 for spaces."""
        found = list(_WORD.finditer(text))
        words = [_name(word) for word in found]
        places = np.array([self._place.get(word, -1) for word in words], np.int64)
        told = np.zeros(len(text))
        for word, likely in zip(found, np.log(self._alone(words, places)), strict=True):
            told[word.start() : word.end()] = likely
        return told

    def _alone(self, words: Sequence[str], places: Integers) -> Doubles:
        """(N,): how probable each word is, whatever stands before it."""
        own = np.where(places >= 0, self._counts[places], 0)
        alike = np.array([self._any_case[word.lower()] for word in words], np.float64)
        over = np.array([max(0, len(word) - 3) for word in words], np.float64)
        common = (own + OTHER_CASE * alike) / (1 + OTHER_CASE) / self._all
        return np.asarray(np.where(alike > 0, common, RARE * np.exp(-RARER * over)), np.float64)

    def _seen(self, before: Integers, places: Integers) -> Integers:
        """(N,): how often each pair was."""
        if not len(self._pairs):
            return np.zeros(len(places), np.int64)
        keys = np.where((before >= 0) & (places >= 0), before * len(self._words) + places, -1)
        found = np.minimum(np.searchsorted(self._pairs, keys), len(self._pairs) - 1)
        return np.where(self._pairs[found] == keys, self._times[found], 0)

    def write(self, file: BytesIO) -> None:
        """Append the counts; equal counts give equal bytes."""
        words = "\n".join(self._words).encode()
        first, second = np.divmod(self._pairs, len(self._words))
        for values in (np.frombuffer(words, np.uint8), self._counts, np.diff(first, prepend=0), second, self._times):
            np.save(file, values if values.dtype == np.uint8 else values.astype(np.uint32))

    @classmethod
    def read(cls, file: BytesIO) -> "WordModel":
        """What `write` wrote.

        Raises:
            ValueError: it did not.
            EOFError: a part of it is missing.
        """
        words = np.load(file).tobytes().decode().split("\n")
        counts, steps, second, times = (np.load(file).astype(np.int64) for _ in range(4))
        return cls(words, counts, np.cumsum(steps) * len(words) + second, times)

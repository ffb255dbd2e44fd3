"""What languages make likely: a character n-gram model that weighs the beam's texts against each other.

Modified Kneser-Ney smoothing with fixed discounts: a context gives some of what it has seen to shorter contexts, and
those count after how many different characters a text occurs, not how often. On lines of writers and hands it was not
learnt from it needs 2.2 to 2.5 bits per character where interpolated Witten-Bell needed 2.7 to 2.9. Counts are integers
over plain text, so a new language is new text and one command.

Source: Chen & Goodman 1999, https://doi.org/10.1006/csla.1999.0128
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from recognizer.decoding.arc_table import ArcTable
from recognizer.decoding.ngram_keys import (
    CODE_BITS,
    MOST_CHARACTERS,
    ORDER,
    Integers,
    first_bits,
    key_of,
    lengths_of,
    mask_of,
    masks_of,
)

DISCOUNTS = np.array([0.0, 0.8, 1.2, 1.5])  # taken from a count of none, one, two, and three or more
UNKNOWN = 1 / 256  # the probability of a character never seen
START = "\n"  # before the first character of a line
Doubles = NDArray[np.float64]


class CharacterModel:
    """Counts of what follows each context of up to `ORDER` - 1 characters, and the probabilities they give.

    Characters are codes: their place in the alphabet, from 1. A context's key holds its codes, the last one in the
    lowest byte. States are the contexts that were seen, by number; state 0 is the empty one. To the model a text is the
    longest end of it that is a state: texts in one state are alike for ever after.

    Args:
        alphabet: every character that was seen, `START` among them.
        contexts: (N,), the key of each n-gram's context, sorted.
        characters: (N,), the code of its last character, sorted within a context.
        counts: (N,), how often it was seen where it is of the highest order or begins a line, else after how many
            different characters.

    Raises:
        ValueError: these are no such counts.
    """

    def __init__(self, alphabet: str, contexts: Integers, characters: Integers, counts: Integers) -> None:
        self.alphabet = alphabet
        self._code = {character: code for code, character in enumerate(alphabet, start=1)}
        self._grams, self._characters, self._counts = contexts, characters, counts
        self._keys, first = np.unique(contexts, return_index=True)
        if not len(self._keys) or self._keys[0] != 0 or not (len(contexts) == len(characters) == len(counts)):
            raise ValueError("it knows no character")
        taken = DISCOUNTS[np.minimum(counts, 3)]
        seen, given = np.add.reduceat(counts, first).astype(np.float64), np.add.reduceat(taken, first)
        state = np.repeat(np.arange(len(self._keys)), np.diff(np.append(first, len(contexts))))
        self._arcs = ArcTable(state, characters, all_states=len(self._keys), most=len(alphabet))
        self._shorter = self._longest(self._keys & ~first_bits(self._keys))
        self._after = self._longest(((contexts << CODE_BITS) | characters) & mask_of(ORDER - 1))
        self.start = int(self._longest(np.array([self.code(START)]))[0])
        self._passed_on = np.log(given / seen)
        self._likely = self._interpolated((counts - taken) / seen[state], state)

    def _interpolated(self, own: Doubles, states: Integers) -> Doubles:
        """(N,), nats: each n-gram's probability with what shorter contexts give it, shortest first.

        Args:
            own: (N,), what its own count gives it.
            states: (N,), its context.
        """
        likely: Doubles = np.full(len(own), np.nan)
        lengths = lengths_of(self._keys)[states]
        for length in range(ORDER):
            rows = np.flatnonzero(lengths == length)
            of, codes = states[rows], self._characters[rows]
            less = self._extend(likely, self._shorter[of], codes)[0] if length else np.log(UNKNOWN)
            likely[rows] = np.log(own[rows] + np.exp(self._passed_on[of] + less))
        return likely

    @classmethod
    def learn(cls, lines: Iterable[str], *, least: int = 2) -> "CharacterModel":
        """Count lines of text; n-grams of three and more characters seen under ``least`` times are dropped."""
        seen: Counter[str] = Counter()
        for line in lines:
            text = START + unicodedata.normalize("NFC", line).strip()
            for end in range(2, len(text) + 1):
                for length in range(1, min(ORDER, end) + 1):
                    seen[text[end - length : end]] += 1
        before = Counter(gram[1:] for gram in seen if len(gram) > 1)
        common = Counter({gram: times for gram, times in seen.items() if len(gram) == 1})
        alphabet = START + "".join(character for character, _ in common.most_common(MOST_CHARACTERS - 1))
        code = {character: number for number, character in enumerate(alphabet, start=1)}
        rows = sorted(
            (key_of(gram[:-1], code), code[gram[-1]], times if len(gram) == ORDER or gram[0] == START else before[gram])
            for gram, times in seen.items()
            if (len(gram) < 3 or times >= least) and all(character in code for character in gram)
        )
        return cls(alphabet, *np.array(rows, np.int64).reshape(-1, 3).T)

    def joined(self, other: "CharacterModel") -> "CharacterModel":
        """What both have seen.

        After how many different characters a text occurs cannot be told of both from the counts of each: what is left
        of longer n-grams tells it, or whichever of the two has seen it after more.
        """
        alphabet = (self.alphabet + "".join(c for c in other.alphabet if not self.code(c)))[:MOST_CHARACTERS]
        code = {character: number for number, character in enumerate(alphabet, start=1)}
        theirs = other._recoded(np.array([0, *(code.get(character, 0) for character in other.alphabet)]))
        known = theirs > 0
        ours = self._whole
        keys, places = np.unique(np.concatenate([ours, theirs[known]]), return_inverse=True)
        counts = np.zeros((2, len(keys)), np.int64)
        counts[0, places[: len(ours)]], counts[1, places[len(ours) :]] = self._counts, other._counts[known]
        lengths = lengths_of(keys)
        ends, times = np.unique(keys[lengths > 1] & masks_of(lengths[lengths > 1] - 1), return_counts=True)
        found = np.minimum(np.searchsorted(ends, keys), len(ends) - 1)
        after = np.where(ends[found] == keys, times[found], 0)
        begins = (keys >> (CODE_BITS * (lengths - 1))) == code[START]
        seen = np.where((lengths == ORDER) | begins, counts.sum(axis=0), np.maximum(counts.max(axis=0), after))
        return CharacterModel(alphabet, keys >> CODE_BITS, keys & MOST_CHARACTERS, seen)

    @property
    def _whole(self) -> Integers:
        """(N,): the key of each n-gram, its last character with it."""
        return (self._grams << CODE_BITS) | self._characters

    def _recoded(self, code: Integers) -> Integers:
        """(N,): the keys of the n-grams in other codes; 0 where a character has none."""
        whole, keys, lost = self._whole, np.zeros(len(self._grams), np.int64), np.zeros(len(self._grams), bool)
        for place in range(ORDER):
            old = (whole >> (CODE_BITS * place)) & MOST_CHARACTERS
            keys |= code[old] << (CODE_BITS * place)
            lost |= (old > 0) & (code[old] == 0)
        return np.where(lost, 0, keys)

    def bits(self, lines: Iterable[str]) -> float:
        """Bits per character that lines of text take, on average; characters never seen count as `UNKNOWN`.

        Raises:
            ValueError: the lines hold no character.
        """
        texts = [unicodedata.normalize("NFC", line).strip() for line in lines]
        texts = [text for text in texts if text]
        said = self.log_probabilities([np.array([self.code(c) for c in text], np.int64) for text in texts])
        if not said:
            raise ValueError("the lines hold no character")
        return float(-np.concatenate(said).mean() / np.log(2))

    @property
    def states(self) -> int:
        """How many contexts were seen."""
        return len(self._keys)

    def code(self, character: str) -> int:
        """A character's code; 0: it was never seen."""
        return self._code.get(character, 0)

    def states_along(self, lines: Sequence[Integers]) -> Integers:
        """(N,): the state before each code of some lines, line after line, each from its beginning."""
        lengths = np.array([len(codes) for codes in lines], np.int64)
        codes = np.concatenate([np.zeros(ORDER - 1, np.int64), *lines])
        place = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        keys = np.zeros(len(place), np.int64)
        for back in range(ORDER - 1):
            before = codes[ORDER - 2 - back : len(codes) - 1 - back]
            keys |= np.where(place > back, before, (place == back) * self.code(START)) << (CODE_BITS * back)
        different, which = np.unique(keys, return_inverse=True)
        return np.asarray(self._longest(different)[which])

    def extend(self, states: Integers, codes: Integers) -> tuple[Doubles, Integers]:
        """How probable one more character is after each state, and the state that it leads to.

        Args:
            states: (N,).
            codes: (N,), of the characters; 0: one never seen.

        Returns:
            (N,) nats and (N,) states; 0 after a character never seen.
        """
        return self._extend(self._likely, states, codes)

    def _extend(self, likely: Doubles, states: Integers, codes: Integers) -> tuple[Doubles, Integers]:
        found, after = np.zeros(len(states)), np.zeros(len(states), np.int64)
        left: Integers = np.arange(len(states))
        passed: Doubles = np.zeros(len(states))
        while len(left):
            hit, places, missed = self._arcs.find(states, codes)
            there = left.take(hit)
            found[there] = passed.take(hit) + likely.take(places)
            after[there] = self._after.take(places)
            left, states, codes = left.take(missed), states.take(missed), codes.take(missed)
            passed = passed.take(missed) + self._passed_on.take(states)
            if not states.all():
                never = states == 0
                found[left[never]] = passed[never] + np.log(UNKNOWN)
                left, states, codes, passed = left[~never], states[~never], codes[~never], passed[~never]
            states = self._shorter.take(states)
        return found, after

    def log_probabilities(self, lines: Sequence[Integers]) -> list[Doubles]:
        """How probable each code of each line is after those before it, (L,) nats."""
        if not any(map(len, lines)):
            return [np.zeros(0) for _ in lines]
        likely, _ = self.extend(self.states_along(lines), np.concatenate(lines))
        return np.split(likely, np.cumsum([len(codes) for codes in lines])[:-1])

    def sample(self, rng: np.random.Generator, characters: str, *, length: int) -> str:
        """A text of that length, drawn character by character as the model finds them likely; no language, but like it.

        Args:
            rng: where chance comes from.
            characters: those to choose from.
            length: of the text.
        """
        codes = np.array([self.code(character) for character in characters])
        state, text = np.array([self.start]), ""
        while len(text) < length:
            likely, after = self.extend(np.repeat(state, len(codes)), codes)
            weights = np.exp(likely)
            drawn = int(rng.choice(len(characters), p=weights / weights.sum()))
            text += characters[drawn]
            state = after[[drawn]]
        return text.strip()

    def write(self, file: BytesIO) -> None:
        """Append the counts; equal counts give equal bytes."""
        file.write(self.alphabet.encode() + b"\0")
        places = range(ORDER - 1)
        columns = [(self._grams >> (CODE_BITS * place)).astype(np.uint8) for place in places]
        order = np.lexsort([self._characters.astype(np.uint8), *reversed(columns)])
        for column in columns:
            np.save(file, column[order])
        np.save(file, self._characters[order].astype(np.uint8))
        np.save(file, self._counts[order].astype(np.uint32))

    @classmethod
    def read(cls, file: BytesIO) -> "CharacterModel":
        """What `write` wrote.

        Raises:
            ValueError: it did not.
            EOFError: a part of it is missing.
        """
        begun = file.tell()
        alphabet, _, _ = file.read().partition(b"\0")
        file.seek(begun + len(alphabet) + 1)
        columns = [np.load(file).astype(np.int64) for _ in range(ORDER - 1)]
        characters, counts = np.load(file).astype(np.int64), np.load(file).astype(np.int64)
        contexts = np.zeros(len(counts), np.int64)
        for place, column in enumerate(columns):
            contexts |= column << (CODE_BITS * place)
        order = np.lexsort([characters, contexts])
        return cls(alphabet.decode(), contexts[order], characters[order], counts[order])

    def _longest(self, keys: Integers) -> Integers:
        """(N,): for each key of a text the state of its longest end that is one."""
        found = np.zeros(len(keys), np.int64)
        left = np.arange(len(keys))
        for length in range(ORDER - 1, 0, -1):
            ends = keys[left] & mask_of(length)
            places = _places(self._keys, ends)
            hit = self._keys[places] == ends
            found[left[hit]] = places[hit]
            left = left[~hit]
        return found


def _places(among: Integers, wanted: Integers) -> Integers:
    """(N,): where each number stands in a sorted array, if it does; three times as fast in order as in disorder."""
    order = np.argsort(wanted)
    places = np.empty(len(wanted), np.int64)
    places[order] = np.searchsorted(among, wanted[order])
    return np.minimum(places, len(among) - 1)

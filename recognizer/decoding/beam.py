"""Probabilities → the n best texts: CTC prefix beam search over many lines at once, with a language's word.

A step looks at the prefixes of all lines together, as flat arrays with a row for each prefix. Two prefixes whose last
character and whose state in the language are equal fare alike for ever after, so only the better one goes on (Viterbi's
recombination): the beam is wide in what is still open. The other is remembered: alternatives come from there.

Source: Hannun et al. 2014, https://arxiv.org/abs/1408.2873 (prefix beam search); Viterbi 1967,
https://doi.org/10.1109/TIT.1967.1054010.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recognizer.charset import BLANK
from recognizer.decoding.language_prior import LanguagePrior
from recognizer.decoding.lattice import NOBODY, Lattice, Past, Texts
from recognizer.decoding.prefixes import (
    NOTHING,
    Doubles,
    Floats,
    Grown,
    Integers,
    Moves,
    Prefixes,
    Step,
    open_steps,
    rank,
)

WIDTH = 48  # prefixes of a line kept after each step
FLOOR = 5e-4  # classes under this probability are passed over at a step
REACH = 9.0  # nats under a line's best prefix at which one is given up
FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd and large, so that hashes of different prefixes differ


def beam_search(
    lines: Sequence[Floats], *, width: int = WIDTH, floor: float = FLOOR, prior: LanguagePrior | None = None
) -> list[Texts]:
    """For each line its most probable texts, best first, at most `lattice.MOST_TEXTS`.

    Args:
        lines: (T, C) each, rows summing to 1; class 0 is blank.
        width: prefixes of a line kept after each step.
        floor: classes under this probability at a step are passed over there, its best class excepted.
        prior: of the language; None: the network's word alone.
    """
    if not lines:
        return []
    beam = _Beam(len(lines), width, prior)
    for step in open_steps(lines, floor):
        beam.advance(step)
    return [beam.texts(line) for line in range(len(lines))]


class _Beam:
    """The prefixes of all lines, and how they came to be."""

    def __init__(self, lines: int, width: int, prior: LanguagePrior | None) -> None:
        self._width, self._prior, self._lines = width, prior, lines
        some, none = np.arange(lines), np.zeros(lines)
        start = np.full(lines, prior.start if prior else 0)
        with np.errstate(over="ignore"):
            hashes = (some + 1).astype(np.uint64) * FACTOR
        self._now = Prefixes(some, hashes, np.full(lines, BLANK), start, none + 1, none, none)
        self._past: list[Past] = []
        self._score: Doubles = none

    def advance(self, step: Step) -> None:
        """One step of all lines: each prefix stays as it is, or is given one more class."""
        now = self._now
        whole = now.blank + now.character
        rested = step.rested[now.line]
        blank, character = np.where(rested, whole, now.blank), np.where(rested, 0.0, now.character)
        again: Doubles = character * step.seen[step.row[now.line], now.last] * (now.last != BLANK)
        grown = self._grow(step, whole, blank)
        again += self._join(grown)
        stay = replace(now, blank=whole * step.seen[step.row, BLANK][now.line], character=again)
        self._choose(stay, self._hopeful(grown, stay))

    def _grow(self, step: Step, whole: Doubles, blank: Doubles) -> Grown:
        """Every prefix with every choice of its line."""
        now = self._now
        count = step.count[now.line]
        origin = np.repeat(np.arange(len(count)), count)
        place = np.arange(len(origin)) + np.repeat(step.first[now.line] - np.cumsum(count) + count, count)
        said = step.choices[place]
        mass = np.where(said == now.last[origin], blank[origin], whole[origin]) * step.chances[place]
        with np.errstate(over="ignore"):
            hashes = (now.hash[origin] + said.astype(np.uint64)) * FACTOR
        return Grown(origin, said, mass, hashes)

    def _join(self, grown: Grown) -> Doubles:
        """Where a prefix grows into one that is there already, the mass is that one's."""
        hashes = self._now.hash
        order = np.argsort(hashes)
        places = order[np.minimum(np.searchsorted(hashes, grown.hash, sorter=order), len(order) - 1)]
        same = np.flatnonzero(hashes[places] == grown.hash)
        joined = np.zeros(len(hashes))
        joined[places[same]] = grown.mass[same]
        grown.mass[same] = 0
        return joined

    def _hopeful(self, grown: Grown, stay: Prefixes) -> Grown:
        """Those that would be within reach even if the language could not be more pleased: fewer to ask it about."""
        with np.errstate(divide="ignore"):
            stays = np.log(stay.blank + stay.character) + stay.weight
            most = np.log(grown.mass) + self._now.weight[grown.origin] + (self._prior.bonus if self._prior else 0.0)
        best: Doubles = np.full(self._lines, -np.inf)
        np.maximum.at(best, stay.line, stays)
        return grown.take(np.flatnonzero(most > best[stay.line[grown.origin]] - REACH))

    def _choose(self, stay: Prefixes, grown: Grown) -> None:
        """The best of what stayed and what grew, of each line; of prefixes that fare alike the better one."""
        candidates, moves = self._candidates(stay, grown)
        places = np.arange(len(candidates.line))
        first = self._first_alike(candidates)
        kept = np.flatnonzero(first == places)
        kept = kept[rank(candidates.line[kept], self._lines) < self._width]
        row = np.full(len(places), NOBODY)
        row[kept] = np.arange(len(kept))
        lost = np.flatnonzero((first != places) & (row[first] != NOBODY))[::-1]
        best_lost = np.full(len(kept), NOBODY)
        best_lost[row[first[lost]]] = np.arange(len(lost))  # the best of them is written last
        worse = replace(moves.take(lost), score=moves.score[first[lost]] - moves.score[lost])
        self._past.append(Past(moves.take(kept), worse, best_lost))
        self._score = moves.score[kept]
        now = candidates.take(kept)
        largest: Doubles = np.zeros(self._lines)
        np.maximum.at(largest, now.line, now.blank + now.character)
        self._now = replace(now, blank=now.blank / largest[now.line], character=now.character / largest[now.line])

    def _candidates(self, stay: Prefixes, grown: Grown) -> tuple[Prefixes, Moves]:
        """Those worth looking at, a line's best first."""
        now = self._now
        language, after = self._language(now.state[grown.origin], grown.said)
        origin = np.concatenate([np.arange(len(now.line)), grown.origin])
        blank = np.concatenate([stay.blank, np.zeros(len(grown.origin))])
        character = np.concatenate([stay.character, grown.mass])
        weight = np.concatenate([stay.weight, now.weight[grown.origin] + language])
        with np.errstate(divide="ignore"):
            score = np.log(blank + character) + weight
        said = np.concatenate([np.full(len(now.line), NOTHING), grown.said])
        rows = self._worthy(now.line[origin], score)
        moves = Moves(origin[rows], said[rows], score[rows])
        last, state = np.concatenate([stay.last, grown.said])[rows], np.concatenate([now.state, after])[rows]
        hashes = np.concatenate([stay.hash, grown.hash])[rows]
        line = now.line[moves.origin]
        return Prefixes(line, hashes, last, state, blank[rows], character[rows], weight[rows]), moves

    def _language(self, states: Integers, said: Integers) -> tuple[Doubles, Integers]:
        """What the language says of each class after each state, and the state that it leads to."""
        return self._prior.weigh(states, said) if self._prior else (np.zeros(len(said)), states)

    def _worthy(self, line: Integers, score: Doubles) -> Integers:
        """The rows within reach of their line's best, that first: twice as many as go on, since some fare alike."""
        best: Doubles = np.full(self._lines, -np.inf)
        np.maximum.at(best, line, score)
        rows = np.flatnonzero(score > best[line] - REACH)
        rows = rows[np.lexsort([-score[rows], line[rows]])]
        return np.asarray(rows[rank(line[rows], self._lines) < 2 * self._width])

    def _first_alike(self, some: Prefixes) -> Integers:
        """For each row the first one that fares as it does."""
        keys = (some.line << 32 | some.state) << 12 | some.last if self._prior else some.hash.view(np.int64)
        order = np.argsort(keys)
        begins = np.flatnonzero(np.append(True, keys[order[1:]] != keys[order[:-1]]))
        first = np.empty(len(keys), np.int64)
        first[order] = np.repeat(np.minimum.reduceat(order, begins), np.diff(np.append(begins, len(keys))))
        return first

    def texts(self, line: int) -> Texts:
        """The texts of a line."""
        rows = np.flatnonzero(self._now.line == line)
        return Lattice(self._past, rows, self._score[rows]).texts()

"""Put pieces of lines together that continue each other: words on one baseline are one line, columns are not."""

from collections.abc import Sequence

import numpy as np

from recognizer.finding.line_votes import TracedLine, Votes, across, trace

WIDEST_GAP = 1.0  # between two pieces of one line, in line heights
DEEPEST_OVERLAP = 0.5  # of two pieces of one line, in line heights
LARGEST_STEP = 0.3  # of the baseline from one piece to the next, in line heights
LEAST_RATIO = 0.5  # of the heights of two pieces of one line
LEAST_AGREEMENT = 0.9  # of their directions, as a cosine


def join_pieces(pieces: Sequence[Votes]) -> list[TracedLine]:
    """Lines, each of one piece or of several that continue each other; the nearest ends meet first."""
    traced = [trace(piece) for piece in pieces]
    after: dict[int, int] = {}
    before: dict[int, int] = {}
    for _, a, b in sorted(_continuations(traced)):
        if a not in after and b not in before and _last(after, b) != a:
            after[a], before[b] = b, a
    lines = []
    for first in range(len(pieces)):
        if first not in before:
            chain = [first]
            while chain[-1] in after:
                chain.append(after[chain[-1]])
            alone = len(chain) == 1
            lines.append(traced[first] if alone else trace(Votes.joined([pieces[index] for index in chain])))
    return lines


def _continuations(traced: Sequence[TracedLine]) -> list[tuple[float, int, int]]:
    """Gap, first and second of every two pieces that may be one line."""
    if len(traced) < 2:
        return []
    starts, ends = (np.array([line.baseline[k] for line in traced]) for k in (0, -1))
    reach = (WIDEST_GAP + LARGEST_STEP) * np.array([line.height for line in traced])
    near = np.hypot(*(starts[None] - ends[:, None]).transpose(2, 0, 1)) <= np.maximum(reach[:, None], reach[None])
    pairs = np.argwhere(near & ~np.eye(len(traced), dtype=bool)).tolist()
    return [(gap, a, b) for a, b in pairs if (gap := _gap(traced[a], traced[b])) is not None]


def _gap(a: TracedLine, b: TracedLine) -> float | None:
    """How far ``b`` begins behind the end of ``a``, in line heights; None where it does not continue ``a``."""
    height = max(a.height, b.height)
    if min(a.height, b.height) < LEAST_RATIO * height:
        return None
    jump = b.baseline[0] - a.baseline[-1]
    if a.along @ b.along < LEAST_AGREEMENT:
        return None
    along = (a.along + b.along) / np.hypot(*(a.along + b.along))
    gap, step = float(jump @ along) / height, abs(float(jump @ across(along))) / height
    return gap if -DEEPEST_OVERLAP < gap < WIDEST_GAP and step < LARGEST_STEP else None


def _last(after: dict[int, int], index: int) -> int:
    while index in after:
        index = after[index]
    return index

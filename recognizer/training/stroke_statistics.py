"""What tells hands apart, from lines: their background when a reader is trained, their directions when it learns on."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from recognizer.corpora import LineTruth
from recognizer.decoding.best_path import Floats
from recognizer.engines.int8_graph import Int8, Ranges
from recognizer.engines.onnx_graph import seeing_graph
from recognizer.engines.runtimes import open_session
from recognizer.line_images import Grey, open_line, stack, stretch, to_height
from recognizer.line_recogniser import BUCKET_PX, HASTY, STRETCH
from recognizer.models.hands import Background, directions
from recognizer.models.line_ctc import HEIGHT_PX, LineCTC

OF_A_WRITER = 3  # lines, for the background: every hand counts about the same
MOST_LINES = 256  # that say where all hands lie
OF_A_HAND = 4, 32  # of them: at least; at most, more change little
MOST_WRITERS = 64  # whose lines are looked at
LARGEST = 64  # weight in integers: exact on any processor


class Strokes:
    """The means that hands are told apart by, of lines in every way they are read: no hand is known by one of these.

    Args:
        model: the network; its first blocks see the strokes.
        ranges: of its layers' values, for integers; None: it is never read in integers.
    """

    def __init__(self, model: LineCTC, ranges: Ranges | None) -> None:
        self._exact = open_session(seeing_graph(model), threads=1)
        int8 = None if ranges is None else Int8(ranges, LARGEST)
        self._rounded = open_session(seeing_graph(model, int8), threads=1)

    def of(self, rows: Sequence[LineTruth]) -> Tensor:
        """(4 · lines, channels): each line in floats, in integers, in integers stretched, and in haste."""
        return torch.from_numpy(np.concatenate([self._views(open_line(row.image)) for row in rows]))

    def _views(self, image: Grey) -> Floats:
        plain = to_height(image, HEIGHT_PX)
        hasty = to_height(image, HASTY.rows, wider=HASTY.wider * HEIGHT_PX / HASTY.rows)
        views = [(self._exact, plain), *((self._rounded, view) for view in (plain, stretch(plain, STRETCH), hasty))]
        seen = [
            session.run(["strokes"], {"images": stack([view], step_px=BUCKET_PX).numpy()})[0] for session, view in views
        ]
        return np.concatenate(seen)


def learn_background(model: LineCTC, ranges: Ranges | None, rows: Sequence[LineTruth]) -> Background:
    """How strokes vary over the lines of a training, of as many writers as there are; see `Strokes`."""
    chosen = [row for lines in _by_writer(rows) for row in lines[:OF_A_WRITER]]
    return Background.of(Strokes(model, ranges).of(chosen))


def learn_directions(model: LineCTC, ranges: Ranges | None, rows: Sequence[LineTruth]) -> Tensor:
    """Where the hands of some lines lie, those known before among them; see `recognizer.models.hands.directions`.

    Args:
        model: the network with its background.
        ranges: see `Strokes`.
        rows: lines to know the hands by; at most `MOST_WRITERS` count, those with most lines.
    """
    if model.background is None:
        raise ValueError("a network without a background tells no hands apart")
    strokes, seen = Strokes(model, ranges), model.background.seen
    hands = sorted(_by_writer(rows), key=len, reverse=True)[:MOST_WRITERS]
    fewest, most = OF_A_HAND
    enough = max(fewest, min(most, MOST_LINES // len(hands)))
    found = directions(seen(strokes.of(lines[:enough])) for lines in hands)
    return found if model.hands is None else directions([*found[:, None], *model.hands.directions[:, None]])


def _by_writer(rows: Iterable[LineTruth]) -> list[list[LineTruth]]:
    writers: dict[str, list[LineTruth]] = defaultdict(list)
    for row in rows:
        writers[row.writer].append(row)
    return list(writers.values())

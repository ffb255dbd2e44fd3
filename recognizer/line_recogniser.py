"""Line images → readings: batches through the network, beams out of its logits, calibrated confidences.

Every line is padded to the bucket its own width decides and only lines of one bucket share a batch, so a reading
depends on nothing but the line, and on whether its page is in a hand that was learnt later. A batch per core runs
through the network at once, and is decoded while the next run.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from recognizer.calibration import Calibration, Doubles, Evidence, certainties
from recognizer.charset import Charset
from recognizer.decoding.alignment import align
from recognizer.decoding.beam import FLOOR, WIDTH, beam_search
from recognizer.decoding.best_path import Floats, needed_steps, softmax
from recognizer.decoding.language_prior import LanguagePrior
from recognizer.decoding.looks import Look, Settled, settle
from recognizer.decoding.plausibility import plausibility
from recognizer.engines.runtimes import Runtime, Told, available_cores
from recognizer.line_images import Grey, bucket_width, stack, stretch, to_height
from recognizer.models.hands import SURE, bar_of_page
from recognizer.models.line_ctc import FEW_ROWS, HEIGHT_PX, PX_PER_STEP
from recognizer.page import Reading, Word

BUCKET_PX = 32
DECODED_TOGETHER = 48  # lines, at least, where there are as many: a step of the beam costs about the same for all
ALTERNATIVES = 5
CROWDED = 0.6  # characters per time step from which a line is read again
STRETCH = 1.4  # how much wider it then is
WIDER = 1.25  # how much wider a line in doubt is read again
OF_A_PAGE = 4  # lines, at least, that tell whose hand it is in
MOST_STRETCH = 2.5  # to look for a text that the line seems too short for


@dataclass(frozen=True, eq=False, slots=True)
class Examined:
    """A decoded line before calibration.

    Attributes:
        text: the most probable.
        alternatives: the next most probable, best first.
        evidence: for the text, character by character.
    """

    text: str
    alternatives: tuple[str, ...]
    evidence: Evidence

    def words(self) -> tuple[list[str], Doubles]:
        """Its N words, and what each is judged by, (N, `recognizer.calibration.WORD_FEATURES`)."""
        spans = word_spans(self.text)
        return [self.text[start:end] for start, end in spans], self.evidence.of_words(spans)


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard a recogniser tries.

    Attributes:
        looks: at a line: 2, once more where letters crowd or the text is in doubt, or 1.
        rows: pixel rows of a line that the network is shown.
        wider: than its proportions, the line at the first look: narrow letters have few time steps.
        width: texts that the beam keeps in mind.
        floor: the probability under which it passes a class over.
        neural: whether the neural language model is asked about whole texts.
    """

    looks: int = 2
    rows: int = HEIGHT_PX
    wider: float = 1.0
    width: int = WIDTH
    floor: float = FLOOR
    neural: bool = True


CAREFUL, HASTY = Effort(), Effort(looks=1, rows=FEW_ROWS, wider=1.15, width=16, floor=2e-3, neural=False)


class LineRecogniser:
    """Reads line images with one network; safe to share between threads.

    Args:
        runtime: the network.
        charset: of its classes.
        calibration: of its confidences.
        prior: of the language; None: the network's word alone.
        effort: how hard it tries.
    """

    def __init__(
        self,
        runtime: Runtime,
        charset: Charset,
        calibration: Calibration,
        *,
        prior: LanguagePrior | None = None,
        effort: Effort = CAREFUL,
    ) -> None:
        self.charset = charset
        self._effort = effort
        self._prior = prior if prior is None or effort.neural else replace(prior, neural=None)
        self._runtime = runtime
        self._calibration = calibration

    def read(self, images: Sequence[Grey], pages: Sequence[Hashable | None] | None = None) -> list[Reading]:
        """Readings of line crops (H, W), dark on light, of any height, in their order.

        Args:
            images: the lines.
            pages: which page each stands on, most likely in one hand, where that is known.
        """
        return [self._calibrate(examined) for examined in self.examine(images, pages)]

    def examine(self, images: Sequence[Grey], pages: Sequence[Hashable | None] | None = None) -> list[Examined]:
        """What `read` calibrates.

        Where letters crowd the time steps, the line is looked at once more, stretched, and that counts; where the text
        is in doubt, both looks count.
        """
        rows, by = self._effort.rows, self._effort.wider * HEIGHT_PX / self._effort.rows
        prepared = [to_height(image, rows, wider=by) for image in images]
        groups, bars = self._look(dict(enumerate(prepared)), {}), dict[int, float]()
        if self._runtime.hands:
            alone = _all(groups)
            bars = _bars([alone[row].far for row in range(len(prepared))], pages or ())
            other = {
                row: prepared[row] for row, bar in bars.items() if (alone[row].far > SURE) != (alone[row].far > bar)
            }
            groups = iter([alone | _all(self._look(other, bars))])
        examined, before, again = dict[int, Examined](), dict[int, Look](), dict[int, Grey]()
        for group in groups:
            crowded, doubtful = self._unclear(group, prepared)
            before |= {row: group[row] for row in doubtful}
            again |= {row: stretch(prepared[row], STRETCH if row in crowded else WIDER) for row in crowded | doubtful}
            examined |= self._examine({row: [look] for row, look in group.items() if row not in again})
        for group in self._look(again, bars):
            both = {row: [before[row], look] if row in before else [look] for row, look in group.items()}
            examined |= self._examine(both)
        return [examined[row] for row in range(len(images))]

    def _unclear(self, looks: Mapping[int, Look], images: Sequence[Grey]) -> tuple[set[int], set[int]]:
        """Which lines are worth another look: those whose letters crowd, and others whose text is in doubt."""
        if self._effort.looks == 1:
            return set(), set()
        crowded = {row for row, look in looks.items() if _crowding(look, images[row]) > CROWDED}
        return crowded, {row for row, look in looks.items() if look.doubtful} - crowded

    def plausibility(self, images: Sequence[Grey], texts: Sequence[str]) -> list[float]:
        """How far each line's image bears its text out; see `recognizer.decoding.plausibility`."""
        prepared = {row: _roomy(to_height(image, HEIGHT_PX), texts[row]) for row, image in enumerate(images)}
        scored = {
            row: plausibility(logits, texts[row], self.charset)
            for rows, told in self._score_all(prepared, {})
            for row, logits in zip(rows, told.logits, strict=True)
        }
        return [scored[row] for row in range(len(images))]

    def _look(self, images: Mapping[int, Grey], bars: Mapping[int, float]) -> Iterator[dict[int, Look]]:
        """What is seen of lines, some of them at a time; the network goes on with others meanwhile."""
        waiting: dict[int, tuple[Floats, float]] = {}
        for rows, told in self._score_all(images, bars):
            waiting |= dict(zip(rows, zip(softmax(told.logits), told.far.tolist(), strict=True), strict=True))
            if len(waiting) >= DECODED_TOGETHER:
                yield self._decode(waiting)
                waiting = {}
        if waiting:
            yield self._decode(waiting)

    def _decode(self, lines: Mapping[int, tuple[Floats, float]]) -> dict[int, Look]:
        effort, seen = self._effort, [probabilities for probabilities, _ in lines.values()]
        found = beam_search(seen, width=effort.width, floor=effort.floor, prior=self._prior)
        return {
            row: Look(probabilities, texts, far)
            for (row, (probabilities, far)), texts in zip(lines.items(), found, strict=True)
        }

    def _score_all(self, images: Mapping[int, Grey], bars: Mapping[int, float]) -> Iterator[tuple[list[int], Told]]:
        """What the network says of each batch, with its rows; the next ones are computed while these are used."""

        def score(rows: Sequence[int]) -> Told:
            enough = np.array([bars.get(row, SURE) for row in rows], np.float32)
            return self._runtime(stack([images[row] for row in rows], step_px=BUCKET_PX).numpy(), enough)

        with ThreadPoolExecutor(self._runtime.workers) as network:
            batches = [(rows, network.submit(score, rows)) for rows in _plan(images, self._runtime.batch_px)]
            for rows, told in batches:
                yield rows, told.result()

    def _examine(self, lines: Mapping[int, Sequence[Look]]) -> dict[int, Examined]:
        """What was found in each line, with what speaks for it in all looks that have room for it."""
        settled = settle(list(lines.values()), self._prior, workers=available_cores())
        texts = [line.texts[0].classes for line in settled]
        owners, seen = [], list[Floats]()
        for place, (looks, text) in enumerate(zip(lines.values(), texts, strict=True)):
            roomy = [look.probabilities for look in looks if needed_steps(text) <= len(look.probabilities)]
            owners += [place] * len(roomy)
            seen += roomy
        spelt = [texts[place] for place in owners]
        sure: list[list[Doubles]] = [[] for _ in settled]
        for place, steps, text, path in zip(owners, seen, spelt, align(seen, spelt), strict=True):
            sure[place].append(np.log(certainties(steps, text, path)))
        each = zip(lines, settled, sure, strict=True)
        return {row: self._examined(line, np.exp(np.mean(logs, axis=0))) for row, line, logs in each}

    def _examined(self, line: Settled, sure: Doubles) -> Examined:
        text, *others = (self.charset.decode(said.classes) for said in line.texts[: ALTERNATIVES + 1])
        common = self._prior.commonness(text) if self._prior else np.zeros(len(text))
        return Examined(text, tuple(others), Evidence(sure, line.likelihoods, line.doubts, common))

    def _calibrate(self, examined: Examined) -> Reading:
        texts, features = examined.words()
        confidences = self._calibration.word_confidences(features)
        words = tuple(Word(text, confidence) for text, confidence in zip(texts, confidences, strict=True))
        confidence = self._calibration.line_confidence(examined.evidence.of_line())
        text = examined.text.strip()
        alternatives = dict.fromkeys(other.strip() for other in examined.alternatives)
        return Reading(text, confidence, tuple(other for other in alternatives if other != text), words)


def word_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each run between spaces."""
    spans: list[tuple[int, int]] = []
    start: int | None = None
    for index, character in enumerate(text + " "):
        if character == " " and start is not None:
            spans.append((start, index))
            start = None
        elif character != " " and start is None:
            start = index
    return spans


def _all(groups: Iterable[dict[int, Look]]) -> dict[int, Look]:
    return {row: look for group in groups for row, look in group.items()}


def _bars(far: Sequence[float], pages: Sequence[Hashable | None]) -> dict[int, float]:
    """How far along a hand's direction a line has to lie, for each line of a page that has enough of them.

    Args:
        far: how far each line does.
        pages: on which each stands; shorter where that is not known.
    """
    rows_of: dict[Hashable, list[int]] = defaultdict(list)
    for row, page in enumerate(pages):
        if page is not None:
            rows_of[page].append(row)
    enough = [rows for rows in rows_of.values() if len(rows) >= OF_A_PAGE]
    return {row: bar for rows in enough for bar in [bar_of_page([far[row] for row in rows])] for row in rows}


def _crowding(look: Look, image: Grey) -> float:
    """Characters per time step; CTC cannot say more than one."""
    return len(look.texts[0].classes) * PX_PER_STEP / image.shape[1]


def _roomy(image: Grey, text: str) -> Grey:
    """The image, stretched where the text would crowd the time steps, until the steps can spell it."""
    room, needed = CROWDED * image.shape[1] / PX_PER_STEP, needed_steps(unicodedata.normalize("NFC", text))
    return image if needed <= room else stretch(image, min(max(STRETCH, needed / room), MOST_STRETCH))


def _plan(images: Mapping[int, Grey], batch_px: int) -> list[list[int]]:
    """Rows to read together: one bucket of width each, widest first, of bounded width in all."""
    buckets: dict[int, list[int]] = defaultdict(list)
    for row, image in images.items():
        buckets[bucket_width(image.shape[1], step_px=BUCKET_PX)].append(row)
    plan = []
    for bucket, rows in sorted(buckets.items(), reverse=True):
        size = max(1, batch_px // bucket)
        plan += [rows[i : i + size] for i in range(0, len(rows), size)]
    return plan

"""Read with the paragraph network: whole pages without finding lines, and line crops as paragraphs of one line.

Confidences are the decoder's own probabilities of what it wrote, a word's being that of all its characters; nothing
calibrates them.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise
from math import exp
from pathlib import Path

import numpy as np
import torch

from recognizer.charset import Charset
from recognizer.decoding.plausibility import LEAST, LINE_ALLOWANCE, PAD, is_foreign
from recognizer.images import PageImage
from recognizer.line_images import Grey
from recognizer.line_reader import LineReader
from recognizer.line_recogniser import word_spans
from recognizer.models.paragraph_transformer import ParagraphShape, ParagraphTransformer
from recognizer.page import Line, Page, Reading, Word
from recognizer.paragraphs.images import Bounds, bucket, cut_bands, fit_line, fit_paragraph, stack
from recognizer.paragraphs.tokens import ParagraphTokens
from recognizer.weights_files import load_paragraph_reader

READ_TOGETHER = 8  # images
Written = list[tuple[int, float]]  # tokens with their probabilities in nats, without the end


class ParagraphRecogniser:
    """Reads images of paragraphs and of lines with one network; safe to share between threads.

    Args:
        model: the network.
        charset: of its characters.
        shape: of what it reads.
    """

    def __init__(self, model: ParagraphTransformer, charset: Charset, shape: ParagraphShape) -> None:
        self.charset, self.shape = charset, shape
        self._tokens = ParagraphTokens(charset)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._model = model.eval().to(self._device)

    def read(self, images: Sequence[Grey], pages: Sequence[Hashable | None] | None = None) -> list[Reading]:
        """Readings of line crops (H, W), dark on light, of any height, in their order, whatever page they stand on."""
        return [self._reading(written) for written in self._write([fit_line(image, self.shape) for image in images])]

    def read_paragraphs(self, images: Sequence[Grey]) -> list[list[Reading]]:
        """The lines of each image, from top to bottom; what reads as nothing is no line."""
        fitted = [fit_paragraph(image, self.shape) for image in images]
        lines = [[self._reading(line) for line in self._split(written)] for written in self._write(fitted)]
        return [[reading for reading in readings if reading.text] for readings in lines]

    def plausibility(self, images: Sequence[Grey], texts: Sequence[str]) -> list[float]:
        """How far the image of each line crop bears out a text: 1 as far as what is read there, below 0: contradicted.

        The text is held against the network's own reading, in nats per character, by the line reader's measure;
        characters outside the charset are left out while they are few.
        """
        fitted = [fit_line(image, self.shape) for image in images]
        return [self._hold(*row) for row in zip(fitted, texts, self._write(fitted), strict=True)]

    def _hold(self, image: Grey, text: str, written: Written) -> float:
        if is_foreign(text, self.charset):
            return LEAST
        unknown = set(self.charset.unknown(text))
        text = "".join(character for character in " ".join(text.split()) if character not in unknown)
        best = self._likelihood(image, [self._tokens.start, *(token for token, _ in written), self._tokens.end])
        worse = best - self._likelihood(image, self._tokens.encode(text))
        return float(np.clip(1 - worse / (len(text) + PAD) / LINE_ALLOWANCE, LEAST, 1.0))

    def _likelihood(self, image: Grey, spelt: Sequence[int]) -> float:
        """Nats of a text from its start to its end: one that leaves something out ends too soon."""
        tokens = torch.tensor([spelt], device=self._device)
        with torch.inference_mode():
            nats = self._model(stack([image]).to(self._device), tokens[:, :-1]).float().log_softmax(-1)
        return float(nats.gather(-1, tokens[:, 1:, None]).sum())

    def _write(self, images: Sequence[Grey]) -> list[Written]:
        """What is written of each image; only images of one bucket share a batch."""
        buckets: dict[tuple[int, int], list[int]] = defaultdict(list)
        for row, image in enumerate(images):
            buckets[bucket(image)].append(row)
        written: Mapping[int, Written] = {
            row: said
            for rows in buckets.values()
            for first in range(0, len(rows), READ_TOGETHER)
            for row, said in self._write_batch(images, rows[first : first + READ_TOGETHER])
        }
        return [written[row] for row in range(len(images))]

    def _write_batch(self, images: Sequence[Grey], rows: Sequence[int]) -> list[tuple[int, Written]]:
        batch = stack([images[row] for row in rows]).to(self._device)
        start, end, most = self._tokens.start, self._tokens.end, self.shape.most_characters
        tokens, nats = self._model.decode(batch, start=start, end=end, most=most)
        pairs = [list(zip(*columns, strict=True)) for columns in zip(tokens.tolist(), nats.tolist(), strict=True)]
        return [
            (row, [(token, value) for token, value in said if 0 < token <= self._tokens.newline])
            for row, said in zip(rows, pairs, strict=True)
        ]

    def _split(self, written: Written) -> list[Written]:
        lines: list[Written] = [[]]
        for token, nats in written:
            if token == self._tokens.newline:
                lines.append([])
            else:
                lines[-1].append((token, nats))
        return lines

    def _reading(self, written: Written) -> Reading:
        """One line; a newline in it counts as a space."""
        text = self._tokens.decode(token for token, _ in written).replace("\n", " ")
        words = tuple(
            Word(text[first:last], exp(sum(nats for _, nats in written[first:last])))
            for first, last in word_spans(text)
        )
        return Reading(text.strip(), exp(sum(nats for _, nats in written)), (), words)


class ParagraphReader(LineReader):
    """Reads pages without a line finder, everything else as its parent does; safe to share between threads.

    Pages must be upright: none is tried the other way up.
    """

    def __init__(self, recogniser: ParagraphRecogniser, *, version: str) -> None:
        super().__init__(None, recogniser, version=version)
        self._paragraphs = recogniser

    @classmethod
    def load(cls, model_dir: Path | None = None) -> "ParagraphReader":
        """The model in ``model_dir``; none is shipped.

        Raises:
            BadModel: there is none, files are missing or damaged, or it is of another architecture.
        """
        model, charset, shape, card = load_paragraph_reader(model_dir or Path())
        return cls(ParagraphRecogniser(model, charset, shape), version=card["version"])

    def read_page(self, page: PageImage, *, path: str) -> Page:
        """Read an opened page, its lines in the order in which they are written.

        A page higher than the network reads at once is cut into bands where there is least ink, and each is read by
        itself. The network does not say where a line stands: a band's lines get boxes of equal height and full width.
        """
        bands = cut_bands(page.grey, self._paragraphs.shape)
        parts = [page.grey[top:bottom, left:right] for (top, bottom), (left, right) in bands]
        read = self._paragraphs.read_paragraphs(parts)
        lines = [line for band, readings in zip(bands, read, strict=True) for line in _spread(readings, *band)]
        height, width = page.grey.shape
        return Page(path, page.number, width, height, tuple(lines), self.version)


def _spread(readings: Sequence[Reading], rows: Bounds, columns: Bounds) -> list[Line]:
    """Lines with boxes of equal height, one below the other."""
    edges = np.linspace(*rows, len(readings) + 1).tolist()
    left, right = map(float, columns)
    boxes = [((left, top), (right, top), (right, bottom), (left, bottom)) for top, bottom in pairwise(edges)]
    return [Line(box, None, reading) for box, reading in zip(boxes, readings, strict=True)]

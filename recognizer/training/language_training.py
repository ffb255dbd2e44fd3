"""Train the neural language model on the texts of a data folder, and give it to a reader.

It sees what it will be asked about: single lines from their beginning to their end. Real ones are seen as they are, as
often as the counted model sees them; prose is cut into lines anew each time.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
import torch.nn.functional as F
from pytorch_lightning.loggers import WandbLogger
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from recognizer.calibration import Calibration
from recognizer.datasets.batches import Corpora, Random
from recognizer.decoding.language_prior import LanguagePrior
from recognizer.engines.character_runtime import CharacterRuntime
from recognizer.engines.runtimes import choose
from recognizer.errors import BadManifest, BadModel
from recognizer.evaluation import calibrate
from recognizer.line_recogniser import LineRecogniser
from recognizer.model_card import CARD, CHARACTERS, NEURAL, SHIPPED, copy_finder, notes_of
from recognizer.models.character_lstm import EDGE, FIRST, CharacterLSTM, codes_of
from recognizer.training.line_training import Wish, find_corpora, log_model
from recognizer.training.lit_schedule import LitReader, Schedule
from recognizer.training.trainer import Keeping, run
from recognizer.weights_files import copy_language, load_prior, load_reader, save_neural, save_reader

SHORTEST, LONGEST = 12, 72  # characters of a line cut from prose
SORTED_TOGETHER = 32  # batches: lines of a batch are about equally long
IGNORED = -1
TextBatch = Tensor  # (B, L + 2): codes of lines between two `EDGE`s, then `IGNORED`


@dataclass(frozen=True)
class LanguageHyperparameters(Schedule):
    """What decides the language model's training; saved with its checkpoint.

    Attributes:
        batch_size: lines per batch.
        hidden: see `CharacterLSTM`.
        slips: share of the characters seen that are others while training: readings have such, and what is learnt by
            heart does not survive them.
    """

    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    dropout: float = 0.5
    warm_up_steps: int = 200
    batch_size: int = 128
    hidden: int = 768
    slips: float = 0.05


class Texts:
    """Lines of text to learn from.

    Args:
        corpora: where they come from.
    """

    def __init__(self, corpora: Corpora) -> None:
        self._lines = list({nfc(line.text): None for line in corpora.lines if not line.flags and line.text})
        self._prose = [re.sub(r"[_*]", "", nfc(path.read_text(encoding="utf-8"))).split() for path in corpora.texts]

    @property
    def alphabet(self) -> str:
        """Every character that occurs, sorted."""
        words = {character for words in self._prose for word in words for character in word}
        return "".join(sorted({" ", *words, *(character for line in self._lines for character in line)}))

    def once(self, rng: Random) -> list[str]:
        """All of it once, in disorder: real lines, of which each comes twice, and prose in lines of any length."""
        lines = [*self._lines, *self._lines, *(line for words in self._prose for line in _cut(words, rng))]
        return [lines[place] for place in rng.permutation(len(lines))]


def _cut(words: Sequence[str], rng: Random) -> Iterator[str]:
    line, most = "", int(rng.integers(SHORTEST, LONGEST))
    for word in words:
        if line and len(line) + 1 + len(word) > most:
            yield line
            line, most = word, int(rng.integers(SHORTEST, LONGEST))
        else:
            line = f"{line} {word}" if line else word
    if line:
        yield line


def nfc(text: str) -> str:
    """Text as networks say it."""
    return unicodedata.normalize("NFC", text)


def batch_of(lines: Sequence[str], alphabet: str) -> TextBatch:
    """Lines as a batch."""
    codes = [[EDGE, *codes_of(line, alphabet), EDGE] for line in lines]
    batch = torch.full((len(codes), max(map(len, codes))), IGNORED)
    for row, line in zip(batch, codes, strict=True):
        row[: len(line)] = torch.tensor(line)
    return batch


class EndlessTexts(IterableDataset[TextBatch]):
    """Batches without end, from one seed."""

    def __init__(self, texts: Texts, alphabet: str, *, batch_size: int, seed: int) -> None:
        self._texts, self._alphabet, self._batch_size, self._seed = texts, alphabet, batch_size, seed

    def __iter__(self) -> Iterator[TextBatch]:
        """Lines of about equal length together, batches in disorder."""
        rng, size = np.random.default_rng(self._seed), self._batch_size
        while True:
            lines = self._texts.once(rng)
            for begin in range(0, len(lines), size * SORTED_TOGETHER):
                some = sorted(lines[begin : begin + size * SORTED_TOGETHER], key=len)
                batches = [some[i : i + size] for i in range(0, len(some), size)]
                for place in rng.permutation(len(batches)):
                    yield batch_of(batches[place], self._alphabet)


class LanguageData(pl.LightningDataModule):
    """Endless batches to learn from, fixed ones to validate on."""

    def __init__(self, texts: Texts, validation: Sequence[str], alphabet: str, *, batch_size: int, seed: int) -> None:
        super().__init__()
        self._texts, self._validation, self._alphabet = texts, sorted(validation, key=len), alphabet
        self._batch_size, self._seed = batch_size, seed

    def train_dataloader(self) -> DataLoader[TextBatch]:
        """A training is as long as its Trainer says; one that goes on does so with other lines."""
        seed = self._seed + (self.trainer.global_step if self.trainer else 0)
        batches = EndlessTexts(self._texts, self._alphabet, batch_size=self._batch_size, seed=seed)
        return DataLoader(batches, batch_size=None)

    def val_dataloader(self) -> DataLoader[TextBatch]:
        """The validation lines."""
        size = self._batch_size
        batches: Any = [
            batch_of(self._validation[i : i + size], self._alphabet) for i in range(0, len(self._validation), size)
        ]
        return DataLoader(batches, batch_size=None)


class LitLanguage(LitReader):
    """Trains a `CharacterLSTM`; validation logs bits per character, the end of each line counted."""

    measure = "val/bits"

    def __init__(self, model: CharacterLSTM, alphabet: str, hyperparameters: LanguageHyperparameters) -> None:
        network = {"architecture": CHARACTERS, "alphabet": alphabet, "hidden": hyperparameters.hidden}
        super().__init__(hyperparameters, network)
        self.model = model
        self._slips = hyperparameters.slips
        self._nats: list[Tensor] = []
        self.save_hyperparameters(asdict(hyperparameters) | {"alphabet": alphabet})

    def _losses(self, given: Tensor, wanted: Tensor) -> Tensor:
        """(N,), nats of each character.

        Args:
            given: (B, L), the codes before them.
            wanted: (B, L), theirs.
        """
        known = wanted != IGNORED
        return F.cross_entropy(self.model(given)[known].float(), wanted[known], reduction="none")

    def _slip(self, given: Tensor) -> Tensor:
        """Some characters in the place of others."""
        slipped = (torch.rand(given.shape, device=given.device) < self._slips) & (given != EDGE)
        others = torch.randint(FIRST, self.model.bias.shape[0], given.shape, device=given.device)
        return torch.where(slipped, others, given)

    def training_step(self, batch: TextBatch, index: int) -> Tensor:
        """Loss of one batch."""
        losses = self._losses(self._slip(batch[:, :-1].clamp(min=EDGE)), batch[:, 1:])
        return self.checked(losses.mean(), len(batch))

    def validation_step(self, batch: TextBatch, index: int) -> None:
        """Collect the losses."""
        self._nats.append(self._losses(batch[:, :-1].clamp(min=EDGE), batch[:, 1:]))

    def on_validation_epoch_end(self) -> None:
        """Log bits per character over all validation lines."""
        self.log(self.measure, torch.cat(self._nats).mean() / log(2), prog_bar=True, sync_dist=True)
        self._nats.clear()


def train_language(wish: Wish, hyper: LanguageHyperparameters, options: dict[str, Any]) -> dict[str, Any]:
    """Train a language model on a data folder and write the start's model folder with it, calibrated anew.

    Args:
        wish: what to train on and where to; ``start``: the model folder whose reader it is for.
        hyper: hyperparameters.
        options: of the Lightning Trainer.

    Returns:
        Model version, and bits per character of lines by held-out writers, which chose the weights.

    Raises:
        BadManifest: see `recognizer.training.line_training.find_corpora`; or it holds no text.
        BadModel: the start cannot be loaded, or knows no language.
    """
    start = Path(wish.start)
    network, charset, card = load_reader(start)
    prior = load_prior(start, charset, card)
    if prior is None:
        raise BadModel(f"{start} knows no language. Give a folder that train has written.")
    corpora, held = find_corpora(wish.data)
    texts, judged = Texts(corpora), [nfc(line.text) for line in held if line.text and not line.flags]
    if not judged:
        raise BadManifest(f"{wish.data / 'lines_train.jsonl'} holds no text of a held-out writer. Add writers.")
    pl.seed_everything(hyper.seed, workers=True, verbose=False)
    alphabet = texts.alphabet
    model = CharacterLSTM(FIRST + len(alphabet), hidden=hyper.hidden, dropout=hyper.dropout)
    lit = LitLanguage(model, alphabet, hyper)
    data = LanguageData(texts, judged, alphabet, batch_size=hyper.batch_size, seed=hyper.seed)
    wish.output.mkdir(parents=True, exist_ok=True)
    logger = WandbLogger(project="inkloop", save_dir=str(wish.output)) if wish.track else None
    own = {"logger": logger or False, "callbacks": wish.watchers()}
    bits = run(lit, data, Keeping(wish.output), own | options)
    copy_language(start, wish.output)
    if start != SHIPPED:  # whose finder is borrowed
        copy_finder(start, wish.output)
    entry = card["language"] | {"neural": save_neural(model, alphabet, wish.output)}
    knowing: LanguagePrior = replace(prior, neural=CharacterRuntime(model.eval(), alphabet))
    recogniser = LineRecogniser(choose(network, card.get("int8")), charset, Calibration(), prior=knowing)
    notes = notes_of(card) | {"language": entry, "calibration": asdict(calibrate(recogniser, held))}
    version = save_reader(network, charset, wish.output, notes=notes)
    if logger is not None:
        log_model(logger, [wish.output / name for name in (NEURAL, CARD)], version=version)
    return {"model": version, "held_out_bits": bits}

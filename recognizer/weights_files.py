"""A model on disk: `line_reader.safetensors` and its card `line_reader.json`, together in one folder."""

import hashlib
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from recognizer.charset import Charset
from recognizer.decoding.language import Language
from recognizer.decoding.language_prior import LanguagePrior
from recognizer.engines.character_runtime import CharacterRuntime
from recognizer.errors import BadModel
from recognizer.model_card import ARCHITECTURE, CARD, LANGUAGE, NEURAL, PARAGRAPHS, SHIPPED, WEIGHTS, read_card
from recognizer.models.character_lstm import CharacterLSTM
from recognizer.models.hands import Background, Hands
from recognizer.models.line_ctc import LineCTC
from recognizer.models.paragraph_transformer import ParagraphShape, ParagraphTransformer
from recognizer.paragraphs.tokens import ParagraphTokens


def save_reader(
    model: nn.Module,
    charset: Charset,
    folder: Path,
    *,
    notes: dict[str, Any] | None = None,
    architecture: str = ARCHITECTURE,
) -> str:
    """Write weights (bf16) and card into ``folder``; returns the version, which names date, weights and notes."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: value.detach().to(torch.bfloat16).contiguous() for name, value in model.state_dict().items()}
    weights = save(state)
    (folder / WEIGHTS).write_bytes(weights)
    digest = hashlib.sha256(weights).hexdigest()
    content = hashlib.sha256(weights + json.dumps(notes, sort_keys=True).encode()).hexdigest()
    version = f"inkloop-{datetime.now(UTC):%Y-%m-%d}-{content[:8]}"
    card = {
        "version": version,
        "architecture": architecture,
        "charset": {"name": charset.name, "characters": charset.characters},
        "sha256": digest,
        **(notes or {}),
    }
    (folder / CARD).write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return version


def load_reader(folder: Path) -> tuple[LineCTC, Charset, dict[str, Any]]:
    """The network in float32 and evaluation mode, its charset and its card.

    Raises:
        BadModel: a file is missing or damaged, or the architecture is not ours.
    """
    charset, card = _charset_of(folder, ARCHITECTURE)
    model = LineCTC(charset.classes)
    state = _read(folder)
    if (mean := state.get("background.mean")) is not None:
        model.background = Background(len(mean))
    if (directions := state.get("hands.directions")) is not None:
        model.hands = Hands(LineCTC(charset.classes), directions)
    _fill(model, state, folder)
    return model.eval(), charset, card


def load_paragraph_reader(folder: Path) -> tuple[ParagraphTransformer, Charset, ParagraphShape, dict[str, Any]]:
    """The network in float32 and evaluation mode, its charset, its sizes and its card.

    Raises:
        BadModel: a file is missing or damaged, or the architecture is another.
    """
    charset, card = _charset_of(folder, PARAGRAPHS)
    try:
        shape = ParagraphShape(**card["shape"])
    except (KeyError, TypeError) as error:
        raise BadModel(f"{folder / CARD} tells no sizes of the network ({error}). Restore the file.") from error
    model = ParagraphTransformer(ParagraphTokens(charset).count, shape)
    _fill(model, _read(folder), folder)
    return model.eval(), charset, shape, card


def _charset_of(folder: Path, architecture: str) -> tuple[Charset, dict[str, Any]]:
    """Charset and card of a folder that must hold a model of this architecture."""
    card = read_card(folder)
    if card["architecture"] != architecture:
        raise BadModel(
            f"{folder / CARD} describes a {card['architecture']} model, where a {architecture} model is needed. "
            "Give another folder."
        )
    return Charset(card["charset"]["name"], card["charset"]["characters"]), card


def _read(folder: Path) -> dict[str, Tensor]:
    """The weights of a folder, in float32."""
    try:
        return {name: value.float() for name, value in load_file(folder / WEIGHTS).items()}
    except (OSError, SafetensorError) as error:
        raise _unusable(folder, error) from error


def _fill(model: nn.Module, state: dict[str, Tensor], folder: Path) -> None:
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise _unusable(folder, error) from error


def _unusable(folder: Path, error: Exception) -> BadModel:
    return BadModel(f"{folder / WEIGHTS} cannot be loaded: {error}. Restore the file or choose a model.")


def save_prior(language: Language, folder: Path) -> dict[str, Any]:
    """Write what a model knows of languages into ``folder``; returns its entry for the card."""
    folder.mkdir(parents=True, exist_ok=True)
    language.save(folder / LANGUAGE)
    digest = hashlib.sha256((folder / LANGUAGE).read_bytes()).hexdigest()
    return {"sha256": digest, "weight": LanguagePrior.weight, "bonus": LanguagePrior.bonus}


def load_prior(folder: Path, charset: Charset, card: dict[str, Any]) -> LanguagePrior | None:
    """The language prior that the card names; None where it names none.

    Raises:
        BadModel: its file is missing or damaged.
    """
    entry = card.get("language")
    if entry is None:
        return None
    language = Language.load(folder / LANGUAGE)
    prior = LanguagePrior(language, charset, weight=float(entry["weight"]), bonus=float(entry["bonus"]))
    return replace(prior, neural=CharacterRuntime(*load_neural(folder))) if "neural" in entry else prior


def save_neural(model: CharacterLSTM, alphabet: str, folder: Path) -> dict[str, Any]:
    """Write a neural language model (bf16) into ``folder``; returns its entry for the card's language."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: value.detach().to(torch.bfloat16).contiguous() for name, value in model.state_dict().items()}
    weights = save(state, {"alphabet": alphabet})
    (folder / NEURAL).write_bytes(weights)
    return {"sha256": hashlib.sha256(weights).hexdigest()}


def load_neural(folder: Path) -> tuple[CharacterLSTM, str]:
    """A neural language model in float32 and evaluation mode, and its alphabet.

    Raises:
        BadModel: its file is missing or damaged.
    """
    path = folder / NEURAL
    try:
        with safe_open(path, framework="pt") as file:
            alphabet = (file.metadata() or {})["alphabet"]
            state = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - no mapping
        classes, width = state["embedding.weight"].shape
        model = CharacterLSTM(classes, hidden=state["lstm.weight_hh_l0"].shape[1], width=width)
        model.load_state_dict(state)
    except (OSError, SafetensorError, KeyError, RuntimeError) as error:
        raise BadModel(f"{path} cannot be loaded: {error}. Restore the file or choose a model.") from error
    return model.eval(), alphabet


def lend_neural(folder: Path) -> dict[str, Any]:
    """Give a model folder the shipped neural language model; returns its entry for the card's language."""
    if folder.resolve() != SHIPPED.resolve():
        shutil.copyfile(SHIPPED / NEURAL, folder / NEURAL)
    entry: dict[str, Any] = read_card(SHIPPED)["language"]["neural"]
    return entry


def copy_language(parent: Path, child: Path) -> None:
    """Let a model folder know the languages of the one that it came from; an older one has no neural language model."""
    child.mkdir(parents=True, exist_ok=True)
    if child.resolve() == parent.resolve():
        return
    shutil.copyfile(parent / LANGUAGE, child / LANGUAGE)
    if (parent / NEURAL).exists():
        shutil.copyfile(parent / NEURAL, child / NEURAL)

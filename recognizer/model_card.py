"""A model's folder and its card, `line_reader.json`: what is known of a model without loading it.

Whoever only asks needs no torch: `recognizer.weights_files` loads and saves.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from recognizer.errors import BadModel

SHIPPED = Path(__file__).parent / "weights"
LANGUAGE, NEURAL = "language.xz", "language.safetensors"
WEIGHTS, CARD = "line_reader.safetensors", "line_reader.json"
ARCHITECTURE, PARAGRAPHS, CHARACTERS = "line_ctc", "paragraph_transformer", "character_lstm"


def has_finder(folder: Path) -> bool:
    """Whether the folder brings a line finder of its own."""
    return (folder / "line_finder.safetensors").exists()


def copy_finder(parent: Path, child: Path) -> None:
    """Let a model folder find lines as the one that it came from, where that one has a finder of its own."""
    if child.resolve() != parent.resolve():
        child.mkdir(parents=True, exist_ok=True)
        for file in parent.glob("line_finder.*"):
            shutil.copyfile(file, child / file.name)


def read_card(folder: Path) -> dict[str, Any]:
    """The card of a model folder.

    Raises:
        BadModel: it is missing, damaged, or of an unknown architecture.
    """
    path = folder / CARD
    try:
        card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadModel(f"{path} cannot be read: {error}. Give a folder with {CARD} and {WEIGHTS}.") from error
    if not _describes_a_model(card):
        raise BadModel(
            f"{path} does not describe a {ARCHITECTURE} or {PARAGRAPHS} model. Give a folder that `train` has written."
        )
    return card


def _describes_a_model(card: Any) -> bool:
    known = isinstance(card, dict) and card.get("architecture") in (ARCHITECTURE, PARAGRAPHS)
    return known and isinstance(card.get("version"), str) and isinstance(card.get("charset"), dict)


def notes_of(card: dict[str, Any]) -> dict[str, Any]:
    """What a card says beside what `save_reader` writes of itself."""
    own = ("version", "architecture", "charset", "sha256")
    return {key: value for key, value in card.items() if key not in own}


def inherited(card: dict[str, Any]) -> dict[str, Any]:
    """What a card says that also holds for a model made from it, and whose child that is; its figures do not."""
    kept = {key: value for key, value in card.items() if key in ("calibration", "language", "sources", "int8")}
    return kept | {"parent": card["version"]}

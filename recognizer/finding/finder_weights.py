"""The line finder on disk: half-precision weights in safetensors, and beside them a card that says what they are."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from recognizer.errors import BadModel
from recognizer.models.line_finder import LineFinderNet

WEIGHTS_FILE = "line_finder.safetensors"
CARD_FILE = "line_finder.json"
ARCHITECTURE = "line-finder-v1"


@dataclass(frozen=True)
class FinderCard:
    """What a weights file is, where it comes from and how good it was.

    Attributes:
        recipe: hyperparameters of the training.
        measured: figures, each under a name that says on what.
        architecture: what ``LineFinderNet`` must be to load it.
        origin: whose weights the training began with.
        data: training sources with their licences.
    """

    recipe: dict[str, Any] = field(default_factory=dict)
    measured: dict[str, float] = field(default_factory=dict)
    architecture: str = ARCHITECTURE
    origin: str = "PP-OCRv6 small text detector (PaddleOCR, Apache-2.0), from the wheel rapidocr 3.10.0"
    data: tuple[str, ...] = (
        "Copiste d'un jour, pages of the training writers (banq-dcn/Copiste-d-un-jour): CC-BY-4.0; the consent"
        " sentence that volunteers copied on some pages says « à des fins non commerciales »",
        "Testaments de Poilus, pages of the training writers (HTR-United/CREMMA-AN-TestamentsDePoilus): titled"
        " CC-BY-4.0 with a share-alike clause, treated as CC-BY-SA",
        "Manuscrits du 19e siècle, pages of the training writers (HTR-United/CREMMA-MSS-19): CC-BY-4.0",
        "UNIPEN train_r01_v07, text samples: CC-BY-4.0 (the CD of 1999 says research)",
        "handwriting fonts: 22 families OFL-1.1, 2 Apache-2.0; texts: public domain (Austen, Doyle, Flaubert)",
    )


def save_finder(net: nn.Module, folder: Path, *, card: FinderCard) -> None:
    """Write weights (float16) and card into ``folder``, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    halved = {name: value.detach().to(torch.float16).contiguous() for name, value in net.state_dict().items()}
    partial = folder / (WEIGHTS_FILE + ".partial")
    save_file(halved, partial, metadata={"architecture": card.architecture})
    partial.chmod(0o644)  # safetensors writes for its owner alone
    partial.replace(folder / WEIGHTS_FILE)
    (folder / CARD_FILE).write_text(json.dumps(asdict(card), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load_finder(folder: Path) -> tuple[LineFinderNet, FinderCard]:
    """Read what ``save_finder`` wrote; the network is in evaluation mode.

    Raises:
        BadModel: a file is missing or broken, or is of another architecture.
    """
    try:
        facts = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        card = FinderCard(**{**facts, "data": tuple(facts.get("data", ()))})
        weights = load_file(folder / WEIGHTS_FILE)
    except (OSError, ValueError, TypeError, SafetensorError) as error:
        raise BadModel(
            f"{folder} holds no line finder ({error}); it needs {WEIGHTS_FILE} and {CARD_FILE}."
            " Give a folder that training wrote, or restore the shipped one."
        ) from error
    net = LineFinderNet()
    try:
        net.load_state_dict({name: value.float() for name, value in weights.items()})
    except RuntimeError as error:
        raise BadModel(f"{folder / WEIGHTS_FILE} is not of architecture {ARCHITECTURE}: {error}") from error
    return net.eval(), card

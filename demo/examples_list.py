"""The ready examples beside the drop area: every picture in ``demo/examples``, by name."""

from pathlib import Path
from typing import TypedDict

FOLDER = Path(__file__).resolve().parent / "examples"
ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}


class Example(TypedDict):
    """One example as the shelf shows it."""

    name: str
    title: str
    image: str


def examples() -> list[Example]:
    """Every example, by file name; ``squared_paper.jpg`` is titled "Squared paper"."""
    pictures = sorted(path for path in FOLDER.glob("*") if path.suffix.lower() in ENDINGS)
    return [{"name": path.name, "title": _title(path), "image": f"/examples/{path.name}"} for path in pictures]


def _title(path: Path) -> str:
    words = path.stem.replace("_", " ").strip()
    return words[:1].upper() + words[1:]

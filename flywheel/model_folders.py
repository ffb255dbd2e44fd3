"""A registered model as a folder that readers load, and the read that it must pass before it may serve."""

import os
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

from sqlalchemy import select

from flywheel.registry import Model
from flywheel.store import Store
from flywheel.tables import ModelFileRow
from recognizer.datasets.handwriting import write_line
from recognizer.errors import BadModel
from recognizer.line_reader import LineReader
from recognizer.metrics import cer

SMOKE_TEXT = "the quick brown fox"
SMOKE_CER = 0.5  # a model that gets more of a plain line wrong is broken, whatever it was promoted for


def load(store: Store, model: Model, folder: Path) -> LineReader:
    """The model, ready to serve: unpacked below ``folder``, loaded, and seen to read a plain line.

    Raises:
        BrokenBlob: a file is missing or altered.
        BadModel: it cannot be loaded, or reads nonsense.
        OSError: the folder cannot be written.
    """
    reader = LineReader.load(unpack(store, model, folder))
    (reading,) = reader.read_lines([write_line(SMOKE_TEXT, seed=1)])
    wrong = cer([(SMOKE_TEXT, reading.text)])
    if not wrong <= SMOKE_CER:
        raise BadModel(f"{model.version} reads {reading.text!r} where {SMOKE_TEXT!r} is written. Train it again.")
    return reader


def is_to_blame(error: Exception) -> bool:
    """Whether a model that cannot be loaded is bad itself, so that it can serve nowhere.

    A full disk, a lost blob or a file that cannot be opened at the moment says nothing about the model.
    """
    here = isinstance(error.__cause__, OSError) and not isinstance(error.__cause__, FileNotFoundError)
    return isinstance(error, BadModel) and not here


def unpack(store: Store, model: Model, folder: Path) -> Path:
    """The model's files as a folder that readers load, below ``folder``; what lies there whole is used again.

    Raises:
        BrokenBlob: a file is missing or altered.
        OSError: the folder cannot be written.
    """
    place = folder / model.version
    with store.reading() as session:
        wanted = select(ModelFileRow.name, ModelFileRow.sha256).where(ModelFileRow.model_id == model.id)
        files = {row.name: row.sha256 for row in session.execute(wanted)}
    if all(_is_whole(place / name, key) for name, key in files.items()):
        return place
    shutil.rmtree(place, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=folder, prefix=".unpacking-"))
    try:
        for name, key in files.items():
            (unfinished / name).write_bytes(store.blobs.get(key))
        os.rename(unfinished, place)  # noqa: PTH104 - fails where another process was faster
    except OSError:
        if not place.is_dir():
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return place


def _is_whole(path: Path, key: str) -> bool:
    return path.exists() and sha256(path.read_bytes()).hexdigest() == key

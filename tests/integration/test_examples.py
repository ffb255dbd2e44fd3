"""The committed example pages are the ones that their script makes."""

from pathlib import Path

import numpy as np
from PIL import Image

from tests.make_examples import FOLDER, make_examples


def test_examples_are_what_their_script_makes(tmp_path: Path) -> None:
    names = sorted(path.name for path in FOLDER.iterdir())
    make_examples(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    for name in names:
        made, kept = (np.asarray(Image.open(folder / name).convert("L"), float) for folder in (tmp_path, FOLDER))
        assert made.shape == kept.shape and np.abs(made - kept).mean() < 2

"""Deaths of a training are counted while it gets no further, and forgotten once it ends by itself."""

import os
from pathlib import Path

import pytest

from flywheel.attempts import attempt
from flywheel.errors import Cancelled
from tests.killed import Killed


def deaths(folder: Path, end: type[BaseException] | None = Killed, *, checkpoint_at: int = 0) -> int:
    """What one more attempt is told; it keeps a checkpoint, perhaps, and then ends so."""
    found = -1
    try:
        with attempt(folder, folder / "checkpoints") as found:
            if checkpoint_at:
                (folder / "checkpoints").mkdir(exist_ok=True)
                (folder / "checkpoints" / "last.ckpt").touch()
                os.utime(folder / "checkpoints" / "last.ckpt", (checkpoint_at, checkpoint_at))
            if end is not None:
                raise end
    except (Killed, Cancelled):
        pass
    return found


def test_only_deaths_without_a_new_checkpoint_count(tmp_path: Path) -> None:
    assert [deaths(tmp_path), deaths(tmp_path), deaths(tmp_path, checkpoint_at=100)] == [0, 1, 2]
    assert deaths(tmp_path, checkpoint_at=200) == 2  # the one before got further
    assert [deaths(tmp_path), deaths(tmp_path)] == [2, 3]
    (tmp_path / "checkpoints" / "last.ckpt").unlink()  # begun anew
    assert deaths(tmp_path) == 4


@pytest.mark.parametrize("end", [None, Cancelled])
def test_an_end_of_its_own_forgets_the_deaths(tmp_path: Path, end: type[BaseException] | None) -> None:
    assert [deaths(tmp_path), deaths(tmp_path, end), deaths(tmp_path)] == [0, 1, 0]

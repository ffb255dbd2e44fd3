"""Where `read --output` writes: one file for each input, and none over an input or over another one's."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from recognizer.errors import BadInput


class OutputFolder:
    """A folder for what is read of some files."""

    def __init__(self, folder: Path, inputs: Sequence[Path]) -> None:
        """``inputs``: every file that is read in this run."""
        self._folder = folder
        self._inputs = {path.resolve() for path in inputs}
        self._written: set[Path] = set()

    def write(self, path: Path, contents: Mapping[str, bytes]) -> None:
        """Write what was read of ``path``, as its name with each suffix; where that is taken, its name in full.

        Raises:
            BadInput: a file would replace an input, or what was read of another; or nothing can be written.
        """
        names = [path.stem, path.name]
        name = next((name for name in names if self._is_free(name, contents)), None)
        if name is None:
            taken = self._folder / f"{path.stem}{next(iter(contents))}"
            raise BadInput(f"{taken} would replace what is read, or what was read before. Choose another --output.")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for suffix, content in contents.items():
                target = self._folder / f"{name}{suffix}"
                target.write_bytes(content)
                self._written.add(target.resolve())
        except OSError as error:
            raise BadInput(f"{self._folder} takes no file ({error.strerror}). Choose another --output.") from error

    def _is_free(self, name: str, contents: Mapping[str, bytes]) -> bool:
        targets = {(self._folder / f"{name}{suffix}").resolve() for suffix in contents}
        return targets.isdisjoint(self._inputs | self._written)

"""Images and checkpoints by SHA-256, in any place fsspec opens: ``sha256/ab/<hash>``.

A blob never changes: it is created whole or not at all, and reading one checks that it is still what it was.
"""

import os
import tempfile
from hashlib import sha256
from pathlib import Path

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from flywheel.errors import BadSettings, BrokenBlob
from flywheel.settings import without_password


class Blobs:
    """A folder, local or remote, of files named by their content."""

    def __init__(self, files: AbstractFileSystem, root: str, shown: str) -> None:
        self._files, self._root, self._shown = files, root.rstrip("/"), shown

    @classmethod
    def open(cls, url: str) -> "Blobs":
        """The blobs at ``url``: a folder, or an address such as s3://bucket/prefix.

        Raises:
            BadSettings: no fsspec driver opens such an address.
        """
        shown = without_password(url)
        try:
            files, root = url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise BadSettings(
                f"INKLOOP_BLOB_URL is {shown!r}, which cannot be opened: {error}. "
                "Install that driver, or give a folder."
            ) from error
        return cls(files, root, shown)

    def put(self, data: bytes) -> str:
        """Keep ``data``; keeping the same again stores nothing new.

        Returns:
            Its SHA-256 in hexadecimal, the key to get it back.

        Raises:
            BrokenBlob: it cannot be written.
        """
        key = sha256(data).hexdigest()
        path = self._path(key)
        try:
            if isinstance(self._files, LocalFileSystem):
                _create(Path(path), data)
            elif not self._files.exists(path):
                self._files.pipe_file(path, data)
        except OSError as error:
            raise BrokenBlob(f"The blob store {self._shown} takes no file: {error}. Free or mend it.") from error
        return key

    def get(self, key: str) -> bytes:
        """The bytes kept under ``key``.

        Raises:
            BrokenBlob: they are missing, or no longer what they were.
        """
        try:
            data = bytes(self._files.cat_file(self._path(key)))
        except FileNotFoundError as error:
            raise BrokenBlob(
                f"The blob {key} is missing from {self._shown}. Restore it from a backup, "
                "or set INKLOOP_BLOB_URL to where this database's blobs are."
            ) from error
        except OSError as error:
            raise BrokenBlob(f"The blob {key} in {self._shown} cannot be read: {error}.") from error
        if sha256(data).hexdigest() != key:
            raise BrokenBlob(f"The blob {key} in {self._shown} was altered or cut short. Restore it from a backup.")
        return data

    def delete(self, key: str) -> None:
        """Remove what is kept under ``key``; nothing there is no error.

        Raises:
            BrokenBlob: it cannot be removed.
        """
        try:
            if self._files.exists(self._path(key)):
                self._files.rm_file(self._path(key))
        except OSError as error:
            raise BrokenBlob(f"The blob {key} in {self._shown} cannot be removed: {error}.") from error

    def keys(self) -> set[str]:
        """Every key that has a file; says nothing about its content."""
        folder = f"{self._root}/sha256"
        if not self._files.exists(folder):
            return set()
        return {path.rsplit("/", 1)[-1] for path in self._files.find(folder)}

    def _path(self, key: str) -> str:
        return f"{self._root}/sha256/{key[:2]}/{key}"


def _create(path: Path, data: bytes) -> None:
    """Write a file that appears under its name whole and safe on disk, or not at all.

    An existing file stays, unless it was cut short: then the whole one takes its place.
    """
    if path.exists() and path.stat().st_size == len(data):
        return
    incoming = path.parents[2] / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=incoming)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            temporary.replace(path)
        else:
            os.link(temporary, path)
    except FileExistsError:
        pass  # another process kept the same bytes meanwhile
    finally:
        temporary.unlink(missing_ok=True)

"""The pages of a PDF as pictures, drawn by ``pdf_renderer.py`` in a process that may die without harm."""

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from PIL import Image

from recognizer.errors import EncryptedPdf, ImageTooLarge, NotAnImage, RecognizerError

_RENDERER = Path(__file__).with_name("pdf_renderer.py")
_MIB = 1024 * 1024


class OpenPdf:
    """A PDF whose pages are drawn one after the other as they are asked for.

    Attributes:
        pages: how many there are.
    """

    def __init__(self, renderer: subprocess.Popen[bytes], *, name: str, complaints: BinaryIO) -> None:
        self._renderer = renderer
        self._answers = cast(BinaryIO, renderer.stdout)
        self._name = name
        self._complaints = complaints
        self.pages = int(self._next_answer(page=None)["pages"])

    def __iter__(self) -> Iterator[Image.Image]:
        for number in range(1, self.pages + 1):
            answer = self._next_answer(page=number)
            size = (answer["width"], answer["height"])
            body = self._answers.read(answer["stride"] * answer["height"])
            yield Image.frombytes("RGB", size, body, "raw", answer["format"], answer["stride"], 1)

    def _next_answer(self, *, page: int | None) -> dict[str, Any]:
        line = self._answers.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"failed": "ended"}
        if "failed" in answer:
            raise self._explain(answer, page=page)
        return answer

    def _explain(self, answer: dict[str, Any], *, page: int | None) -> RecognizerError:
        where = f'"{self._name}"' if page is None else f'"{self._name}", page {page},'
        again = "Print it to a new PDF, or upload a picture of the page."
        match answer["failed"]:
            case "password":
                return EncryptedPdf(f"{where} asks for a password. Save a copy without one and upload that.")
            case "pixels":
                return ImageTooLarge(f"{where} holds a picture of {answer['detail']} pixels: too large. {again}")
            case "ended" if self._renderer.wait() > 0:  # it raised: our fault; a negative code is the system's verdict
                self._complaints.seek(0)
                return RecognizerError(f"The PDF renderer failed: {self._complaints.read()[-500:].decode()}")
            case "ended":
                return ImageTooLarge(f"{where} needs more memory or time than one page may have. {again}")
        return NotAnImage(f"{where} is damaged or incomplete. {again}")


@contextlib.contextmanager
def open_pdf(data: bytes, *, name: str, pixels: int, longest_side_px: int) -> Iterator[OpenPdf]:
    """Draw a PDF's pages at about 200 dpi, or as fine as the scans inside, within the longest side.

    Args:
        data: the file's bytes.
        name: the file as the person knows it, for messages.
        pixels: how many a picture inside the PDF may have.
        longest_side_px: of the pages as drawn.

    Raises:
        EncryptedPdf: it asks for a password.
        ImageTooLarge: a picture in it is too large, or drawing a page takes too much memory or time.
        NotAnImage: the PDF is damaged.
    """
    memory = 512 * _MIB + 2 * len(data) + 10 * pixels
    command = [sys.executable, "-P", str(_RENDERER), str(memory), str(pixels), str(longest_side_px)]
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as complaints:
        file.write(data)
        file.seek(0)
        with subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE, stderr=complaints) as renderer:
            try:
                yield OpenPdf(renderer, name=name, complaints=complaints)
            finally:
                renderer.kill()

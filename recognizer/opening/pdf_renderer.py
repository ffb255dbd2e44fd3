"""Turn the pages of a PDF into pixels, in a process of its own.

PDFium is not thread-safe, and a hostile PDF makes it crash, hang or take gigabytes. Here that ends one page, not the
server: the process limits its own memory and, page by page, its own time. ``pdf_pages.py`` starts it by path; it
imports nothing of ours, so it starts in a moment and from any folder.

The PDF comes on stdin. On stdout goes one JSON line with the number of pages, then for each page a JSON line and the
page's bytes; or a JSON line that says what failed.
"""

import json
import math
import resource
import sys
from typing import Any, BinaryIO

import pypdfium2
from pypdfium2 import raw

SECONDS_PER_PAGE = 20
_DOTS_PER_POINT = 200 / 72


class _TooManyPixels(Exception):
    """A picture inside the PDF is larger than allowed."""


def main(answers: BinaryIO, *, memory_bytes: int, pixels: int, longest_side_px: int) -> None:
    """Answer with every page of the PDF on stdin."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    _allow_time()
    try:
        document = pypdfium2.PdfDocument(sys.stdin.buffer.read())
    except pypdfium2.PdfiumError as error:
        locked = error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        _answer(answers, {"failed": "password" if locked else "damaged"})
        return
    _answer(answers, {"pages": len(document)})
    for index in range(len(document)):
        _allow_time()
        try:
            _answer_page(answers, document, index, pixels=pixels, longest_side_px=longest_side_px)
        except _TooManyPixels as error:
            _answer(answers, {"failed": "pixels", "detail": str(error)})
        except (pypdfium2.PdfiumError, MemoryError, ValueError, OverflowError):
            _answer(answers, {"failed": "damaged"})


def _answer_page(
    answers: BinaryIO, document: pypdfium2.PdfDocument, index: int, *, pixels: int, longest_side_px: int
) -> None:
    page = document[index]
    width, height = page.get_size()
    scale = min(max(_DOTS_PER_POINT, _check_pictures(page, pixels)), longest_side_px / max(width, height, 1))
    bitmap = page.render(scale=scale)
    header = {"width": bitmap.width, "height": bitmap.height, "stride": bitmap.stride, "format": bitmap.mode}
    _answer(answers, header, bytes(bitmap.buffer))
    bitmap.close()
    page.close()


def _check_pictures(page: pypdfium2.PdfPage, pixels: int) -> float:
    """The resolution, per point, of the page's finest picture: a scan should not lose what it holds."""
    finest = 0.0
    for picture in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
        width, height = picture.get_px_size()
        if width * height > pixels:
            raise _TooManyPixels(f"{width} × {height}")
        left, _, right, _ = picture.get_bounds()
        if right - left > 1 and math.isfinite(right - left):
            finest = max(finest, width / (right - left))
    return finest


def _allow_time() -> None:
    """Some seconds of processor time from now on; the system ends the process after that."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used.ru_utime + used.ru_stime) + SECONDS_PER_PAGE, hard))


def _answer(answers: BinaryIO, header: dict[str, Any], body: bytes = b"") -> None:
    answers.write(json.dumps(header).encode() + b"\n" + body)
    answers.flush()


if __name__ == "__main__":
    main(
        sys.stdout.buffer,
        memory_bytes=int(sys.argv[1]),
        pixels=int(sys.argv[2]),
        longest_side_px=int(sys.argv[3]),
    )

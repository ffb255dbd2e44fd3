"""What the whole web stands on, made once by ``app.py`` and passed down."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from flywheel.settings import Settings
from flywheel.store import Store
from recognizer.images import Limits, PageImage
from recognizer.page import Line, Outline, Page


class Reader(Protocol):
    """What the web needs of ``recognizer.line_reader.LineReader``."""

    @property
    def version(self) -> str:
        """Names the model."""

    def read_page(self, page: PageImage, *, path: str) -> Page:
        """Find and read the lines of a page; safe to call from several threads."""

    def read_outlines(self, page: PageImage, outlines: Sequence[tuple[Outline, Outline | None]]) -> list[Line]:
        """Read just the lines with these polygons and baselines; safe to call from several threads."""

    def plausibility(self, images: Sequence[NDArray[np.uint8]], texts: Sequence[str]) -> Sequence[float]:
        """How far the image of each line crop bears out a text."""

    def unknown_characters(self, text: str) -> Sequence[str]:
        """The characters of a text that the model cannot write."""


@dataclass(eq=False)
class Services:
    """Settings, store and reader; all safe to share between threads.

    The reader is another one after a promotion: whoever needs one and the same for several calls takes it once.
    """

    settings: Settings
    store: Store
    reader: Reader

    @property
    def limits(self) -> Limits:
        """What one uploaded file may hold."""
        chosen = self.settings
        return Limits(bytes=self.limit_bytes, pixels=chosen.max_megapixels * 1_000_000, pages=chosen.max_pages)

    @property
    def limit_bytes(self) -> int:
        """The largest file that a person may give."""
        return self.settings.max_upload_mb * 1024 * 1024

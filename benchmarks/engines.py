"""Inkloop and its peers behind one interface: image files in, texts out, nothing kept between calls but the model.

Every engine opens the files itself, so that a measurement runs from the first file opened to the last text decoded,
and every engine gets the same number of threads. Peers run as their makers ship them.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import cv2


class Engine(Protocol):
    """Something that reads handwriting.

    Attributes:
        name: what it is, and which version.
    """

    name: str

    def read_lines(self, images: Sequence[Path]) -> list[str]:
        """The texts of cropped lines."""

    def read_page(self, image: Path) -> str:
        """The text of a page, its lines joined by newlines in reading order."""


class Inkloop:
    """Our own reader with the shipped weights, or with those of another folder."""

    def __init__(self, model: Path | None, threads: int) -> None:
        import torch

        from recognizer.line_reader import LineReader

        torch.set_num_threads(threads)
        self._reader = LineReader.load(model)
        self.name = self._reader.version

    def read_lines(self, images: Sequence[Path]) -> list[str]:
        """The texts of cropped lines."""
        from recognizer.line_images import open_line

        return [reading.text for reading in self._reader.read_lines([open_line(image) for image in images])]

    def read_page(self, image: Path) -> str:
        """The text of a page."""
        return "\n".join(page.text for page in self._reader.read_file(image.read_bytes(), name=image.name))


class RapidOcr:
    """RapidOCR with the models of its wheel: its recogniser alone for lines, its whole pipeline for pages."""

    def __init__(self, threads: int) -> None:
        from rapidocr import RapidOCR
        from rapidocr.ch_ppocr_rec import TextRecInput, TextRecognizer

        threading = {"EngineConfig.onnxruntime.intra_op_num_threads": threads, "Global.log_level": "error"}
        self._pipeline: Any = RapidOCR(params=threading)
        settings = self._pipeline.cfg.Rec
        settings.engine_cfg = self._pipeline.cfg.EngineConfig[settings.engine_type.value]
        settings.model_root_dir = self._pipeline.cfg.Global.model_root_dir
        settings.font_path = self._pipeline.cfg.Global.font_path
        self._recogniser: Any = TextRecognizer(settings)
        self._input: Any = TextRecInput
        self.name = f"RapidOCR {version('rapidocr')}"

    def read_lines(self, images: Sequence[Path]) -> list[str]:
        """The texts of cropped lines."""
        return list(self._recogniser(self._input(img=[cv2.imread(str(image)) for image in images])).txts)

    def read_page(self, image: Path) -> str:
        """The text of a page; empty where the pipeline finds nothing."""
        return "\n".join(self._pipeline(str(image)).txts or ())


class Tesseract:
    """Tesseract's French and English models; as many processes as threads, each with its share of the lines."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        told = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=True).stdout
        self.name = f"Tesseract {told.split()[1]}"

    @staticmethod
    def missing() -> str | None:
        """Why it cannot take part, with what to install; None where it can."""
        if not shutil.which("tesseract"):
            return "not installed (Debian: tesseract-ocr, tesseract-ocr-fra)"
        told = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=True).stdout
        return None if {"fra", "eng"} <= set(told.split()) else "lacks French or English (Debian: tesseract-ocr-fra)"

    def read_lines(self, images: Sequence[Path]) -> list[str]:
        """The texts of cropped lines."""
        shares = [images[start :: self._threads] for start in range(self._threads)]
        with ThreadPoolExecutor(self._threads) as pool:
            read = list(pool.map(lambda share: self._run(share, segmentation=7), shares))
        texts = [""] * len(images)
        for start, share in enumerate(read):
            texts[start :: self._threads] = [" ".join(text.split()) for text in share]
        return texts

    def read_page(self, image: Path) -> str:
        """The text of a page."""
        lines = self._run([image], segmentation=3)[0].splitlines()
        return "\n".join(line.strip() for line in lines if line.strip())

    def _run(self, images: Sequence[Path], *, segmentation: int) -> list[str]:
        if not images:
            return []
        alone = os.environ | {"OMP_THREAD_LIMIT": "1" if len(images) > 1 else str(self._threads)}
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as listing:
            listing.write("\n".join(str(image.resolve()) for image in images))
            listing.flush()
            command = ["tesseract", listing.name, "stdout", "-l", "fra+eng", "--psm", str(segmentation)]
            told = subprocess.run(command, capture_output=True, text=True, check=True, env=alone).stdout
        return told.split("\f")[: len(images)]

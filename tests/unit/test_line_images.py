"""Cropped lines from files: as people see them, whatever the file holds."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from recognizer.errors import BadInput, ImageTooLarge, NotAnImage
from recognizer.line_images import open_line

STROKES = Image.new("L", (240, 48), 255)
ImageDraw.Draw(STROKES).line([(10, 40), (60, 8), (110, 40), (160, 8), (230, 30)], fill=0, width=4)


def saved(folder: Path, image: Image.Image, name: str) -> Path:
    image.save(folder / name)
    return folder / name


def transparent() -> Image.Image:
    """Black all over; only its opacity writes."""
    image = Image.new("RGBA", STROKES.size, (0, 0, 0, 0))
    image.putalpha(Image.fromarray(255 - np.array(STROKES)))
    return image


@pytest.mark.parametrize(
    ("image", "name"),
    [
        (STROKES, "grey.png"),
        (STROKES.convert("RGB"), "colours.bmp"),
        (STROKES.convert("1"), "two.png"),
        (STROKES.convert("P"), "palette.png"),
        (STROKES.convert("RGB"), "page.pdf"),
        (STROKES, "frames.tiff"),
        (transparent(), "transparent.png"),
        (Image.fromarray(np.array(STROKES).astype(np.uint16) * 16), "twelve_bits.png"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_line_looks_the_same_in_every_kind_of_file(tmp_path: Path, image: Image.Image, name: str) -> None:
    line = open_line(saved(tmp_path, image, name))
    assert line.dtype == np.uint8 and line.ndim == 2
    seen = cv2.resize(line, STROKES.size, interpolation=cv2.INTER_AREA).astype(float)
    assert np.abs(seen - np.array(STROKES)).mean() < 12


def test_a_plain_picture_is_what_opencv_makes_of_it(tmp_path: Path) -> None:
    path = saved(tmp_path, STROKES.convert("RGB"), "line.jpg")
    assert (open_line(path) == cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)).all()


def test_what_is_no_picture_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("Dear Bob,")
    whole = io.BytesIO()
    STROKES.save(whole, "PNG")
    (tmp_path / "cut.png").write_bytes(whole.getvalue()[:20])
    for name, sentence in (
        ("empty.png", "is empty"),
        ("text.png", "text.png"),
        ("cut.png", "is damaged or incomplete"),
        ("none.png", "does not exist"),
        ("", "cannot be read"),
    ):
        with pytest.raises(NotAnImage, match=sentence):
            open_line(tmp_path / name)


def test_a_small_file_that_asks_for_too_much_is_refused_unopened(tmp_path: Path) -> None:
    Image.new("1", (30_000, 30_000)).save(tmp_path / "bomb.png")
    with pytest.raises(ImageTooLarge, match="at most"):
        open_line(tmp_path / "bomb.png")
    assert issubclass(ImageTooLarge, BadInput)

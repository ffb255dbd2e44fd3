"""What cannot be read is refused with a sentence, before it costs memory."""

import random
import warnings
from collections.abc import Callable

import pytest
from PIL import Image

from recognizer.errors import BadInput, EncryptedPdf, ImageTooLarge, NotAnImage
from recognizer.images import Limits, count_pages, open_pages
from tests.files import encode, encode_pdf, pdf_with_picture_of_size, png_of_size, tiff_of_tiles, webp_of_size
from tests.handwriting import write_page

KINDS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
PAGE = Image.fromarray(write_page(["Dear Margaret"], seed=1, width=120, height=80).image)
VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"


def refuse(data: bytes, name: str = "letter.jpg", limits: Limits = Limits()) -> BadInput:  # noqa: B008 - frozen
    """The error of opening; counting must raise it as well where it needs no pixels."""
    with pytest.raises(BadInput) as caught:
        list(open_pages(data, name=name, limits=limits))
    assert f'"{name}"' in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty (0 bytes). Copy or download it again, then upload it."),
        (b"Dear Margaret,\n", "is a text file, not a picture of handwriting. Upload a photo or a scan of the page."),
        (b'<?xml version="1.0"?><svg/>', "is an SVG drawing, not a picture made of pixels. Export it as PNG."),
        (b"<!DOCTYPE html><html></html>", "is a web page, not a picture. Save the picture itself and upload that."),
        (b"PK\x03\x04\x14\0", "is a ZIP archive or an office document, not a picture. Unpack it, or export its pages"),
        (VIDEO, "is a video or a camera's raw file, not a picture. Save the page as JPEG"),
        (bytes(range(200)), "is no picture that Inkloop knows. Save it as JPEG, PNG, WebP, HEIC, AVIF, GIF, BMP"),
    ],
)
def test_what_is_no_picture_is_called_what_it_is(data: bytes, sentence: str) -> None:
    error = refuse(data)
    assert isinstance(error, NotAnImage)
    assert sentence in str(error)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kept", [0.05, 0.5, 0.97])
def test_truncated_pictures_are_called_incomplete(kind: str, kept: float) -> None:
    data = encode(PAGE.convert("RGB"), kind)
    error = refuse(data[: round(len(data) * kept)])
    assert isinstance(error, NotAnImage)
    assert "is damaged or incomplete. Copy it again, or save it as JPEG or PNG." in str(error)


def test_truncated_pdfs_are_called_incomplete() -> None:
    data = encode_pdf(texts=["one"])
    error = refuse(data[: len(data) // 2], "scan.pdf")
    assert isinstance(error, NotAnImage)
    assert "is damaged or incomplete. Print it to a new PDF" in str(error)


def test_a_damaged_page_names_its_number() -> None:
    pages = [PAGE, Image.new("L", (50, 40))]
    data = bytearray(encode(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="tiff_lzw"))
    broken = bytes(data).replace(encode(pages[1], "TIFF", compression="tiff_lzw")[8:20], b"\xff" * 12)
    opened = open_pages(broken, name="scan.tiff")
    assert next(opened).number == 1
    with pytest.raises(NotAnImage, match=r'"scan\.tiff", page 2, is damaged'):
        next(opened)


def test_pictures_without_pixels_are_named_so() -> None:
    error = refuse(png_of_size(0, 10))
    assert isinstance(error, NotAnImage)
    assert "has no pixels. Take or export the picture again." in str(error)


@pytest.mark.parametrize(("make", "millions"), [(png_of_size, 100), (webp_of_size, 33)])
def test_bombs_are_refused_by_their_header(make: Callable[[int, int], bytes], millions: int) -> None:
    error = refuse(make(16000, 16000))
    assert isinstance(error, ImageTooLarge)
    assert f"has 16000 × 16000 pixels, 256 million; at most {millions} million are read." in str(error)
    with pytest.raises(ImageTooLarge):
        count_pages(make(16000, 16000), name="bomb")


def test_pillows_own_switches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with warnings.catch_warnings(action="error"):
        assert len(list(open_pages(encode(PAGE, "PNG"), name="letter"))) == 1


def test_large_pictures_inside_a_pdf_are_refused() -> None:
    error = refuse(pdf_with_picture_of_size(30000, 30000), "scan.pdf")
    assert isinstance(error, ImageTooLarge)
    assert '"scan.pdf", page 1, holds a picture of 30000 × 30000 pixels: too large.' in str(error)


def test_tiffs_of_huge_tiles_are_refused() -> None:
    error = refuse(tiff_of_tiles(60_000))
    assert isinstance(error, ImageTooLarge)
    assert "has 60000 × 60000 pixels" in str(error)


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
def test_too_many_pages_are_refused_before_the_first(kind: str) -> None:
    pages = [Image.new("L", (8, 8))] * 21
    data = encode_pdf(texts=["page"] * 21) if kind == "PDF" else encode(
        pages[0], "TIFF", save_all=True, append_images=pages[1:]
    )  # fmt: skip
    for attempt in (lambda: next(open_pages(data, name="s", limits=Limits(pages=20))),
                    lambda: count_pages(data, name="s", limits=Limits(pages=20))):  # fmt: skip
        with pytest.raises(ImageTooLarge, match=r'"s" has more than 20 pages\. Split it into several files\.'):
            attempt()
    assert count_pages(data, name="s", limits=Limits(pages=21)) == 21


def test_too_many_bytes_are_refused() -> None:
    error = refuse(b"\xff\xd8\xff" + bytes(3 * 2**20), limits=Limits(bytes=2**20))
    assert isinstance(error, ImageTooLarge)
    assert "has 3 MiB; at most 1 are read. Save it smaller, or split it into several files." in str(error)


def test_pdfs_that_ask_for_a_password_say_so() -> None:
    error = refuse(encode_pdf(texts=["secret"], password="open sesame"), "secret.pdf")
    assert isinstance(error, EncryptedPdf)
    assert "asks for a password. Save a copy without one and upload that." in str(error)


def test_pdfs_that_open_without_their_password_are_read() -> None:
    assert count_pages(encode_pdf(texts=["locked for editing"], password=""), name="locked.pdf") == 1


@pytest.mark.filterwarnings("ignore")  # Pillow grumbles about what it reads past
@pytest.mark.parametrize("kind", KINDS)
def test_damage_anywhere_is_either_read_past_or_explained(kind: str) -> None:
    rng = random.Random(5)
    whole = encode(PAGE.convert("RGB"), kind)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(rng.choice([1, 5, 20])):
            data[rng.randrange(min(len(data), rng.choice([200, len(data)])))] = rng.choice([0, 255, rng.randrange(256)])
        message = _read_or_explain(bytes(data))
        assert message is None or '"letter"' in message


def _read_or_explain(data: bytes) -> str | None:
    try:
        return None if all(page.grey.size for page in open_pages(data, name="letter")) else "an empty page"
    except BadInput as error:
        return str(error)

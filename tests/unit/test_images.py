"""What people have opens as clean pages."""

import concurrent.futures
import io
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from recognizer.images import LONGEST_SIDE_PX, PageImage, count_pages, open_pages
from tests.files import encode, encode_pdf
from tests.handwriting import write_page

KINDS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
WIDTH, HEIGHT = 360, 240


@pytest.fixture(scope="module")
def written() -> NDArray[np.uint8]:
    return write_page(["Dear Margaret,", "the garden is lovely"], seed=4, width=WIDTH, height=HEIGHT).image


@pytest.fixture(scope="module")
def photo(written: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(written).convert("RGB")


def open_one(data: bytes) -> PageImage:
    (page,) = open_pages(data, name="letter")
    return page


def is_like(page: PageImage, written: NDArray[np.uint8]) -> bool:
    return page.grey.shape == written.shape and float(np.abs(page.grey - written.astype(float)).mean()) < 5


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_picture_opens_as_one_page(kind: str, photo: Image.Image, written: NDArray[np.uint8]) -> None:
    page = open_one(encode(photo, kind))
    assert is_like(page, written)
    assert (page.number, page.colour.mode, page.colour.size) == (1, "RGB", (WIDTH, HEIGHT))
    assert page.grey.dtype == np.uint8 and page.grey.flags.writeable
    assert count_pages(encode(photo, kind), name="letter") == 1


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "LAB", "I;16", "I", "F"])
def test_every_pixel_format_becomes_the_same_page(mode: str, photo: Image.Image, written: NDArray[np.uint8]) -> None:
    page = open_one(encode(_convert(photo, written, mode), "TIFF" if mode != "P" else "PNG"))
    assert page.colour.mode == "RGB"
    assert page.grey.shape == written.shape
    assert abs(float(page.grey.mean()) - float(written.mean())) < 8


def _convert(photo: Image.Image, written: NDArray[np.uint8], mode: str) -> Image.Image:
    match mode:
        case "I;16":
            return Image.fromarray(written.astype(np.uint16) << 8)
        case "I":
            return Image.fromarray(written.astype(np.int32) << 4)
        case "F":
            return Image.fromarray(written.astype(np.float32) / 255)
        case "LA":
            return photo.convert("L").convert("LA")
        case "LAB":
            profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
            lab = ImageCms.profileToProfile(photo, *profiles, outputMode="LAB")
            assert lab is not None
            return lab
    return photo.convert(mode)


def test_sixteen_bit_png_keeps_its_shades(written: NDArray[np.uint8]) -> None:
    assert is_like(open_one(encode(Image.fromarray(written.astype(np.uint16) << 8), "PNG")), written)


def test_cmyk_jpeg_keeps_its_shades(photo: Image.Image, written: NDArray[np.uint8]) -> None:
    assert is_like(open_one(encode(photo.convert("CMYK"), "JPEG")), written)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_transparent_parts_are_white(kind: str) -> None:
    image = Image.new("RGBA", (40, 30), (0, 0, 0, 0))
    image.paste((10, 20, 200, 255), (10, 10, 30, 20))
    page = open_one(encode(image, kind, **({"lossless": True} if kind == "WEBP" else {})))
    assert page.colour.getpixel((0, 0)) == (255, 255, 255)
    assert page.colour.getpixel((20, 15)) == (10, 20, 200)


def test_transparent_colour_of_a_palette_is_white() -> None:
    image = Image.new("P", (40, 30), 1)
    image.putpalette([200, 0, 0, 0, 0, 0])
    page = open_one(encode(image, "PNG", transparency=1))
    assert page.colour.getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pages_are_upright_however_the_camera_was_held(kind: str, orientation: int) -> None:
    upright = Image.new("RGB", (60, 40), "white")
    upright.paste("black", (0, 0, 20, 10))  # top left, wide
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transpositions that the orientations ask to undo
    stored = upright.transpose(Image.Transpose(undo[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    page = open_one(encode(stored, kind, exif=exif.tobytes()))
    assert page.colour.size == (60, 40)
    assert page.grey[5, 10] < 60 and page.grey[5, 50] > 200 and page.grey[35, 10] > 200 and page.grey[20, 10] > 200


def test_saving_a_page_again_neither_turns_it_nor_tells_where_it_was_taken(photo: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    page = open_one(encode(photo, "JPEG", exif=exif))
    again = Image.open(io.BytesIO(encode(page.colour, "JPEG")))
    assert again.size == (HEIGHT, WIDTH)
    assert not dict(again.getexif())


@pytest.mark.filterwarnings("ignore:.*EXIF data:UserWarning")
def test_broken_exif_does_not_hide_the_page(photo: Image.Image, written: NDArray[np.uint8]) -> None:
    assert is_like(open_one(encode(photo, "JPEG", exif=b"Exif\0\0MM\0*garbage")), written)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_very_large_pages_are_scaled_down(kind: str) -> None:
    page = open_one(encode(Image.new("L", (2 * LONGEST_SIDE_PX + 10, 300), 200), kind))
    assert page.colour.size == (LONGEST_SIDE_PX, 150)
    assert page.grey.shape == (150, LONGEST_SIDE_PX)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_picture_is_the_page(kind: str) -> None:
    frames = [Image.new("L", (30, 20), shade) for shade in (255, 0, 128)]
    data = encode(frames[0], kind, save_all=True, append_images=frames[1:])
    assert count_pages(data, name="animation") == 1
    assert open_one(data).grey.min() > 250


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "jpeg", "group4"])
def test_tiff_pages_come_in_order(compression: str) -> None:
    widths = (50, 60, 70)
    pages = [Image.new("1" if compression == "group4" else "L", (width, 40), 1) for width in widths]
    data = encode(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression=compression)
    assert count_pages(data, name="scan") == 3
    assert [(page.number, page.colour.width) for page in open_pages(data, name="scan")] == [(1, 50), (2, 60), (3, 70)]


def test_thumbnails_in_a_tiff_are_no_pages() -> None:
    pages = [Image.new("L", (50, 40), 255), Image.new("L", (5, 4), 255)]
    pages[1].encoderinfo = {"tiffinfo": {254: 1}}
    data = encode(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert count_pages(data, name="scan") == 1
    assert open_one(data).colour.width == 50


def test_pdf_pages_come_in_order_as_fine_as_they_were_scanned(photo: Image.Image, written: NDArray[np.uint8]) -> None:
    data = encode_pdf([photo], texts=["second", "third"], size_points=(72, 48))
    pages = list(open_pages(data, name="scan.pdf"))
    assert [page.number for page in pages] == [1, 2, 3] and count_pages(data, name="scan.pdf") == 3
    assert pages[1].colour.size == (200, 134)  # 200 dots per inch
    assert is_like(pages[0], written)


@pytest.mark.parametrize("size_points", [(14400, 14400), (1e6, 1e6), (1e6, 1), (1, 1)])
def test_pdf_pages_of_any_size_stay_within_bounds(size_points: tuple[float, float]) -> None:
    page = open_one(encode_pdf(texts=["large"], size_points=size_points))
    assert min(page.colour.size) >= 1 and max(page.colour.size) <= LONGEST_SIDE_PX


def test_many_threads_may_open_files_at_once(photo: Image.Image, written: NDArray[np.uint8]) -> None:
    files = [encode_pdf([photo], size_points=(72, 48)), encode(photo, "HEIF"), encode(photo, "TIFF")] * 2
    with concurrent.futures.ThreadPoolExecutor(6) as threads:
        assert all(is_like(page, written) for page in threads.map(open_one, files))


def test_a_pdf_left_half_read_leaves_no_process() -> None:
    before = _children()
    pages = open_pages(encode_pdf(texts=["one", "two", "three"]), name="scan.pdf")
    next(pages)
    assert _children() > before
    del pages
    assert _children() == before


def _children() -> set[str]:
    listed = (Path(f"/proc/self/task/{os.getpid()}/children")).read_text()
    return set(listed.split())

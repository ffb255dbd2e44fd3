"""A read file in every format that other programs take."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from recognizer.export import FORMATS, render, suffix
from tests.read_pages import HOSTILE, checked, read_page

IMAGE = Image.new("RGB", (900, 700), "white")


def test_text_has_a_line_per_line_and_a_form_feed_between_pages() -> None:
    pages = [read_page(["Été", "où ça ?"]), read_page([], number=2), read_page(["fin"], number=3)]
    assert render(pages, [], "txt") == {".txt": "Été\noù ça ?\n\f\ffin\n".encode()}


def test_breaks_within_a_line_do_not_make_two() -> None:
    assert (
        render([read_page(["one\ntwo\r\nthree\u2028four\x85five"])], [], "txt")[".txt"] == b"one two three four five\n"
    )


def test_json_is_what_the_command_line_prints() -> None:
    pages = [read_page(["Été"]), read_page(["fin"], number=2)]
    assert json.loads(render(pages, [], "json")[".json"]) == [page.to_json() for page in pages]


def test_json_keeps_every_character_even_half_a_pair() -> None:
    (row,) = json.loads(render([read_page(HOSTILE)], [], "json")[".json"])
    assert [line["text"] for line in row["lines"]] == HOSTILE


def test_text_says_where_a_line_cannot_be_read() -> None:
    page = checked(read_page(["one", "two", "three"]), verified={0}, illegible={1})
    assert render([page], [], "txt") == {".txt": b"one\n[illegible]\nthree\n"}


def test_json_tells_which_lines_a_person_verified() -> None:
    page = checked(read_page(["one", "two", "three"]), verified={0}, illegible={1})
    (row,) = json.loads(render([page], [], "json")[".json"])
    assert [(line["text"], line["verified"], line["legible"]) for line in row["lines"]] == [
        ("one", True, True),
        ("", True, False),
        ("three", False, True),
    ]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("texts", [[], [""], HOSTILE], ids=["no lines", "an empty line", "hostile text"])
def test_every_format_takes_every_page(format: str, texts: list[str]) -> None:  # noqa: A002
    files = render([read_page(texts)], [IMAGE], format)
    assert list(files) == [suffix(format)]
    assert all(isinstance(content, bytes) for content in files.values())


@pytest.mark.parametrize("format", FORMATS)
def test_files_of_many_pages_are_one_file_or_one_per_page(format: str) -> None:  # noqa: A002
    pages = [read_page(["text"], number=number) for number in (1, 2)]
    files = render(pages, [IMAGE, IMAGE], format)
    assert list(files) == (["-0001.xml", "-0002.xml"] if format == "page" else [suffix(format)])


@pytest.mark.parametrize("format", sorted({*FORMATS} - {"txt", "pdf"}))
def test_the_model_is_named(format: str) -> None:  # noqa: A002
    (content,) = render([read_page(["text"])], [], format).values()
    assert b"inkloop-2026-11-23-ab12cd34" in content


def test_pictures_are_taken_for_a_pdf_alone() -> None:
    def no_pictures() -> Iterator[Image.Image]:
        yield pytest.fail("a picture was taken")

    for format in FORMATS:  # noqa: A001
        if format != "pdf":
            assert render([read_page(["text"])], no_pictures(), format)


def test_an_unknown_format_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r'No format "docx"\. Choose one of txt, json, page, alto, hocr, pdf'):
        render([], [], "docx")


def test_importing_the_exports_loads_no_writer() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sys, recognizer.export; print({'lxml', 'fontTools'} & set(sys.modules))"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "set()\n"

"""Manifests: what is accepted, and what a broken one is told."""

import json
from pathlib import Path

import pytest

from recognizer.charset import LATIN_V1, Charset
from recognizer.corpora import read_manifest, read_page_manifest
from recognizer.errors import BadManifest, UnknownCharacter


def test_images_are_relative_to_the_manifest(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_text('{"image": "a/b.png", "text": "é", "writer": "w", "flags": ["x"]}\n\n')
    (row,) = read_manifest(tmp_path / "m.jsonl")
    assert (row.image, row.text, row.flags, row.writer) == (tmp_path / "a/b.png", "é", ("x",), "w")


def test_pages_of_two_writers_are_two_though_both_are_called_one(tmp_path: Path) -> None:
    names = [
        {"page": 1, "writer": "ann"},
        {"page": 1, "writer": "bob"},
        {"page": 1, "writer": "ann"},
        {"writer": "ann"},
    ]
    rows = [json.dumps({"image": "a.png", "text": "x", **name}) for name in names]
    (tmp_path / "m.jsonl").write_text("\n".join(rows))
    one, other, again, nowhere = (row.page for row in read_manifest(tmp_path / "m.jsonl"))
    assert one == again != other and nowhere is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "line 1: not JSON"),
        ("[1]", "line 1: not a JSON object"),
        ('{"image": "a.png"}', '"image" and "text"'),
        ('{"image": "a.png", "text": 3}', '"image" and "text"'),
        ('{"image": "", "text": "a"}', '"image" and "text"'),
        ('{"image": "a.png", "text": "a", "flags": true}', '"flags" is True. Give a list of strings'),
        ("[" * 100_000, "line 1: not JSON"),
    ],
)
def test_a_broken_manifest_says_which_line_and_why(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "m.jsonl").write_text(content)
    with pytest.raises(BadManifest, match=message):
        list(read_manifest(tmp_path / "m.jsonl"))


def test_a_manifest_may_begin_with_a_mark_of_its_byte_order(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_text('{"image": "a.png", "text": "é"}\r\n', encoding="utf-8-sig")
    assert [row.text for row in read_manifest(tmp_path / "m.jsonl")] == ["é"]


def test_rows_without_a_text_are_taken_where_they_may_be(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_text('{"image": "a.png"}')
    assert [row.text for row in read_manifest(tmp_path / "m.jsonl", unread=True)] == [""]


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadManifest, match=r"none\.jsonl cannot be read"):
        list(read_manifest(tmp_path / "none.jsonl"))


def test_a_page_manifest_gives_lines_in_order(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text(
        '{"image": "p.png", "width": 10, "height": 20, "split": "val", "lines": ['
        '{"text": "a", "polygon": [[0, 0], [9, 0], [9, 5]], "baseline": null},'
        '{"text": "b", "polygon": [[0, 6], [9, 6], [9, 9]], "baseline": [[0, 8], [9, 8]]}]}'
    )
    (page,) = read_page_manifest(tmp_path / "p.jsonl")
    assert page.text == "a\nb" and page.extra == {"split": "val"}
    assert page.lines[0].baseline is None and page.lines[1].baseline == ((0.0, 8.0), (9.0, 8.0))


def test_a_page_without_width_is_told_what_a_page_needs(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text('{"image": "p.png", "height": 20, "lines": []}')
    with pytest.raises(BadManifest, match=r"line 1: .*width"):
        list(read_page_manifest(tmp_path / "p.jsonl"))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"width": 0}, "a page is 0 pixels wide or high"),
        ({"height": float("inf")}, "line 1: "),
        ({"lines": [{"text": None, "polygon": [], "baseline": None}]}, "the text of a line is None"),
        ({"lines": [{"text": "a", "polygon": [[0, float("nan")]], "baseline": None}]}, "is not finite"),
    ],
)
def test_a_page_that_cannot_be_is_told_why(tmp_path: Path, changed: dict[str, object], message: str) -> None:
    page = {"image": "p.png", "width": 10, "height": 20, "lines": []} | changed
    (tmp_path / "p.jsonl").write_text(json.dumps(page))
    with pytest.raises(BadManifest, match=message):
        list(read_page_manifest(tmp_path / "p.jsonl"))


def test_a_character_outside_the_charset_is_named_with_its_line() -> None:
    assert LATIN_V1.unknown("aЖbЖ") == ["Ж"]
    with pytest.raises(UnknownCharacter, match='"Ж" is not in charset latin-v1, in the line "aЖ"'):
        LATIN_V1.encode("aЖ")


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u2009", "\u2003"])
def test_a_space_of_typography_is_learnt_as_the_common_one(space: str) -> None:
    assert LATIN_V1.unknown(f"Où{space}?") == []
    assert LATIN_V1.encode(f"Où{space}?") == LATIN_V1.encode("Où ?")
    own, none = Charset("own", f"a {space}"), Charset("none", "ab")
    assert own.encode(f"a {space}") == [1, 2, 3]  # a set that tells them apart goes on doing so
    assert none.unknown(f"a{space}b") == [space]

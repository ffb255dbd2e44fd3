"""The rules behind the correction screen, asked in the browser that runs them."""

from typing import Any

import pytest

WORDS = "[['a', true], ['b', false], ['c', true]].map(([text, doubtful]) => ({text, doubtful}))"


@pytest.mark.parametrize(
    ("text", "doubtful"),
    [
        ("a b c", ["a", "c"]),
        ("a  b  c ", ["a", "c"]),
        ("x b c", ["c"]),
        ("a x c", ["a", "c"]),
        ("a b", ["a"]),
        ("a b x c", ["a", "c"]),
        ("b c", ["c"]),
        ("abc", []),
        ("", []),
        ("c b a", []),
    ],
)
def test_words_a_person_wrote_are_beyond_doubt(ask: Any, text: str, doubtful: list[str]) -> None:
    pieces = ask("words.js", f"m.pieces({text!r}, {WORDS})")
    assert "".join(piece["text"] for piece in pieces) == text
    assert [piece["text"] for piece in pieces if piece["doubtful"]] == doubtful


def test_what_lies_between_doubtful_words_is_one_piece(ask: Any) -> None:
    pieces = ask("words.js", f"m.pieces('a b b c', {WORDS})")
    assert [piece["text"] for piece in pieces] == ["a", " b b ", "c"]


def test_the_next_doubt_starts_at_or_after_the_caret(ask: Any) -> None:
    assert ask("words.js", f"m.nextDoubt('a b c', {WORDS})") == [0, 1]
    assert ask("words.js", f"m.nextDoubt('a b c', {WORDS}, 1)") == [4, 5]
    assert ask("words.js", f"m.nextDoubt('a b c', {WORDS}, 5)") is None


def test_a_slanted_line_is_cut_out_level(ask: Any) -> None:
    slanted = "{polygon: [[0, 0], [100, 100], [90, 110], [-10, 10]], baseline: [[-10, 10], [90, 110]]}"
    cut = ask("geometry.js", f"m.cut({slanted})")
    assert cut["turn"].startswith("rotate(-45 ")
    assert cut["box"]["width"] > 4 * cut["box"]["height"]


def test_a_line_without_baseline_is_cut_out_as_it_lies(ask: Any) -> None:
    cut = ask("geometry.js", "m.cut({polygon: [[10, 10], [110, 10], [110, 30], [10, 30]], baseline: null})")
    assert cut["turn"].startswith("rotate(0 ") or cut["turn"].startswith("rotate(-0 ")
    assert cut["box"] == {"x": 6, "y": 6, "width": 108, "height": 32}  # letters hang below


LINE = """{id: 'l', polygon: [], baseline: null, words: [], alternatives: [], text: 'said', reading: 'said',
    verdict: 'text', corrected: false, confidence: 1, revision: 0, unknown_characters: [], draft: null}"""
DOUBTED = LINE.replace("words: []", f"words: {WORDS}").replace("text: 'said'", "text: 'a b c'")
WORK = f"new m.Work({{id: 'd', name: 'n', page_count: 1}}); w.add([{{id: 'p', page: 1, lines: [{LINE}]}}])"


@pytest.mark.parametrize(("text", "doubts"), [("a b c", 2), ("a b d", 1), ("x", 0)])
def test_only_words_that_nobody_changed_are_left_to_check(ask: Any, text: str, doubts: int) -> None:
    work = WORK.replace(LINE, DOUBTED)
    assert ask("work.js", f"{{ const w = {work}; w.write(w.lines[0], {text!r}); return w.lines[0].doubts; }}") == doubts


def test_what_is_typed_while_a_submit_is_under_way_stays_changed(ask: Any) -> None:
    state = ask(
        "work.js",
        f"{{ const w = {WORK}; const line = w.lines[0]; w.write(line, 'sent'); const taken = w.take();"
        " w.write(line, 'typed since'); w.keep(taken, [{line_id: 'l', revision: 1, unknown_characters: []}]);"
        " return [line.saved, line.text, line.state, w.pending.length]; }",
    )
    assert state == ["sent", "typed since", "changed", 1]


def test_a_submit_that_fails_gives_the_effort_back(ask: Any) -> None:
    effort = ask(
        "work.js",
        f"{{ const w = {WORK}; const line = w.lines[0]; line.seconds = 3; line.keystrokes = 5; w.check(line);"
        " const taken = w.take(); const between = [line.seconds, line.keystrokes]; line.seconds = 1;"
        " w.giveBack(taken); return [between, line.seconds, line.keystrokes, line.state]; }",
    )
    assert effort == [[0, 0], 4, 5, "checked"]


def test_pages_that_come_again_leave_what_was_typed(ask: Any) -> None:
    text = ask(
        "work.js",
        f"{{ const w = {WORK}; w.write(w.lines[0], 'typed'); w.add([{{id: 'p', page: 1, lines: [{LINE}]}}]);"
        " return [w.lines.length, w.lines[0].text]; }",
    )
    assert text == [1, "typed"]


INK = "const ink = new m.Ink(); ink.add([[0, 0, 0.5], [100, 0, 0.5]]); ink.add([[0, 50, 0.5]]);"


def test_one_movement_of_the_eraser_is_one_step_back(ask: Any) -> None:
    counts = ask(
        "ink.js",
        f"{{ {INK} ink.rub([50, 5]); ink.rub([1, 51]); ink.settle(); const rubbed = ink.strokes.length; ink.undo();"
        " return [rubbed, ink.strokes.length]; }",
    )
    assert counts == [0, 2]


def test_an_eraser_that_touches_nothing_is_no_step(ask: Any) -> None:
    state = ask(
        "ink.js", f"{{ {INK} ink.undo(); ink.rub([50, 300]); ink.settle(); return [ink.canUndo, ink.canRedo]; }}"
    )
    assert state == [True, True]


def test_writing_after_an_undo_forgets_what_was_undone(ask: Any) -> None:
    state = ask(
        "ink.js",
        f"{{ {INK} ink.undo(); ink.add([[7, 7, 0.5]]);"
        " return [ink.canRedo, ink.strokes.map((stroke) => stroke.length)]; }",
    )
    assert state == [False, [2, 1]]


def test_the_text_that_is_copied_leaves_out_what_is_no_writing(ask: Any) -> None:
    lines = "[{text: 'one'}, {text: 'noise', verdict: 'not_text'}, {text: '', verdict: 'illegible'}]"
    text = ask(
        "exports.js", f"m.textOf({{pages: [{{lines: {lines}}}, {{lines: [{{text: 'two', verdict: 'text'}}]}}]}})"
    )
    assert text == "one\n[illegible]\n\ntwo"

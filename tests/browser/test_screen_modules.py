"""The correction screen's rules for alternatives, differences, undo, boxes, zoom and drafts, asked in the browser."""

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("caret", "choices"),
    [
        (2, []),
        (11, [["Noïl", 11, 15]]),
        (15, [["Noïl", 11, 15]]),
        (17, [["a", 16, 17]]),
        (24, []),
    ],
)
def test_a_words_alternatives_come_from_the_readings_of_its_line(ask: Any, caret: int, choices: list[Any]) -> None:
    text = "Hier soir, Noël à pêché"
    others = ["Hier soir, Noël a pêché", "Hier soir, Noïl à pêché", "Hier soir, Noïl a pêché"]
    found = ask("alternatives.js", f"m.wordChoices({text!r}, {others!r}, {caret})")
    assert [[choice["text"], choice["start"], choice["end"]] for choice in found] == choices


def test_a_reading_that_joins_or_parts_words_replaces_all_of_them(ask: Any) -> None:
    joined = ask("alternatives.js", "m.wordChoices('La maison est petite', ['La maison estpetite'], 11)")
    assert joined == [{"text": "estpetite", "start": 10, "end": 20}]
    parted = ask("alternatives.js", "m.wordChoices('le 12 août', ['le 1 2 août'], 4)")
    assert parted == [{"text": "1 2", "start": 3, "end": 5}]


def test_alternatives_outlive_what_a_person_changed_elsewhere_in_the_line(ask: Any) -> None:
    found = ask("alternatives.js", "m.wordChoices('He has lost lwo teeth!', ['has lost two teeth'], 13)")
    assert found == [{"text": "two", "start": 12, "end": 15}]


def test_the_difference_marks_words_that_only_one_text_has(ask: Any) -> None:
    one, other = ask("difference.js", "m.difference('a b c d', 'a x y c d e')")
    assert "".join(piece["text"] for piece in one) == "a b c d"
    assert "".join(piece["text"] for piece in other) == "a x y c d e"
    assert [piece["text"] for piece in one if piece["changed"]] == ["b"]
    assert [piece["text"] for piece in other if piece["changed"]] == ["x y", "e"]
    assert ask("difference.js", "m.difference('', 'a')") == [[], [{"text": "a", "changed": True}]]


HISTORY = """
    const h = new m.History();
    const seen = [];
    const step = (name, key) => ({key, undo: () => seen.push(`-${name}`), redo: () => seen.push(`+${name}`)});
"""


def test_steps_are_taken_back_and_done_again_in_order(ask: Any) -> None:
    seen = ask(
        "history.js",
        f"(async () => {{ {HISTORY} h.record(step('a')); h.record(step('b'));"
        " await h.undo(); await h.undo(); const none = await h.undo(); await h.redo();"
        " h.record(step('c')); const gone = await h.redo(); await h.undo(); return [seen, none, gone]; })()",
    )
    assert seen == [["-b", "-a", "+a", "-c"], None, None]


def test_quick_typing_in_one_line_is_one_step(ask: Any) -> None:
    seen = ask(
        "history.js",
        f"(async () => {{ {HISTORY} h.record(step('a', 'line'), 0); h.record(step('b', 'line'), 500);"
        " h.record(step('c', 'line'), 5000); h.record(step('d', 'other'), 5100);"
        " await h.undo(); await h.undo(); await h.undo(); await h.redo(); return seen; })()",
    )
    assert seen == ["-d", "-c", "-a", "+b"]


LINE = "{polygon: [[0, 0], [100, 0], [100, 20], [0, 20]], baseline: [[0, 15], [50, 15], [100, 15]]}"


def test_a_line_is_split_across_its_baseline_and_joined_again(ask: Any) -> None:
    left, right = ask("shapes.js", f"m.split({LINE}, 0.25)")
    assert sorted(left["polygon"]) == [[0, 0], [0, 20], [25, 0], [25, 20]]
    assert left["baseline"] == [[0, 15], [25, 15]]
    assert sorted(right["polygon"]) == [[25, 0], [25, 20], [100, 0], [100, 20]]
    assert right["baseline"] == [[25, 15], [50, 15], [100, 15]]
    joined = ask("shapes.js", f"m.join(...m.split({LINE}, 0.25).reverse())")
    assert sorted(joined["polygon"]) == [[0, 0], [0, 20], [100, 0], [100, 20]]
    assert joined["baseline"][0] == [0, 15] and joined["baseline"][-1] == [100, 15]


def test_a_slanted_line_is_cut_at_right_angles_to_its_writing(ask: Any) -> None:
    slanted = "{polygon: [[0, 0], [100, 100], [90, 110], [-10, 10]], baseline: [[-10, 10], [90, 110]]}"
    left, right = ask("shapes.js", f"m.split({slanted}, 0.5)")
    cut = [point for point in left["polygon"] if point in right["polygon"]]
    assert len(cut) == 2
    (x1, y1), (x2, y2) = cut
    assert abs((x2 - x1) + (y2 - y1)) < 1e-6


def test_lines_above_each_other_leave_their_common_baseline_to_the_reader(ask: Any) -> None:
    lower = "{polygon: [[0, 30], [100, 30], [100, 50], [0, 50]], baseline: [[0, 45], [100, 45]]}"
    assert ask("shapes.js", f"m.join({LINE}, {lower})")["baseline"] is None


def test_the_cut_falls_where_the_caret_stands_by_the_width_of_letters(ask: Any) -> None:
    assert ask("shapes.js", "m.shareBefore('mmmm iiii', 4)") > 0.6
    assert ask("shapes.js", "m.shareBefore('', 0)") == 0
    hebrew = "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED} \N{HEBREW LETTER VAV}"
    assert ask("shapes.js", f"m.shareBefore({hebrew!r}, 1)") > 0.5


@pytest.mark.parametrize(("share", "caret"), [(0, 0), (0.2, 0), (0.4, 5), (0.9, 9), (1.2, 9)])
def test_a_click_along_a_line_means_the_nearest_word(ask: Any, share: float, caret: int) -> None:
    assert ask("pointing.js", f"m.caretAt('some big things', {share})") == caret


def test_a_click_on_the_left_of_a_line_written_from_the_right_means_its_last_word(ask: Any) -> None:
    hebrew = "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED} \N{HEBREW LETTER VAV}"
    assert ask("pointing.js", f"[m.caretAt({hebrew!r}, 0), m.caretAt({hebrew!r}, 1), m.caretAt('', 0.5)]") == [3, 0, 0]


def test_a_baseline_ends_where_its_box_does(ask: Any) -> None:
    baseline = "[[0, 15], [50, 15], [100, 25]]"
    smaller = "[[10, 0], [75, 0], [75, 30], [10, 30]]"
    assert ask("shapes.js", f"m.inBox({baseline}, {smaller})") == [[10, 15], [50, 15], [75, 20]]
    elsewhere = "[[200, 0], [300, 0], [300, 30], [200, 30]]"
    assert ask("shapes.js", f"m.inBox({baseline}, {elsewhere})") == [[0, 15], [50, 15], [100, 25]]


def test_outlines_overlap_by_what_they_share_of_the_smaller(ask: Any) -> None:
    line = "[[0, 0], [100, 0], [100, 20], [0, 20]]"
    lower = "[[0, 10], [0, 30], [100, 30], [100, 10]]"  # the other way round
    assert ask("shapes.js", f"m.overlap({line}, {lower})") == pytest.approx(0.5)
    assert ask("shapes.js", f"m.overlap({line}, [[20, 5], [40, 5], [40, 15], [20, 15]])") == pytest.approx(1)
    assert ask("shapes.js", f"m.overlap({line}, [[0, 20], [100, 20], [100, 40], [0, 40]])") == 0


def test_a_long_outline_is_dragged_by_few_points(ask: Any) -> None:
    wavy = (
        "[...Array(40).keys()].map((i) => [i * 10, i % 2]).concat([...Array(40).keys()].map((i) => [390 - i * 10, 40]))"
    )
    assert len(ask("shapes.js", f"m.simplified({wavy}, 3, {{closed: true}})")) == 4


def test_another_page_is_looked_at_as_closely_from_its_top_left(ask: Any) -> None:
    closer = "const z = new m.PageZoom(1000, 2000); z.by(4, [1000, 1500]);"
    view = ask("page_zoom.js", f"{{ {closer} return new m.PageZoom(500, 800, z.onto()).view; }}")
    assert view == {"x": 0, "y": 0, "scale": 4}
    whole = ask("page_zoom.js", "new m.PageZoom(500, 800, new m.PageZoom(10, 20).onto()).view")
    assert whole == {"x": 0, "y": 0, "scale": 1}


def test_zooming_keeps_the_point_under_the_pointer_and_stays_on_the_page(ask: Any) -> None:
    zoom = "const z = new m.PageZoom(1000, 2000);"
    held = ask("page_zoom.js", f"{{ {zoom} z.by(4, [400, 800]); return [(400 - z.x) * 4, (800 - z.y) * 4]; }}")
    assert held == [400, 800]
    assert ask("page_zoom.js", f"{{ {zoom} z.by(2); z.pan(-9999, 9999); return z.view; }}") == {
        "x": 0,
        "y": 1000,
        "scale": 2,
    }
    assert ask("page_zoom.js", f"{{ {zoom} z.by(0.1); return z.view; }}") == {"x": 0, "y": 0, "scale": 1}


def test_the_window_follows_a_line_only_when_it_has_to(ask: Any) -> None:
    lines = "const at = (y) => ({polygon: [[100, y], [300, y], [300, y + 40], [100, y + 40]]});"
    zoom = f"{lines} const z = new m.PageZoom(1000, 2000); z.by(4, [0, 0]);"
    assert ask("page_zoom.js", f"{{ {zoom} return [z.follow(at(200)), z.follow(at(200)), z.y]; }}") == [True, False, 0]
    moved = ask("page_zoom.js", f"{{ {zoom} z.follow(at(1500)); return z.y <= 1500 && 1540 <= z.y + 500; }}")
    assert moved is True


def test_characters_used_last_come_first_and_nothing_foreign_is_believed(ask: Any) -> None:
    used = ask(
        "characters.js",
        "{ localStorage.clear(); m.useCharacter('é'); m.useCharacter('ſ'); m.useCharacter('é');"
        " return m.recentCharacters(); }",
    )
    assert used == ["é", "ſ"]
    broken = "localStorage.setItem('inkloop.characters', %r); return m.recentCharacters();"
    assert ask("characters.js", "{ " + broken % '["<img>", 7, "«"]' + " }") == ["«"]
    assert ask("characters.js", "{ " + broken % "{nonsense" + " }") == []


DRAFTS = """
    const refused = (await import('/ui/api.js')).Refused;
    const line = (id) => ({id, pending: true, text: id, verdict: 'text', seconds: 1.26, keystrokes: 2});
    const sent = []; const said = []; let answer = () => {};
    const drafts = new m.Drafts({changed() {}, refuse: (text) => said.push(text),
        send: async (rows) => { sent.push(rows.map((row) => row.text)); answer(rows); }});
"""


def test_drafts_are_kept_when_the_line_is_left_and_only_once(ask: Any) -> None:
    sent = ask(
        "drafts.js",
        f"(async () => {{ {DRAFTS} drafts.note(line('a')); const before = drafts.state; await drafts.flush();"
        " await drafts.flush(); return [before, sent, drafts.state]; })()",
    )
    assert sent == ["waiting", [["a"]], "kept"]


def test_drafts_that_nobody_takes_wait_and_come_with_the_next(ask: Any) -> None:
    sent = ask(
        "drafts.js",
        f"(async () => {{ {DRAFTS} answer = () => {{ throw new refused('away'); }}; drafts.note(line('a'));"
        " await drafts.flush(); const away = drafts.state; answer = () => {}; drafts.note(line('b'));"
        " await drafts.flush(); return [away, sent.at(-1).sort(), drafts.state, said]; })()",
    )
    assert sent == ["trouble", ["a", "b"], "kept", []]


def test_one_bad_draft_is_named_and_the_others_are_kept(ask: Any) -> None:
    sent = ask(
        "drafts.js",
        f"(async () => {{ {DRAFTS} answer = (rows) => {{ if (rows.some((row) => row.text === 'b'))"
        " throw new refused('b is gone', 404); }; for (const id of 'abc') drafts.note(line(id));"
        " await drafts.flush(); return [said, sent, drafts.state]; })()",
    )
    assert sent == [["b is gone"], [["a", "b", "c"], ["a"], ["b"], ["c"]], "kept"]


SLOW = f"""{DRAFTS} let end; const slow = new Promise((done) => (end = done));
    const quick = drafts.send; drafts.send = async (rows) => {{ await quick(rows); drafts.send = quick; await slow; }};
    const a = line('a'); drafts.note(a); const ended = drafts.flush(); await new Promise((done) => setTimeout(done));
"""


@pytest.mark.parametrize("outcome", ["", "throw new refused('away');"])
def test_a_line_undone_while_its_draft_is_under_way_is_taken_back(ask: Any, outcome: str) -> None:
    sent = ask(
        "drafts.js",
        f"(async () => {{ {SLOW.replace('await slow;', f'await slow; {outcome}')}"
        " a.pending = false; drafts.note(a); end(); await ended; await drafts.flush();"
        " return [sent, a.drafted, drafts.state]; })()",
    )
    assert sent == [[["a"], [None]], False, "kept"]


def test_a_draft_under_way_is_sent_once_more_when_the_page_goes_away(ask: Any) -> None:
    sent = ask(
        "drafts.js",
        f"(async () => {{ {SLOW} drafts.note(line('b')); drafts.leave(); end(); await ended; return sent; }})()",
    )
    assert [sorted(rows) for rows in sent[:2]] == [["a"], ["a", "b"]]

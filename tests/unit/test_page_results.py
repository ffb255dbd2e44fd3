"""What people may leave of a page's regions in Label Studio, whatever shape its JSON has."""

import json
from typing import Any

import pytest

from flywheel.label_results import storable
from flywheel.label_studio_records import Annotation, as_task
from flywheel.page_results import answer_of, read_page


def region(name: str, **value: object) -> Annotation:
    part: dict[str, Any] = {"id": "a", "from_name": name, "to_name": "image", "value": value}
    return Annotation(1, "ann", False, None, (part,))


BOX = {"x": 10, "y": 10, "width": 50, "height": 10}
STRANGE = {
    "a letter": region("outline", points=[["x", 1], [5, 5], [9, 9]]),
    "nothing": region("outline", points=[[None, 1], [5, 5], [9, 9]]),
    "a list": region("outline", points=[[[1], 1], [5, 5], [9, 9]]),
    "infinity": region("outline", points=[[float("inf"), 1], [5, 5], [9, 9]]),
    "no number": region("box", **BOX | {"x": float("nan")}),
    "a number no float holds": region("box", **BOX | {"width": 10**400}),
    "a word as a turn": region("box", **BOX, rotation="up"),
    "an endless turn": region("box", **BOX, rotation=float("inf")),
    "an endless place": region("place", **BOX, number=float("inf")),
}


@pytest.mark.parametrize("annotation", STRANGE.values(), ids=STRANGE)
def test_a_region_that_cannot_be_drawn_makes_an_answer_invalid_and_says_why(annotation: Annotation) -> None:
    answer = answer_of(annotation)
    assert answer.verdict == "invalid"
    assert answer.problem is not None
    assert answer.problem.startswith("A region has a corner, a size or a turn that is no number: ")
    assert answer.problem.endswith(". Correct it in Label Studio; the next pull takes it up.")
    assert read_page(annotation, width=900, height=700).regions == []


def test_an_answer_is_kept_as_every_database_holds_it() -> None:
    given = {"te\0xt": ["a\0b", "\ud800", 1, float("nan"), None, True], "deep": {"x": "œ\udfff"}}
    kept = storable([given])
    assert kept == [{"te\ufffdxt": ["a\ufffdb", "\ufffd", 1, None, None, True], "deep": {"x": "œ\ufffd"}}]
    json.dumps(kept, allow_nan=False).encode("utf-8")


@pytest.mark.parametrize(
    ("given", "kept"), [(4.5, 4.5), (float("nan"), None), (10**400, None), ("4", None), (-1, None)]
)
def test_a_duration_that_is_none_is_left_out(given: object, kept: float | None) -> None:
    row = {"id": 1, "lead_time": given, "result": {"not": "a list"}, "completed_by": {"email": "ann"}}
    task = as_task({"id": 1, "data": {}, "updated_at": "2026-01-01T00:00:00Z", "annotations": [row]})
    (annotation,) = task.annotations
    assert (annotation.seconds, annotation.result) == (kept, ())

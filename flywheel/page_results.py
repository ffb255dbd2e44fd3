"""A page's lines as regions of a Label Studio task, and the regions that people leave as lines of a page.

A region carries the id of its line, which Label Studio keeps, so what people moved, deleted and drew can be told apart.
Coordinates there are percent of the image.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import cos, isfinite, radians, sin
from typing import Any
from uuid import UUID

from flywheel.label_results import MEND, Answer, line_text
from flywheel.label_studio_records import Annotation
from flywheel.records import StoredLine, StoredPage
from recognizer.page import Outline

SAME_PX = 1.5
"""How far a corner may be off before people have moved it: percent are rounded on the way."""


@dataclass
class Region:
    """What people left of one region.

    Attributes:
        id: the line it stood for when it was sent, or whatever Label Studio named what people drew.
        polygon: in pixels of the page image; empty where none came.
        text: None: nothing was typed.
        place: in reading order, from 1; None: nobody said.
    """

    id: str
    polygon: Outline = ()
    text: str | None = None
    place: float | None = None


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """A whole page as people left it, or why it cannot be used."""

    regions: list[Region] = field(default_factory=list)
    problem: str | None = None


def asked_lines(page: StoredPage) -> list[StoredLine]:
    """The lines of a page that people are asked about: not those of which somebody said that they are no text."""
    return [line for line in page.lines if line.verdict != "not_text"]


def page_task(sample_id: UUID, page: StoredPage, *, image: str, where: str) -> dict[str, Any]:
    """The task that asks for a page's regions, texts and order; what nobody could read comes without a text."""
    size = {"original_width": page.width, "original_height": page.height, "image_rotation": 0}
    result: list[dict[str, Any]] = []
    for place, line in enumerate(asked_lines(page), start=1):
        points = [[100 * x / page.width, 100 * y / page.height] for x, y in line.polygon]
        same = {"id": str(line.id), "to_name": "image", **size}
        shape = {"points": points, "closed": True}
        result.append({**same, "from_name": "outline", "type": "polygon", "value": shape})
        if line.text and line.verdict == "text":
            result.append({**same, "from_name": "text", "type": "textarea", "value": {**shape, "text": [line.text]}})
        result.append({**same, "from_name": "place", "type": "number", "value": {**shape, "number": place}})
    data = {"sample_id": str(sample_id), "image": image, "where": where}
    return {"data": data, "predictions": [{"model_version": page.model, "result": result}]}


def read_page(annotation: Annotation, *, width: int, height: int) -> PageAnswer:
    """The regions that an annotation leaves, in reading order where people gave one."""
    try:
        return _read(annotation, width, height)
    except (ValueError, TypeError, OverflowError) as error:
        return PageAnswer(problem=f"A region has a corner, a size or a turn that is no number: {error}. {MEND}")


def _read(annotation: Annotation, width: int, height: int) -> PageAnswer:
    regions: dict[str, Region] = {}
    for part in annotation.result:
        name, value = str(part.get("id")), part.get("value")
        if not isinstance(value, dict) or part.get("from_name") not in ("outline", "box", "text", "place"):
            continue
        region = regions.setdefault(name, Region(name))
        polygon = _polygon(value, width, height)
        region.polygon = polygon or region.polygon
        if part["from_name"] == "text":
            answer = line_text(_listed(value.get("text")))
            if answer.problem:
                return PageAnswer(problem=f"A region's text cannot be used. {answer.problem}")
            region.text = answer.text
        elif part["from_name"] == "place" and isinstance(value.get("number"), int | float):
            region.place = _number(value["number"])
    found = [region for region in regions.values() if region.polygon]
    if not found:
        return PageAnswer(problem="It leaves no region. If the page holds no writing, delete its lines in Inkloop.")
    return PageAnswer(found)


def answer_of(annotation: Annotation) -> Answer:
    """What an annotation of a page is, before anybody knows the page."""
    if annotation.cancelled:
        return Answer("skipped")
    read = read_page(annotation, width=100, height=100)
    return Answer("invalid", problem=read.problem) if read.problem else Answer("regions")


def same_outline(one: Outline, other: Outline) -> bool:
    """Whether two outlines are one, rounding apart."""
    return len(one) == len(other) and all(
        abs(x - u) <= SAME_PX and abs(y - v) <= SAME_PX for (x, y), (u, v) in zip(one, other, strict=True)
    )


def in_order(ids: Sequence[UUID], places: Mapping[UUID, float]) -> list[UUID]:
    """Lines by the places that people gave; one without a place stays behind the line before it."""
    keys: dict[UUID, tuple[float, int]] = {}
    before = 0.0
    for number, line_id in enumerate(ids):
        before = places.get(line_id, before)
        keys[line_id] = before, number
    return sorted(ids, key=keys.__getitem__)


def _polygon(value: Mapping[str, Any], width: int, height: int) -> Outline:
    """The outline of a polygon, or the corners of a rectangle, which may be turned about its first corner."""
    points = value.get("points")
    if isinstance(points, list):
        return tuple((_number(x * width / 100), _number(y * height / 100)) for x, y in _pairs(points))
    given = [value.get(name) for name in ("x", "y", "width", "height")]
    if not all(isinstance(number, int | float) for number in given):
        return ()
    x, y, w, h = (_number(number or 0) for number in given)
    left, top, wide, high = x * width / 100, y * height / 100, w * width / 100, h * height / 100
    turn = radians(_number(value.get("rotation") or 0))
    corners = ((0.0, 0.0), (wide, 0.0), (wide, high), (0.0, high))
    return tuple((left + u * cos(turn) - v * sin(turn), top + u * sin(turn) + v * cos(turn)) for u, v in corners)


def _pairs(points: Iterable[object]) -> list[tuple[float, float]]:
    return [(_number(point[0]), _number(point[1])) for point in points if isinstance(point, list) and len(point) == 2]


def _number(value: Any) -> float:
    """A number that can be drawn: JSON from elsewhere may hold anything, also what Python reads as infinite."""
    number = float(value)
    if not isfinite(number):
        raise ValueError(f"{number} is not finite")
    return number


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]

"""People change which lines a page has: add, split, merge, reshape, delete, undo, and their order."""

from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, model_validator

from demo.answers import PageAnswer, page_answer
from demo.asker import contributor_of
from demo.metrics import Metrics
from demo.problems import REFUSALS
from demo.reading_desk import ReadingDesk
from demo.routes.corrections import LineText
from demo.services import Services
from flywheel.editing import Edit, reorder, undo
from flywheel.outlines import NewLine
from flywheel.records import Document
from recognizer.page import Outline

MOST_LINES = 200
MOST_POINTS = 1000
MOST_ORDERED = 10_000
FARTHEST_PX = 1_000_000

Pixels = Annotated[float, Field(ge=-FARTHEST_PX, le=FARTHEST_PX, allow_inf_nan=False)]
LineIds = Annotated[list[UUID], Field(max_length=MOST_LINES)]


class NewLineIn(BaseModel):
    """A line that a person drew, in pixels of the page image."""

    polygon: list[tuple[Pixels, Pixels]] = Field(min_length=3, max_length=MOST_POINTS)
    baseline: list[tuple[Pixels, Pixels]] | None = Field(
        None, min_length=2, max_length=MOST_POINTS, description="in writing direction; null: along the polygon"
    )
    text: LineText | None = Field(None, description="what the person knows of it already; becomes their draft")


class EditIn(BaseModel):
    """Lines that take the place of others: none of one deletes it, two of one split it, one of two merges them."""

    replaces: LineIds = Field(default=[], description="the lines that go")
    lines: list[NewLineIn] = Field(default=[], max_length=MOST_LINES, description="the lines that come, in order")
    position: int | None = Field(
        None, ge=0, le=MOST_ORDERED, description="of the first one among the lines that stay; null: where it belongs"
    )

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.replaces and not self.lines:
            raise ValueError("name lines in replaces, or give lines, or both")
        return self


class UndoIn(BaseModel):
    """An edit taken back: the lines it replaced return, those it made go."""

    restore: LineIds = Field(default=[], description="lines that come back")
    retire: LineIds = Field(default=[], description="lines that go")

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.restore and not self.retire:
            raise ValueError("name lines in restore, or in retire, or in both")
        return self


class OrderIn(BaseModel):
    """Every line of the page, in the order it is to be read in."""

    lines: list[UUID] = Field(max_length=MOST_ORDERED)


def router(services: Services, desk: ReadingDesk, metrics: Metrics) -> APIRouter:
    """The addresses that change which lines a page has."""
    routes = APIRouter(prefix="/api/v1/pages/{page_id}", tags=["lines"], responses=REFUSALS)

    def answer(document: Document) -> PageAnswer:
        (page,) = document.pages
        return page_answer(document, page, serving=services.version_for(document))

    @routes.post("/lines")
    def edit(request: Request, page_id: UUID, sent: EditIn) -> PageAnswer:
        """Read the given lines, and only those, and let them take the place of others."""
        contributor = contributor_of(request, services)
        lines = tuple(_new_line(line) for line in sent.lines)
        edited = desk.edit(page_id, Edit(tuple(sent.replaces), lines, sent.position), contributor=contributor)
        metrics.line_edits.labels(_kind(sent)).inc()
        return answer(edited)

    @routes.post("/undo")
    def take_back(request: Request, page_id: UUID, sent: UndoIn) -> PageAnswer:
        """Bring lines back that were replaced or deleted, with all that was said of them."""
        contributor = contributor_of(request, services)
        undone = undo(services.store, page_id, restore=sent.restore, retire=sent.retire, contributor=contributor)
        metrics.line_edits.labels("undo").inc()
        return answer(undone)

    @routes.put("/order")
    def order(request: Request, page_id: UUID, sent: OrderIn) -> PageAnswer:
        """Let the lines of a page be read in another order; each must be named once."""
        ordered = reorder(services.store, page_id, sent.lines, contributor=contributor_of(request, services))
        metrics.line_edits.labels("order").inc()
        return answer(ordered)

    return routes


def _new_line(sent: NewLineIn) -> NewLine:
    baseline: Outline | None = None if sent.baseline is None else tuple(sent.baseline)
    return NewLine(tuple(sent.polygon), baseline, sent.text)


def _kind(edit: EditIn) -> str:
    """What a person would call an edit."""
    go, come = len(edit.replaces), len(edit.lines)
    if not go or not come:
        return "add" if come else "delete"
    if go == come:
        return "reshape"
    return "split" if come > go else "merge"

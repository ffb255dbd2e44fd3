"""What the Label tab asks, and what a Label Studio asks of us: pre-annotations, and hints that something changed.

A webhook is unsigned, sent once, and may be anybody's: it hints to pull now and decides nothing. Label Studio's setup
call carries a token of its own: bodies are never logged and never quoted.
"""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from demo.asker import Asker, Role, require
from demo.label_desk import Direction, LabelDesk
from demo.problems import REFUSALS as OF_LINES
from demo.problems import ProblemAnswer
from demo.services import Services
from flywheel import label_status
from flywheel.errors import LabelStudioUnset
from flywheel.label_report import LabelReport, label_report
from flywheel.label_results import LONGEST_TEXT
from flywheel.preannotation import predictions
from flywheel.review_queue import settle_held
from flywheel.sync import queue_pages
from flywheel.trust import Decision

MOST_TASKS = 1000
MOST_PAGES = 100
REFUSALS: dict[int | str, dict[str, Any]] = {
    502: {
        "model": ProblemAnswer,
        "description": "No Label Studio is set up, or it cannot be used",
    },
    503: {"model": ProblemAnswer, "description": "A push or pull is under way, or the store is not ready"},
}


class LabelAnswer(BaseModel):
    """The loop as far as the store knows it."""

    url: str | None = Field(description="the Label Studio that is set up; null: none")
    open_limit: int = Field(description="most lines that wait there for a person at one time")
    running: Direction | None
    trouble: str | None = Field(description="what the last push or pull of this app could not do")
    operator: bool = Field(description="the asker may decide about held texts, send whole pages, begin projects")
    report: LabelReport = Field(description="counts everything; names lines and pages of others to operators alone")


class ServerAnswer(BaseModel):
    """What the server itself says."""

    reached: bool
    account: str | None
    version: str | None
    problems: list[str]


class PushIn(BaseModel):
    """How to push."""

    new_project: bool = Field(False, description="begin a new project where ours was deleted (operators)")


class PagesIn(BaseModel):
    """Pages whose boxes and reading order people should review."""

    pages: list[UUID] = Field(min_length=1, max_length=MOST_PAGES)


class DecisionIn(BaseModel):
    """What becomes of a held text."""

    text: str = Field(max_length=LONGEST_TEXT, description="the held text that the asker saw")
    accept: bool = Field(description="true: it is ground truth all the same; false: it never becomes any")
    why: str = Field(description="a reason, 1 to 200 characters; kept for ever with the asker's name")


def router(services: Services, desk: LabelDesk) -> APIRouter:
    """Our own addresses for the Label tab, and those that Label Studio calls."""
    routes = APIRouter()
    _add_tab(routes, services, desk)
    _add_decisions(routes, services, desk)
    _add_backend(routes, services, desk)
    return routes


def _add_tab(routes: APIRouter, services: Services, desk: LabelDesk) -> None:
    @routes.get("/api/v1/label-studio", responses=REFUSALS, tags=["labelling"])
    def loop(request: Request) -> LabelAnswer:
        """How far lines have come on their way through Label Studio, what waits and why, who labels how."""
        return _answer(services, desk, require(request, services, Role.ANNOTATOR))

    @routes.get("/api/v1/label-studio/server", responses=REFUSALS, tags=["labelling"])
    def server(request: Request) -> ServerAnswer:
        """Whether the server is reached, and as whom."""
        require(request, services, Role.ANNOTATOR)
        report = label_status.look(services.settings, services.store)
        if report is None:
            raise _unset()
        return ServerAnswer(**{name: report[name] for name in ServerAnswer.model_fields})

    @routes.post("/api/v1/label-studio/push", status_code=202, responses=REFUSALS, tags=["labelling"])
    def push(request: Request, sent: PushIn | None = None) -> LabelAnswer:
        """Begin to send lines that are worth a person's time."""
        new_project = sent is not None and sent.new_project
        who = require(request, services, Role.OPERATOR if new_project else Role.ANNOTATOR)
        _begin(services, desk, "push", new_project=new_project)
        return _answer(services, desk, who)

    @routes.post("/api/v1/label-studio/pull", status_code=202, responses=REFUSALS, tags=["labelling"])
    def pull(request: Request) -> LabelAnswer:
        """Begin to bring back what people answered."""
        who = require(request, services, Role.ANNOTATOR)
        _begin(services, desk, "pull")
        return _answer(services, desk, who)


def _add_decisions(routes: APIRouter, services: Services, desk: LabelDesk) -> None:
    @routes.post("/api/v1/label-studio/pages", status_code=202, responses=REFUSALS, tags=["labelling"])
    def pages(request: Request, sent: PagesIn) -> LabelAnswer:
        """Send whole pages, so that people review their boxes and reading order; a push under way is waited for."""
        who = require(request, services, Role.OPERATOR)
        if services.settings.label_studio_url is None:
            raise _unset()
        queue_pages(services.store, sent.pages)
        desk.push_soon()
        return _answer(services, desk, who)

    @routes.post("/api/v1/label-studio/held/{line_id}", responses=OF_LINES, tags=["labelling"])
    def held(request: Request, line_id: UUID, sent: DecisionIn) -> LabelAnswer:
        """Accept a text that is held for a review, or dismiss it."""
        who = require(request, services, Role.OPERATOR)
        settle_held(services.store, line_id, Decision(sent.text, sent.accept, by=who.name, why=sent.why))
        return _answer(services, desk, who)


def _add_backend(routes: APIRouter, services: Services, desk: LabelDesk) -> None:
    @routes.get("/label-studio/health", include_in_schema=False)
    def health() -> dict[str, str]:
        return {"status": "UP", "model_class": "Inkloop"}

    @routes.post("/label-studio/setup", include_in_schema=False)
    def setup() -> dict[str, str]:  # the body, which holds a token, is not even read
        return {"model_version": services.reader.version}

    @routes.post("/label-studio/predict", include_in_schema=False)
    def predict(sent: dict[str, Any]) -> dict[str, Any]:
        found = predictions(services.store, [_sample_id(task) for task in _tasks(sent)])
        return {"results": found, "model_version": services.reader.version}

    @routes.post("/label-studio/webhook", status_code=202, include_in_schema=False)
    def webhook() -> dict[str, str]:
        if services.settings.label_studio_url is not None:
            desk.hint()
        return {"status": "noted"}


def _answer(services: Services, desk: LabelDesk, who: Asker) -> LabelAnswer:
    settings, bench, operator = services.settings, desk.bench, who.role.includes(Role.OPERATOR)
    return LabelAnswer(
        url=settings.label_studio_url,
        open_limit=settings.label_studio_open_tasks,
        running=bench.running,
        trouble=bench.trouble,
        operator=operator,
        report=label_report(services.store, settings, viewer=None if operator else who.contributor_id),
    )


def _begin(services: Services, desk: LabelDesk, direction: Direction, *, new_project: bool = False) -> None:
    if services.settings.label_studio_url is None:
        raise _unset()
    desk.start(direction, new_project=new_project)


def _unset() -> LabelStudioUnset:
    return LabelStudioUnset(
        "No Label Studio is set up. Set INKLOOP_LABEL_STUDIO_URL and INKLOOP_LABEL_STUDIO_API_KEY and start Inkloop "
        "again; `make labelstudio` starts one and prints both."
    )


def _tasks(sent: dict[str, Any]) -> list[Any]:
    tasks = sent.get("tasks")
    return tasks[:MOST_TASKS] if isinstance(tasks, list) else []


def _sample_id(task: object) -> UUID | None:
    data = task.get("data") if isinstance(task, dict) else None
    try:
        return UUID(str(data.get("sample_id"))) if isinstance(data, dict) else None
    except ValueError:
        return None

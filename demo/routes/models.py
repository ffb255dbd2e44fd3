"""What the Models tab asks and does: the state of the wheel, turns, promotions, rollbacks. For operators alone."""

import io
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from PIL import Image

from demo.asker import Role, require
from demo.model_answers import TurnIn, WheelAnswer, WhyIn
from demo.problems import REFUSALS
from demo.services import Services
from flywheel import jobs, personal, registry, runs
from flywheel.errors import NotFound
from flywheel.line_pictures import line_picture
from flywheel.models_report import report
from flywheel.store import Store


def router(services: Services) -> APIRouter:
    """The addresses of the wheel."""
    routes = APIRouter(prefix="/api/v1/models", tags=["models"])
    store = services.store

    @routes.get("", responses=REFUSALS)
    def wheel(request: Request) -> WheelAnswer:
        """What serves, what was promoted and why, how far a run is."""
        require(request, services, Role.OPERATOR)
        return _answer(services)

    @routes.post("/turns", status_code=202, responses=REFUSALS)
    def turn(request: Request, sent: TurnIn | None = None) -> WheelAnswer:
        """Ask for a turn of the wheel; while one like it is under way, that one is it.

        With a writer or a collection it is to find a model of that one's own.
        """
        who, asked = require(request, services, Role.OPERATOR), sent or TurnIn()
        jobs.ask(store, services.settings, asked_by=who.name, minutes=asked.minutes, scope=asked.scope)
        return _answer(services)

    @routes.post("/turns/{run_id}/stop", responses=REFUSALS)
    def stop(request: Request, run_id: str) -> WheelAnswer:
        """Stop a turn; what serves stays as it is."""
        require(request, services, Role.OPERATOR)
        runs.cancel(store, run_id)
        return _answer(services)

    @routes.post("/rollback", responses=REFUSALS)
    def roll_back(request: Request, sent: WhyIn) -> WheelAnswer:
        """Let the model serve again that served before: everybody, or the writer or collection."""
        who = require(request, services, Role.OPERATOR)
        _roll_back(store, sent, by=who.name)
        return _answer(services)

    @routes.post("/{version}/promote", responses=REFUSALS)
    def promote(request: Request, version: str, sent: WhyIn) -> WheelAnswer:
        """Let a model serve everybody, or the writer or collection."""
        who = require(request, services, Role.OPERATOR)
        _promote(store, version, sent, by=who.name)
        return _answer(services)

    @routes.get("/lines/{line_id}", response_class=Response, responses=REFUSALS)
    def picture(request: Request, line_id: UUID) -> Response:
        """The image of a line that the gate shows."""
        require(request, services, Role.OPERATOR)
        return _picture(store, line_id)

    return routes


def _answer(services: Services) -> WheelAnswer:
    state = report(services.store, services.reader.version).to_json()
    return WheelAnswer(**state, minutes=services.settings.retrain_minutes)


def _picture(store: Store, line_id: UUID) -> Response:
    found = line_picture(store, line_id)
    if found is None:
        raise NotFound(f"There is no line {line_id} any more. Load the page again.")
    packed = io.BytesIO()
    Image.fromarray(found).save(packed, "WEBP", quality=85)
    return Response(packed.getvalue(), media_type="image/webp", headers={"Cache-Control": "private, max-age=3600"})


def _roll_back(store: Store, sent: WhyIn, *, by: str) -> None:
    if sent.scope is None:
        registry.roll_back(store, by=by, why=sent.why)
    else:
        personal.roll_back(store, sent.scope, by=by, why=sent.why)


def _promote(store: Store, version: str, sent: WhyIn, *, by: str) -> None:
    if sent.scope is None:
        registry.promote(store, version, by=by, why=sent.why, anyway=sent.anyway)
    else:
        personal.promote(store, version, sent.scope, by=by, why=sent.why, anyway=sent.anyway)

"""What the Models tab asks and does: the state of the wheel, turns, promotions, rollbacks. For operators alone."""

import io
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from PIL import Image
from pydantic import BaseModel, Field

from demo.asker import Role, require
from demo.problems import REFUSALS
from demo.services import Services
from flywheel import jobs, registry, runs
from flywheel.errors import NotFound
from flywheel.line_pictures import line_picture
from flywheel.models_report import report

LONGEST_REASON = 500


class VerdictAnswer(BaseModel):
    """What the gate said of a model beside the one that served then."""

    champion: str
    decision: str
    reason: str
    report: dict[str, Any]
    created_at: datetime


class ModelAnswer(BaseModel):
    """One model of the lineage."""

    version: str
    parent: str | None
    created_at: datetime
    serving: bool
    served: bool
    lines: int = Field(description="it learnt from")
    forgotten: str | None
    verdict: VerdictAnswer | None


class PromotionAnswer(BaseModel):
    """From then on this version served."""

    version: str
    kind: str
    by: str
    why: str
    created_at: datetime


class RunAnswer(BaseModel):
    """One turn of the wheel."""

    id: str
    state: str
    stage: str
    asked_by: str
    minutes: float
    progress: dict[str, Any]
    message: str
    created_at: datetime
    finished_at: datetime | None


class EstimateAnswer(BaseModel):
    """What more lines would bring, roughly."""

    cer: float
    lines: int
    more: int
    cer_then: float
    trainings: int = Field(description="of one's own that it rests on")


class WheelAnswer(BaseModel):
    """The state of the wheel."""

    serving: str
    models: list[ModelAnswer]
    promotions: list[PromotionAnswer]
    runs: list[RunAnswer]
    workers: list[str]
    new_lines: int = Field(description="accepted since ground truth was last frozen")
    estimate: EstimateAnswer | None
    minutes: int = Field(description="of a training, where nothing else is asked")


class TurnIn(BaseModel):
    """How long to train."""

    minutes: float | None = Field(None, gt=0, le=1440, allow_inf_nan=False)


class WhyIn(BaseModel):
    """Why somebody decides so; kept for ever."""

    why: str = Field("", max_length=LONGEST_REASON)
    anyway: bool = Field(False, description="without the gate's consent; a reason is needed then")


def router(services: Services) -> APIRouter:
    """The addresses of the wheel."""
    routes = APIRouter(prefix="/api/v1/models", tags=["models"])
    store, settings = services.store, services.settings

    def answer() -> WheelAnswer:
        state = report(store, services.reader.version).to_json()
        return WheelAnswer(**state, minutes=settings.retrain_minutes)

    @routes.get("", responses=REFUSALS)
    def wheel(request: Request) -> WheelAnswer:
        """What serves, what was promoted and why, how far a run is."""
        require(request, services, Role.OPERATOR)
        return answer()

    @routes.post("/turns", status_code=202, responses=REFUSALS)
    def turn(request: Request, sent: TurnIn | None = None) -> WheelAnswer:
        """Ask for a turn of the wheel; while one is under way, that one is it."""
        who = require(request, services, Role.OPERATOR)
        jobs.ask(store, settings, asked_by=who.name, minutes=sent.minutes if sent else None)
        return answer()

    @routes.post("/turns/{run_id}/stop", responses=REFUSALS)
    def stop(request: Request, run_id: str) -> WheelAnswer:
        """Stop a turn; what serves stays as it is."""
        require(request, services, Role.OPERATOR)
        runs.cancel(store, run_id)
        return answer()

    @routes.post("/rollback", responses=REFUSALS)
    def roll_back(request: Request, sent: WhyIn) -> WheelAnswer:
        """Let the model serve again that served before."""
        who = require(request, services, Role.OPERATOR)
        registry.roll_back(store, by=who.name, why=sent.why)
        return answer()

    @routes.post("/{version}/promote", responses=REFUSALS)
    def promote(request: Request, version: str, sent: WhyIn) -> WheelAnswer:
        """Let a model serve."""
        who = require(request, services, Role.OPERATOR)
        registry.promote(store, version, by=who.name, why=sent.why, anyway=sent.anyway)
        return answer()

    @routes.get("/lines/{line_id}", response_class=Response, responses=REFUSALS)
    def picture(request: Request, line_id: UUID) -> Response:
        """The image of a line that the gate shows."""
        require(request, services, Role.OPERATOR)
        found = line_picture(store, line_id)
        if found is None:
            raise NotFound(f"There is no line {line_id} any more. Load the page again.")
        packed = io.BytesIO()
        Image.fromarray(found).save(packed, "WEBP", quality=85)
        return Response(packed.getvalue(), media_type="image/webp", headers={"Cache-Control": "private, max-age=3600"})

    return routes

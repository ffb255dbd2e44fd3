"""What the corrections say about the models and about the work, as numbers; the Insights tab draws them."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from demo.asker import Role, asker
from demo.problems import ProblemAnswer
from demo.services import Services
from flywheel.insight_records import TYPING_SPEED, Insight, Question
from flywheel.insights import Insights

SLOWEST, FASTEST = 0.1, 50.0
MOST_DAYS = 36_500
REFUSALS: dict[int | str, dict[str, Any]] = {
    404: {"model": ProblemAnswer, "description": "No corrected line is of that model version or collection"},
    422: {"model": ProblemAnswer, "description": "What was asked cannot be answered; the message says why"},
    503: {"model": ProblemAnswer, "description": "The store is not ready: try again after Retry-After seconds"},
}


class InsightAnswer(BaseModel):
    """Figures, and whose lines they are about."""

    everybody: bool = Field(description="about everybody's lines; else about the asker's own")
    may_ask_about_everybody: bool = Field(description="operators may")
    insight: Insight


def router(services: Services) -> APIRouter:
    """The address of the figures."""
    routes = APIRouter(prefix="/api/v1", tags=["insights"])
    insights = Insights(services.store)

    @routes.get("/insights", responses=REFUSALS)
    def insight(
        request: Request,
        days: Annotated[int | None, Query(ge=1, le=MOST_DAYS, description="the last so many; default: all")] = None,
        model: Annotated[str | None, Query(description="only lines that this version had read")] = None,
        collection: Annotated[str | None, Query(description="only lines of this collection")] = None,
        mine: Annotated[bool, Query(description="an operator's own lines alone; others see no other")] = False,
        characters_per_second: Annotated[
            float, Query(ge=SLOWEST, le=FASTEST, description="how fast people are supposed to type")
        ] = TYPING_SPEED,
    ) -> InsightAnswer:
        """How well the models read, by what people changed, and what correcting costs against typing."""
        who = asker(request, services)
        operator = who.role.includes(Role.OPERATOR)
        contributor: UUID | None = None if operator and not mine else who.contributor_id
        question = Question(contributor, days, model, collection, characters_per_second)
        return InsightAnswer(
            everybody=contributor is None, may_ask_about_everybody=operator, insight=insights.answer(question)
        )

    return routes

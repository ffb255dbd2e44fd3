"""The state of the wheel as the API answers it, and what it may be asked to do."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field, model_validator

from flywheel.refusals import LONGEST_LABEL
from flywheel.scopes import Scope, ScopeKind, scope_of

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
    uncorrected: int = Field(description="lines it learnt from beside them as its parent read them")
    forgotten: str | None
    verdict: VerdictAnswer | None


class PromotionAnswer(BaseModel):
    """From then on this version served."""

    version: str
    kind: str
    by: str
    why: str
    created_at: datetime


class ScopeAnswer(BaseModel):
    """One hand or one collection, by its name."""

    kind: ScopeKind
    name: str


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
    scope: ScopeAnswer | None = Field(description="whom it is to find a model for; null: everybody")
    left_out: dict[str, Any] | None = Field(description="the lines it went on without, and why; null: there are none")


class EstimateAnswer(BaseModel):
    """What more lines would bring, roughly."""

    cer: float
    lines: int
    more: int
    cer_then: float
    trainings: int = Field(description="of one's own that it rests on")


class PersonalPromotionAnswer(BaseModel):
    """From then on this version served the hand or collection; null: the common one did."""

    version: str | None
    kind: str
    by: str
    why: str
    created_at: datetime


class ScopeReportAnswer(ScopeAnswer):
    """A hand or collection with accepted lines."""

    train: int = Field(description="accepted lines to learn from")
    test: int = Field(description="accepted lines to judge by")
    undecided: int = Field(description="accepted lines that may become either")
    enough: bool = Field(description="whether a model of its own may be tried")
    version: str | None = Field(description="of its own model; null: the common one reads it")
    outdated: bool = Field(description="its own has not been held against the newest common model yet")
    verdict: VerdictAnswer | None
    history: list[PersonalPromotionAnswer]


class PersonalAnswer(BaseModel):
    """Hands and collections, which may have a model of their own."""

    scopes: list[ScopeReportAnswer]
    left_out: int = Field(description="more that have accepted lines")
    fewest_to_learn: int
    fewest_to_test: int


class LinesAnswer(BaseModel):
    """Accepted lines by what they are for."""

    train: int
    validation: int
    test: int
    undecided: int = Field(description="on pages that were never frozen, a fifth of which will test")


class WheelAnswer(BaseModel):
    """The state of the wheel."""

    serving: str
    models: list[ModelAnswer]
    promotions: list[PromotionAnswer]
    runs: list[RunAnswer]
    workers: list[str]
    new_lines: int = Field(description="accepted since ground truth was last frozen")
    lines: LinesAnswer
    estimate: EstimateAnswer | None
    personal: PersonalAnswer
    minutes: int = Field(description="of a training, where nothing else is asked")


class ForWhom(BaseModel):
    """One hand or one collection; neither: everybody."""

    writer: str | None = Field(default=None, min_length=1, max_length=LONGEST_LABEL)
    collection: str | None = Field(default=None, min_length=1, max_length=LONGEST_LABEL)

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if self.writer and self.collection:
            raise ValueError("name a writer or a collection, not both")
        return self

    @property
    def scope(self) -> Scope | None:
        """Whom it is for."""
        return scope_of(writer=self.writer, collection=self.collection)


class TurnIn(ForWhom):
    """How long to train, and for whom."""

    minutes: float | None = Field(default=None, gt=0, le=1440, allow_inf_nan=False)


class WhyIn(ForWhom):
    """Why somebody decides so, kept for ever, and for whom."""

    why: str = Field("", max_length=LONGEST_REASON)
    anyway: bool = Field(False, description="without the gate's consent; a reason is needed then")

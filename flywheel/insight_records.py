"""Questions about the corrections, and their answers: plain frozen objects that the API hands out as JSON."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flywheel.rates import Mean, Rate

TYPING_SPEED = 4.3
"""Characters a second: 168,000 people copied printed sentences at 51.56 words of five characters a minute.

Handwriting is copied more slowly, for it has to be made out first, so what it saves is not overstated.

Source: Dhakal et al. 2018, https://doi.org/10.1145/3173574.3174220
"""


@dataclass(frozen=True, slots=True)
class Question:
    """Which settled lines are asked about.

    Attributes:
        contributor: only lines that this one settled; None: everybody's.
        days: only the last so many days (UTC), today among them; None: all.
        model: only lines that this version had read; None: all.
        collection: only lines of documents of this collection; None: all.
        characters_per_second: how fast people are supposed to type.
        today: the last day; None: the present one.
    """

    contributor: UUID | None = None
    days: int | None = None
    model: str | None = None
    collection: str | None = None
    characters_per_second: float = TYPING_SPEED
    today: date | None = None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Predictions against what people settled on.

    Attributes:
        lines: with a text that could be compared.
        cer: character error rate.
        lines_changed: share of lines that were changed at all.
        words_changed: share of the predictions' words that were not kept.
    """

    lines: int
    cer: Rate
    lines_changed: Rate
    words_changed: Rate


@dataclass(frozen=True, slots=True)
class VersionAccuracy:
    """The accuracy of one model version."""

    model: str
    accuracy: Accuracy


@dataclass(frozen=True, slots=True)
class VersionRate:
    """The CER of one model version in one period; versions without lines in it are left out."""

    model: str
    cer: Rate


@dataclass(frozen=True, slots=True)
class Period:
    """A day, week or month: how many lines were settled in it, how well they had been read, what they cost."""

    start: date
    lines: int
    cer: Rate
    versions: tuple[VersionRate, ...]
    seconds: Mean
    keystrokes: Mean


@dataclass(frozen=True, slots=True)
class Saving:
    """Correcting against typing everything.

    Attributes:
        characters_per_second: the assumed speed of typing.
        lines: whose time was measured.
        characters: of their settled texts.
        typing_seconds: what typing those would have taken.
        spent_seconds: what was spent, also on lines that hold no text.
        saved_seconds: the difference; below zero where typing would have been faster.
    """

    characters_per_second: float
    lines: int
    characters: int
    typing_seconds: float
    spent_seconds: float
    saved_seconds: float


@dataclass(frozen=True, slots=True)
class Change:
    """Words as the model said them, as people settled them, and on how many occasions; either may be empty."""

    said: str
    settled: str
    count: int


@dataclass(frozen=True, slots=True)
class ConfidenceShare:
    """Words whose confidence lies between two bounds: its mean, and the share of them that people kept."""

    low: float
    high: float
    confidence: float
    kept: Rate


@dataclass(frozen=True, slots=True)
class CalibrationCurve:
    """Word confidence against what people kept; ``error`` is the expected calibration error."""

    words: int
    error: float
    bins: tuple[ConfidenceShare, ...]


@dataclass(frozen=True, slots=True)
class Insight:
    """The answer to a question.

    Attributes:
        lines: settled.
        verdicts: how many of them are "text", "illegible", "not_text".
        people: who settled them.
        accuracy: of all model versions together.
        versions: of each, the one that read last first.
        unit: of the periods: "day", "week" (from Monday) or "month".
        periods: without gaps, oldest first.
        seconds: per line.
        keystrokes: per line.
        saving: correcting against typing.
        changes: the most frequent first.
        calibration: of word confidence.
        models: the versions that could be asked about.
        collections: likewise.
    """

    lines: int
    verdicts: dict[str, int]
    people: int
    accuracy: Accuracy
    versions: tuple[VersionAccuracy, ...]
    unit: str
    periods: tuple[Period, ...]
    seconds: Mean
    keystrokes: Mean
    saving: Saving
    changes: tuple[Change, ...]
    calibration: CalibrationCurve
    models: tuple[str, ...]
    collections: tuple[str, ...]

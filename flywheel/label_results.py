"""What people see and answer in Label Studio, as its JSON: our lines out, their answers back.

The server checks nothing of what it takes or gives, so an answer is believed only where it fits our own config.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from math import isfinite
from typing import Any
from uuid import UUID

from flywheel.label_studio_records import Annotation
from flywheel.refusals import is_unstorable

LONGEST_TEXT = 10_000
MEND = "Correct it in Label Studio; the next pull takes it up."
VERDICTS = {"Illegible": "illegible", "Not text": "not_text"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person finds in a line's field: whose text it is (a model, or ``correction``), and how sure that is."""

    text: str
    by: str
    score: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an annotation says of a line.

    Attributes:
        verdict: ``text``, ``illegible``, ``not_text``, ``skipped``, or ``invalid``.
        text: where the verdict is ``text``.
        problem: why it is invalid, in a sentence.
    """

    verdict: str
    text: str | None = None
    problem: str | None = None


def prediction(shown: Shown) -> dict[str, Any]:
    """A text as a prediction that fills a line's field."""
    text = {"from_name": "text", "to_name": "image", "type": "textarea", "value": {"text": [shown.text]}}
    score = {} if shown.score is None else {"score": shown.score}
    return {"model_version": shown.by, "result": [text] if shown.text else [], **score}


def line_task(sample_id: UUID, *, image: str, where: str, shown: Shown) -> dict[str, Any]:
    """The task that asks for one line's text."""
    data = {"sample_id": str(sample_id), "image": image, "where": where}
    return {"data": data, "predictions": [prediction(shown)]}


def read_line(annotation: Annotation) -> Answer:
    """What an annotation says of a line; a verdict outweighs the text, which may still be the prefilled one."""
    if annotation.cancelled:
        return Answer("skipped")
    verdicts = _values(annotation.result, "verdict", "choices")
    texts = _values(annotation.result, "text", "text")
    unknown = sorted({str(part.get("from_name")) for part in annotation.result} - {"text", "verdict"})
    if verdicts:
        return _verdict(verdicts)
    if not texts and unknown:
        return _invalid(f"It answers {', '.join(map(repr, unknown))}, and nothing that Inkloop asks.")
    return line_text(texts)


def content_of(annotation: Annotation) -> str:
    """A hash that changes with what an annotation says, and with who says it."""
    said = [annotation.annotator, annotation.cancelled, list(annotation.result)]
    return sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


def storable(value: Any) -> Any:
    """Any JSON as every database can hold it: U+FFFD for NUL and for half a surrogate pair, null for no number."""
    if isinstance(value, str):
        return "".join("\ufffd" if is_unstorable(character) else character for character in value)
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(name): storable(item) for name, item in value.items()}
    return None if isinstance(value, float) and not isfinite(value) else value


def _verdict(chosen: list[object]) -> Answer:
    if len(set(map(str, chosen))) > 1:
        return _invalid(f"It holds {len(chosen)} verdicts at once.")
    known = VERDICTS.get(str(chosen[0]))
    return Answer(known) if known else _invalid(f"Its verdict {str(chosen[0])!r} is none that Inkloop knows.")


def line_text(texts: list[object]) -> Answer:
    """What the texts of one field come to: one line, or why they are none."""
    lines = [line for text in texts for line in str(text).strip().splitlines() if line.strip()]
    if not lines:
        return _invalid("It is empty: neither a text nor a verdict.")
    if len(lines) > 1:
        return _invalid(f"It holds {len(lines)} texts, and the picture shows one line.")
    if len(lines[0]) > LONGEST_TEXT:
        return _invalid(f"Its text has {len(lines[0])} characters; a line has at most {LONGEST_TEXT}.")
    broken = next((character for character in lines[0] if is_unstorable(character)), None)
    if broken is not None:
        return _invalid(f"Its text holds U+{ord(broken):04X}, which no database stores.")
    return Answer("text", lines[0])


def _invalid(problem: str) -> Answer:
    return Answer("invalid", problem=f"{problem} {MEND}")


def _values(result: Iterable[dict[str, Any]], name: str, key: str) -> list[object]:
    """Everything that one control of a config was given, whatever shape it came in."""
    values: list[object] = []
    for part in result:
        value = part.get("value")
        if part.get("from_name") == name and isinstance(value, dict):
            given = value.get(key)
            values += given if isinstance(given, list) else [] if given is None else [given]
    return values

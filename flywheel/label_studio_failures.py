"""What Label Studio, or the way to it, answers when something is wrong: each as an error that says what to do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from flywheel.errors import LabelStudioBusy, LabelStudioError, LabelStudioRefused, LabelStudioUnreachable, ProjectGone
from flywheel.settings import without_password

LONGEST_QUOTE = 200


class Failures:
    """Names the failures of one server.

    Args:
        url: its address.
        timeout_s: how long one answer may take.
    """

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self._at, self._timeout_s = f"Label Studio at {without_password(url)}", timeout_s

    @contextmanager
    def named(self, *, project: int | None = None) -> Iterator[None]:
        """Turn what the SDK raises inside the block into a LabelStudioError; a 404 means that ``project`` is gone."""
        from label_studio_sdk.core import ApiError

        try:
            yield
        except ApiError as error:
            raise self.error(error.status_code, error.body, project=project) from error
        except httpx.TimeoutException as error:
            raise LabelStudioUnreachable(
                f"{self._at} did not answer within {self._timeout_s:g} s. "
                "Look at its log and at how busy its machine is; the next push or pull tries again."
            ) from error
        except httpx.HTTPError as error:
            raise LabelStudioUnreachable(
                f"{self._at} cannot be reached: {error}. Start it, or correct INKLOOP_LABEL_STUDIO_URL; "
                "what waits is sent once it is back."
            ) from error

    def error(self, status: int | None, body: object, *, project: int | None) -> LabelStudioError:
        """What an answer that is no success means."""
        said = _said(body)
        if status in (401, 403):
            return LabelStudioRefused(
                f"{self._at} does not accept the token: {said}. Copy a valid one from Account & Settings there into "
                "INKLOOP_LABEL_STUDIO_API_KEY, and see that its owner may use our projects."
            )
        if status == 404 and project is not None:
            return ProjectGone(
                f"The project {project} is gone from {self._at}: somebody deleted it. To begin a new one and send it "
                "what is not labelled yet: python -m flywheel push --new-project."
            )
        if status is None or status == 404 or status < 400:
            return LabelStudioUnreachable(
                f"{self._at} answers unlike a Label Studio ({status}: {said}). Correct INKLOOP_LABEL_STUDIO_URL."
            )
        if status == 429 or status >= 500:
            return LabelStudioBusy(
                f"{self._at} cannot serve now ({status}: {said}). Look at its log; the next push or pull tries again."
            )
        return LabelStudioRefused(f"{self._at} refuses what was sent ({status}: {said}). Nothing of it was stored.")


def _said(body: object) -> str:
    """What an answer's body says, short enough for a sentence."""
    if isinstance(body, Mapping):
        body = body.get("detail") or body.get("validation_errors") or dict(body)
    text = " ".join(str(body or "no reason given").split())
    if text.lower().startswith(("<!doctype", "<html")):
        return "a web page"
    return text[:LONGEST_QUOTE].rstrip(". ")

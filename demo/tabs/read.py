"""The Read tab: a page comes in, its lines are corrected, what was submitted is there again after a reload."""

import time
from typing import Any
from uuid import UUID

import gradio as gr

from demo.answers import document_answer
from demo.asker import contributor_of
from demo.components.ink_pad import ink_pad
from demo.components.line_editor import line_editor
from demo.components.shelf import shelf
from demo.examples_list import examples
from demo.services import Services
from flywheel.errors import FlywheelError, NotFound


def build(services: Services) -> None:
    """Lay out the tab inside the ``gr.Blocks`` that is being built."""
    tab = _ReadTab(services)
    pages = shelf()
    editor = line_editor()
    ink_pad()
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    gr.on(fn=tab.restore, outputs=[pages, editor], **private)
    editor.submit(tab.shelve, outputs=pages, **private)


class _ReadTab:
    """What the tab's events do; each asks who is there."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def restore(self, request: gr.Request) -> tuple[Any, Any]:
        """The shelf, and the document named in the address, or else the newest."""
        for wanted in [request.query_params.get("document"), *self._newest(request)]:
            document = self._document(wanted, request)
            if document is not None:
                return self.shelve(), document
        return self.shelve(), None

    def shelve(self) -> dict[str, Any]:
        """What the shelf needs beside the list of documents, which it asks for itself whenever this value changes."""
        return {"examples": examples(), "limit_bytes": self._services.limit_bytes, "moment": time.time_ns()}

    def _newest(self, request: gr.Request) -> list[UUID]:
        try:
            rows = self._services.store.documents(contributor_of(request, self._services))
        except FlywheelError as error:
            gr.Warning(str(error))
            return []
        return [row.id for row in rows if row.pages_kept][:1]

    def _document(self, wanted: object, request: gr.Request) -> dict[str, Any] | None:
        try:
            contributor = contributor_of(request, self._services)
            found = self._services.store.document(UUID(str(wanted)), contributor)
            document = document_answer(found, serving=self._services.version_for(found))
            return document.model_dump(mode="json") if document.pages else None
        except (NotFound, ValueError):
            return None
        except FlywheelError as error:
            gr.Warning(str(error))
            return None

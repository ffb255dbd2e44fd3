"""A contributor's documents: the list of them, one of them with all its pages, and their end."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from demo.answers import DocumentAnswer, document_answer
from demo.asker import contributor_of
from demo.metrics import Metrics
from demo.problems import REFUSALS
from demo.reading_desk import ReadingDesk
from demo.services import Services
from flywheel.documents import Detail, DocumentSummary, State
from flywheel.refusals import LONGEST_LABEL

LONGEST_QUERY = 200


class SummaryAnswer(BaseModel):
    """One row of the list of documents."""

    id: UUID
    name: str
    created_at: datetime
    pages: int = Field(description="those read so far")
    page_count: int
    lines: int
    corrected: int = Field(description="lines that a person has corrected or confirmed")
    drafts: int = Field(description="lines with something typed and not submitted")
    doubtful: int = Field(description="lines that nobody has corrected and that hold a doubtful word")
    state: State
    thumbnail: str | None = Field(description="address of a small picture; null before the first page is read")
    writer: str | None
    collection: str | None


class DetailsIn(BaseModel):
    """What changes; a field that is left out stays as it is."""

    name: str | None = Field(None, max_length=LONGEST_LABEL)
    writer: str | None = Field(None, max_length=LONGEST_LABEL, description="whose hand it is; null: not known")
    collection: str | None = Field(None, max_length=LONGEST_LABEL, description="what it belongs to; null: nothing")

    @property
    def details(self) -> dict[Detail, str | None]:
        """The fields that were sent."""
        sent: dict[Detail, str | None] = {"name": self.name, "writer": self.writer, "collection": self.collection}
        return {field: text for field, text in sent.items() if field in self.model_fields_set}


class SummariesAnswer(BaseModel):
    """The asker's documents, newest first."""

    documents: list[SummaryAnswer]


def router(services: Services, desk: ReadingDesk, metrics: Metrics) -> APIRouter:
    """The addresses of documents."""
    routes = APIRouter(prefix="/api/v1/documents", tags=["documents"], responses=REFUSALS)

    @routes.get("")
    def find(
        request: Request,
        query: Annotated[str, Query(max_length=LONGEST_QUERY, description="in a name or a text, in any case")] = "",
        state: Annotated[State | None, Query(description="only documents that are so far")] = None,
    ) -> SummariesAnswer:
        """The asker's own documents, newest first."""
        found = services.store.documents(contributor_of(request, services), query=query, state=state)
        return SummariesAnswer(documents=[summary_answer(row) for row in found])

    @routes.get("/{document_id}")
    def document(request: Request, document_id: UUID) -> DocumentAnswer:
        """One of the asker's own documents: its pages so far, with the newest corrections and the asker's drafts."""
        found = services.store.document(document_id, contributor_of(request, services))
        return document_answer(found, serving=services.version_for(found))

    @routes.post("/{document_id}/read-again")
    def read_again(request: Request, document_id: UUID) -> DocumentAnswer:
        """Let the model that reads now read the same lines; what people typed stays, and the new text beside it."""
        found = desk.read_again(document_id, contributor=contributor_of(request, services))
        return document_answer(found, serving=services.version_for(found))

    @routes.patch("/{document_id}")
    def describe(request: Request, document_id: UUID, sent: DetailsIn) -> DocumentAnswer:
        """Say whose hand one of the asker's own documents is, what it belongs to, or name it anew."""
        found = services.store.describe_document(document_id, contributor_of(request, services), sent.details)
        return document_answer(found, serving=services.version_for(found))

    @routes.delete("/{document_id}", status_code=204)
    def delete(request: Request, document_id: UUID) -> None:
        """Delete one of the asker's own documents: nobody sees it any more, and no model learns from it."""
        services.store.delete_document(document_id, contributor_of(request, services))
        metrics.documents_deleted.inc()

    return routes


def summary_answer(row: DocumentSummary) -> SummaryAnswer:
    """One row of the list."""
    return SummaryAnswer(
        id=row.id,
        name=row.name,
        created_at=row.created_at,
        pages=row.pages_kept,
        page_count=row.page_count,
        lines=row.lines,
        corrected=row.corrected,
        drafts=row.drafts,
        doubtful=row.doubtful,
        state=row.state,
        thumbnail=f"/documents/{row.id}/thumbnail" if row.pages_kept else None,
        writer=row.writer,
        collection=row.collection,
    )

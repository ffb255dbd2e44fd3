"""Uploads, what models read in them, what people typed.

    contributors ── documents ── pages ── readings ── lines ── predictions ── model_versions
                └── corrections ────────────────────────┤
                └── drafts ─────────────────────────────┘
                └── erasures

Corrections are append-only: triggers (in the migrations) refuse UPDATE always, and DELETE unless the contributor
has a row in ``erasures``, the recorded wish to be forgotten.

A line's outline never changes either: whoever moves, splits or joins lines retires them and makes new ones. So what
was said of a line stays true of the pixels it was said of.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from flywheel.tables.base import Base, NullableJson, Sha256, now

VERDICTS = "verdict IN ('text', 'illegible', 'not_text')"


class ContributorRow(Base):
    """Who uploads and corrects; with a password, also who logs in."""

    __tablename__ = "contributors"
    __table_args__ = (CheckConstraint("role IN ('reader', 'annotator', 'operator')", "role"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    password_hash: Mapped[str | None]
    role: Mapped[str] = mapped_column(default="annotator", server_default="annotator")
    trusted: Mapped[bool] = mapped_column(default=False, server_default=false())
    disabled_at: Mapped[datetime | None]


class ModelVersionRow(Base):
    """A model that has read something, by the version it calls itself."""

    __tablename__ = "model_versions"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class DocumentRow(Base):
    """One upload; complete once it has ``page_count`` pages.

    ``writer`` says whose hand it shows, ``collection`` what it belongs to, both as a person named them. A deleted
    document is out of everybody's sight and of the ground truth; erasing what it holds is another step.
    """

    __tablename__ = "documents"
    __table_args__ = (
        CheckConstraint("page_count >= 1", "page_count"),
        Index(None, "contributor_id", "created_at"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    contributor_id: Mapped[UUID] = mapped_column(ForeignKey("contributors.id"))
    name: Mapped[str]
    media_type: Mapped[str]
    sha256: Mapped[str] = mapped_column(Sha256, index=True)
    page_count: Mapped[int]
    writer: Mapped[str | None]
    collection: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    deleted_at: Mapped[datetime | None]


class PageRow(Base):
    """One page of a document, and the upright image of it that people are shown."""

    __tablename__ = "pages"
    __table_args__ = (
        UniqueConstraint("document_id", "number"),
        CheckConstraint("number >= 1 AND width >= 1 AND height >= 1", "size"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id"))
    number: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    image_sha256: Mapped[str] = mapped_column(Sha256)
    image_media_type: Mapped[str]


class ReadingRow(Base):
    """One run of one model version over one page."""

    __tablename__ = "readings"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    page_id: Mapped[UUID] = mapped_column(ForeignKey("pages.id"), index=True)
    model_version_id: Mapped[UUID] = mapped_column(ForeignKey("model_versions.id"), index=True)
    seconds: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(default=now)


class LineRow(Base):
    """One line of a page; ``position`` is its place in reading order, from 0, among those not retired.

    ``reading_id`` is the reading that found it or, where a person drew it, the reading that person worked on.
    """

    __tablename__ = "lines"
    __table_args__ = (
        CheckConstraint("position >= 0", "position"),
        CheckConstraint("origin IN ('model', 'person')", "origin"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    page_id: Mapped[UUID] = mapped_column(ForeignKey("pages.id"), index=True)
    reading_id: Mapped[UUID] = mapped_column(ForeignKey("readings.id"), index=True)
    position: Mapped[int]
    polygon: Mapped[list[Any]]
    baseline: Mapped[list[Any] | None] = mapped_column(NullableJson)
    retired_at: Mapped[datetime | None]
    retired_by: Mapped[UUID | None] = mapped_column(ForeignKey("contributors.id"))
    origin: Mapped[str] = mapped_column(server_default="model", default="model")
    replaces: Mapped[list[Any] | None] = mapped_column(NullableJson)


class PredictionRow(Base):
    """A transcription of a line by a model version; ``weakest_word`` is the least confidence among its words."""

    __tablename__ = "predictions"
    __table_args__ = (
        UniqueConstraint("line_id", "model_version_id"),
        CheckConstraint("confidence >= 0 AND confidence <= 1", "confidence"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("lines.id"))
    model_version_id: Mapped[UUID] = mapped_column(ForeignKey("model_versions.id"), index=True)
    text: Mapped[str]
    confidence: Mapped[float]
    alternatives: Mapped[list[Any]]
    words: Mapped[list[Any]]
    weakest_word: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class CorrectionRow(Base):
    """What a person says of a line, append-only; ``revision`` counts those of one line from 1.

    ``verdict`` says whether ``text`` is what stands there, or the line is illegible, or no writing at all.
    Clocks of several machines may disagree, so the revision and not the time says which is the newest.
    """

    __tablename__ = "corrections"
    __table_args__ = (
        UniqueConstraint("line_id", "revision"),
        CheckConstraint("revision >= 1", "revision"),
        CheckConstraint(VERDICTS, "verdict"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("lines.id"))
    contributor_id: Mapped[UUID] = mapped_column(ForeignKey("contributors.id"), index=True)
    prediction_id: Mapped[UUID | None] = mapped_column(ForeignKey("predictions.id"), index=True)
    revision: Mapped[int]
    text: Mapped[str]
    seconds: Mapped[float | None]
    keystrokes: Mapped[int | None]
    unknown_count: Mapped[int]
    unknown_characters: Mapped[list[Any]]
    verdict: Mapped[str] = mapped_column(server_default="text", default="text")
    created_at: Mapped[datetime] = mapped_column(default=now)


class DraftRow(Base):
    """What a person has typed in a line and not submitted yet: one per line and person, overwritten as they go on."""

    __tablename__ = "drafts"
    __table_args__ = (CheckConstraint(VERDICTS, "verdict"),)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("lines.id"), primary_key=True)
    contributor_id: Mapped[UUID] = mapped_column(ForeignKey("contributors.id"), primary_key=True, index=True)
    text: Mapped[str]
    verdict: Mapped[str]
    seconds: Mapped[float | None]
    keystrokes: Mapped[int | None]
    updated_at: Mapped[datetime] = mapped_column(default=now)


class ErasureRow(Base):
    """A contributor's recorded wish to be forgotten; only with it do the triggers let corrections go."""

    __tablename__ = "erasures"
    contributor_id: Mapped[UUID] = mapped_column(ForeignKey("contributors.id"), primary_key=True)
    requested_at: Mapped[datetime] = mapped_column(default=now)

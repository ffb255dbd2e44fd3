"""The tables, the same on SQLite and PostgreSQL; a test holds them equal to the migrations.

    contributors ── documents ── pages ── readings ── lines ── predictions ── model_versions
                └── corrections ────────────────────────┘
                └── erasures

Ids are UUIDs made by us, times are UTC. Large things (originals, page images) are blobs named by their SHA-256.
Corrections are append-only: triggers (in the migrations) refuse UPDATE always, and DELETE unless the contributor
has a row in ``erasures``, the recorded wish to be forgotten.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, DateTime, ForeignKey, Index, MetaData, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import Text, TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: aware on the way in and on the way out, also on SQLite, which has no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware moment to UTC; a naive one is a mistake of the caller's."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"The time {value} has no time zone. Give an aware one, such as datetime.now(UTC).")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment back in UTC, whatever zone the connection speaks."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")
Sha256 = String(64)


def now() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """Names every constraint, so that a migration can address it on both engines."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: Text(), datetime: UtcDateTime(), list[Any]: Json}


class ContributorRow(Base):
    """Who uploads and corrects."""

    __tablename__ = "contributors"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class ModelVersionRow(Base):
    """A model that has read something, by the version it calls itself."""

    __tablename__ = "model_versions"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class DocumentRow(Base):
    """One upload; complete once it has ``page_count`` pages."""

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
    created_at: Mapped[datetime] = mapped_column(default=now)


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
    """One line that a reading found; ``position`` is its place in reading order, from 0."""

    __tablename__ = "lines"
    __table_args__ = (UniqueConstraint("reading_id", "position"), CheckConstraint("position >= 0", "position"))
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    page_id: Mapped[UUID] = mapped_column(ForeignKey("pages.id"), index=True)
    reading_id: Mapped[UUID] = mapped_column(ForeignKey("readings.id"))
    position: Mapped[int]
    polygon: Mapped[list[Any]]
    baseline: Mapped[list[Any] | None] = mapped_column(
        JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    )


class PredictionRow(Base):
    """A transcription of a line by a model version."""

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
    created_at: Mapped[datetime] = mapped_column(default=now)


class CorrectionRow(Base):
    """A transcription of a line by a person, append-only; ``revision`` counts those of one line from 1.

    Clocks of several machines may disagree, so the revision and not the time says which is the newest.
    """

    __tablename__ = "corrections"
    __table_args__ = (UniqueConstraint("line_id", "revision"), CheckConstraint("revision >= 1", "revision"))
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
    created_at: Mapped[datetime] = mapped_column(default=now)


class ErasureRow(Base):
    """A contributor's recorded wish to be forgotten; only with it do the triggers let corrections go."""

    __tablename__ = "erasures"
    contributor_id: Mapped[UUID] = mapped_column(ForeignKey("contributors.id"), primary_key=True)
    requested_at: Mapped[datetime] = mapped_column(default=now)

"""What travels to Label Studio and what comes back.

    lines ──┬── samples ── labels
    pages ──┘
    label_projects, sync_runs

A sample is one line or one page that somebody should look at; its id travels in the task. A label is what one person
answered to it, append-only: an edit is the next revision.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from flywheel.tables.base import Base, Sha256, now


class LabelProjectRow(Base):
    """One of our projects on one server; tasks touched up to ``watermark``, by that server's clock, have been pulled.

    ``gone`` tells that the server no longer has it; the outbox waits until a person wants a new one. ``foreign_tasks``
    counts the tasks there that are none of ours, or one too many for a sample.
    """

    __tablename__ = "label_projects"
    __table_args__ = (UniqueConstraint("server", "kind"), CheckConstraint("kind IN ('lines', 'pages')", "kind"))
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    server: Mapped[str]
    kind: Mapped[str]
    number: Mapped[int]
    gone: Mapped[bool] = mapped_column(default=False)
    watermark: Mapped[datetime | None]
    foreign_tasks: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)


class SampleRow(Base):
    """A line or a page in the outbox; ``round`` counts the times that people were asked about it, from 1.

    ``known``: the line's text was ground truth already; it is asked to see how people label.
    States: queued → sending → open → labelled; ``gone`` where its task was deleted, ``withdrawn`` where it was not
    worth asking any more. ``shown`` is the text that people found in the field (of a page: which region stands
    for which line, as JSON), ``image`` where the server keeps it.
    """

    __tablename__ = "samples"
    __table_args__ = (
        UniqueConstraint("line_id", "round"),
        UniqueConstraint("page_id", "round"),
        Index(None, "state", "priority"),
        CheckConstraint("(line_id IS NULL) <> (page_id IS NULL)", "subject"),
        CheckConstraint("round >= 1", "round"),
        CheckConstraint("state IN ('queued', 'sending', 'open', 'labelled', 'gone', 'withdrawn')", "state"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    line_id: Mapped[UUID | None] = mapped_column(ForeignKey("lines.id"))
    page_id: Mapped[UUID | None] = mapped_column(ForeignKey("pages.id"))
    round: Mapped[int]
    reason: Mapped[str]
    priority: Mapped[float]
    known: Mapped[bool] = mapped_column(server_default=false(), default=False)
    state: Mapped[str]
    shown: Mapped[str | None]
    shown_by: Mapped[str | None]
    score: Mapped[float | None]
    image: Mapped[str | None]
    project_id: Mapped[UUID | None] = mapped_column(ForeignKey("label_projects.id"), index=True)
    task_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None]


class LabelRow(Base):
    """What one person answered to a sample; ``revision`` counts the contents of one annotation from 1.

    Verdicts: ``text``, ``illegible``, ``not_text``; ``regions`` for a page; ``skipped``, ``deleted``, and ``invalid``
    with the ``problem`` in a sentence. ``task_id`` is the task that was answered, for a sample may have two; None: an
    old label, of which nobody noted it. ``content_sha256`` tells whether an annotation pulled again has changed.
    """

    __tablename__ = "labels"
    __table_args__ = (
        UniqueConstraint("sample_id", "annotation_id", "revision"),
        CheckConstraint("revision >= 1", "revision"),
        CheckConstraint(
            "verdict IN ('text', 'illegible', 'not_text', 'regions', 'skipped', 'deleted', 'invalid')", "verdict"
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("samples.id"))
    task_id: Mapped[int | None]
    annotation_id: Mapped[int]
    revision: Mapped[int]
    content_sha256: Mapped[str] = mapped_column(Sha256)
    contributor_id: Mapped[UUID] = mapped_column(ForeignKey("contributors.id"), index=True)
    verdict: Mapped[str]
    text: Mapped[str | None]
    problem: Mapped[str | None]
    seconds: Mapped[float | None]
    result: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class SyncRunRow(Base):
    """One push or pull: what it did, or the sentence that says why it could not."""

    __tablename__ = "sync_runs"
    __table_args__ = (CheckConstraint("direction IN ('push', 'pull')", "direction"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    direction: Mapped[str]
    done: Mapped[dict[str, Any]]
    problems: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)

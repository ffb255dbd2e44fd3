"""The tables, the same on SQLite and PostgreSQL, a module for each thing remembered; they equal the migrations."""

from flywheel.tables.accounts import AccessRow, LoginFailuresRow
from flywheel.tables.base import Base, Json, NullableJson, Sha256, UtcDateTime, now
from flywheel.tables.labelling import LabelProjectRow, LabelRow, SampleRow, SyncRunRow
from flywheel.tables.reading import (
    ContributorRow,
    CorrectionRow,
    DocumentRow,
    DraftRow,
    ErasureRow,
    LineRow,
    ModelVersionRow,
    PageRow,
    PredictionRow,
    ReadingRow,
)
from flywheel.tables.trust import AcceptanceRow
from flywheel.tables.wheel import (
    ForgottenPageRow,
    ModelFileRow,
    ModelRow,
    PromotionRow,
    RunRow,
    SnapshotRow,
    SnapshotShardRow,
    SplitRow,
    VerdictRow,
    WorkerRow,
)

__all__ = [
    "AcceptanceRow",
    "AccessRow",
    "Base",
    "ContributorRow",
    "CorrectionRow",
    "DocumentRow",
    "DraftRow",
    "ErasureRow",
    "ForgottenPageRow",
    "Json",
    "LabelProjectRow",
    "LabelRow",
    "LineRow",
    "LoginFailuresRow",
    "ModelFileRow",
    "ModelRow",
    "ModelVersionRow",
    "NullableJson",
    "PageRow",
    "PredictionRow",
    "PromotionRow",
    "ReadingRow",
    "RunRow",
    "SampleRow",
    "Sha256",
    "SnapshotRow",
    "SnapshotShardRow",
    "SplitRow",
    "SyncRunRow",
    "UtcDateTime",
    "VerdictRow",
    "WorkerRow",
    "now",
]

"""What every table stands on: named constraints, moments in UTC, JSON on both engines.

Ids are UUIDs made by us, times are UTC. Large things (originals, page images) are blobs named by their SHA-256.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, MetaData, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
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
NullableJson = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""JSON where a missing value is SQL's NULL and not JSON's."""

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
    type_annotation_map = {str: Text(), datetime: UtcDateTime(), list[Any]: Json, dict[str, Any]: Json}

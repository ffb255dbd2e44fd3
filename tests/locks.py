"""Tests of transactions that meet on PostgreSQL: they must know when one waits for another."""

import time

import pytest
from sqlalchemy import text

from flywheel.store import Store

LONGEST_WAIT_S = 30


def wait_for_lock(store: Store, *, waiting: int = 1) -> None:
    """Return once so many connections wait for a lock that another one holds."""
    counted = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    deadline = time.monotonic() + LONGEST_WAIT_S
    while time.monotonic() < deadline:
        with store.reading() as session:
            if session.scalar(counted) == waiting:
                return
        time.sleep(0.02)
    pytest.fail(f"{waiting} connections never waited for a lock at the same time.")

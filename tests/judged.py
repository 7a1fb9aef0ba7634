"""Putting judgement into a store by hand: outages and states as the judge would leave them."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, delete, insert, update

from readiness.tables import outage, state

MONDAY = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)
"""11:00 in India: kendras are open."""


def add_outage(engine: Engine, subject: str, kind: str = "site", **fields: Any) -> int:
    """An open root outage since MONDAY unless `fields` say otherwise; returns its id."""
    row = {
        "subject_kind": kind, "subject": subject, "status": "down", "from_at": MONDAY, "cause": "fibre",
        "confidence": 0.9, "evidence": "[]", "root": True, "responsible": "agency", "villages": 3, "citizens": None,
    } | fields  # fmt: skip
    row["segment"] = json.dumps(fields.get("segment", []))
    with engine.begin() as connection:
        return int(connection.execute(insert(outage).values(row).returning(outage.c.id)).scalar_one())


def change_outage(engine: Engine, number: int, **fields: Any) -> None:
    with engine.begin() as connection:
        connection.execute(update(outage).where(outage.c.id == number).values(fields))


def set_state(engine: Engine, kind: str, subject: str, status: str, since: datetime = MONDAY, **fields: Any) -> None:
    same = (state.c.subject_kind == kind, state.c.subject == subject)
    row = {"subject_kind": kind, "subject": subject, "status": status, "since": since, "reason": "test"}
    with engine.begin() as connection:
        connection.execute(delete(state).where(*same))
        connection.execute(insert(state).values(row | {"transition": 0} | fields))

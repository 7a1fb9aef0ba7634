"""Transitions and outages put into a store by hand, as the judge would leave them."""

from datetime import datetime

from sqlalchemy import Engine, insert

from readiness.tables import transition
from tests.judged import set_state


def tell(engine: Engine, about: tuple[str, str], at: datetime, before: str, after: str, **more: str) -> None:
    """A transition of (kind, subject), and the state after it. `more` are other columns: reason, layer."""
    kind, subject = about
    row = {
        "subject_kind": kind, "subject": subject, "at": at, "recorded_at": at, "from_status": before,
        "to_status": after, "reason": "test",
    } | more  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(transition).values(row))
    set_state(engine, kind, subject, after, at, layer=more.get("layer", ""))

"""What is known of the agents."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, select

from collectors.checkin.keys import agents_of
from collectors.checkin.spans import GAP_INTERVALS
from collectors.checkin.tables import checkin_agent
from inventory.model import Inventory


@dataclass(frozen=True, slots=True)
class Agent:
    """A kendra that is to check in; None and 0 where it never did."""

    site: str
    pc: str
    received_at: datetime | None = None
    newest_at: datetime | None = None
    clock_error_s: float | None = None
    waiting: int = 0  # heartbeats still in the PC's queue
    dropped: int = 0  # that the queue had no room for
    refused: int = 0  # that could not be read or dated here
    is_current: bool = False  # it checked in during the last three intervals

    def as_object(self) -> dict[str, str | float | bool | None]:
        """One line of `--json`; times in UTC."""
        return {
            "site": self.site, "pc": self.pc, "last_seen": _utc(self.received_at), "newest_heartbeat": _utc(self.newest_at),
            "clock_error_s": self.clock_error_s, "waiting": self.waiting, "dropped": self.dropped,
            "refused": self.refused, "current": self.is_current,
        }  # fmt: skip


def _utc(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def agents(engine: Engine, inventory: Inventory, now: datetime, interval_s: float) -> list[Agent]:
    """By the kendra's name; raises SQLAlchemyError."""
    with engine.connect() as connection:
        rows = {row.site: row for row in connection.execute(select(checkin_agent))}
    since = now - timedelta(seconds=GAP_INTERVALS * interval_s)
    found = []
    for site, pc in sorted(agents_of(inventory).items()):
        row = rows.get(site)
        found.append(
            Agent(
                site, pc.name, row.received_at, row.newest_at, round(row.clock_error_s, 1), row.waiting, row.dropped,
                row.refused, row.received_at >= since,
            ) if row else Agent(site, pc.name)
        )  # fmt: skip
    return found

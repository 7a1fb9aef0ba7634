"""Tables of the check-in: what is known of each agent, heartbeats on their way to `collect`, and what they proved."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, String, Table

from storage.metadata import metadata
from storage.types import UtcTime

# SQLite gives row numbers only to a column of type INTEGER.
_Id = BigInteger().with_variant(Integer, "sqlite")

# Written by who receives, one row a kendra.
checkin_agent = Table(
    "checkin_agent",
    metadata,
    Column("site", String, primary_key=True),
    Column("sequence", BigInteger, nullable=False),  # of the newest request: an older one is a replay
    Column("install", String, nullable=False),  # whose numbers `number` is one of
    Column("number", BigInteger, nullable=False),  # of the newest heartbeat
    Column("received_at", UtcTime, nullable=False),
    Column("newest_at", UtcTime),  # when the newest heartbeat was made
    Column("clock_error_s", Float, nullable=False),  # by which the PC's clock is fast
    Column("waiting", BigInteger, nullable=False),  # heartbeats still in the PC's queue
    Column("dropped", BigInteger, nullable=False),  # that the PC's queue had no room for
    Column("refused", BigInteger, nullable=False),  # that could not be read or dated
    Column("agent", String, nullable=False),  # its version
)

# Acknowledged, and not yet handed on by `collect`.
checkin_heartbeat = Table(
    "checkin_heartbeat",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("site", String, nullable=False),
    Column("at", UtcTime, nullable=False),  # when it was made
    Column("received_at", UtcTime, nullable=False),
    Column("body", String, nullable=False),  # message.Said as JSON
    sqlite_autoincrement=True,
)

# The newest heartbeat that `collect` handed on, one row a kendra.
checkin_seen = Table(
    "checkin_seen",
    metadata,
    Column("site", String, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("reached", Boolean, nullable=False),
    Column("late", Boolean, nullable=False),
)

# Time in which a kendra worked, as was told too late for judgement; spans of one kendra don't overlap.
checkin_span = Table(
    "checkin_span",
    metadata,
    Column("site", String, primary_key=True),
    Column("from_at", UtcTime, primary_key=True),
    Column("to_at", UtcTime, nullable=False),
)

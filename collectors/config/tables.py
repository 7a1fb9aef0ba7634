"""Tables of what devices were configured to do, without secrets, and of what happened to devices beside their status."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from storage.metadata import metadata
from storage.types import UtcTime

_Id = BigInteger().with_variant(Integer, "sqlite")

# Each text once, however many devices and times it was read.
config_text = Table(
    "config_text",
    metadata,
    Column("sha256", String, primary_key=True),  # of the text, in hexadecimal
    Column("body", LargeBinary, nullable=False),  # zlib
)

config_version = Table(
    "config_version",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("device", String, nullable=False),
    Column("platform", String, nullable=False),
    Column("text", String, ForeignKey("config_text.sha256"), nullable=False),
    Column("from_at", UtcTime, nullable=False),  # when it was first read
    Column("seen_at", UtcTime, nullable=False),  # when it was last read
    Index("ix_config_version_device", "device", "from_at"),
    sqlite_autoincrement=True,
)

device_event = Table(
    "device_event",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    Column("device", String, nullable=False),
    Column("kind", String, nullable=False),  # collectors.config.store.EventKind
    Column("detail", String, nullable=False),  # JSON object
    Index("ix_device_event_device", "device", "at"),
    Index("ix_device_event_at", "at"),
    Index("ix_device_event_kind", "kind", "device"),
    sqlite_autoincrement=True,
)

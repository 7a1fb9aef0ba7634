"""Alerts and their deliveries. A delivery is claimed by compare-and-set on `claim`."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from storage.metadata import metadata
from storage.types import UtcTime

_Id = BigInteger().with_variant(Integer, "sqlite")

alert = Table(
    "alert",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("rule", String, nullable=False),
    Column("subject_kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("area", String, nullable=False),  # area key of the subject, for scope
    Column("outage", _Id, ForeignKey("outage.id")),
    Column("severity", String, nullable=False),  # critical | warning | info
    Column("summary", String, nullable=False),  # JSON: the values a message is made from
    Column("opened_at", UtcTime, nullable=False),
    Column("resolved_at", UtcTime),
    Column("acknowledged_at", UtcTime),
    Column("acknowledged_by", String, nullable=False, server_default=""),
    UniqueConstraint("rule", "subject_kind", "subject", "opened_at"),
    Index("ix_alert_open", "resolved_at"),
    sqlite_autoincrement=True,
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("alert", _Id, ForeignKey("alert.id"), nullable=False),
    Column("event", String, nullable=False),  # firing | resolved
    Column("channel", String, nullable=False),  # name of the channel in the settings
    Column("state", String, nullable=False),  # alerts.model.DeliveryState
    Column("claim", String, nullable=False, server_default=""),  # token of the worker that holds it
    Column("claimed_until", UtcTime),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcTime, nullable=False),
    Column("last_error", String, nullable=False, server_default=""),
    Column("sent_at", UtcTime),
    UniqueConstraint("alert", "event", "channel"),
    Index("ix_delivery_due", "state", "next_at"),
    sqlite_autoincrement=True,
)

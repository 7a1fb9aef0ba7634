"""Tables of judgement: transitions are the truth, the rest is derived and kept for speed."""

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, text

from storage.metadata import metadata
from storage.types import UtcTime

# SQLite gives row numbers only to a column of type INTEGER.
_Id = BigInteger().with_variant(Integer, "sqlite")

transition = Table(
    "transition",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("subject_kind", String, nullable=False),  # readiness.model.SubjectKind
    Column("subject", String, nullable=False),
    Column("at", UtcTime, nullable=False),  # when it happened, back-dated to the first failed poll
    Column("recorded_at", UtcTime, nullable=False),  # when we knew
    Column("from_status", String, nullable=False),
    Column("to_status", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("layer", String, nullable=False, server_default=""),  # villages: first failing layer
    Column("evidence", String, nullable=False, server_default="[]"),  # JSON list of sentences
    Index("ix_transition_subject", "subject_kind", "subject", "at"),
    Index("ix_transition_at", "at"),
    sqlite_autoincrement=True,
)

_EXPLAINED = text("outage IS NOT NULL")

state = Table(
    "state",
    metadata,
    Column("subject_kind", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("status", String, nullable=False),  # villages: readiness.model.Readiness
    Column("since", UtcTime, nullable=False),
    Column("reason", String, nullable=False),
    Column("layer", String, nullable=False, server_default=""),
    Column("outage", _Id, ForeignKey("outage.id")),  # the open outage that explains it
    Column("transition", _Id, nullable=False),  # the transition that made it so
    Index("ix_state_status", "subject_kind", "status"),
    Index("ix_state_outage", "outage", sqlite_where=_EXPLAINED, postgresql_where=_EXPLAINED),
)

outage = Table(
    "outage",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("subject_kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("status", String, nullable=False),  # down, or degraded (a ring without redundancy)
    Column("from_at", UtcTime, nullable=False),
    Column("to_at", UtcTime),
    Column("cause", String, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("evidence", String, nullable=False),  # JSON list of sentences
    Column("root", Boolean, nullable=False),
    Column("explained_by", _Id, ForeignKey("outage.id")),
    Column("segment", String, nullable=False, server_default="[]"),  # JSON [port a, port b]
    Column("ring", String, nullable=False, server_default=""),
    Column("responsible", String, nullable=False),
    Column("villages", Integer, nullable=False),
    Column("citizens", Integer),  # NULL: population unknown
    Index("ix_outage_subject", "subject_kind", "subject", "from_at"),
    Index("ix_outage_open", "to_at"),
    sqlite_autoincrement=True,
)

# What devices said before they or their neighbours fell silent: the only evidence of some causes.
word = Table(
    "word",
    metadata,
    Column("device", String, primary_key=True),
    Column("down_cause", Integer),  # of an ONT: ont_last_down_cause
    Column("battery_since", UtcTime),  # of a UPS: begin of its newest spell on battery, newest readings
    Column("battery_at", UtcTime),
    Column("mains_at", UtcTime),
)

# What each pair of eyes knows of an endpoint: "noc", or the site of a kendra.
endpoint_view = Table(
    "endpoint_view",
    metadata,
    Column("endpoint", String, primary_key=True),
    Column("eyes", String, primary_key=True),
    Column("status", String, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("looked_at", UtcTime, nullable=False),  # newest look
    Column("reason", String, nullable=False),
)

# The last moment at which the judge saw something, by collector: after a restart, what lies
# between then and now was not seen.
watch = Table(
    "watch", metadata, Column("collector", String, primary_key=True), Column("last_at", UtcTime, nullable=False)
)

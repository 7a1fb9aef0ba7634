"""Tables of judgement: transitions are the truth, the rest is derived and kept for speed."""

from sqlalchemy import DDL, BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, event, text

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

_SHADOW = text("explained_by IS NOT NULL")
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
    Column("kinds", String, nullable=False, server_default="[]"),  # JSON list: what each sentence is in causes.toml
    Column("weights", String, nullable=False, server_default=""),  # version of that file
    Index("ix_outage_subject", "subject_kind", "subject", "from_at"),
    Index("ix_outage_open", "to_at"),
    Index("ix_outage_explained", "explained_by", sqlite_where=_SHADOW, postgresql_where=_SHADOW),
    sqlite_autoincrement=True,
)

# Outages that were told anew after they had ended, in the order of telling: what was copied from them is old.
# The database notes it itself, so that nobody who writes outages can forget to.
outage_retold = Table(
    "outage_retold",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("outage", _Id, ForeignKey("outage.id"), nullable=False),
    sqlite_autoincrement=True,
)

_RETOLD = ("from_at", "to_at", "status", "cause", "explained_by", "responsible")
_NOTE = "INSERT INTO outage_retold (outage) VALUES (NEW.id);"


def _changed(word: str) -> str:
    return " OR ".join(f"OLD.{name} {word} NEW.{name}" for name in _RETOLD)


_TRIGGERS = {
    "sqlite": (
        f"CREATE TRIGGER outage_retold AFTER UPDATE ON outage WHEN OLD.to_at IS NOT NULL AND ({_changed('IS NOT')}) BEGIN {_NOTE} END",
    ),
    "postgresql": (
        f"CREATE OR REPLACE FUNCTION outage_retold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_NOTE} RETURN NULL; END $$",
        f"CREATE TRIGGER outage_retold AFTER UPDATE ON outage FOR EACH ROW WHEN (OLD.to_at IS NOT NULL AND ({_changed('IS DISTINCT FROM')})) EXECUTE FUNCTION outage_retold()",
    ),
}  # fmt: skip
for _dialect, _statement in ((name, each) for name, statements in _TRIGGERS.items() for each in statements):
    event.listen(outage_retold, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]

# What devices said before they or their neighbours fell silent: the only evidence of some causes.
word = Table(
    "word",
    metadata,
    Column("device", String, primary_key=True),
    Column("down_cause", Integer),  # of an ONT: ont_last_down_cause
    Column("battery_since", UtcTime),  # of a UPS: begin of its newest spell on battery, newest readings
    Column("battery_at", UtcTime),
    Column("mains_at", UtcTime),
    Column("empty_at", UtcTime),  # of a UPS: when its battery would be empty, as it told last
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

# What somebody announced or answered about the causes of outages.
notice = Table(
    "notice",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("kind", String, nullable=False),  # readiness.rules.notices.NoticeKind
    Column("subject_kind", String, nullable=False),  # readiness.rules.notices.About
    Column("subject", String, nullable=False),
    Column("from_at", UtcTime, nullable=False),
    Column("to_at", UtcTime),  # NULL: until it is withdrawn
    Column("cause", String, nullable=False, server_default=""),  # of an answer: what it was
    Column("responsible", String, nullable=False, server_default=""),  # empty: as the cause has it
    Column("who", String, nullable=False),
    Column("source", String, nullable=False, server_default=""),
    Column("text", String, nullable=False, server_default=""),
    Column("declared_at", UtcTime, nullable=False),
    Column("withdrawn_at", UtcTime),
    Column("withdrawn_by", String, nullable=False, server_default=""),
    Column("considered_at", UtcTime),  # when the judge told ended outages anew because of it
    sqlite_autoincrement=True,
)

# Which rules judged since when: SHA-256 of each file, so that a decision can be traced to the very text.
ruleset = Table(
    "ruleset",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("from_at", UtcTime, nullable=False),
    Column("files", String, nullable=False),  # JSON object: file in readiness/rules -> SHA-256
    sqlite_autoincrement=True,
)

# What is wrong with devices and links that answer, and which of them go down again and again.
trouble = Table(
    "trouble",
    metadata,
    Column("subject_kind", String, primary_key=True),  # device, link
    Column("subject", String, primary_key=True),
    Column("about", String, primary_key=True),  # the port whose readings say so; "" the subject as a whole
    Column("kind", String, primary_key=True),  # readiness.rules.quality.Trouble
    Column("since", UtcTime, nullable=False),
    Column("at", UtcTime, nullable=False),  # newest reading, or newest outage of what is flapping
    Column("value", Float, nullable=False),  # mean of the readings, or the penalty at `at`
    Column("reason", String, nullable=False),
)

# Work that was announced: it changes no observation; the outages that begin in it are planned.
maintenance = Table(
    "maintenance",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("subject_kind", String, nullable=False),  # readiness.rules.planned.Scene: device, site, area
    Column("subject", String, nullable=False),
    Column("from_at", UtcTime, nullable=False),
    Column("to_at", UtcTime, nullable=False),
    Column("declared_at", UtcTime, nullable=False),  # what was declared later than it began counts from then on
    Column("declared_by", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("cancelled_at", UtcTime),
    Column("cancelled_by", String, nullable=False, server_default=""),
    Index("ix_maintenance_to_at", "to_at"),
    sqlite_autoincrement=True,
)

# The last moment at which the judge saw something, by collector: after a restart, what lies
# between then and now was not seen.
watch = Table(
    "watch", metadata, Column("collector", String, primary_key=True), Column("last_at", UtcTime, nullable=False)
)

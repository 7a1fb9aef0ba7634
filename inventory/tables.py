"""Tables of the inventory: one a kind, its columns named as in the import files."""

from typing import Any

from sqlalchemy import Boolean, Column, Date, Float, ForeignKey, Integer, LargeBinary, String, Table, false

from storage.metadata import metadata
from storage.types import UtcTime


def _names() -> tuple[Column[str], ...]:
    return (
        Column("name_en", String, nullable=False),
        Column("name_hi", String, nullable=False, server_default=""),
        Column("name_pa", String, nullable=False, server_default=""),
    )


def _text(name: str) -> Column[str]:
    return Column(name, String, nullable=False, server_default="")


def _facts_of_area() -> tuple[Column[Any], ...]:
    return (
        _text("code_source"),
        _text("census_code"),
        Column("lat", Float),
        Column("lon", Float),
        Column("population", Integer),
        # A site, which in turn names its area: the import checks it, for SQLite can't add a constraint
        # to a table that is there already.
        Column("served_by", String),
        Column("valid_from", Date),
        Column("valid_to", Date),
        _text("assigned_by"),
        Column("boundary_approximate", Boolean, nullable=False, server_default=false()),
    )


# The areas in force at the last import.
area = Table(
    "area",
    metadata,
    Column("key", String, primary_key=True),
    Column("level", String, nullable=False, index=True),
    Column("code", String, nullable=False),
    *_names(),
    Column("parent", String, ForeignKey("area.key", deferrable=True, initially="DEFERRED"), index=True),
    # Keys from the widest area down, each followed by "/": what lies within an area is a
    # prefix match, so every query can carry an area scope.
    Column("path", String, nullable=False, index=True),
    *_facts_of_area(),
)

# What areas were before, or will be. Nothing refers to these rows and their parents may have ended:
# no status or scope hangs on them.
area_version = Table(
    "area_version",
    metadata,
    Column("version", String, primary_key=True),  # key@valid_from
    Column("level", String, nullable=False),
    Column("code", String, nullable=False),
    *_names(),
    Column("parent", String),
    *_facts_of_area(),
)

boundary = Table(
    "boundary",
    metadata,
    Column("area", String, ForeignKey("area.key"), primary_key=True),
    Column("wkb", LargeBinary, nullable=False),
)

site = Table(
    "site",
    metadata,
    Column("name", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("area", String, ForeignKey("area.key"), nullable=False, index=True),
    *_names(),
    Column("status", String, nullable=False),
    Column("lat", Float),
    Column("lon", Float),
    _text("feeder"),
    _text("hours"),
    _text("planned_by"),
    Column("approximate", Boolean, nullable=False),
)

device = Table(
    "device",
    metadata,
    Column("name", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("site", String, ForeignKey("site.name"), nullable=False, index=True),
    _text("device_type"),
    _text("manufacturer"),
    Column("status", String, nullable=False),
    _text("primary_ip"),
    Column("port", Integer),
    _text("profile"),
    _text("credential"),
    _text("ssh_credential"),
    Column("interval_s", Integer),
    Column("reference", Boolean, nullable=False),
    _text("seen_through"),
    _text("seen_as"),
    _text("serial"),
    _text("planned_by"),
)

link = Table(
    "link",
    metadata,
    Column("name", String, primary_key=True),
    Column("a_device", String, ForeignKey("device.name"), nullable=False, index=True),
    _text("a_port"),
    Column("b_device", String, ForeignKey("device.name"), nullable=False, index=True),
    _text("b_port"),
    Column("medium", String, nullable=False),
    Column("length_km", Float),
    _text("ring"),
    _text("trunk"),
    _text("planned_by"),
)

service = Table(
    "service",
    metadata,
    Column("code", String, primary_key=True),
    *_names(),
    _text("department"),
    _text("channels"),  # separated by ";"
    Column("bandwidth_kbps", Integer),
    Column("latency_ms", Integer),
    Column("loss_percent", Float),
    _text("peripherals"),
    _text("endpoints"),
    _text("department_endpoints"),
    Column("statutory_days", Integer),
    _text("source"),
    Column("unconfirmed", Boolean, nullable=False, server_default=false()),
)


def _claimed() -> tuple[Column[Any], ...]:
    return (
        Column("state", String, nullable=False),
        Column("valid_from", Date, nullable=False),
        Column("target", Date),
        _text("source"),
        Column("stated_on", Date),
    )


service_rollout = Table(
    "service_rollout",
    metadata,
    Column("key", String, primary_key=True),  # service:valid_from
    Column("service", String, ForeignKey("service.code"), nullable=False),
    *_claimed(),
)

# An area may have ended meanwhile, so it refers to no row; the import checks it.
gp_rollout = Table(
    "gp_rollout",
    metadata,
    Column("key", String, primary_key=True),  # area:valid_from
    Column("area", String, nullable=False),
    _text("pending_with"),
    *_claimed(),
)

endpoint = Table(
    "endpoint",
    metadata,
    Column("code", String, primary_key=True),
    *_names(),
    Column("url", String, nullable=False),
    Column("method", String, nullable=False, server_default="GET"),
    Column("expect_status", String, nullable=False, server_default="200-399"),
    _text("expect_text"),
    Column("interval_s", Integer),
    Column("timeout_s", Float),
)

credential = Table(
    "credential",
    metadata,
    Column("name", String, primary_key=True),
    Column("kind", String, nullable=False),
    _text("community"),
    _text("user"),
    _text("auth_protocol"),
    _text("auth"),
    _text("priv_protocol"),
    _text("priv"),
    _text("key_file"),
)

source = Table(
    "source",
    metadata,
    Column("key", String, primary_key=True),
    Column("title", String, nullable=False),
    _text("licence"),
    _text("attribution"),
    _text("remark_en"),
    _text("remark_hi"),
    _text("remark_pa"),
)

# Imports that changed something: a process that keeps the inventory in memory sees here that it is old.
inventory_import = Table(
    "inventory_import",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    Column("added", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
    sqlite_autoincrement=True,
)

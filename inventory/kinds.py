"""The kinds of rows and their columns: one declaration for files, tables and diffs.

A column's order and name are those of the file; `attribute` is where the value stands in the
dataclass ("names.en").
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from operator import attrgetter, itemgetter
from typing import Any, cast

from inventory import cells
from inventory.cells import Parse, Value
from inventory.model import (
    Area,
    Credential,
    Device,
    Endpoint,
    GpRollout,
    GpState,
    Inventory,
    Level,
    Lifecycle,
    Link,
    Medium,
    Names,
    Role,
    Service,
    ServiceRollout,
    ServiceState,
    Site,
    SiteKind,
    Source,
)

Record = Area | Site | Device | Link | Service | Endpoint | Credential | Source | GpRollout | ServiceRollout

PROTOCOLS = ("MD5", "SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512")
CIPHERS = ("DES", "AES", "AES-192", "AES-256")
CHANNELS = ("kendra", "portal", "mobile", "whatsapp")
PERMITTED_BY = ("forest", "highway", "railway", "other")
"""Whose permission a right of way may wait for."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    parse: Parse = cells.line
    attribute: str = ""  # empty: the same as the name
    required: bool = False
    empty: Value = ""  # what an empty cell or an absent column means
    longest: int = 200
    encoded: bool = False  # the table keeps text from which `parse` makes the value
    secret: bool = False  # its cells are never quoted
    aliases: tuple[str, ...] = ()  # NetBox's headings for it, lower case, "_" for blanks

    def decoded(self, stored: Value) -> Value:
        """The value of what an encoded column stores."""
        return self.parse(stored) if isinstance(stored, str) and stored else self.empty


@dataclass(frozen=True)
class Kind:
    """`name` is the field of Inventory and the file without its ending."""

    name: str
    cls: type[Record]
    columns: tuple[Column, ...]
    key: tuple[str, ...]  # columns that make the key
    versioned: bool = False  # its file may hold several rows of one key, told apart by valid_from

    @property
    def file(self) -> str:
        return "areas.csv" if self.cls is Area else f"{self.name}.csv"

    @cached_property
    def values(self) -> Callable[[Record], tuple[Value, ...]]:
        """Record -> its values in the order of the columns."""
        return cast("Callable[[Record], tuple[Value, ...]]", attrgetter(*(c.attribute or c.name for c in self.columns)))

    @cached_property
    def key_of(self) -> Callable[[Record], str]:
        """Record -> its key."""
        return cast("Callable[[Record], str]", attrgetter(self.key[0] if len(self.key) == 1 else "key"))

    @cached_property
    def plain(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    @cached_property
    def places(self) -> tuple[tuple[int, ...], ...]:
        """For each of the dataclass's fields its columns: one, or those of its names."""
        stems = [(column.attribute or column.name).partition(".")[0] for column in self.columns]
        return tuple(tuple(i for i, stem in enumerate(stems) if stem == field.name) for field in fields(self.cls))

    def record(self, values: Sequence[Value | Names]) -> Record:
        """The record of `values`, which stand in the order of the columns."""
        if self._names:
            values = (*values, Names(*self._names(values)))
        return self.cls(*self._arranged(values))

    @cached_property
    def _names(self) -> Callable[[Sequence[Value | Names]], tuple[Any, ...]] | None:
        """Takes the names out of a record's values; None where it has none."""
        places = [i for i, column in enumerate(self.columns) if column.attribute]
        return itemgetter(*places) if places else None

    @cached_property
    def _arranged(self) -> Callable[[Sequence[Value | Names]], tuple[Any, ...]]:
        """Values in the order of the columns, Names behind them -> in the order of the dataclass's fields."""
        places = {column.name: i for i, column in enumerate(self.columns)}
        return itemgetter(*(places.get(field.name, len(self.columns)) for field in fields(self.cls)))

    def of(self, inventory: Inventory) -> Mapping[str, Record]:
        return cast("Mapping[str, Record]", getattr(inventory, self.name))


def inventory_of(records: Mapping[str, Mapping[str, Record]], boundaries: Mapping[str, bytes]) -> Inventory:
    """An inventory of the records by kind and key."""
    from inventory.periods import by_key  # which reads columns, and they are those of a kind

    kinds: dict[str, Any] = {kind: found for kind, found in records.items() if kind != AREA_VERSIONS.name}
    older = cast("Iterable[Area]", records.get(AREA_VERSIONS.name, {}).values())
    return Inventory(**kinds, boundaries=boundaries, versions=by_key(older))


def _names(
    stem: str = "name", attribute: str = "names", *, required: bool = True, longest: int = 200
) -> Iterable[Column]:
    for language in ("en", "hi", "pa"):
        needed = required and language == "en"
        yield Column(f"{stem}_{language}", cells.text, f"{attribute}.{language}", required=needed, longest=longest)


def _word(name: str, words: Any, empty: Value = "", **more: Any) -> Column:
    return Column(name, cells.word(words), required=empty == "", empty=empty, encoded=True, **more)


def _reference(name: str) -> Column:
    return Column(name, cells.secret_reference, secret=True, longest=500)


# Both take the range of either, so that places.py can say that they are swapped.
_LAT = Column("lat", cells.decimal(-180, 180), empty=None)
_LON = Column("lon", cells.decimal(-180, 180), empty=None)
_PLANNED = Column("planned_by")
_CLAIMED = (
    Column("valid_from", cells.day, required=True),
    Column("target", cells.day, empty=None),
    Column("source", longest=500),
    Column("stated_on", cells.day, empty=None),
)

KINDS: tuple[Kind, ...] = (
    Kind(
        "credentials",
        Credential,
        (
            Column("name", required=True),
            Column("kind", cells.one_of("snmp-v1", "snmp-v2c", "snmp-v3", "ssh", "checkin"), required=True),
            _reference("community"),
            Column("user"),
            Column("auth_protocol", cells.one_of(*PROTOCOLS)),
            _reference("auth"),
            Column("priv_protocol", cells.one_of(*CIPHERS)),
            _reference("priv"),
            Column("key_file", longest=500),
        ),
        ("name",),
    ),
    Kind(
        "sources",
        Source,
        (
            Column("key", cells.code, required=True),
            Column("title", required=True, longest=500),
            Column("licence", cells.text, longest=500),
            Column("attribution", cells.text, longest=2000),
            *_names("remark", "remark", required=False, longest=2000),
        ),
        ("key",),
    ),
    Kind(
        "endpoints",
        Endpoint,
        (
            Column("code", cells.code, required=True),
            *_names(),
            Column("url", cells.web_address, required=True, longest=2000),
            Column("method", cells.one_of("GET", "HEAD"), empty="GET"),
            Column("expect_status", cells.http_statuses, empty="200-399"),
            Column("expect_text", cells.line),
            Column("interval_s", cells.whole(5, 86_400), empty=None),
            Column("timeout_s", cells.decimal(0.1, 60), empty=None),
        ),
        ("code",),
    ),
    Kind(
        "services",
        Service,
        (
            Column("code", cells.code, required=True),
            *_names(),
            Column("department"),
            Column("channels", cells.several_of(*CHANNELS), empty=(), encoded=True),
            Column("bandwidth_kbps", cells.whole(0, 2_000_000_000), empty=None),
            Column("latency_ms", cells.whole(0, 600_000), empty=None),
            Column("loss_percent", cells.decimal(0, 100), empty=None),
            Column("peripherals", cells.several, empty=(), encoded=True, longest=1000),
            Column("endpoints", cells.several, empty=(), encoded=True, longest=1000),
            Column("department_endpoints", cells.several, empty=(), encoded=True, longest=1000),
            Column("statutory_days", cells.whole(0, 3650), empty=None),
            Column("source", longest=500),
            Column("unconfirmed", cells.yes_no, empty=False),
        ),
        ("code",),
    ),
    Kind(
        "service_rollout",
        ServiceRollout,
        (Column("service", cells.code, required=True), _word("state", ServiceState), *_CLAIMED),
        ("service", "valid_from"),
    ),
    Kind(
        "areas",
        Area,
        (
            _word("level", Level),
            Column("code", cells.code, required=True, longest=64),
            *_names(),
            Column("parent", cells.area_key, empty=None),
            Column("code_source", cells.code, empty="lgd", longest=64),
            Column("census_code", longest=64),
            _LAT,
            _LON,
            Column("population", cells.whole(0, 2_000_000_000), empty=None),
            Column("served_by", empty=None),
            Column("valid_from", cells.day, empty=None),
            Column("valid_to", cells.day, empty=None),
            Column("assigned_by", cells.one_of("village_code", "nearest-office", "tehsil")),
            Column("boundary_approximate", cells.yes_no, empty=False),
        ),
        ("level", "code"),
        versioned=True,
    ),
    Kind(
        "gp_rollout",
        GpRollout,
        (
            Column("area", cells.area_key, required=True),
            _word("state", GpState),
            Column("pending_with", cells.several_of(*PERMITTED_BY), empty=(), encoded=True),
            *_CLAIMED,
        ),
        ("area", "valid_from"),
    ),
    Kind(
        "sites",
        Site,
        (
            Column("name", required=True),
            _word("kind", SiteKind),
            Column("area", cells.area_key, required=True),
            *_names(),
            _word("status", Lifecycle, Lifecycle.ACTIVE),
            _LAT,
            _LON,
            Column("feeder"),
            Column("hours", cells.opening_hours),
            _PLANNED,
            Column("approximate", cells.yes_no, empty=False),
        ),
        ("name",),
    ),
    Kind(
        "devices",
        Device,
        (
            Column("name", required=True),
            _word("role", Role, aliases=("device_role",)),
            Column("site", required=True),
            Column("device_type", aliases=("type",)),
            Column("manufacturer"),
            _word("status", Lifecycle, Lifecycle.ACTIVE),
            Column("primary_ip", cells.address, aliases=("ip_address", "primary_ip4", "primary_ip6")),
            Column("port", cells.whole(1, 65535), empty=None),
            Column("profile", cells.code),
            Column("credential"),
            Column("ssh_credential"),
            Column("interval_s", cells.whole(1, 86_400), empty=None),
            Column("reference", cells.yes_no, empty=False),
            Column("seen_through"),
            Column("seen_as"),
            Column("serial", aliases=("serial_number",)),
            _PLANNED,
        ),
        ("name",),
    ),
    Kind(
        "links",
        Link,
        (
            Column("name", required=True),
            Column("a_device", required=True),
            Column("a_port"),
            Column("b_device", required=True),
            Column("b_port"),
            _word("medium", Medium, Medium.FIBRE),
            Column("length_km", cells.decimal(0, 2000), empty=None),
            Column("ring"),
            Column("trunk"),
            _PLANNED,
        ),
        ("name",),
    ),
)
"""In the order in which they refer to each other: what a kind names stands above it, but for
`served_by` of an area, which names a site."""

AREA_VERSIONS = Kind("area_versions", Area, next(kind.columns for kind in KINDS if kind.name == "areas"), ("version",))
"""The rows of areas.csv that aren't in force."""

STORED = (*KINDS, AREA_VERSIONS)
BY_NAME = {kind.name: kind for kind in STORED}
BOUNDARIES = "boundaries"
BOUNDARIES_FILE = "boundaries.geojson"
FILES = {kind.file: kind for kind in KINDS}

"""Groups of MIB objects that `probe` reads beside a profile: data (TOML in collectors/profiles/groups/).

A profile says what a kind of device is asked at every poll; a group says what else a vendor, or everybody,
can tell. Polls never read groups. catalogue.py reads the files; docs/profiles.md explains how to add one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import ConfigDict, StringConstraints

from collectors.profile import Bits, Identity, Oid, Read, Row, Syntax, TableRead

_FORBID = ConfigDict(extra="forbid")

Arcs = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*$")]
Near = Annotated[str, StringConstraints(pattern=r"^([0-2]|)(\.(0|[1-9][0-9]*))+$")]
"""An object identifier, or the end of one behind a table's entry: ".5"."""

NOTHING = frozenset({2**31 - 1, -(2**31), -(2**31) + 1, 2**32 - 1, 2**63 - 1})
"""Raw values by which agents of every vendor say that they have no reading."""


class SensorKind(StrEnum):
    """The classes of DESIGN §8."""

    TEMPERATURE = "temperature"
    VOLTAGE = "voltage"
    CURRENT = "current"
    POWER = "power"
    POWER_APPARENT = "power_apparent"
    POWER_FACTOR = "power_factor"
    FREQUENCY = "frequency"
    CHARGE = "charge"
    RUNTIME = "runtime"
    LOAD = "load"
    DBM = "dbm"
    SIGNAL = "signal"
    NOISE = "noise"
    SNR = "snr"
    RATE = "rate"
    QUALITY = "quality"
    PERCENT = "percent"
    LOSS = "loss"
    DELAY = "delay"
    DISTANCE = "distance"
    COUNT = "count"
    ERROR = "error"
    HUMIDITY = "humidity"
    FANSPEED = "fanspeed"
    STATE = "state"


UNITS: Mapping[SensorKind, str] = {
    SensorKind.TEMPERATURE: "°C", SensorKind.VOLTAGE: "V", SensorKind.CURRENT: "A", SensorKind.POWER: "W",
    SensorKind.POWER_APPARENT: "VA", SensorKind.POWER_FACTOR: "1", SensorKind.FREQUENCY: "Hz",
    SensorKind.CHARGE: "%", SensorKind.RUNTIME: "s", SensorKind.LOAD: "%", SensorKind.DBM: "dBm",
    SensorKind.SIGNAL: "dBm", SensorKind.NOISE: "dBm", SensorKind.SNR: "dB", SensorKind.RATE: "bit/s",
    SensorKind.QUALITY: "%", SensorKind.PERCENT: "%", SensorKind.LOSS: "%", SensorKind.DELAY: "s",
    SensorKind.DISTANCE: "m", SensorKind.COUNT: "1", SensorKind.ERROR: "1", SensorKind.HUMIDITY: "%",
    SensorKind.FANSPEED: "rpm", SensorKind.STATE: "",
}  # fmt: skip

SANE: Mapping[SensorKind, tuple[float, float]] = {
    SensorKind.TEMPERATURE: (-80, 400),
    SensorKind.HUMIDITY: (0, 100),
    SensorKind.CHARGE: (0, 100),
    SensorKind.LOAD: (0, 400),
    SensorKind.PERCENT: (0, 1000),
    SensorKind.LOSS: (0, 100),
    SensorKind.QUALITY: (0, 100),
    SensorKind.POWER_FACTOR: (-1, 1),
    SensorKind.FREQUENCY: (0, 1e12),
    SensorKind.FANSPEED: (0, 100_000),
    SensorKind.DBM: (-60, 70),
    SensorKind.SIGNAL: (-200, 60),
    SensorKind.NOISE: (-200, 0),
    SensorKind.RUNTIME: (0, 1e8),
    SensorKind.DISTANCE: (0, 1e6),
}
"""What a sensor can tell at all; anything outside is nonsense and absent."""


@dataclass(frozen=True, slots=True)
class SensorColumn:
    """One object, or a column, that is a sensor of each row.

    The keys that Read has too mean what they mean there. A state's value is the device's number.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    kind: SensorKind
    column: Arcs  # behind the entry; one that ends in .0 is a scalar and fetched by GET
    object: str  # its name in the table's MIB
    name: str = ""  # template as in Row; empty: the table's
    get: bool = False  # `column` is one instance although it doesn't end in .0
    rows: str = ""  # regular expression over the index, or over it as a text: only these rows
    syntax: Syntax = Syntax.INTEGER
    scale: float = 1.0
    offset: float = 0.0
    values: Mapping[int, int] = field(default_factory=dict)
    absent: frozenset[int] = frozenset()
    low: float = float("-inf")
    high: float = float("inf")
    pattern: str = ""
    words: Mapping[str, int] = field(default_factory=dict)
    log10: bool = False
    states: Mapping[int, str] = field(default_factory=dict)  # what a state's numbers mean


@dataclass(frozen=True, slots=True)
class Only:
    """Rows count only where the column `where` has one of `values`."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    where: Near
    values: frozenset[int]


@dataclass(frozen=True, slots=True)
class When:
    """Sensors count only where the scalar `object` has one of `values`: a setting that says how others are scaled."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    object: Oid
    values: frozenset[int]
    absent: bool = False  # ... or where the device has no such object


@dataclass(frozen=True, slots=True)
class SensorTable:
    """Sensors below one entry (of a table, or of a group of scalars), and what their rows are called."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    entry: Oid
    mib: str
    columns: tuple[SensorColumn, ...]
    name: str = "{label}"
    label: Near | None = None
    at: str = "{index}"
    bits: Mapping[str, Bits] = field(default_factory=dict)
    only: tuple[Only, ...] = ()
    when: tuple[When, ...] = ()

    def oid(self, near: str) -> str:
        """The whole of an identifier that may be written as the end behind the entry."""
        return f"{self.entry}{near}" if near.startswith(".") else near

    def row(self, column: SensorColumn) -> Row:
        """What the column's sensors are called."""
        return Row(column.name or self.name, self.oid(self.label) if self.label else None, self.at, self.bits)


class InterfaceCell(StrEnum):
    """What a table of interfaces may tell: the fields of reading.model.Interface."""

    NAME = "name"
    ALIAS = "alias"
    ADMIN = "admin"
    OPER = "oper"
    SPEED = "speed_bps"
    IN_OCTETS = "in_octets"
    OUT_OCTETS = "out_octets"
    IN_ERRORS = "in_errors"
    OUT_ERRORS = "out_errors"
    IN_DISCARDS = "in_discards"
    OUT_DISCARDS = "out_discards"


@dataclass(frozen=True, slots=True)
class InterfaceTable:
    """Interfaces that IF-MIB leaves out. A row's number is `number` of its index; IF-MIB's of the same number stays."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    entry: Oid
    mib: str
    columns: Mapping[InterfaceCell, Near]  # a name is needed
    number: Bits = field(default_factory=lambda: Bits(0))
    admin: Mapping[int, str] = field(default_factory=dict)  # what its numbers mean, in IF-MIB's words
    oper: Mapping[int, str] = field(default_factory=dict)

    def oid(self, near: str) -> str:
        """The whole of an identifier that may be written as the end behind the entry."""
        return f"{self.entry}{near}" if near.startswith(".") else near


@dataclass(frozen=True, slots=True)
class Group:
    """What is read of a device whose sysObjectID begins with one of `object_ids`, or whose profile is one of `profiles`.

    With neither it is read of every device. `guard` is looked at first, an instance (.0) or a part of the tree:
    where nothing is there, nothing else of the group is asked for. The sources of `identity` count before those
    of the profile in a group that is for somebody, after them in one that is for everybody; with `guard`, of a device
    that only its profile makes one of the group's, they count where the guard finds anything.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    name: str
    object_ids: tuple[Oid, ...] = ()
    profiles: tuple[str, ...] = ()
    guard: Oid | None = None
    identity: Identity = field(default_factory=Identity)
    scalars: tuple[Read, ...] = ()
    tables: tuple[TableRead, ...] = ()
    sensors: tuple[SensorTable, ...] = ()
    interfaces: tuple[InterfaceTable, ...] = ()

    @property
    def common(self) -> bool:
        """Whether it is for every device."""
        return not self.object_ids and not self.profiles

    def fits(self, object_id: str, profile: str) -> bool:
        """Whether it is for such a device."""
        return self.common or self.knows(object_id) or profile in self.profiles

    def knows(self, object_id: str) -> bool:
        """Whether it is for the devices with this sysObjectID."""
        return any(f"{object_id}.".startswith(f"{prefix}.") for prefix in self.object_ids)

"""Profiles: what to ask a kind of device, as data (TOML in collectors/profiles/).

The keys of the files are the fields here. catalogue.py reads the files; docs/profiles.md explains
how to add a kind of device.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AfterValidator, ConfigDict, StringConstraints

from collectors.metrics import NUMBER

_FORBID = ConfigDict(extra="forbid")


def _known(metric: str) -> str:
    if metric not in NUMBER:
        raise ValueError(f"{metric!r} is not in collectors/metrics.py")
    return metric


Oid = Annotated[str, StringConstraints(pattern=r"^[0-2](\.(0|[1-9][0-9]*))+$")]
MetricName = Annotated[str, AfterValidator(_known)]


class Syntax(StrEnum):
    """How to understand a value. The wire type is lost in gufo-snmp, so the profile states it."""

    INTEGER = "integer"  # signed
    SIGNED16 = "signed16"  # two's complement of 16 bits, sent as 0 to 65535
    GAUGE = "gauge"  # unsigned 32 bit
    COUNTER32 = "counter32"
    COUNTER64 = "counter64"
    TIMETICKS = "timeticks"  # hundredths of a second
    TEXT = "text"
    NUMBER_IN_TEXT = "number_in_text"  # "-14.61 dBm" -> -14.61
    BITS = "bits"  # of up to 2 octets, as a 16 bit number with the first bit highest


@dataclass(frozen=True, slots=True)
class Read:
    """One object that gives one metric.

    value = scale x raw + offset, after `values` (raw -> number) where given; a raw value in
    `absent`, one that `values` doesn't name, or a result outside [low, high] is no value at all.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    metric: MetricName  # a name in collectors.metrics
    oid: Oid  # of the instance (".0") for a scalar, of the column for a port or table
    mib: str  # "IF-MIB::ifHCInOctets": for the reader
    syntax: Syntax = Syntax.INTEGER
    scale: float = 1.0
    offset: float = 0.0
    values: Mapping[int, int] = field(default_factory=dict)
    absent: frozenset[int] = frozenset()
    low: float = float("-inf")
    high: float = float("inf")
    every_s: float = 0.0  # read budget: not more often than this; 0 = with every poll
    pattern: str = ""  # of NUMBER_IN_TEXT: its first group is the number
    words: Mapping[str, int] = field(default_factory=dict)  # of TEXT: regular expression -> number, the first that fits
    log10: bool = False  # value = 10 log10(scale x raw + offset): milliwatts to dBm


@dataclass(frozen=True, slots=True)
class Bits:
    """A number inside an index: `bits` of its arc number `arc` (the first is 0), from bit `shift` on, plus `plus`.

    With `only`, rows count for which the number is that: of a table that holds rows of several kinds.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    arc: int
    shift: int = 0
    bits: int = 32
    plus: int = 0
    only: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What a row of a table is called.

    `name` is a template: {index} is the dotted index, {0} {1} its arcs, {text} an index that is a
    text behind its length, {label} the text that the column `label` has for the row (the index where it
    has none), and {any name of `bits`} a number inside an arc. `at` is the template of the label's own
    index where that differs. A row that the template doesn't fit does not count.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    name: str = "{label}"
    label: Oid | None = None
    at: str = "{index}"
    bits: Mapping[str, Bits] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fact:
    """A text column of a table that `probe` prints and no poll asks for."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    name: str  # "name", "serial"
    oid: Oid
    mib: str
    form: str = "text"  # or "gpon_serial": 4 letters and 4 octets


@dataclass(frozen=True, slots=True)
class TableRead:
    """Columns walked as a whole. `index` names the decoder that turns rows into instances.

    Decoders: "plain" (the dotted index), "huawei_ont" (PON ifIndex.ONT id -> "0/1/3:12"),
    "huawei_pon", "first", "mean", "hr_disk", "hr_memory", "supply": collectors/instances.py; "row": as
    `row` says.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    name: str
    index: str
    columns: tuple[Read, ...] = ()
    facts: tuple[Fact, ...] = ()
    row: Row = Row()
    steady: bool = False  # its rows come and go rarely: collectors/rows.py


@dataclass(frozen=True, slots=True)
class Match:
    """How a device of this kind is told: by its sysObjectID, else sysDescr, else an object it has.

    Of several profiles that match in one way, the longest `object_ids` prefix wins, then the
    highest priority. A profile with `weak` prefixes that was found by one of these, or by sysDescr, yields to
    the `objects` of a profile of higher priority: net-snmp is in power plants, UPS cards and radios too.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    object_ids: tuple[Oid, ...] = ()  # prefixes of sysObjectID
    also: tuple[str, ...] = ()  # regular expressions over sysDescr, one of which such a device must show too
    descriptions: tuple[str, ...] = ()  # regular expressions searched in sysDescr
    objects: tuple[Oid, ...] = ()  # instances; one that is there proves the kind
    columns: tuple[Oid, ...] = ()  # columns; one row proves the kind
    weak: tuple[Oid, ...] = ()  # of `object_ids` those that devices of other kinds have too: see recognise.py
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact of identity comes from: a fixed `text`, the object `oid`, the first row of `column`.

    `pattern` takes its first group out of that value, or out of sysDescr where there is neither; `join`
    puts all its groups into one text ("{0} / {1}"). `form` is how octets are read (text or hex); the text of
    the object `then` follows after a space. With `oid` and `column` both, the object tells which row of the
    column. With `text` beside others, the text holds where these tell anything. `values` turns a number into a text.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    text: str = ""
    oid: Oid | None = None
    column: Oid | None = None
    mib: str = ""
    pattern: str = ""
    join: str = "{0}"
    form: str = "text"
    then: Oid | None = None
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Identity:
    """Sources in order of preference. Without a vendor, the enterprise number of sysObjectID tells.

    `models` are models by sysObjectID, for makers that tell them in no other way; they count before the sources.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    vendor: tuple[Source, ...] = ()
    model: tuple[Source, ...] = ()
    os: tuple[Source, ...] = ()
    os_version: tuple[Source, ...] = ()
    serial: tuple[Source, ...] = ()
    models: Mapping[Oid, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    """What is read from one kind of device at every poll.

    `scalars` are fetched by GET; `ports` are columns fetched by GET for the ports of interest
    (instance = port name); `tables` are walked. Where two reads name the same metric, the first
    that the device has is the one (a 64-bit counter before its 32-bit fallback).
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    name: str
    role: str  # of inventory.model.Role; empty for the fallback
    scalars: tuple[Read, ...] = ()
    ports: tuple[Read, ...] = ()
    tables: tuple[TableRead, ...] = ()
    max_repetitions: int = 25  # 0: this kind must not be asked with GETBULK
    max_objects: int = 24  # objects in one GET
    match: Match = Match()
    identity: Identity = Identity()

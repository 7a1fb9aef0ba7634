"""Profiles: what to ask a kind of device, as data (TOML in collectors/profiles/)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Syntax(StrEnum):
    """How to understand a value. The wire type is lost in gufo-snmp, so the profile states it."""

    INTEGER = "integer"  # signed
    GAUGE = "gauge"  # unsigned 32 bit
    COUNTER32 = "counter32"
    COUNTER64 = "counter64"
    TIMETICKS = "timeticks"  # hundredths of a second
    TEXT = "text"
    NUMBER_IN_TEXT = "number_in_text"  # "-14.61 dBm" -> -14.61
    BITS = "bits"


@dataclass(frozen=True, slots=True)
class Read:
    """One object that gives one metric.

    value = scale x raw + offset, after `values` (raw -> number) where given; a raw value in
    `absent` or a result outside [low, high] is no value at all.
    """

    metric: str  # a name in collectors.metrics
    oid: str  # of the instance (".0") for a scalar, of the column for a port or table
    mib: str  # "IF-MIB::ifHCInOctets": for the reader
    syntax: Syntax = Syntax.INTEGER
    scale: float = 1.0
    offset: float = 0.0
    values: Mapping[int, int] = field(default_factory=dict)
    absent: frozenset[int] = frozenset()
    low: float = float("-inf")
    high: float = float("inf")
    every_s: float = 0.0  # read budget: not more often than this; 0 = with every poll


@dataclass(frozen=True, slots=True)
class TableRead:
    """Columns walked as a whole. `index` names the decoder that turns an index into an instance.

    Decoders: "plain" (the dotted index), "huawei_ont" (PON ifIndex.ONT id -> "0/1/3:12"),
    "hr_storage", "supply" - see collectors/instances.py.
    """

    name: str
    index: str
    columns: tuple[Read, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """What is read from one kind of device at every poll.

    `scalars` are fetched by GET; `ports` are columns fetched by GET for the ports of interest
    (instance = port name); `tables` are walked.
    """

    name: str
    role: str
    scalars: tuple[Read, ...] = ()
    ports: tuple[Read, ...] = ()
    tables: tuple[TableRead, ...] = ()
    max_repetitions: int = 25  # 0: this kind must not be asked with GETBULK
    max_objects: int = 24  # objects in one GET

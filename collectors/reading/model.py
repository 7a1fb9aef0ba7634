"""All that `probe` prints of one device; the JSON keys are the fields (DESIGN §8)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

Json = str | int | float | bool | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    index: int | None = None  # ifIndex; a command line seldom tells it
    name: str
    alias: str | None = None
    admin: str | None = None
    oper: str | None = None
    speed_bps: int | None = None
    in_octets: int | None = None
    out_octets: int | None = None
    in_errors: int | None = None
    out_errors: int | None = None
    in_discards: int | None = None
    out_discards: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    kind: str  # "class" in JSON
    index: str
    name: str
    value: float
    unit: str
    text: str | None = None  # what the number of a state means


@dataclass(frozen=True, slots=True, kw_only=True)
class Ups:
    on_battery: bool | None = None
    charge_percent: float | None = None
    runtime_s: float | None = None
    load_percent: float | None = None
    input_voltage: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    name: str
    percent: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Printer:
    status: str | None = None
    pages: int | None = None
    errors: tuple[str, ...] | None = None
    supplies: tuple[Supply, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    name: str
    total: int | None = None
    used: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    cpu_percent: float | None = None
    memory_total: int | None = None
    memory_used: int | None = None
    disks: tuple[Disk, ...] | None = None
    processes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ont:
    index: str
    name: str | None = None
    serial: str | None = None
    state: str | None = None
    last_down_cause: str | None = None
    rx_dbm: float | None = None
    distance_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    local_port: str | None = None
    chassis_id: str | None = None
    port_id: str | None = None
    system_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Peripheral:
    """A thing plugged into the machine: a fingerprint reader, a printer on USB."""

    bus: str  # "usb"; "printer" for one of a PC's hrDeviceTable, whose id is its place there
    id: str  # vendor:product
    name: str
    status: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemGroup:
    name: str | None = None
    description: str | None = None
    object_id: str | None = None
    uptime_s: float | None = None
    location: str | None = None
    contact: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """What was asked for and isn't there, or could not be read whole."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One device as read; None and what is empty are left out of the JSON."""

    address: str
    reached: bool
    profile: str | None = None
    role: str | None = None
    vendor: str | None = None
    model: str | None = None
    os: str | None = None
    os_version: str | None = None
    serial: str | None = None
    system: SystemGroup | None = None
    interfaces: tuple[Interface, ...] | None = None
    sensors: tuple[Sensor, ...] | None = None
    ups: Ups | None = None
    printer: Printer | None = None
    host: Host | None = None
    onts: tuple[Ont, ...] | None = None
    neighbours: tuple[Neighbour, ...] | None = None
    peripherals: tuple[Peripheral, ...] | None = None
    errors: tuple[Absent, ...] = ()


def as_json(reading: Reading) -> dict[str, Json]:
    """`reading` with the keys of DESIGN §8; a key is absent where the device doesn't say."""
    return _object(asdict(reading))


def _object(told: Mapping[str, Any]) -> dict[str, Json]:
    return {_KEYS.get(name, name): _json(value) for name, value in told.items() if value is not None}


def _json(value: Any) -> Json:
    if isinstance(value, (tuple, list)):
        return [_json(one) for one in value]
    return _object(value) if isinstance(value, Mapping) else cast(str | int | float, value)


_KEYS: Mapping[str, str] = {"kind": "class"}

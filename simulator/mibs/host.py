"""HOST-RESOURCES-MIB (RFC 2790) of a kendra's PC."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from simulator import ber
from simulator.boxes import Box, draw
from simulator.mibs.system import model_of
from simulator.mibs.values import columns, gauge, moving, number
from simulator.traffic import Moment
from simulator.view import Cell, Column, Moving

_TYPES = "1.3.6.1.2.1.25.2.1"
_PROCESSORS = 4
_IST = timezone(timedelta(hours=5, minutes=30))
_MEMORY_KB = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Storage:
    """A row of hrStorageTable; `used` gives allocation units."""

    index: int
    kind: int  # last arc of hrStorageTypes: 2 RAM, 3 virtual memory, 4 fixed disk
    descr: str
    unit: int
    size: int
    used: Callable[[Moment], int]


@dataclass(frozen=True, slots=True)
class Device:
    """A row of hrDeviceTable; `load` is a processor's."""

    index: int
    kind: int  # last arc of hrDeviceTypes: 3 processor, 4 network, 6 disk storage
    descr: str
    load: Callable[[Moment], int]


def storages(box: Box) -> tuple[Storage, ...]:
    name = box.device.name
    size = 28_000_000 + int(draw(name, "disk") * 30_000_000)

    def memory(at: Moment) -> int:
        return int(_MEMORY_KB / 64 * (0.35 + 0.3 * _wave(name, at, 300)))

    def disk(at: Moment) -> int:
        return int(size * (0.3 + 0.4 * draw(name, "full") + 0.01 * _wave(name, at, 86_400)))

    if model_of(box) == "linux pc":
        return (
            Storage(1, 2, "Physical memory", 65_536, _MEMORY_KB // 64, memory),
            Storage(3, 3, "Virtual memory", 65_536, _MEMORY_KB // 48, memory),
            Storage(31, 4, "/", 4096, size, disk),
        )
    return (
        Storage(1, 4, "C:\\ Label:  Serial Number 5c1d2a07", 4096, size, disk),
        Storage(2, 3, "Virtual Memory", 65_536, _MEMORY_KB // 48, memory),
        Storage(3, 2, "Physical Memory", 65_536, _MEMORY_KB // 64, memory),
    )


def devices(box: Box) -> tuple[Device, ...]:
    name = box.device.name

    def load(number: int) -> Callable[[Moment], int]:
        return lambda at: int(3 + 60 * _wave(f"{name}{number}", at, 30) ** 2)

    return tuple(Device(2 + n, 3, "Intel", load(n)) for n in range(_PROCESSORS))


def _wave(name: str, at: Moment, period_s: float) -> float:
    """In [0, 1), drawn anew each period and straight in between."""
    number, part = divmod(at.now / period_s, 1.0)
    before, after = draw(name, int(number)), draw(name, int(number) + 1)
    return before + part * (after - before)


def _date(box: Box) -> Cell:
    """hrSystemDate: DateAndTime (RFC 2579) of 11 octets, which travel as one big number."""

    def read(at: Moment) -> int:
        then = datetime.fromtimestamp(at.now + box.clock_s, _IST)
        octets = (then.month, then.day, then.hour, then.minute, then.second, then.microsecond // 100_000)
        return int.from_bytes(then.year.to_bytes(2, "big") + bytes(octets) + b"+\x05\x1e", "big")

    return Moving(ber.OCTETS, read)


SCALARS: tuple[Column, ...] = (
    *columns(
        "1.3.6.1.2.1.25.1",
        {
            1: lambda box: box.uptime(),
            2: _date,
            5: lambda _: gauge(1),  # hrSystemNumUsers
            6: lambda box: moving(ber.GAUGE32, lambda at: 130 + 50 * _wave(box.device.name, at, 120)),
        },
    ),
    *columns("1.3.6.1.2.1.25.2", {2: lambda _: number(_MEMORY_KB)}),
)

STORAGE: tuple[Column, ...] = columns(
    "1.3.6.1.2.1.25.2.3.1",
    {
        1: lambda row: number(row.index),
        2: lambda row: ber.object_id((*ber.parse_oid(_TYPES), row.kind)),
        3: lambda row: ber.text(row.descr),
        4: lambda row: number(row.unit),
        5: lambda row: number(row.size),
        6: lambda row: Moving(ber.INTEGER, row.used),
    },
)

DEVICE: tuple[Column, ...] = columns(
    "1.3.6.1.2.1.25.3.2.1",
    {
        1: lambda row: number(row.index),
        2: lambda row: ber.object_id((*ber.parse_oid("1.3.6.1.2.1.25.3.1"), row.kind)),
        3: lambda row: ber.text(row.descr),
        4: lambda _: ber.object_id((0, 0)),
        5: lambda _: number(2),  # running
    },
)

PROCESSOR: tuple[Column, ...] = columns(
    "1.3.6.1.2.1.25.3.3.1",
    {1: lambda _: ber.object_id((0, 0)), 2: lambda row: Moving(ber.INTEGER, row.load)},
)

"""UPS-MIB (RFC 1628) as a network card reports it."""

from collections.abc import Callable

from simulator import ber
from simulator.boxes import Box, draw
from simulator.mibs.values import columns, moving, number
from simulator.traffic import Moment
from simulator.view import Cell, Column, Moving

_LOW_S = 120.0  # a battery with less left says batteryLow
_FEEDING = {True: number(3), False: number(5)}  # upsOutputSource: normal, battery


def _load(box: Box) -> int:
    return 18 + int(draw(box.device.name, "load") * 40)


def _battery_status(box: Box, at: Moment) -> int:
    battery = box.battery
    left = battery.seconds_left(at.now)
    if battery.mains or left >= _LOW_S:
        return 2  # batteryNormal
    return 3 if left > 0 else 4  # batteryLow, batteryDepleted


def _alarms(box: Box, at: Moment) -> int:
    """How many of: on battery, input bad, battery low, battery bad."""
    low = _battery_status(box, at) != 2
    return 2 * (not box.battery.mains) + low + box.battery.worn


def _volts(box: Box, at: Moment) -> float:
    if not box.battery.mains:
        return 0.0
    return 222 + 16 * draw(box.device.name, int(at.now / 60))


_BATTERY: dict[int, Callable[[Box], Cell]] = {
    1: lambda box: moving(ber.INTEGER, lambda at: _battery_status(box, at)),
    2: lambda box: moving(ber.INTEGER, lambda at: box.battery.seconds_on(at.now)),
    3: lambda box: moving(ber.INTEGER, lambda at: box.battery.seconds_left(at.now) / 60),
    4: lambda box: moving(ber.INTEGER, lambda at: round(box.battery.charge_at(at.now) * 100)),
    5: lambda box: moving(ber.INTEGER, lambda at: 460 + 80 * box.battery.charge_at(at.now)),  # V / 10
    6: lambda box: number(0 if box.battery.mains else _load(box) * 9 // 5),  # A / 10 at 50 V
    7: lambda box: number(24 + int(draw(box.device.name, "warmth") * 14)),
}

# upsConfig: volts, Hz / 10, volts, Hz / 10, VA, W, minutes that count as low, audible alarm enabled
_RATED = {1: 230, 2: 500, 3: 230, 4: 500, 5: 1000, 6: 900, 7: 2, 8: 2}


def _same(value: int) -> Callable[[Box], Cell]:
    return lambda _: number(value)


_IDENTITY: dict[int, Callable[[Box], Cell]] = {
    1: lambda _: ber.text("Numeric Power Systems"),
    2: lambda _: ber.text("Digital 1000 HR"),
    3: lambda _: ber.text("3.07"),
    4: lambda _: ber.text("V2.11"),
    5: lambda box: ber.text(box.device.name[:63]),
    6: lambda _: ber.text("GP rack"),
}

SCALARS: tuple[Column, ...] = (
    *columns("1.3.6.1.2.1.33.1.1", _IDENTITY),
    *columns("1.3.6.1.2.1.33.1.2", _BATTERY),
    *columns(
        "1.3.6.1.2.1.33.1.3",
        {1: lambda box: ber.integer(box.battery.outages, ber.COUNTER32), 2: lambda _: number(1)},  # bads, lines
    ),
    *columns(
        "1.3.6.1.2.1.33.1.4",
        {1: lambda box: _FEEDING[box.battery.mains], 2: lambda _: number(500), 3: lambda _: number(1)},
    ),
    *columns("1.3.6.1.2.1.33.1.6", {1: lambda box: moving(ber.GAUGE32, lambda at: _alarms(box, at))}),
    *columns("1.3.6.1.2.1.33.1.9", {n: _same(value) for n, value in _RATED.items()}),
)

INPUT: tuple[Column, ...] = columns(
    "1.3.6.1.2.1.33.1.3.3.1",
    {
        2: lambda box: number(498 if box.battery.mains else 0),  # Hz / 10
        3: lambda box: Moving(ber.INTEGER, lambda at: int(_volts(box, at))),
        4: lambda box: number(_load(box) * 4 // 10 if box.battery.mains else 0),  # A / 10
        5: lambda box: number(_load(box) * 9 if box.battery.mains else 0),  # W
    },
)

OUTPUT: tuple[Column, ...] = columns(
    "1.3.6.1.2.1.33.1.4.4.1",
    {
        2: lambda _: number(230),
        3: lambda box: number(_load(box) * 4 // 10),  # A / 10
        4: lambda box: number(_load(box) * 9),  # W
        5: lambda box: number(_load(box)),
    },
)

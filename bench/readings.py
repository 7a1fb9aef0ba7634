"""What each device says when it is polled, as rows of samples: taken from the simulator's boxes, kept as columns.

The metrics and their units are the collectors' (collectors.metrics), the values the simulator's.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collectors.metrics import NUMBER
from inventory.model import Role
from simulator.ber import COUNTER64
from simulator.boxes import Box, LastDown, Ont, Port
from simulator.world import World

_SYS_UP_TIME = NUMBER["sysUpTime"]
_UP, _DOWN = 1.0, 2.0  # ifOperStatus, ifAdminStatus, ont_state
# hwGponDeviceOntControlLastDownCause as collectors.metrics words it: light, other, power
_LAST_DOWN = {
    LastDown.NEVER: 0.0, LastDown.LOS: 1.0, LastDown.LOSI: 1.0, LastDown.DEACTIVATED: 3.0, LastDown.DYING_GASP: 2.0,
}  # fmt: skip

Row = tuple[str, str, float]
"""Metric, instance, value."""
_Rows = Iterator[Row]


class Samples(NamedTuple):
    """Columns of one length; `device` is the position of the device that said it, `poll` that of its poll."""

    poll: NDArray[np.int64]
    metric: NDArray[np.int16]
    instance: NDArray[np.int32]
    value: NDArray[np.float64]


class Readings:
    """Rows of the devices `names`, every poll and, of what is costly to read, now and then."""

    def __init__(self, world: World, names: Sequence[str], now: float) -> None:
        self._world, self._names = world, names
        self._number = {name: number for number, name in enumerate(names)}
        self.boot = np.array([world.boxes[name].boot for name in names])
        texts: dict[str, int] = {"": 0}
        boxes = [world.boxes[name] for name in names]
        self._often = _Table([list(_often(box, world, now)) for box in boxes], texts)
        self._seldom = _Table([list(_seldom(box, world, now)) for box in boxes], texts)
        self._moving: set[int] = set()  # those that say something else each time
        self.instances = tuple(texts)

    def change(self, names: Iterable[str], now: float) -> None:
        """Read anew what these devices say."""
        for name in names:
            number = self._number.get(name)
            if number is not None:
                self._read(number, now)

    def samples(self, devices: NDArray[np.int64], at: NDArray[np.float64], costly: NDArray[np.bool_]) -> Samples:
        """What `devices` say at these times; `costly`: those that are asked for everything."""
        for number in self._moving.intersection(devices.tolist()):
            self._read(number, float(at[0]))
        polls = np.arange(len(devices))
        found = [self._often.rows(devices, polls), self._seldom.rows(devices[costly], polls[costly])]
        poll, metric, instance, value = (np.concatenate(columns) for columns in zip(*found, strict=True))
        uptime = metric == _SYS_UP_TIME
        value[uptime] = at[poll[uptime]] - self.boot[devices[poll[uptime]]]
        return Samples(poll, metric, instance, value)

    def _read(self, number: int, now: float) -> None:
        box = self._world.boxes[self._names[number]]
        self.boot[number] = box.boot
        self._often.put(number, [value for _, _, value in _often(box, self._world, now)])
        self._seldom.put(number, [value for _, _, value in _seldom(box, self._world, now)])
        if _moves(box, now):
            self._moving.add(number)
        else:
            self._moving.discard(number)


class _Table:
    """Ragged rows by device; how many a device has stays as it is. A value that isn't told is NaN."""

    def __init__(self, rows: Sequence[Sequence[Row]], texts: dict[str, int]) -> None:
        self._start = np.concatenate([[0], np.cumsum([len(some) for some in rows])]).astype(np.int64)
        flat = [row for some in rows for row in some]
        self._metric = np.array([NUMBER[metric] for metric, _, _ in flat], np.int16)
        self._instance = np.array([texts.setdefault(text, len(texts)) for _, text, _ in flat], np.int32)
        self._value = np.array([value for _, _, value in flat], np.float64)

    def put(self, number: int, values: Sequence[float]) -> None:
        self._value[self._start[number] : self._start[number + 1]] = values

    def rows(self, devices: NDArray[np.int64], polls: NDArray[np.int64]) -> Samples:
        count = self._start[devices + 1] - self._start[devices]
        before = np.cumsum(count) - count
        at = np.repeat(self._start[devices] - before, count) + np.arange(int(count.sum()))
        poll = np.repeat(polls, count)
        told = ~np.isnan(self._value[at])
        at, poll = at[told], poll[told]
        return Samples(poll, self._metric[at], self._instance[at], self._value[at])


def _often(box: Box, world: World, now: float) -> _Rows:
    yield "sysUpTime", "", 0.0
    wired = {plug.near_port for plug in box.plugs}
    for port in box.ports:
        if port.name in wired:
            yield from _port(port)
    for ont in box.onts:
        place = world.inventory.devices[ont.name].seen_as
        yield "ont_state", place, _UP if ont.online else _DOWN
        yield "ont_last_down_cause", place, _LAST_DOWN[ont.last_down]
    if box.device.role is Role.UPS:
        yield from _ups(box, now)


def _port(port: Port) -> _Rows:
    yield "ifAdminStatus", port.name, _UP if port.admin_up else _DOWN
    yield "ifOperStatus", port.name, _UP if port.up else _DOWN
    yield "ifSpeed", port.name, port.speed_mbps * 1e6
    yield "in_bps", port.name, 8 * port.inward.line(COUNTER64).scale
    yield "out_bps", port.name, 8 * port.outward.line(COUNTER64).scale


def _ups(box: Box, now: float) -> _Rows:
    battery = box.battery
    yield "ups_on_battery", "", float(not battery.mains)
    yield "ups_charge_percent", "", round(100 * battery.charge_at(now))
    yield "ups_runtime_s", "", 60.0 * int(battery.seconds_left(now) / 60)
    yield "ups_input_voltage", "", 230.0 if battery.mains else 0.0


def _seldom(box: Box, world: World, now: float) -> _Rows:
    for ont in box.onts:
        yield "ont_rx_dbm", world.inventory.devices[ont.name].seen_as, _light(ont, now)


def _light(ont: Ont, now: float) -> float:
    return ont.received_centi_dbm(now) / 100 if ont.online else float("nan")


def _moves(box: Box, now: float) -> bool:
    return not box.battery.mains or box.battery.charge_at(now) < 1 or any(ont.fade for ont in box.onts)

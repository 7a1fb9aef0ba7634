"""The state of the simulated devices, as far as their agents tell it."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from inventory.model import Device, Site
from simulator.ber import TIMETICKS
from simulator.condition import Fade
from simulator.engine import Engine
from simulator.plugs import Plug
from simulator.power import Battery
from simulator.traffic import CLOCK, PATTERNS, Counter, Line, Moment

_LINE_SHARE = 0.985  # of a full link's speed, in octets of packets


def draw(*what: object) -> float:
    """A number in [0, 1) that depends on nothing but its arguments."""
    return zlib.crc32(":".join(map(str, what)).encode()) / 2**32


def pattern_of(*what: object) -> int:
    return int(draw(*what) * PATTERNS)


@dataclass(slots=True, eq=False)
class Port:
    """A row of ifTable and ifXTable. `changed` is sysUpTime (ticks) at the last change of `up`."""

    index: int
    name: str
    descr: str
    alias: str
    kind: int  # IANAifType
    speed_mbps: int
    inward: Counter
    outward: Counter
    mac: bytes = bytes(6)
    mtu: int = 1500
    up: bool = True
    admin_up: bool = True
    changed: int = 0
    dropped: Counter | None = None  # packets that didn't fit into a full link, once it was full

    def set_up(self, up: bool, ticks: int, at: Moment) -> None:
        self.up, self.changed = up, ticks
        for counter in (self.inward, self.outward):
            if up:
                counter.resume(at)
            else:
                counter.halt(at)

    def fill(self, share: float, *, outward: bool, at: Moment) -> None:
        """Line rate in one direction; at the sending end `share` of the packets of 800 octets are dropped."""
        rate = self.speed_mbps * 125_000 * _LINE_SHARE
        (self.outward if outward else self.inward).run_at(rate, at)
        if outward:
            self.dropped = self.dropped or Counter(CLOCK, 0.0, at.now)
            self.dropped.run_at(rate / 800 * share, at)

    def relieve(self, at: Moment) -> None:
        for counter in (self.inward, self.outward, self.dropped):
            if counter:
                counter.run_freely(at)

    def restart(self, at: Moment) -> None:
        self.changed = 0
        for counter in (self.inward, self.outward, self.dropped):
            if counter:
                counter.restart(at)


class LastDown(IntEnum):
    """hwGponDeviceOntControlLastDownCause of a Huawei OLT (../shared/data/devices/OIDS.md)."""

    NEVER = -1
    LOS = 1
    LOSI = 2
    DEACTIVATED = 8
    DYING_GASP = 13


@dataclass(slots=True, eq=False)
class Ont:
    """An ONT as its OLT's tables show it."""

    name: str
    port_index: int  # ifIndex of the PON port
    number: int
    serial: bytes
    distance_m: int
    rx_centi_dbm: int
    online: bool = True
    active: bool = True  # not taken out of service by its operator
    fade: Fade | None = None
    last_down: LastDown = LastDown.NEVER

    def received_centi_dbm(self, now: float) -> int:
        return self.rx_centi_dbm - int(100 * self.fade.db(now) if self.fade else 0)


@dataclass(slots=True, eq=False)
class Box:
    """A device with power, running since `boot` (UTC epoch seconds)."""

    device: Device
    site: Site
    boot: float
    plugs: Sequence[Plug] = ()  # its ends of links, where it has an address
    ports: Sequence[Port] = ()
    onts: Sequence[Ont] = ()
    battery: Battery = field(default_factory=Battery)  # a UPS's
    air: Port | None = None  # a radio's port to its far end, and how far that is
    reach_km: float | None = None
    boots: int = 1
    clock_s: float = 0.0  # how far its own clock is ahead
    engine: Engine | None = None  # of an agent that speaks SNMPv3

    def uptime(self) -> Line:
        """sysUpTime: hundredths of a second since boot."""
        return Line(TIMETICKS, CLOCK, 100.0, self.boot)

    def restart(self, at: Moment) -> None:
        self.boot = at.now
        self.boots += 1
        for port in self.ports:
            port.restart(at)

"""Ports from the inventory's links: their names, numbers, speeds and traffic."""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from inventory.model import Device, Link, Medium, Role, SiteKind
from simulator.boxes import Port, draw, pattern_of
from simulator.census import CARRIERS, Census, texts
from simulator.mibs.olt import GPON, ethernet_index, pon_index
from simulator.plugs import Flow, Plug
from simulator.traffic import Counter

_ETHERNET, _LOOPBACK, _OTHER = 6, 24, 1  # IANAifType
_BUSY = 25  # a port's mean is at most its speed / this: log-normal peaks stay below the speed
_CORE = {SiteKind.NOC, SiteKind.DISTRICT_POP, SiteKind.BLOCK_POP}
_NORMAL = NormalDist()
_PORT_NUMBERS = re.compile(r"(\d+)/(\d+)/(\d+)$")


_CORE_FLOW = Flow(10_000, 24e6, 8e6)
_PON_FLOW = Flow(2_488, 900e3, 120e3)
_RING_FLOW = Flow(1_000, 2.4e6, 500e3)
_RADIO_FLOW = Flow(300, 600e3, 90e3)
_PC_FLOW = Flow(1_000, 90e3, 15e3)
_CARD_FLOW = Flow(100, 150, 250)  # a network card of a UPS or printer
_FLOWS = (_PC_FLOW, _CARD_FLOW, _RADIO_FLOW, _PON_FLOW, _CORE_FLOW, _RING_FLOW)


def plugs_of(device: str, links: Iterable[tuple[Link, Flow]]) -> Sequence[Plug]:
    """The device's ends of these links, all of which end there."""
    found = []
    for link, flow in links:
        if link.a_device == device:
            found.append(Plug(link, link.a_port, link.b_device, link.b_port, True, flow))
        if link.b_device == device:
            found.append(Plug(link, link.b_port, link.a_device, link.a_port, False, flow))
    return found


class Flows:
    """What flows through each link of a census, by its number."""

    def __init__(self, census: Census) -> None:
        sites, links = texts(census.inventory.sites, "kind"), texts(census.inventory.links, "medium")
        core = np.isin(sites.to_numpy(zero_copy_only=False), [kind.value for kind in _CORE])[census.site]
        radio = links.to_numpy(zero_copy_only=False) == Medium.RADIO.value
        pc, ont, card = census.has_role([Role.PC]), census.has_role([Role.ONT]), ~census.has_role(CARRIERS)
        a, b = census.a, census.b
        # The first that holds, in the order of _FLOWS.
        holds = [pc[a] | pc[b], card[a] | card[b], radio, ont[a] | ont[b], core[a] & core[b]]
        self._number = np.select(holds, np.arange(len(holds)), len(holds)).astype(np.int8)

    def __getitem__(self, link: int) -> Flow:
        return _FLOWS[self._number[link]]


def ports_of(device: Device, plugs: Iterable[Plug], since: float) -> list[Port]:
    """Rows of the device's ifTable, by ifIndex; several links on one PON port are one row."""
    by_name: dict[str, list[Plug]] = defaultdict(list)
    for plug in plugs:
        by_name[plug.near_port].append(plug)
    numbers = _numbers(device.role, by_name)
    ports = [_port(device, number, by_name[name], since) for name, number in numbers.items()]
    ports += [_virtual(number, name, kind, since) for number, name, kind in _VIRTUAL.get(device.role, _LOOPBACK_ONLY)]
    return sorted(ports, key=lambda port: port.index)


_LOOPBACK_ONLY = ((1, "lo", _LOOPBACK),)
_VRP = ((1, "InLoopBack0", _LOOPBACK), (2, "NULL0", _OTHER))
_VIRTUAL = {
    Role.ROUTER: _VRP,
    Role.SWITCH: _VRP,
    Role.OLT: ((128, "InLoopBack0", _LOOPBACK), (262, "null0", _OTHER)),
}


def _numbers(role: Role, names: Iterable[str]) -> dict[str, int]:
    ordered = sorted(names, key=_natural)
    first = len(_VIRTUAL.get(role, _LOOPBACK_ONLY)) + 1
    if role is not Role.OLT:
        return {name: number for number, name in enumerate(ordered, start=first)}
    return {name: _olt_number(name, 300 + place) for place, name in enumerate(ordered)}


def _olt_number(name: str, otherwise: int) -> int:
    numbers = _PORT_NUMBERS.search(name)
    if not numbers:
        return otherwise
    slot, port = int(numbers[2]), int(numbers[3])
    if name.startswith("GPON"):
        return pon_index(slot, port)
    # "ethernet0/9/0" is frame 0, slot 9, port 0
    return ethernet_index(slot, port)


@lru_cache(4096)
def _natural(name: str) -> tuple[tuple[int, str], ...]:
    """A sort key that puts GE0/0/9 before GE0/0/10."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name))


def _port(device: Device, number: int, plugs: Sequence[Plug], since: float) -> Port:
    first = plugs[0]
    pon = first.near_port.startswith("GPON")
    return Port(
        index=number,
        name=first.near_port,
        descr=_descr(device.role, first.near_port),
        alias=f"PON of {len(plugs)} ONT" if pon else f"to {first.far} {first.far_port}"[:64],
        kind=GPON if pon else _ETHERNET,
        speed_mbps=first.flow.speed_mbps,
        inward=_counter(plugs, since, inward=True),
        outward=_counter(plugs, since, inward=False),
        mac=b"\x00\xe0\xfc" + int(draw(device.name, first.near_port) * 2**24).to_bytes(3, "big"),
    )


def _descr(role: Role, name: str) -> str:
    if role is Role.OLT:
        return f"Huawei-MA5600-V800R018-{'GPON_UNI' if name.startswith('GPON') else 'ETHERNET'}"
    return re.sub(r"^GE(?=\d)", "GigabitEthernet", name)


def _virtual(number: int, name: str, kind: int, since: float) -> Port:
    idle = Counter(0, 0.0, since)
    return Port(number, name, name, "", kind, 0, idle, idle)


def _counter(plugs: Sequence[Plug], since: float, *, inward: bool) -> Counter:
    # Both ends of a link take the same pattern and scale: what leaves one arrives at the other.
    scale = sum(_mean(plug, down=plug.outward is not inward) for plug in plugs)
    limit = plugs[0].flow.speed_mbps * 125_000 / _BUSY
    return Counter(pattern_of(plugs[0].link.name, plugs[0].outward is not inward), min(scale, limit), since)


def _mean(plug: Plug, *, down: bool) -> float:
    flow = plug.flow
    spread = math.exp(0.5 * _NORMAL.inv_cdf(0.001 + 0.998 * draw(plug.link.name, "mean")))
    return min((flow.down if down else flow.up) * spread, flow.speed_mbps * 125_000 / _BUSY)

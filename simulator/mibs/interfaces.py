"""IF-MIB (RFC 2863): ifNumber, ifTable, ifXTable."""

from simulator import ber
from simulator.boxes import Box, Port
from simulator.mibs.values import columns, gauge, number
from simulator.view import Cell, Column, Moving

_UP, _DOWN = number(1), number(2)
_NONE = ber.integer(0, ber.COUNTER32)


def _speed(port: Port) -> Cell:
    return gauge(min(port.speed_mbps * 1_000_000, 0xFFFFFFFF))


def _ports(box: Box) -> Cell:
    return number(len(box.ports))


def _out_discards(port: Port) -> Cell:
    usual = port.outward.line(ber.COUNTER32, 3_000_000_000)
    if port.dropped is None:
        return usual
    dropped = port.dropped.line(ber.COUNTER32)
    return Moving(ber.COUNTER32, lambda at: (usual.at(at) + dropped.at(at)) % 2**32)


NUMBER: tuple[Column, ...] = columns("1.3.6.1.2.1.2", {1: _ports})
IF_TABLE: tuple[Column, ...] = columns(
    "1.3.6.1.2.1.2.2.1",
    {
        1: lambda port: number(port.index - 2**32 if port.index >= 2**31 else port.index),  # an Integer32
        2: lambda port: ber.text(port.descr),
        3: lambda port: number(port.kind),
        4: lambda port: number(port.mtu),
        5: _speed,
        6: lambda port: ber.tlv(ber.OCTETS, port.mac),
        7: lambda port: _UP if port.admin_up else _DOWN,
        8: lambda port: _UP if port.up else _DOWN,
        9: lambda port: ber.integer(port.changed, ber.TIMETICKS),
        10: lambda port: port.inward.line(ber.COUNTER32),
        11: lambda port: port.inward.line(ber.COUNTER32, 700),
        13: lambda port: port.inward.line(ber.COUNTER32, 4_000_000_000),
        14: lambda port: port.inward.line(ber.COUNTER32, 9_000_000_000),
        16: lambda port: port.outward.line(ber.COUNTER32),
        17: lambda port: port.outward.line(ber.COUNTER32, 700),
        19: _out_discards,
        20: lambda _: _NONE,
    },
)

IF_X_TABLE: tuple[Column, ...] = columns(
    "1.3.6.1.2.1.31.1.1.1",
    {
        1: lambda port: ber.text(port.name),
        6: lambda port: port.inward.line(ber.COUNTER64),
        7: lambda port: port.inward.line(ber.COUNTER64, 700),
        10: lambda port: port.outward.line(ber.COUNTER64),
        11: lambda port: port.outward.line(ber.COUNTER64, 700),
        14: lambda _: number(2),  # linkUpDownTrap disabled
        15: lambda port: gauge(port.speed_mbps),
        17: lambda port: number(1 if port.kind != 24 else 2),  # connector present, but for a loopback
        18: lambda port: ber.text(port.alias),
    },
)

"""snmpEngine (SNMP-FRAMEWORK-MIB, RFC 3411) and usmStats (SNMP-USER-BASED-SM-MIB, RFC 3414)."""

import ipaddress

from simulator import ber
from simulator.boxes import Box
from simulator.engine import Stat, engine_id
from simulator.mibs.values import columns, number
from simulator.traffic import CLOCK, Line
from simulator.view import Cell, Column, Moving

_LARGEST = 1472


def _identifier(box: Box) -> Cell:
    return ber.tlv(ber.OCTETS, engine_id(ipaddress.ip_address(box.device.primary_ip).packed))


def _counted(stat: Stat) -> Column:
    def cell(box: Box) -> Cell:
        return Moving(ber.COUNTER32, lambda _: box.engine.counted[stat] if box.engine else 0)

    return Column((1, 3, 6, 1, 6, 3, 15, 1, 1, stat), cell)


ENGINE: tuple[Column, ...] = (
    *columns(
        "1.3.6.1.6.3.10.2.1",
        {
            1: _identifier,
            2: lambda box: number(box.boots),
            3: lambda box: Line(ber.INTEGER, CLOCK, 1.0, box.boot),
            4: lambda _: number(_LARGEST),
        },
    ),
    *map(_counted, Stat),
)

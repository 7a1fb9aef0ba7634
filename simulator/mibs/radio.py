"""Point-to-point radios: Ubiquiti airOS (UBNT-AirMAX-MIB), MikroTik (MIKROTIK-MIB), Cambium ePMP (CAMBIUM-PMP80211-MIB)."""

import math
from collections.abc import Callable

from simulator import ber
from simulator.boxes import Box, draw
from simulator.mibs.values import columns, moving, number
from simulator.traffic import Moment
from simulator.view import Cell, Column

_MHZ = 5780
_NO_LINK_DBM = -96  # what a receiver reads when nobody sends
# SNR (dB) from which a rate (bit/s) of a 20 MHz channel with two streams can be kept: MCS 0 to 9 of 802.11ac
_RATES = (
    (5, 13_000_000), (8, 26_000_000), (10, 39_000_000), (13, 52_000_000), (17, 78_000_000), (21, 104_000_000),
    (23, 117_000_000), (25, 130_000_000), (30, 156_000_000), (32, 173_300_000),
)  # fmt: skip


def _up(box: Box) -> bool:
    return box.air is None or box.air.up


def _kilometres(box: Box) -> float:
    return box.reach_km or 2 + 10 * draw(box.device.name, "length")


def _signal(box: Box, at: Moment) -> int:
    """dBm: 24 dBm and two dishes of 23 dBi over the free space between, 10 dB for trees and aim, and fading."""
    if not _up(box):
        return _NO_LINK_DBM
    space = 32.44 + 20 * math.log10(_MHZ) + 20 * math.log10(_kilometres(box))
    return round(24 + 46 - space - 10 - 4 * draw(box.device.name, int(at.now / 60)))


def _noise(box: Box, at: Moment) -> int:
    return -97 + int(5 * draw(box.device.name, "noise", int(at.now / 300)))


def _snr(box: Box, at: Moment) -> int:
    return max(_signal(box, at) - _noise(box, at), 0)


def _rate(box: Box, at: Moment) -> int:
    """Bit/s; 0 without a link."""
    return max((rate for snr, rate in _RATES if snr <= _snr(box, at)), default=0) if _up(box) else 0


def _quality(box: Box, at: Moment) -> int:
    """CCQ: the share of the capacity that isn't lost to repetition, percent."""
    return min(40 + 2 * _snr(box, at), 99) if _up(box) else 0


def _read(value: Callable[[Box, Moment], int], tag: int = ber.INTEGER) -> Callable[[Box], Cell]:
    return lambda box: moving(tag, lambda at: value(box, at))


def _peer(box: Box) -> Cell:
    return ber.tlv(ber.OCTETS, b"\x04\x18\xd6" + int(draw(box.device.name, "peer") * 2**24).to_bytes(3, "big"))


def _ssid(box: Box) -> Cell:
    return ber.text(f"bharatnet-{box.device.site}"[:32])


def _linked(box: Box) -> Cell:
    return ber.integer(int(_up(box)), ber.GAUGE32)


# ubntRadioEntry, ubntWlStatEntry, ubntAirMaxEntry: one radio, index 1
AIROS: tuple[Column, ...] = (
    *columns(
        "1.3.6.1.4.1.41112.1.4.1.1",
        {
            2: lambda _: number(1),  # ubntRadioMode: station
            3: lambda _: number(356),  # ubntRadioCCode: India
            4: lambda _: number(_MHZ),
            6: lambda _: number(24),  # ubntRadioTxPower, dBm
            7: lambda box: number(int(_kilometres(box) * 1000)),
        },
    ),
    *columns(
        "1.3.6.1.4.1.41112.1.4.5.1",
        {
            2: _ssid,
            4: _peer,
            5: _read(_signal),
            6: _read(lambda box, at: max(_signal(box, at) + 96, 0)),  # ubntWlStatRssi
            7: _read(_quality),
            8: _read(_noise),
            9: _read(_rate),
            10: _read(_rate),
            11: lambda _: ber.text("WPA2"),
            14: lambda _: number(20),  # MHz
            15: _linked,  # ubntWlStatStaCount
        },
    ),
    *columns("1.3.6.1.4.1.41112.1.4.6.1", {3: _read(_quality), 4: _read(lambda box, at: _quality(box, at) * 9 // 10)}),
)

# mtxrWlStatEntry: a wireless interface in station mode, index as in ifTable
MIKROTIK: tuple[Column, ...] = columns(
    "1.3.6.1.4.1.14988.1.1.1.1.1",
    {
        2: _read(_rate, ber.GAUGE32),
        3: _read(_rate, ber.GAUGE32),
        4: _read(_signal),
        5: _ssid,
        6: _peer,
        7: lambda _: number(_MHZ),
        8: lambda _: ber.text("5ghz-n/ac"),
        9: _read(_quality, ber.COUNTER32),
        10: _read(_quality, ber.COUNTER32),
    },
)

# cambiumStatus: scalars of a subscriber module
EPMP: tuple[Column, ...] = columns(
    "1.3.6.1.4.1.17713.21.1.2",
    {
        1: lambda _: number(_MHZ),
        2: lambda _: number(1),  # 20 MHz
        3: _read(_signal),  # cambiumSTADLRSSI
        5: lambda _: number(24),
        18: _read(_snr),  # cambiumSTADLSNR
    },
)

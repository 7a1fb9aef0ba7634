"""ONTs as a Huawei SmartAX OLT shows them (HUAWEI-XPON-MIB), index: PON ifIndex . ONT id."""

from simulator import ber
from simulator.boxes import Ont, draw
from simulator.mibs.values import columns, number
from simulator.traffic import Moment
from simulator.view import Cell, Column, Moving

GPON = 250  # IANAifType
_NO_READING = 2_147_483_647
_BASE = "1.3.6.1.4.1.2011.6.128.1.1.2"


def pon_index(slot: int, port: int) -> int:
    """ifIndex of the PON port frame 0 / `slot` / `port`; beyond a signed int32, as on the real device."""
    return 0xFA00_0000 + slot * 8192 + port * 256


def ethernet_index(slot: int, port: int) -> int:
    return 0x0E00_0000 + slot * 8192 + port * 64


def _optics(ont: Ont, when_on: int, wobble: int) -> Cell:
    """A reading that moves by up to `wobble` with the hour of the day, none while offline."""
    if not ont.online:
        return number(_NO_READING)
    return Moving(ber.INTEGER, lambda at: when_on + _drift(ont.name, at, wobble))


def _light(ont: Ont, more: int) -> Cell:
    if not ont.online:
        return number(_NO_READING)
    return Moving(ber.INTEGER, lambda at: more + ont.received_centi_dbm(at.now) + _drift(ont.name, at, 15))


def _drift(name: str, at: Moment, wobble: int) -> int:
    quarter, part = divmod(at.now / 900, 1.0)
    before, after = draw(name, int(quarter)), draw(name, int(quarter) + 1)
    return round(wobble * (2 * (before + part * (after - before)) - 1))


# hwGponOltOpticsDdmInfoEntry of a PON port
OPTICS: tuple[Column, ...] = columns(
    f"{_BASE}.23.1",
    {
        1: lambda port: number(36 + int(8 * draw(port.name, "warmth"))),  # degrees
        2: lambda _: number(329),  # V / 100
        3: lambda port: number(12 + int(6 * draw(port.name, "bias"))),  # mA
        4: lambda port: number(280 + int(90 * draw(port.name, "sent"))),  # sent power, dBm / 100
        5: lambda _: number(_NO_READING),  # received in bursts: no reading
    },
)

# hwGponDeviceOntInfoEntry, hwGponDeviceOntControlEntry, hwGponOntOpticalDdmInfoEntry
ONTS: tuple[Column, ...] = (
    *columns(
        f"{_BASE}.43.1",
        {
            3: lambda ont: ber.tlv(ber.OCTETS, ont.serial),
            9: lambda ont: ber.text(ont.name[:64]),
            10: lambda _: number(1),  # RowStatus active
        },
    ),
    *columns(
        f"{_BASE}.46.1",
        {
            1: lambda ont: number(1 if ont.active else 2),
            15: lambda ont: number(1 if ont.online else 2),
            20: lambda ont: number(ont.distance_m if ont.online else -1),
            24: lambda ont: number(ont.last_down),
        },
    ),
    *columns(
        f"{_BASE}.51.1",
        {
            1: lambda ont: _optics(ont, 44, 6),  # temperature, degrees
            2: lambda ont: _optics(ont, 14, 2),  # bias current, mA
            3: lambda ont: _optics(ont, 222, 12),  # sent power, dBm / 100
            4: lambda ont: _light(ont, 0),  # received power, dBm / 100
            5: lambda ont: _optics(ont, 3290, 20),  # mV
            6: lambda ont: _light(ont, 10_000 - 130),  # received by the OLT
        },
    ),
)

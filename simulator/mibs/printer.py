"""HOST-RESOURCES-MIB and Printer-MIB (RFC 3805) of a kendra's network printer."""

from dataclasses import dataclass

from simulator import ber
from simulator.boxes import Box, draw
from simulator.mibs.values import columns, moving, number
from simulator.traffic import Moment
from simulator.view import Column, Moving

_PAGES_A_DAY = 120
_TONER_PAGES = 3000
_BUSY_S = 40  # a job's length


@dataclass(frozen=True, slots=True)
class Supply:
    """A row of prtMarkerSuppliesTable. `level` follows RFC 3805: -3 is some left, -2 unknown."""

    box: Box
    index: int
    descr: str
    kind: int  # 3 toner, 9 drum
    capacity: int


def supplies(box: Box) -> tuple[Supply, ...]:
    return Supply(box, 1, "Black Cartridge HP CF258A", 3, 100), Supply(box, 2, "Imaging Drum", 9, -2)


def _pages(box: Box, at: Moment) -> int:
    return int((at.now - 1_700_000_000) / 86_400 * _PAGES_A_DAY * (0.5 + draw(box.device.name)))


def _level(supply: Supply, at: Moment) -> int:
    if supply.kind != 3:
        return -3
    return 100 - 100 * (_pages(supply.box, at) % _TONER_PAGES) // _TONER_PAGES


def _status(box: Box, at: Moment) -> int:
    return 4 if draw(box.device.name, int(at.now / _BUSY_S)) < 0.05 else 3  # printing, idle


DEVICE: tuple[Column, ...] = (
    *columns(
        "1.3.6.1.2.1.25.3.2.1",
        {
            1: lambda _: number(1),
            2: lambda _: ber.object_id(ber.parse_oid("1.3.6.1.2.1.25.3.1.5")),
            3: lambda _: ber.text("HP LaserJet Pro M404dn"),
            4: lambda _: ber.object_id(ber.parse_oid("1.3.6.1.4.1.11.2.3.9.1.2.67.11")),
            5: lambda _: number(2),  # running
        },
    ),
    *columns(
        "1.3.6.1.2.1.25.3.5.1",
        {
            1: lambda box: moving(ber.INTEGER, lambda at: _status(box, at)),
            2: lambda _: ber.tlv(ber.OCTETS, b"\0"),  # hrPrinterDetectedErrorState: none
        },
    ),
    *columns("1.3.6.1.2.1.43.5.1.1", {17: lambda box: ber.text(f"PHB{int(draw(box.device.name) * 1e6):06d}")}),
)

MARKER: tuple[Column, ...] = columns(
    "1.3.6.1.2.1.43.10.2.1",
    {
        3: lambda _: number(7),  # counted in impressions
        4: lambda box: moving(ber.COUNTER32, lambda at: _pages(box, at)),
    },
)

SUPPLIES: tuple[Column, ...] = columns(
    "1.3.6.1.2.1.43.11.1.1",
    {
        2: lambda _: number(1),
        4: lambda _: number(3),  # supplyThatIsConsumed
        5: lambda supply: number(supply.kind),
        6: lambda supply: ber.text(supply.descr),
        7: lambda _: number(19),  # percent
        8: lambda supply: number(supply.capacity),
        9: lambda supply: Moving(ber.INTEGER, lambda at: _level(supply, at)),
    },
)

"""ONTs as rows of their OLT's tables, from the inventory."""

from collections.abc import Iterable, Sequence

from inventory.model import Device
from simulator.boxes import Ont, draw
from simulator.mibs.olt import pon_index
from simulator.plugs import Plug


def rows_of(onts: Iterable[tuple[Device, Sequence[Plug]]]) -> list[Ont]:
    """The rows of an OLT's tables, in order; raises ValueError for a device whose `seen_as` isn't frame/slot/port:ont."""
    return sorted((_row(device, plugs) for device, plugs in onts), key=lambda ont: (ont.port_index, ont.number))


def place_of(name: str, seen_as: str) -> tuple[int, int]:
    """(ifIndex of the PON port, number there) of an ONT; raises ValueError where it isn't frame/slot/port:ont."""
    try:
        place, number = seen_as.split(":")
        _, slot, port = map(int, place.split("/"))
        return pon_index(slot, port), int(number)
    except ValueError:
        raise ValueError(f"{name}: seen_as {seen_as!r} isn't frame/slot/port:ont") from None


def _row(device: Device, plugs: Sequence[Plug]) -> Ont:
    index = place_of(device.name, device.seen_as)
    lengths = [plug.link.length_km for plug in plugs if plug.link.length_km and plug.far == device.seen_through]
    kilometres = _kilometres(device, lengths[0] if lengths else None)
    return Ont(
        name=device.name,
        port_index=index[0],
        number=index[1],
        serial=_serial(device),
        distance_m=int(kilometres * 1000),
        rx_centi_dbm=int(100 * received_dbm(device, kilometres)),
    )


def received_dbm(ont: Device, length_km: float | None) -> float:
    """Light that reaches an ONT: 1:32 split and connectors about 20 dB under +3 dBm, 0.35 dB a kilometre."""
    return -(16.8 + 0.35 * _kilometres(ont, length_km) + 2.5 * draw(ont.name, "splice"))


def _kilometres(ont: Device, length_km: float | None) -> float:
    return length_km or 1 + 18 * draw(ont.name, "length")


def _serial(device: Device) -> bytes:
    """Vendor's four letters and four octets; the inventory's serial where it has that form."""
    given = device.serial
    if len(given) == 12 and given[:4].isascii():
        try:
            return given[:4].encode() + bytes.fromhex(given[4:])
        except ValueError:
            pass  # a serial of another form: the made-up one stands in
    return b"HWTC" + int(draw(device.name, "serial") * 2**32).to_bytes(4, "big")

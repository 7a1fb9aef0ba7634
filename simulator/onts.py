"""ONTs as rows of their OLT's tables, from the inventory."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from inventory.model import Device, Role
from simulator.boxes import Box, Ont, draw
from simulator.cabling import Plug
from simulator.mibs.olt import pon_index


def attach(boxes: Mapping[str, Box], plugs: Mapping[str, Sequence[Plug]]) -> dict[str, Ont]:
    """Fill the tables of the OLTs; returns the rows by the ONT's device name.

    Raises ValueError for a device whose `seen_as` isn't frame/slot/port:ont.
    """
    rows: dict[str, Ont] = {}
    by_olt: dict[str, list[Ont]] = defaultdict(list)
    for name, box in boxes.items():
        if box.device.role is Role.ONT and box.device.seen_through in boxes:
            rows[name] = _row(box.device, plugs.get(name, ()))
            by_olt[box.device.seen_through].append(rows[name])
    for olt, onts in by_olt.items():
        boxes[olt].onts = sorted(onts, key=lambda ont: (ont.port_index, ont.number))
    return rows


def _row(device: Device, plugs: Sequence[Plug]) -> Ont:
    try:
        place, number = device.seen_as.split(":")
        _, slot, port = map(int, place.split("/"))
        index = pon_index(slot, port), int(number)
    except ValueError:
        raise ValueError(f"{device.name}: seen_as {device.seen_as!r} isn't frame/slot/port:ont") from None
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

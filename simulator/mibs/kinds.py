"""Which MIBs each role's agent implements; of radios each make's."""

from collections.abc import Callable, Sequence

from inventory.model import Role
from simulator.boxes import Box
from simulator.mibs import engine, host, interfaces, olt, printer, radio, system, ups
from simulator.view import Layout, Table, TableView

_SCALARS = (*system.SYSTEM, *interfaces.NUMBER, *engine.ENGINE)
_PORTS = (*interfaces.IF_TABLE, *interfaces.IF_X_TABLE)
_PLAIN = Layout(_SCALARS, _PORTS)
_LAYOUTS: dict[str, Layout] = {
    Role.OLT: Layout(_SCALARS, _PORTS, olt.ONTS, olt.OPTICS),
    "airos radio": Layout(_SCALARS, _PORTS, radio.AIROS),
    "mikrotik radio": Layout(_SCALARS, _PORTS, radio.MIKROTIK),
    "epmp radio": Layout((*_SCALARS, *radio.EPMP), _PORTS),
    Role.UPS: Layout((*_SCALARS, *ups.SCALARS), _PORTS, ups.INPUT, ups.OUTPUT),
    Role.PC: Layout((*_SCALARS, *host.SCALARS), _PORTS, host.STORAGE, host.DEVICE, host.PROCESSOR),
    Role.PRINTER: Layout(_SCALARS, _PORTS, printer.DEVICE, printer.MARKER, printer.SUPPLIES),
}


def view_of(box: Box) -> TableView:
    scalars = Table(((0,),), (box,))
    ports = Table([(port.index,) for port in box.ports], box.ports)
    kind = system.model_of(box) if box.device.role is Role.RADIO else box.device.role
    return TableView(_LAYOUTS.get(kind, _PLAIN), (scalars, ports, *_TABLES.get(kind, _no_tables)(box)))


def _no_tables(_: Box) -> Sequence[Table]:
    return ()


def _olt(box: Box) -> Sequence[Table]:
    pons = [port for port in box.ports if port.kind == olt.GPON]
    return (
        Table([(ont.port_index, ont.number) for ont in box.onts], box.onts),
        Table([(port.index,) for port in pons], pons),
    )


def _ups(box: Box) -> Sequence[Table]:
    line = Table(((1,),), (box,))
    return line, line


def _pc(box: Box) -> Sequence[Table]:
    disks, processors = host.storages(box), host.devices(box)
    rows = Table([(row.index,) for row in processors], processors)
    return Table([(row.index,) for row in disks], disks), rows, rows


def _printer(box: Box) -> Sequence[Table]:
    goods = printer.supplies(box)
    return (
        Table(((1,),), (box,)),
        Table(((1, 1),), (box,)),
        Table([(1, supply.index) for supply in goods], goods),
    )


def _airos(box: Box) -> Sequence[Table]:
    return (Table(((1,),), (box,)),)


def _mikrotik_radio(box: Box) -> Sequence[Table]:
    return (Table(((box.air.index,),), (box,)) if box.air else Table((), ()),)


_TABLES: dict[str, Callable[[Box], Sequence[Table]]] = {
    Role.OLT: _olt,
    "airos radio": _airos,
    "mikrotik radio": _mikrotik_radio,
    Role.UPS: _ups,
    Role.PC: _pc,
    Role.PRINTER: _printer,
}

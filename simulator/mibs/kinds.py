"""Which MIBs each role's agent implements."""

from collections.abc import Callable, Sequence

from inventory.model import Role
from simulator.boxes import Box
from simulator.mibs import engine, host, interfaces, olt, printer, system, ups
from simulator.view import Layout, Table, TableView

_SCALARS = (*system.SYSTEM, *interfaces.NUMBER, *engine.ENGINE)
_PORTS = (*interfaces.IF_TABLE, *interfaces.IF_X_TABLE)
_PLAIN = Layout(_SCALARS, _PORTS)
_LAYOUTS = {
    Role.OLT: Layout(_SCALARS, _PORTS, olt.ONTS),
    Role.UPS: Layout((*_SCALARS, *ups.SCALARS), _PORTS, ups.INPUT, ups.OUTPUT),
    Role.PC: Layout((*_SCALARS, *host.SCALARS), _PORTS, host.STORAGE, host.DEVICE, host.PROCESSOR),
    Role.PRINTER: Layout(_SCALARS, _PORTS, printer.DEVICE, printer.MARKER, printer.SUPPLIES),
}


def view_of(box: Box) -> TableView:
    scalars = Table(((0,),), (box,))
    ports = Table([(port.index,) for port in box.ports], box.ports)
    more = _TABLES.get(box.device.role, _no_tables)
    return TableView(_LAYOUTS.get(box.device.role, _PLAIN), (scalars, ports, *more(box)))


def _no_tables(_: Box) -> Sequence[Table]:
    return ()


def _olt(box: Box) -> Sequence[Table]:
    return (Table([(ont.port_index, ont.number) for ont in box.onts], box.onts),)


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


_TABLES: dict[Role, Callable[[Box], Sequence[Table]]] = {
    Role.OLT: _olt,
    Role.UPS: _ups,
    Role.PC: _pc,
    Role.PRINTER: _printer,
}

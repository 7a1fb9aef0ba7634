"""From the walked columns of a table to samples: what its rows are called, and which of them count."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean

from collectors.decode import number
from collectors.profile import Read, TableRead
from collectors.snmp.backend import Value
from collectors.text import text

Column = Mapping[str, Value]
"""Index below the column -> value."""
Walked = Mapping[str, Column]
"""Columns of one table by object identifier; a column that the device lacks may be missing."""
Sample = tuple[str, str, int | float]
"""Metric, instance, value."""

_STORAGE = "1.3.6.1.2.1.25.2.3.1"
_STORAGE_TYPE, _STORAGE_DESCR, _STORAGE_UNITS = (f"{_STORAGE}.{column}" for column in (2, 3, 4))
_RAM, _FIXED_DISK = "1.3.6.1.2.1.25.2.1.2", "1.3.6.1.2.1.25.2.1.4"
_SUPPLY_DESCR, _SUPPLY_CAPACITY = "1.3.6.1.2.1.43.11.1.1.6", "1.3.6.1.2.1.43.11.1.1.8"
_HUAWEI_PON = 0xFA00_0000


@dataclass(frozen=True, slots=True)
class Decoder:
    """`decode` gives the samples of one Read; `needs` are columns that it looks at beside the Read's own."""

    decode: Callable[[Read, Walked], Iterator[Sample]]
    needs: tuple[str, ...] = ()


def columns(table: TableRead) -> tuple[str, ...]:
    """Every column to walk for `table`, each once."""
    return tuple(dict.fromkeys((*(read.oid for read in table.columns), *DECODERS[table.index].needs)))


def samples(table: TableRead, walked: Walked) -> Iterator[Sample]:
    """The samples of `table`. Where two Reads give the same metric and instance, the first counts."""
    seen: set[tuple[str, str]] = set()
    for read in table.columns:
        for metric, instance, value in DECODERS[table.index].decode(read, walked):
            if (metric, instance) not in seen:
                seen.add((metric, instance))
                yield metric, instance, value


def instance_name(table: TableRead, index: str) -> str | None:
    """What a row is called where its index alone tells; None for an index that means nothing."""
    return _NAMES[table.index](index)


def huawei_port(index: str) -> str | None:
    """A PON port's ifIndex as frame/slot/port: "4194312960" is "0/1/3".

    HUAWEI-XPON-MIB: slot in bits 13 to 17, port in bits 8 to 12. None for anything else.
    """
    offset = int(index) - _HUAWEI_PON
    slot, rest = divmod(offset, 8192)
    return f"0/{slot}/{rest // 256}" if 0 <= slot < 32 and rest % 256 == 0 else None


def huawei_ont(index: str) -> str | None:
    """PON ifIndex . ONT id as frame/slot/port:ont, "0/1/3:12"; None for anything else."""
    port, _, ont = index.partition(".")
    name = huawei_port(port)
    return f"{name}:{ont}" if name and ont.isdigit() else None


def _huawei_pon_port(index: str) -> str | None:
    name = huawei_port(index)
    return f"GPON {name}" if name else None


_NAMES: Mapping[str, Callable[[str], str | None]] = {
    "plain": lambda index: index,
    "huawei_ont": huawei_ont,
    "huawei_pon": _huawei_pon_port,
}


def _named(name: Callable[[str], str | None]) -> Decoder:
    def decode(read: Read, walked: Walked) -> Iterator[Sample]:
        for index, value in walked.get(read.oid, {}).items():
            instance, found = name(index), number(read, value)
            if instance is not None and found is not None:
                yield read.metric, instance, found

    return Decoder(decode)


def _numbers(read: Read, walked: Walked) -> list[int | float]:
    found = (number(read, value) for value in walked.get(read.oid, {}).values())
    return [value for value in found if value is not None]


def _first(read: Read, walked: Walked) -> Iterator[Sample]:
    """The first row that has a value: a printer's first marker."""
    for value in _numbers(read, walked)[:1]:
        yield read.metric, "", value


def _mean(read: Read, walked: Walked) -> Iterator[Sample]:
    """The mean of all rows: the load of several processors."""
    values = _numbers(read, walked)
    if values:
        yield read.metric, "", fmean(values)


def _storage(read: Read, walked: Walked, kind: str) -> Iterator[tuple[str, int | float]]:
    """(index, octets) of the rows of hrStorageTable that are of `kind` and have a size."""
    for index, value in walked.get(read.oid, {}).items():
        blocks, unit = number(read, value), walked.get(_STORAGE_UNITS, {}).get(index)
        if walked.get(_STORAGE_TYPE, {}).get(index) == kind and blocks is not None and isinstance(unit, int):
            yield index, blocks * unit


def _memory(read: Read, walked: Walked) -> Iterator[Sample]:
    for _, octets in _storage(read, walked, _RAM):
        yield read.metric, "", octets


def _disk(read: Read, walked: Walked) -> Iterator[Sample]:
    for index, octets in _storage(read, walked, _FIXED_DISK):
        yield read.metric, _described(walked, _STORAGE_DESCR, index), octets


def _supply(read: Read, walked: Walked) -> Iterator[Sample]:
    """Percent left of each supply; none where the printer only says "some" (-3) or "unknown" (-2)."""
    for index, value in walked.get(read.oid, {}).items():
        level, capacity = number(read, value), walked.get(_SUPPLY_CAPACITY, {}).get(index)
        if level is not None and isinstance(capacity, int) and 0 <= level <= capacity and capacity > 0:
            yield read.metric, _described(walked, _SUPPLY_DESCR, index), 100 * level / capacity


def _described(walked: Walked, column: str, index: str) -> str:
    """The row's own description, or its index."""
    value = walked.get(column, {}).get(index)
    return (text(value) if isinstance(value, bytes) else "") or index


DECODERS: Mapping[str, Decoder] = {
    **{index: _named(name) for index, name in _NAMES.items()},
    "first": Decoder(_first),
    "mean": Decoder(_mean),
    "hr_memory": Decoder(_memory, (_STORAGE_TYPE, _STORAGE_UNITS)),
    "hr_disk": Decoder(_disk, (_STORAGE_TYPE, _STORAGE_UNITS, _STORAGE_DESCR)),
    "supply": Decoder(_supply, (_SUPPLY_DESCR, _SUPPLY_CAPACITY)),
}
"""What TableRead.index may name."""

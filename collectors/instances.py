"""From the walked columns of a table to samples: what its rows are called, and which of them count."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean

from collectors.decode import number
from collectors.profile import Bits, Read, Row, TableRead
from collectors.snmp.backend import Value
from collectors.text import gpon_serial, mac, text

Column = Mapping[str, Value]
"""Index below the column -> value."""
Walked = Mapping[str, Column]
"""Columns of one table by object identifier; a column that the device lacks may be missing."""
Sample = tuple[str, str, int | float]
"""Metric, instance, value."""
_STORAGE = "1.3.6.1.2.1.25.2.3.1"
_STORAGE_TYPE, _STORAGE_DESCR, _STORAGE_UNITS = (f"{_STORAGE}.{column}" for column in (2, 3, 4))
_RAM, _FIXED_DISK = "1.3.6.1.2.1.25.2.1.2", "1.3.6.1.2.1.25.2.1.4"
_SUPPLY_DESCR, _SUPPLY_UNIT, _SUPPLY_CAPACITY = (f"1.3.6.1.2.1.43.11.1.1.{column}" for column in (6, 7, 8))
_PERCENT = 19  # PrtMarkerSuppliesSupplyUnitTC
_HUAWEI_PON = 0xFA00_0000


Number = int | float


def _plain_value(read: Read, index: str, walked: Walked) -> Number | None:
    return number(read, walked[read.oid][index])


@dataclass(frozen=True, slots=True)
class Decoder:
    """How the rows of a table become instances.

    `name` gives a row's instance, None for a row that doesn't count; `value` the number in it;
    `fold` makes one value without an instance out of all rows. `needs` are columns that these look
    at beside the Read's own.
    """

    name: Callable[[str, Walked], str | None] = lambda index, _: index
    value: Callable[[Read, str, Walked], Number | None] = _plain_value
    fold: Callable[[list[Number]], Number] | None = None
    needs: tuple[str, ...] = ()


def columns(table: TableRead) -> tuple[str, ...]:
    """Every column to walk for the samples of `table`, each once."""
    return tuple(dict.fromkeys((*(read.oid for read in table.columns), *decoder_of(table).needs)))


def samples(table: TableRead, walked: Walked) -> Iterator[Sample]:
    """The samples of `table`. Where two Reads give the same metric and instance, the first counts."""
    decoder = decoder_of(table)
    seen: set[tuple[str, str]] = set()
    for read in table.columns:
        for instance, value in _column(decoder, read, walked):
            if (read.metric, instance) not in seen:
                seen.add((read.metric, instance))
                yield read.metric, instance, value


def counting(table: TableRead, walked: Walked) -> frozenset[str]:
    """The indexes of the rows of `table` that count, whether they have values now or not."""
    decoder = decoder_of(table)
    there = {index for read in table.columns for index in walked.get(read.oid, {})}
    return frozenset(index for index in there if decoder.name(index, walked) is not None)


def facts(table: TableRead, walked: Walked) -> dict[str, dict[str, str]]:
    """Instance -> name of the fact -> its text, for every row that has one; empty texts left out."""
    found: dict[str, dict[str, str]] = {}
    decoder = decoder_of(table)
    for fact in table.facts:
        for index, value in walked.get(fact.oid, {}).items():
            instance = decoder.name(index, walked)
            told = FORMS[fact.form](value) if isinstance(value, bytes) else ""
            if instance is not None and told:
                found.setdefault(instance, {})[fact.name] = told
    return found


def decoder_of(table: TableRead) -> Decoder:
    """The decoder that `table` names; of "row" one made for its Row."""
    if table.index != ROW:
        return DECODERS[table.index]
    row = table.row
    return Decoder(lambda index, walked: row_name(row, index, walked), needs=(row.label,) if row.label else ())


def row_name(row: Row, index: str, walked: Walked) -> str | None:
    """The name of a row by its template; None where the index isn't of that form."""
    arcs = index.split(".")
    try:
        parts = {name: _bits(bits, arcs) for name, bits in row.bits.items()}
        at = row.at.format(*arcs, index=index, **parts)
        label = _described(walked, row.label, at) if row.label else index
        return row.name.format(*arcs, index=index, label=label, text=index_text(index), **parts) or index
    except (IndexError, ValueError):
        return None


def bits_of(bits: Bits, index: str) -> int | None:
    """The number that `bits` are in an index; None where the index isn't of that form."""
    try:
        return _bits(bits, index.split("."))
    except (IndexError, ValueError):
        return None


def _bits(bits: Bits, arcs: list[str]) -> int:
    """ValueError where the number is not the one that it must be."""
    found = (int(arcs[bits.arc]) >> bits.shift) % (1 << bits.bits) + bits.plus
    if bits.only not in {None, found}:
        raise ValueError(f"{found} is not {bits.only}")
    return found


def index_text(index: str) -> str:
    """The text that an index is, behind its length (SMIv2's form of a variable OCTET STRING), else the index."""
    length, *arcs = index.split(".")
    octets = [int(arc) for arc in arcs if arc.isdigit() and int(arc) < 256]
    return text(bytes(octets)) if length == str(len(arcs)) == str(len(octets)) else index


def huawei_port(index: str) -> str | None:
    """A PON port's ifIndex as frame/slot/port: "4194312960" is "0/1/3".

    HUAWEI-XPON-MIB: slot in bits 13 to 17, port in bits 8 to 12. None for anything else.
    """
    if not index.isdigit():
        return None
    slot, rest = divmod(int(index) - _HUAWEI_PON, 8192)
    return f"0/{slot}/{rest // 256}" if 0 <= slot < 32 and rest % 256 == 0 else None


def huawei_ont(index: str) -> str | None:
    """PON ifIndex . ONT id as frame/slot/port:ont, "0/1/3:12"; None for anything else."""
    port, _, ont = index.partition(".")
    name = huawei_port(port)
    return f"{name}:{ont}" if name and ont.isdigit() else None


def _huawei_pon(index: str) -> str | None:
    name = huawei_port(index)
    return f"GPON {name}" if name else None


def _column(decoder: Decoder, read: Read, walked: Walked) -> Iterator[tuple[str, Number]]:
    if decoder.fold is None:
        yield from _values(decoder, read, walked)
        return
    values = [value for _, value in _values(decoder, read, walked)]
    if values:
        yield "", decoder.fold(values)


def _values(decoder: Decoder, read: Read, walked: Walked) -> Iterator[tuple[str, Number]]:
    for index in walked.get(read.oid, {}):
        instance, value = decoder.name(index, walked), decoder.value(read, index, walked)
        if instance is not None and value is not None:
            yield instance, value


def _octets(read: Read, index: str, walked: Walked) -> Number | None:
    """Blocks of hrStorageTable as octets. A number above 31 bits comes as a negative one from some agents."""
    told, unit = walked[read.oid][index], walked.get(_STORAGE_UNITS, {}).get(index)
    blocks = number(read, told + 2**32 if isinstance(told, int) and -(2**31) <= told < 0 else told)
    return blocks * unit if blocks is not None and isinstance(unit, int) and unit > 0 else None


def _memory(index: str, walked: Walked) -> str | None:
    return "" if walked.get(_STORAGE_TYPE, {}).get(index) == _RAM else None


def _disk(index: str, walked: Walked) -> str | None:
    kind = walked.get(_STORAGE_TYPE, {}).get(index)
    return _described(walked, _STORAGE_DESCR, index) if kind == _FIXED_DISK else None


def _left(read: Read, index: str, walked: Walked) -> Number | None:
    """Percent left of a supply; none where the printer only says "some" (-3) or "unknown" (-2).

    A level that is a percentage by its unit needs no capacity.
    """
    level, capacity = number(read, walked[read.oid][index]), walked.get(_SUPPLY_CAPACITY, {}).get(index)
    if walked.get(_SUPPLY_UNIT, {}).get(index) == _PERCENT and isinstance(capacity, int) and capacity < 0:
        capacity = 100
    if level is None or not isinstance(capacity, int) or not 0 <= level <= capacity or not capacity:
        return None
    return 100 * level / capacity


def _supply(index: str, walked: Walked) -> str | None:
    """What the printer calls it; of several with one name each with its index, "Drum (1.3)"."""
    names = walked.get(_SUPPLY_DESCR, {})
    name = _described(walked, _SUPPLY_DESCR, index)
    return f"{name} ({index})" if list(names.values()).count(names.get(index, b"")) > 1 and name != index else name


def _described(walked: Walked, column: str, index: str) -> str:
    """The row's own description, or its index."""
    value = walked.get(column, {}).get(index)
    return (text(value) if isinstance(value, bytes) else "") or index


FORMS: Mapping[str, Callable[[bytes], str]] = {
    "text": text,
    "gpon_serial": gpon_serial,
    "mac": mac,
    "hex": lambda raw: raw.hex().upper(),
}
"""What Fact.form and Source.form may name."""

ROW = "row"
"""The TableRead.index that stands for TableRead.row."""

DECODERS: Mapping[str, Decoder] = {
    "plain": Decoder(),
    "huawei_ont": Decoder(lambda index, _: huawei_ont(index)),
    "huawei_pon": Decoder(lambda index, _: _huawei_pon(index)),
    "first": Decoder(fold=lambda values: values[0]),  # a printer's first marker
    "mean": Decoder(fold=fmean),  # of several processors
    "hr_memory": Decoder(_memory, _octets, needs=(_STORAGE_TYPE, _STORAGE_UNITS)),
    "hr_disk": Decoder(_disk, _octets, needs=(_STORAGE_TYPE, _STORAGE_UNITS, _STORAGE_DESCR)),
    "supply": Decoder(_supply, _left, needs=(_SUPPLY_DESCR, _SUPPLY_UNIT, _SUPPLY_CAPACITY)),
}
"""What TableRead.index may name."""

"""Single cells of an Arrow column as Python values, without Arrow's scalars: 0.1 to 0.4 us instead of 1."""

from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import Any, Literal

import pyarrow as pa

Words = Sequence[Any]
"""What the numbers of a dictionary column stand for."""
Reader = Callable[[int], Any]
"""Place -> value there."""

_FORMATS: dict[pa.DataType, Literal["b", "h", "i", "I", "q", "d"]] = {
    pa.int8(): "b",
    pa.int16(): "h",
    pa.int32(): "i",
    pa.uint32(): "I",
    pa.int64(): "q",
    pa.float64(): "d",
}


def reader(column: pa.Array, words: Words | None = None) -> Reader:
    """Place -> value there; null is None. Of a dictionary column it is that of `words`."""
    if words is not None:
        return _worded(column, words)
    found = _plain(column)
    return _with_nulls(column, found) if column.null_count else found


def _plain(column: pa.Array) -> Reader:
    if column.type == pa.string():
        return texts(column)
    if column.type == pa.binary():
        return _octets(column)
    if column.type in _FORMATS:
        return numbers(column).__getitem__
    return lambda place: column[place].as_py()


def constant(words: Words | None) -> bool:
    """Whether a column has one value in every place."""
    return words is not None and len(words) == 1


def listed(column: pa.Array, words: Words | None) -> Iterable[Any]:
    """All values of a column, as `reader` gives each."""
    if words is not None and len(words) == 1:
        return repeat(words[0], len(column))
    if words is None:
        values: list[Any] = column.to_pylist()
        return values
    return [words[number] for number in column.indices.to_pylist()]


def texts(column: pa.Array) -> Callable[[int], str]:
    """Place -> text there, of a column without null."""
    starts, data = _starts(column), memoryview(column.buffers()[2] or b"")
    return lambda place: str(data[starts[place] : starts[place + 1]], "utf-8")


def _octets(column: pa.Array) -> Callable[[int], bytes]:
    starts, data = _starts(column), memoryview(column.buffers()[2] or b"")
    return lambda place: bytes(data[starts[place] : starts[place + 1]])


def _starts(column: pa.Array) -> Sequence[int]:
    """Where each value begins, and where the last one ends."""
    return memoryview(column.buffers()[1] or bytes(4))[column.offset * 4 :].cast("i")


def _worded(column: pa.Array, words: Words) -> Reader:
    places = numbers(column.indices)
    return lambda place: words[places[place]]


def numbers(column: pa.Array) -> Sequence[Any]:
    """The values of a column of numbers without null."""
    width = column.type.bit_width // 8
    data = memoryview(column.buffers()[1] or b"")
    return data[column.offset * width : (column.offset + len(column)) * width].cast(_FORMATS[column.type])


def _with_nulls(column: pa.Array, read: Reader) -> Reader:
    valid, first = memoryview(column.buffers()[0]), column.offset

    def checked(place: int) -> Any:
        bit = first + place
        return read(place) if valid[bit >> 3] >> (bit & 7) & 1 else None

    return checked

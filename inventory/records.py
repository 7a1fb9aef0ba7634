"""Records of a kind kept as Arrow columns: made when they are asked for, and not kept.

A country's 270,000 devices are 200 MB as objects in each process, and 20 MB so, which processes
share where the columns are a memory-mapped file (snapshot.py).
"""

from abc import abstractmethod
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView
from functools import cached_property
from typing import Any, TypeVar, cast

import numpy as np
import pyarrow as pa

from inventory.kinds import BY_NAME, Kind
from inventory.lookup import finder
from inventory.model import Names
from inventory.readers import Reader, Words, constant, listed, reader, texts

R = TypeVar("R")

_TOGETHER = 2048  # made at a time where all are asked for


class Columns(Mapping[str, R]):
    """Values by key over an Arrow batch that `columnar.packed` made: first the keys, in order.

    Two lookups of one key give equal values, not the same one.
    """

    def __init__(self, batch: pa.RecordBatch) -> None:
        self.batch = batch
        self._keys = batch.column(0)
        self.key_at = texts(self._keys)
        self.find = finder(batch, self.key_at)

    @abstractmethod
    def at(self, place: int) -> R:
        """The value in that place."""

    @abstractmethod
    def _made(self, batch: pa.RecordBatch) -> Iterator[R]:
        """The values of a part of the batch."""

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.find(key) is not None

    def __getitem__(self, key: str) -> R:
        place = self.find(key)
        if place is None:
            raise KeyError(key)
        return self.at(place)

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _TOGETHER):
            yield from self._keys.slice(start, _TOGETHER).to_pylist()

    def all(self) -> Iterator[R]:
        """Every value, in the order of the keys."""
        for start in range(0, len(self), _TOGETHER):
            yield from self._made(self.batch.slice(start, _TOGETHER))

    def at_all(self, places: Iterable[int]) -> Iterator[R]:
        """The values in those places, in that order."""
        wanted = np.fromiter(places, dtype=np.int64)
        for start in range(0, len(wanted), _TOGETHER):
            yield from self._made(self.batch.take(pa.array(wanted[start : start + _TOGETHER])))

    def values(self) -> ValuesView[R]:
        return _Values(self)

    def items(self) -> ItemsView[str, R]:
        return _Items(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping) or len(self) != len(other):
            return False
        if isinstance(other, Columns):
            same = self.batch.equals(other.batch)
            return same or all(one == another for one, another in zip(self.items(), other.items(), strict=True))
        return all(key in other and other[key] == value for key, value in self.items())

    __hash__ = None  # type: ignore[assignment]  # as of every mapping


class Records(Columns[R]):
    """A kind's records; the batch has its columns by name (columnar.py)."""

    def __init__(self, kind: Kind, batch: pa.RecordBatch) -> None:
        super().__init__(batch)
        self.kind = kind
        self._words = [_words(kind, name, batch.column(name)) for name in kind.plain]
        self._make = cast("Callable[..., R]", kind.cls)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.kind.name, self.batch)

    def at(self, place: int) -> R:
        same, differing = self._recipe
        values = same.copy()
        for field, read in differing:
            values[field] = read(place)
        return self._make(*values)

    def _made(self, batch: pa.RecordBatch) -> Iterator[R]:
        cells = [listed(batch.column(name), words) for name, words in zip(self.kind.plain, self._words, strict=True)]
        fields = (
            cells[it[0]] if len(it) == 1 else map(Names, *(cells[part] for part in it)) for it in self.kind.places
        )
        return map(self._make, *fields)

    def column(self, field: str) -> pa.Array:
        """A field of every record, shape (n,); None is null, an enum its text. `names.hi` is a part of one."""
        names = {it.attribute: it.name for it in self.kind.columns}
        found = self.batch.column(names.get(field, field))
        return found.dictionary_decode() if pa.types.is_dictionary(found.type) else found

    @cached_property
    def _recipe(self) -> tuple[list[Any], list[tuple[int, Reader]]]:
        """The fields' values where all records have the same, and (field, its reader) of the others."""
        names = zip(self.kind.plain, self._words, strict=True)
        readers = [reader(self.batch.column(name), words) for name, words in names]
        same: list[Any] = []
        differing = []
        for field, places in enumerate(self.kind.places):
            if all(constant(self._words[place]) for place in places):
                same.append(_joined([readers[place] for place in places])(0))
            else:
                same.append(None)
                differing.append((field, _joined([readers[place] for place in places])))
        return same, differing


def _joined(readers: Sequence[Reader]) -> Reader:
    """The reader of a field of these columns: one, or three of its names."""
    if len(readers) == 1:
        return readers[0]
    en, hi, pa_ = readers
    return lambda place: Names(en(place), hi(place), pa_(place))


class Shapes(Columns[bytes]):
    """Area key -> WKB, over a batch of both."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Shapes, (self.batch,)

    def at(self, place: int) -> bytes:
        found: bytes = self._read(place)
        return found

    def _made(self, batch: pa.RecordBatch) -> Iterator[bytes]:
        return iter(listed(batch.column(1), None))

    @cached_property
    def _read(self) -> Reader:
        return reader(self.batch.column(1))


def _again(kind: str, batch: pa.RecordBatch) -> Records[Any]:
    return Records(BY_NAME[kind], batch)


def _words(kind: Kind, name: str, column: pa.Array) -> Words | None:
    """What the numbers of a dictionary column stand for."""
    if not pa.types.is_dictionary(column.type):
        return None
    texts_or_numbers = column.dictionary.to_pylist()
    declared = next(it for it in kind.columns if it.name == name)
    if not declared.encoded:
        return cast("Words", texts_or_numbers)
    return [declared.decoded(text) for text in texts_or_numbers]


class _Values(ValuesView[R]):
    _mapping: Columns[R]

    def __iter__(self) -> Iterator[R]:
        return self._mapping.all()


class _Items(ItemsView[str, R]):
    _mapping: Columns[R]

    def __iter__(self) -> Iterator[tuple[str, R]]:
        return zip(self._mapping, self._mapping.all(), strict=True)

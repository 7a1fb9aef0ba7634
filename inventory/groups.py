"""What belongs to a name: rows by what one of their columns says, as two numbers a row and no object."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from inventory.columnar import at_rows, column, keys
from inventory.lookup import finder, indexed
from inventory.model import Area, Link
from inventory.readers import texts

V = TypeVar("V")
Rows = NDArray[np.int32]


class Groups(Mapping[str, tuple[V, ...]]):
    """Name -> the members of that name, in the order of their rows; a group is made when it is asked for."""

    def __init__(self, names: pa.StringArray, rows: Rows, members: Callable[[Rows], Iterable[V]]) -> None:
        """`names[i]` is a name of row `rows[i]`, both of shape (n,); `members` makes those of some rows."""
        found = names.dictionary_encode()
        order = pc.sort_indices(found.dictionary).to_numpy()
        rank = np.empty(len(order), dtype=np.int32)
        rank[order] = np.arange(len(order))
        numbers = rank[found.indices.to_numpy()]
        self._rows = rows[np.lexsort((rows, numbers))]
        self._starts = np.searchsorted(np.sort(numbers), np.arange(len(order) + 1)).tolist()
        batch = indexed(pa.RecordBatch.from_arrays([found.dictionary.take(pa.array(order))], ["name"]))
        self._names = batch.column(0)
        self._find = finder(batch, texts(self._names))
        self._members = members

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names.to_pylist())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not None

    def __getitem__(self, name: str) -> tuple[V, ...]:
        place = self._find(name)
        if place is None:
            raise KeyError(name)
        return tuple(self._members(self._rows[self._starts[place] : self._starts[place + 1]]))


def children(areas: Mapping[str, Area]) -> Groups[str]:
    """Area key -> keys of the areas directly in it."""
    above, own = column(areas, "parent").cast(pa.string()), keys(areas)
    held = np.flatnonzero(above.is_valid().to_numpy(zero_copy_only=False)).astype(np.int32)
    return Groups(above.drop_null(), held, lambda rows: own.take(pa.array(rows)).to_pylist())


def bundles(links: Mapping[str, Link]) -> Groups[Link]:
    """Name of a trunk or ring -> its links."""
    trunk, ring = (column(links, field).cast(pa.string()) for field in ("trunk", "ring"))
    on_trunk = pc.not_equal(trunk, "")
    in_ring = pc.and_(pc.not_equal(ring, ""), pc.not_equal(ring, trunk))
    names = pa.concat_arrays([trunk.filter(on_trunk), ring.filter(in_ring)])
    places = [np.flatnonzero(mask.to_numpy(zero_copy_only=False)) for mask in (on_trunk, in_ring)]
    return Groups(names, np.concatenate(places).astype(np.int32), lambda rows: at_rows(links, rows))

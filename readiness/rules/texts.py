"""Names of a whole country without an object each: texts in one Arrow column, found by their hashes. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_TOGETHER = 2048


class Texts:
    """Texts by position; a str is made when it is asked for."""

    def __init__(self, column: pa.Array | Sequence[str]) -> None:
        array = column if isinstance(column, pa.Array) else pa.array(column, pa.string())
        self.column = array.cast(pa.string())

    def __len__(self) -> int:
        return len(self.column)

    def __getitem__(self, position: int | np.integer) -> str:
        text: str = self.column[int(position)].as_py()
        return text

    def __iter__(self) -> Iterator[str]:
        # A part at a time: whoever shares the interpreter need not wait for all of a country's.
        for start in range(0, len(self), _TOGETHER):
            yield from self.column.slice(start, _TOGETHER).to_pylist()

    def at(self, positions: NDArray[np.integer]) -> list[str]:
        texts: list[str] = self.column.take(pa.array(positions)).to_pylist()
        return texts


class Positions(Mapping[str, int]):
    """Where each of the texts stands; no text stands there twice."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __getitem__(self, text: str) -> int:
        hashes, order = self._by_hash
        place = int(np.searchsorted(hashes, np.int64(hash(text))))
        while place < len(hashes) and hashes[place] == hash(text):
            if self._texts[order[place]] == text:
                return int(order[place])
            place += 1
        raise KeyError(text)

    def all(self, texts: pa.Array) -> NDArray[np.intp]:
        """The position of each text, -1 for an unknown one; some 0.1 us a text, and as much for each known one."""
        found = pc.index_in(texts.cast(pa.string()), value_set=self._texts.column)
        positions: NDArray[np.intp] = np.asarray(pc.fill_null(found, -1)).astype(np.intp)
        return positions

    @cached_property
    def _by_hash(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        hashes = np.fromiter(map(hash, self._texts), np.int64, len(self._texts))
        order = np.argsort(hashes, kind="stable").astype(np.int32)
        return hashes[order], order


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of few different texts: `code` is a position in `texts`, -1 for the empty one."""

    code: NDArray[np.intp]
    texts: Texts

    @classmethod
    def of(cls, column: pa.Array) -> "Coded":
        encoded = column if pa.types.is_dictionary(column.type) else column.cast(pa.string()).dictionary_encode()
        texts = Texts(encoded.dictionary)
        code = np.asarray(pc.fill_null(encoded.indices, -1)).astype(np.intp)
        empty = [position for position, text in enumerate(texts) if not text]
        code[np.isin(code, empty)] = -1
        return cls(code, texts)

    def __getitem__(self, position: int) -> str:
        code = int(self.code[position])
        return "" if code < 0 else self.texts[code]


class Groups:
    """Positions by the group they belong to, each group in the order in which they were given."""

    def __init__(self, group: NDArray[np.intp], member: NDArray[np.intp], count: int) -> None:
        """`member[i]` belongs to `group[i]`, both of shape (n,); groups are 0 to `count` - 1."""
        self._members = member[np.argsort(group, kind="stable")].astype(np.int32)
        self._starts = np.zeros(count + 1, np.int32)
        np.cumsum(np.bincount(group, minlength=count), out=self._starts[1:])

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, group: int) -> list[int]:
        members: list[int] = self._members[self._starts[group] : self._starts[group + 1]].tolist()
        return members

    @property
    def sizes(self) -> NDArray[np.int32]:
        return np.diff(self._starts)

    def size(self, group: int) -> int:
        return int(self._starts[group + 1] - self._starts[group])

    def first(self) -> NDArray[np.intp]:
        """The first member of each group, -1 of an empty one."""
        found = np.full(len(self), -1, np.intp)
        some = self.sizes > 0
        found[some] = self._members[self._starts[:-1][some]]
        return found

    def of(self, groups: NDArray[np.intp]) -> NDArray[np.intp]:
        """The members of all these groups, one group after another."""
        first, count = self._starts[groups], self._starts[groups + 1] - self._starts[groups]
        places = np.repeat(first - (np.cumsum(count) - count), count) + np.arange(count.sum())
        members: NDArray[np.intp] = self._members[places].astype(np.intp)
        return members

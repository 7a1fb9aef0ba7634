"""Text made in columns: Arrow joins it outside Python, and outside the interpreter's lock."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from inventory.texts import positions

NOBODY: pa.StringArray = pa.array([], pa.string())
_NONE = np.zeros(0, np.int32)
_MOST_REMEMBERED = 4  # tuples of names: of devices, and of those that look at endpoints


class Names:
    """The names that batches bring, numbered as they come: batches of several makers have their own numbers.

    `known` are numbered from the start, by their place: they take no place in memory beside that column.
    """

    def __init__(self, known: pa.StringArray = NOBODY) -> None:
        self.known = known
        self.others: list[str] = []
        self._number: dict[str, int] = {}
        self._remembered: list[tuple[tuple[str, ...], NDArray[np.int32]]] = []

    def __len__(self) -> int:
        return len(self.known) + len(self.others)

    def numbers(self, names: tuple[str, ...]) -> NDArray[np.int32]:
        """The number of each of `names`. Tuples that come again, or that grew, cost little."""
        for known, found in self._remembered:
            if known is names:
                return found
        known, found = next((each for each in self._remembered if names[: len(each[0])] == each[0]), ((), _NONE))
        made = np.concatenate([found, self._numbered(names[len(known) :])])
        others = [each for each in self._remembered if each[0] is not known]
        self._remembered = [(names, made), *others][:_MOST_REMEMBERED]
        return made

    def _numbered(self, names: tuple[str, ...]) -> NDArray[np.int32]:
        if not len(self.known):
            return np.fromiter(map(self._other, names), np.int32, len(names))
        found = positions(pa.array(names, pa.string()), self.known)
        for missing in np.flatnonzero(found < 0).tolist():
            found[missing] = self._other(names[missing])
        return found

    def _other(self, name: str) -> int:
        if name not in self._number:
            self._number[name] = len(self)
            self.others.append(name)
        return self._number[name]


class Texts:
    """One text for each of the names; those that are there are not made again."""

    def __init__(self, names: Names, make: Callable[[str], str], known: pa.StringArray = NOBODY) -> None:
        """`known`: the texts of the names that are known from the start; `make` makes one of another name."""
        self._names = names
        self._make = make
        self._made = known

    def of(self, numbers: NDArray[np.signedinteger]) -> pa.StringArray:
        """The texts of the names with these numbers."""
        if len(self._made) != len(self._names):
            more = self._names.others[len(self._made) - len(self._names.known) :]
            self._made = pa.concat_arrays([self._made, column([self._make(name) for name in more])])
        return self._made.take(pa.array(numbers))


def column(texts: list[str]) -> pa.StringArray:
    return pa.array(texts, pa.string())


def written(values: NDArray[np.float64] | NDArray[np.int64]) -> pa.StringArray:
    """Numbers as the shortest text that reads back as the same number."""
    return pc.cast(pa.array(values), pa.string())


def beside(*columns: pa.StringArray | str) -> pa.StringArray:
    """Columns joined row by row."""
    return pc.binary_join_element_wise(*columns, "")


def runs(texts: pa.StringArray, starts: NDArray[np.int64], between: str) -> pa.StringArray:
    """Each run of rows as one text; `starts`, shape (n,), holds the first row of each, the first of them 0."""
    offsets = pa.array(np.append(starts, len(texts)).astype(np.int32))
    return pc.binary_join(pa.ListArray.from_arrays(offsets, texts), between)


def whole(texts: pa.StringArray) -> bytes:
    """All rows one after the other; below 2 GiB."""
    return bytes(runs(texts, np.zeros(1, np.int64), "")[0].as_buffer())

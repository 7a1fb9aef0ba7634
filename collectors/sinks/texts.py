"""Text made in columns: Arrow joins it outside Python, and outside the interpreter's lock."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


class Texts:
    """One text for each of the names in a tuple; names that were there before are not made again."""

    def __init__(self, make: Callable[[str], str]) -> None:
        self._make = make
        self._names: tuple[str, ...] = ()
        self._texts = pa.array([], pa.string())

    def of(self, names: tuple[str, ...]) -> pa.StringArray:
        """The texts of `names`, in their order."""
        if names is not self._names:
            known = len(self._names)
            if names[:known] != self._names:
                known = 0
            made = pa.array([self._make(name) for name in names[known:]], pa.string())
            self._texts = pa.concat_arrays([self._texts[:known], made])
            self._names = names
        return self._texts


def column(texts: list[str]) -> pa.StringArray:
    return pa.array(texts, pa.string())


def numbers(values: NDArray[np.float64] | NDArray[np.int64]) -> pa.StringArray:
    """Shortest text that reads back as the same number."""
    return pc.cast(pa.array(values), pa.string())


def beside(*columns: pa.StringArray | str) -> pa.StringArray:
    """Columns joined row by row."""
    return pc.binary_join_element_wise(*columns, "")


def runs(texts: pa.StringArray, starts: NDArray[np.int64], between: str) -> pa.StringArray:
    """Each run of rows as one text; `starts`, shape (n,), holds the first row of each, the first of them 0."""
    offsets = pa.array(np.append(starts, len(texts)).astype(np.int32))
    return pc.binary_join(pa.ListArray.from_arrays(offsets, texts), between)


def whole(texts: pa.StringArray) -> bytes:
    """All rows one after the other."""
    if not len(texts):
        return b""
    return bytes(runs(texts, np.zeros(1, np.int64), "")[0].as_buffer())

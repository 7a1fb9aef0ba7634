"""Every device of the history has a number, by which files are sorted and pruned.

A number is given once, in the order in which names first come, and never changes: who names
neighbours one after another has them lie together. Files are devices/FIRST.parquet, each written
once; the row's place after FIRST is the number. Names stay in the history's files beside the number.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from storage.atomic import replacing
from storage.damage import UnreadableError, reading

_FOLDER = "devices"
_NAME = re.compile(r"[0-9]{9}")


class Numbers:
    """The numbers of a history folder, for its one writer."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _FOLDER
        self._folder.mkdir(parents=True, exist_ok=True)
        self._names = _names(self._folder)

    def __len__(self) -> int:
        return len(self._names)

    def of(self, names: pa.Array) -> NDArray[np.int32]:
        """Numbers of texts, shape (n,). Names never seen before get the next ones, on disk when this returns."""
        found = pc.index_in(names, value_set=self._names)
        if found.null_count:
            self._add(pc.unique(names.filter(found.is_null())))
            found = pc.index_in(names, value_set=self._names)
        numbers: NDArray[np.int32] = found.to_numpy()
        return numbers

    def lacks(self, names: pa.Array) -> bool:
        """Whether one of `names` has no number yet."""
        return not pc.all(pc.is_in(names, value_set=self._names), min_count=0).as_py()

    def _add(self, names: pa.Array) -> None:
        with replacing(self._folder / f"{len(self._names):09d}.parquet") as file:
            pq.write_table(pa.table({"device": names}), file, compression="zstd", use_dictionary=False)
        self._names = pa.concat_arrays([self._names, names])


def numbers_of(folder: Path, devices: Sequence[str]) -> NDArray[np.int32]:
    """The numbers of those of `devices` that the history in `folder` knows, ascending."""
    found = pc.index_in(_names(folder / _FOLDER), value_set=pa.array(devices, pa.string()))
    return np.flatnonzero(found.is_valid().to_numpy(zero_copy_only=False)).astype(np.int32)


def names_of(folder: Path, numbers: pa.Array) -> pa.StringArray:
    """The device of each of `numbers`, which the history in `folder` has given."""
    return _names(folder / _FOLDER).take(numbers)


def _names(folder: Path) -> pa.Array:
    """The names by number. UnreadableError where a file is damaged or missing: those after it would get other numbers."""
    names = pa.chunked_array([], pa.string())
    for path in sorted(path for path in folder.glob("*.parquet") if _NAME.fullmatch(path.stem)):
        if int(path.stem) != len(names):
            raise UnreadableError(
                path, f"the devices before it are {len(names)}: put the missing file back from a backup"
            )
        with reading(path):
            added = pq.read_table(path, columns=["device"])["device"].cast(pa.string())
        names = pa.chunked_array([*names.chunks, *added.chunks], pa.string())
    return names.combine_chunks()

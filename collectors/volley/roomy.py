"""Columns that grow a row at a time: their room doubles, so that a row costs the same however many there are. Pure."""

from itertools import zip_longest
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bound=np.generic)


def roomy(column: NDArray[T], *least: int, fill: int = 0) -> NDArray[T]:
    """`column` with at least `least` along each axis, `fill` where nothing was; itself where there is room.

    The first axis doubles. The others, which soon have the widest row, become just as wide as is asked.
    """
    shape = tuple(map(max, zip_longest(column.shape, least, fillvalue=0)))
    if shape == column.shape:
        return column
    rows = max(shape[0], 2 * len(column)) if shape[0] > len(column) else len(column)
    made = np.zeros((rows, *shape[1:]), column.dtype)  # for which the kernel gives no memory until they are written
    if fill:
        made[...] = fill
    made[tuple(map(slice, column.shape))] = column
    return made

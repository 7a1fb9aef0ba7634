"""What the links of an inventory say about its devices, in columns by device number. Pure."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from inventory.columnar import column
from inventory.model import Inventory


class LinkedPorts:
    """The ports of each device that links name. `device`, shape (n,), are the devices of `ports`; -1 is none."""

    def __init__(self, devices: int, device: NDArray[np.int32], ports: pa.Array) -> None:
        named = np.flatnonzero((device >= 0) & pc.not_equal(ports, "").to_numpy(zero_copy_only=False))
        coded = ports.take(pa.array(named)).dictionary_encode()
        self._texts: tuple[str, ...] = tuple(coded.dictionary.to_pylist())
        code = coded.indices.to_numpy()
        rank = np.argsort(np.argsort(np.array(self._texts, np.object_)))
        sequence = np.lexsort((rank[code], device[named]))
        order, self._code = named[sequence], code[sequence]
        self._start = np.searchsorted(device[order], np.arange(devices + 1)).astype(np.int32)

    def of(self, device: int) -> frozenset[str]:
        codes = self._code[self._start[device] : self._start[device + 1]]
        return frozenset(self._texts[code] for code in codes.tolist())

    def joined(self) -> pa.Array:
        """The ports of every device as one text, in the order of their names."""
        texts = pa.array(self._texts, pa.string()).take(pa.array(self._code))
        return pc.binary_join(pa.ListArray.from_arrays(pa.array(self._start), texts), "\x1f")


class Linked(NamedTuple):
    """`teller`, shape (devices,): the polled device that knows about the box a device hangs on, -1 without one.

    The OLT of the ONT that a kendra's PC is plugged into.
    """

    ports: LinkedPorts
    teller: NDArray[np.int32]


def linked(inventory: Inventory, names: pa.Array, polled: NDArray[np.bool_], seen_through: pa.Array) -> Linked:
    """What links say of the devices `names`; `polled` and `seen_through` are columns beside these."""
    ends = ("a_device", "a_port", "b_device", "b_port")
    a_device, a_port, b_device, b_port = (column(inventory.links, end).cast(pa.string()) for end in ends)
    a, b = numbers(a_device, names), numbers(b_device, names)
    ports = LinkedPorts(len(names), np.concatenate([a, b]), pa.concat_arrays([a_port, b_port]))
    return Linked(ports, _tellers(np.concatenate([a, b]), np.concatenate([b, a]), polled, numbers(seen_through, names)))


def numbers(wanted: pa.Array, names: pa.Array) -> NDArray[np.int32]:
    """The position of each of `wanted` among `names`, -1 where it isn't there."""
    found: NDArray[np.int32] = pc.index_in(wanted, value_set=names).fill_null(-1).to_numpy().astype(np.int32)
    return found


def _tellers(
    box: NDArray[np.int32], device: NDArray[np.int32], polled: NDArray[np.bool_], through: NDArray[np.int32]
) -> NDArray[np.int32]:
    teller = np.full(len(polled), -1, np.int32)
    there = (box >= 0) & (device >= 0)
    box, device = box[there], device[there]
    told = through[box]
    tells = (told >= 0) & polled[told] & polled[device] & (device != told)
    teller[device[tells]] = told[tells]
    return teller

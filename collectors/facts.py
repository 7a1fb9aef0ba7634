"""What an inventory says of the devices that are polled: columns by device, no object a device."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from collectors.linked import LinkedPorts, linked
from collectors.model import Failure
from collectors.schedule import places
from collectors.snmp.backend import Target
from collectors.targets import target_at
from collectors.volley.usm import in_columns
from inventory.columnar import column
from inventory.model import Inventory, Lifecycle
from storage.settings import Settings

Access = Target | Failure | None
"""How devices of one credential are asked, without their address; None where it isn't for SNMP."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Columns of shape (devices,), in the order of their sorted `names`; a device's number is its position there."""

    names: tuple[str, ...]
    name: pa.Array
    wanted: NDArray[np.bool_]  # active, with an address and an SNMP credential
    address: pa.Array
    port: NDArray[np.uint16]
    ipv4: NDArray[np.uint32]  # the address as a number where it is asked over IPv4 in volleys, else 0
    access: NDArray[np.int16]  # position in `accesses`
    accesses: tuple[Access, ...]  # by credential
    credential: pa.DictionaryArray
    profile: pa.DictionaryArray
    role: pa.DictionaryArray
    interval_s: NDArray[np.float64]
    place: NDArray[np.float64]  # of its polls in the interval, in [0, 1)
    reference: NDArray[np.bool_]  # a target by which a collector proves its own sight
    ports: LinkedPorts
    teller: NDArray[np.int32]  # see collectors/linked.py

    def having(self, kind: type[Target] | type[Failure]) -> NDArray[np.int32]:
        """Numbers of the wanted devices whose credential came to this."""
        fitting = np.array([isinstance(access, kind) for access in self.accesses], np.bool_)
        return np.flatnonzero(self.wanted & fitting[self.access]).astype(np.int32)

    def identity(self) -> pa.Array:
        """What a device must still be said to be, to be what it was recognised as: a text for each."""
        told = (self.address, pa.array(self.port).cast(pa.string()), _plain_texts(self.credential))
        return pc.binary_join_element_wise(*told, _plain_texts(self.profile), self.ports.joined(), "\x1e")


def facts_of(inventory: Inventory, settings: Settings) -> Facts:
    """Secrets are resolved here, each credential once."""
    unsorted = column(inventory.devices, "name").cast(pa.string())
    order = pc.array_sort_indices(unsorted)

    def of(name: str, kind: pa.DataType) -> pa.Array:
        return column(inventory.devices, name).cast(kind).take(order)

    names, address, credential = (of(name, pa.string()) for name in ("name", "primary_ip", "credential"))
    coded = credential.dictionary_encode()
    accesses = tuple(_access(inventory, name, settings) for name in coded.dictionary.to_pylist())
    access = coded.indices.to_numpy().astype(np.int16)
    asked = np.array([one is not None for one in accesses], np.bool_)[access]
    wanted = asked & _all(pc.not_equal(address, ""), pc.equal(of("status", pa.string()), Lifecycle.ACTIVE.value))
    links = linked(inventory, names, wanted, of("seen_through", pa.string()))
    interval_s = of("interval_s", pa.float64()).fill_null(settings.collect.interval_s).to_numpy()
    texts = tuple(names.to_pylist())
    return Facts(
        names=texts,
        name=names,
        wanted=wanted,
        address=address,
        port=of("port", pa.int32()).fill_null(settings.collect.snmp_port).to_numpy().astype(np.uint16),
        ipv4=np.where(wanted & _plain(accesses)[access], _ipv4(address.to_pylist()), 0).astype(np.uint32),
        access=access,
        accesses=accesses,
        credential=coded,
        profile=of("profile", pa.string()).dictionary_encode(),
        role=of("role", pa.string()).dictionary_encode(),
        interval_s=interval_s,
        place=places(texts),
        reference=of("reference", pa.bool_()).to_numpy(zero_copy_only=False),
        ports=links.ports,
        teller=links.teller,
    )


def ipv4(address: str) -> int:
    """An IPv4 address as a number, 0 for anything else."""
    try:
        return int.from_bytes(socket.inet_pton(socket.AF_INET, address))
    except OSError:
        return 0


def _plain_texts(coded: pa.DictionaryArray) -> pa.Array:
    return coded.cast(pa.string())


def _ipv4(addresses: Sequence[str]) -> NDArray[np.uint32]:
    return np.fromiter(map(ipv4, addresses), np.uint32, len(addresses))


def _access(inventory: Inventory, name: str, settings: Settings) -> Access:
    """A named credential that is missing counts: that it cannot be resolved has to be said."""
    credential = inventory.credentials.get(name)
    if not name or (credential is not None and not credential.kind.startswith("snmp")):
        return None
    return target_at("", None, credential, settings)


def _plain(accesses: Sequence[Access]) -> NDArray[np.bool_]:
    """Which ask by SNMPv2c, or by SNMPv3 as a user with the protocols of volleys."""
    return np.array([isinstance(one, Target) and _volleyed(one) for one in accesses], np.bool_)


def _volleyed(target: Target) -> bool:
    return target.version == 2 or (target.usm is not None and in_columns(target.usm))


def _all(*masks: pa.BooleanArray) -> NDArray[np.bool_]:
    every: NDArray[np.bool_] = np.logical_and.reduce([mask.to_numpy(zero_copy_only=False) for mask in masks])
    return every

"""Which devices of an inventory are polled, and what is remembered of each between its polls."""

import socket
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from collectors.batch import Place
from collectors.budget import Budget
from collectors.model import Failure
from collectors.plan import PollPlan
from collectors.silence import HEARD, Silence
from collectors.snmp.backend import Target
from collectors.targets import target_for
from inventory.model import Credential, Device, Inventory, Lifecycle
from storage.settings import Settings


@dataclass(slots=True, eq=False)
class Watched:
    """One polled device. `number` is its position in Batch.devices."""

    number: int
    device: Device
    target: Target
    interval_s: float
    linked: frozenset[str]  # ports that links name
    budget: Budget
    ipv4: int | None = None  # its address as a number where it is asked over IPv4 by SNMPv2c
    plan: PollPlan | None = None  # None until it is recognised
    settled: bool = False  # whether the plan was narrowed to what the device has
    alone: bool = False  # its answer to a volley was not what was asked: it is polled by itself until recognised anew
    placed: PollPlan | None = None  # the plan that `place` is for
    place: Place | None = None
    silence: Silence = HEARD
    recognise_at: float = 0.0  # UTC epoch seconds
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Fleet:
    """`names`: every device of the inventory, sorted. `refused`: those that cannot be asked from here, by position.

    `teller`: by position, the polled device that knows about the box a device hangs on: the OLT of
    the ONT that a kendra's PC is plugged into.
    """

    names: tuple[str, ...]
    watched: tuple[Watched, ...]
    refused: Mapping[int, Failure]
    teller: Mapping[int, Watched]

    def only(self, wanted: AbstractSet[str]) -> "Fleet":
        """The devices named in `wanted`; positions stay."""
        refused = {number: failure for number, failure in self.refused.items() if self.names[number] in wanted}
        watched = tuple(one for one in self.watched if one.device.name in wanted)
        return Fleet(self.names, watched, refused, self.teller)


def fleet(inventory: Inventory, settings: Settings) -> Fleet:
    """Every active device with an address and an SNMP credential."""
    names = tuple(sorted(inventory.devices))
    linked = _linked_ports(inventory)
    watched: list[Watched] = []
    refused: dict[int, Failure] = {}
    for number, name in enumerate(names):
        device = inventory.devices[name]
        credential = inventory.credentials.get(device.credential)
        if not _is_polled(device, credential):
            continue
        target = target_for(device, credential, settings)
        if isinstance(target, Failure):
            refused[number] = target
            continue
        interval_s = float(device.interval_s or settings.collect.interval_s)
        ports = frozenset(linked.get(name, ()))
        one = Watched(number, device, target, interval_s, ports, Budget(name, interval_s), ipv4(target))
        watched.append(one)
    return Fleet(names, tuple(watched), refused, _tellers(inventory, watched))


def ipv4(target: Target) -> int | None:
    """The target's address as a number where it is asked over IPv4 by SNMPv2c, else None."""
    try:
        return int.from_bytes(socket.inet_pton(socket.AF_INET, target.address)) if target.version == 2 else None
    except OSError:
        return None


def _tellers(inventory: Inventory, watched: Iterable[Watched]) -> dict[int, Watched]:
    polled = {one.device.name: one for one in watched}
    found: dict[int, Watched] = {}
    for link in inventory.links.values():
        for box, device in ((link.a_device, link.b_device), (link.b_device, link.a_device)):
            teller = inventory.devices[box].seen_through
            if teller in polled and device in polled and device != teller:
                found[polled[device].number] = polled[teller]
    return found


def _is_polled(device: Device, credential: Credential | None) -> bool:
    """A named credential that is missing counts: that it cannot be resolved has to be said."""
    if device.status is not Lifecycle.ACTIVE or not device.primary_ip or not device.credential:
        return False
    return credential is None or credential.kind.startswith("snmp")


def _linked_ports(inventory: Inventory) -> dict[str, set[str]]:
    ports: dict[str, set[str]] = {}
    for link in inventory.links.values():
        for device, port in ((link.a_device, link.a_port), (link.b_device, link.b_port)):
            if port:
                ports.setdefault(device, set()).add(port)
    return ports

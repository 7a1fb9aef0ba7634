"""Who is next to whom, by whom each hears behind which port. Pure.

Two bridges are next to each other if each hears the other, and behind neither port is anybody whom the other doesn't
hear elsewhere: what Breitbart and others prove of whole tables (Topology discovery in heterogeneous IP networks, 2000).
Tables forget whoever is quiet: a third that hears the two in different directions stands between them, and what remains
open is not told. A device that nobody knows, between two, is not seen.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

Owners = Mapping[bytes, tuple[str, str]]
"""By MAC: the device whose it is, and its port, where one alone bears it."""


class Ends(NamedTuple):
    a: str
    a_port: str
    b: str
    b_port: str


@dataclass(frozen=True, slots=True)
class Claim:
    """`device` hears nobody but `other` behind `port`, and `other` tells of no ports of its own that it hears by."""

    device: str
    port: str
    other: str
    macs: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class Names:
    """`near`: by device and port, the others whose MACs it hears there. `ports`: by device and other, those ports."""

    near: Mapping[str, Mapping[str, frozenset[str]]]
    ports: Mapping[str, Mapping[str, list[str]]]

    def back(self, device: str, other: str) -> list[str]:
        """The ports behind which `device` hears `other`."""
        return self.ports.get(device, {}).get(other, [])

    def hears_elsewhere(self, device: str, port: str, others: Iterable[str]) -> bool:
        """Whether it hears each of them, itself left out, behind another port than this."""
        ports = self.ports[device]
        return all(other == device or any(at != port for at in ports.get(other, ())) for other in others)


@dataclass(frozen=True, slots=True)
class Hearing:
    """`heard`: MACs by device and port. `passing`: devices that pass on what others send."""

    heard: Mapping[str, Mapping[str, frozenset[bytes]]]
    owners: Owners
    passing: frozenset[str] = frozenset()

    def wires(self) -> tuple[Ends, ...]:
        """Each once, though both ends may tell it: leaves hear nobody."""
        near = {
            device: {port: self._named(macs) - {device} for port, macs in ports.items()}
            for device, ports in self.heard.items()
        }
        names = Names(near, {device: _ports(by_port) for device, by_port in near.items()})
        return (*_bridges(names), *self._leaves(names))

    def _named(self, macs: frozenset[bytes]) -> frozenset[str]:
        return frozenset(self.owners[mac][0] for mac in macs if mac in self.owners)

    def _leaves(self, names: Names) -> Iterator[Ends]:
        claims: dict[tuple[str, frozenset[bytes]], list[Claim]] = {}
        for claim in self._claims(names):
            claims.setdefault((claim.other, claim.macs), []).append(claim)
        for rivals in claims.values():
            nearest = [claim for claim in rivals if not _is_parted(names, claim.device, claim.other)]
            if len(nearest) == 1:
                one = nearest[0]
                yield Ends(one.device, one.port, one.other, self._bearer(one))

    def _claims(self, names: Names) -> Iterator[Claim]:
        for device, ports in names.near.items():
            for port, near in ports.items():
                other = next(iter(near), "")
                if len(near) == 1 and not names.back(other, device):
                    macs = self.heard[device][port]
                    its = frozenset(mac for mac in macs if self.owners.get(mac, ("", ""))[0] == other)
                    if macs == its or other in self.passing:
                        yield Claim(device, port, other, its)

    def _bearer(self, claim: Claim) -> str:
        """A bridge speaks by whichever port it likes, with the MAC of its first."""
        bridge = claim.other in self.heard or claim.other in self.passing
        ports = {"" if bridge else self.owners[mac][1] for mac in claim.macs}
        return ports.pop() if len(ports) == 1 else ""


def _ports(near: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for port, others in near.items():
        for other in others:
            found.setdefault(other, []).append(port)
    return found


def _bridges(names: Names) -> Iterator[Ends]:
    for device, ports in names.near.items():
        for port, near in ports.items():
            for other in near:
                back = names.back(other, device)
                if len(back) == 1 and device < other and _are_next(names, Ends(device, port, other, back[0])):
                    yield Ends(device, port, other, back[0])


def _are_next(names: Names, ends: Ends) -> bool:
    return (
        names.hears_elsewhere(ends.b, ends.b_port, names.near[ends.a][ends.a_port])
        and names.hears_elsewhere(ends.a, ends.a_port, names.near[ends.b][ends.b_port])
        and not _is_parted(names, ends.a, ends.b)
    )


def _is_parted(names: Names, a: str, b: str) -> bool:
    """Whether a third hears the two, each behind other ports."""
    sides = ((names.back(third, a), names.back(third, b)) for third in names.near if third not in {a, b})
    return any(of_a and of_b and not set(of_a) & set(of_b) for of_a, of_b in sides)

"""Whether the links of a ring make one: a single path or circle of devices."""

from collections.abc import Iterator, Sequence

from inventory.cells import quoted
from inventory.model import Inventory, Link


def rings(inventory: Inventory) -> dict[str, list[Link]]:
    """Ring -> its links, in the order of the inventory."""
    found: dict[str, list[Link]] = {}
    for link in inventory.links.values():
        if link.ring:
            found.setdefault(link.ring, []).append(link)
    return found


def ring_faults(inventory: Inventory) -> Iterator[tuple[str, str, str]]:
    """(key of the ring's first link, column, reason) of each ring that isn't one."""
    for ring, links in rings(inventory).items():
        neighbours = _neighbours(links)
        if crowded := [device for device, found in neighbours.items() if len(found) > 2]:
            yield links[0].name, "ring", f"{quoted(ring)} has more than two links at {quoted(crowded[0])}"
        elif len(pieces := _pieces(neighbours)) > 1:
            told = ", ".join(_ends(piece, neighbours) for piece in pieces[:4])
            yield links[0].name, "ring", f"{quoted(ring)} is in {len(pieces)} pieces ({told}): a link is missing"


def _neighbours(links: Sequence[Link]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for link in links:
        found.setdefault(link.a_device, []).append(link.b_device)
        found.setdefault(link.b_device, []).append(link.a_device)
    return found


def _pieces(neighbours: dict[str, list[str]]) -> list[list[str]]:
    """The devices of each connected part."""
    pieces: list[list[str]] = []
    seen: set[str] = set()
    for start in neighbours:
        if start in seen:
            continue
        piece, waiting = [], [start]
        while waiting:
            device = waiting.pop()
            if device not in seen:
                seen.add(device)
                piece.append(device)
                waiting.extend(neighbours[device])
        pieces.append(piece)
    return pieces


def _ends(piece: list[str], neighbours: dict[str, list[str]]) -> str:
    ends = [device for device in piece if len(neighbours[device]) == 1] or piece[:1]
    return " … ".join(quoted(device) for device in ends)

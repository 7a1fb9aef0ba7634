"""Which addresses discovery asks, and how fast: the seeds, and of the given networks all or what devices tell. Never others."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from collectors.discovery.look import Seen
from collectors.http.addresses import Network
from collectors.model import Failure

Ask = Callable[[str], Awaitable[Seen | Failure]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """`rate`: devices begun a second; `most`: addresses that may be asked at all."""

    networks: Sequence[Network] = ()
    rate: float = 20.0
    most: int = 4096

    def allow(self, address: str) -> bool:
        try:
            return any(ip_address(address) in network for network in self.networks)
        except ValueError:  # a device may tell anything
            return False

    def size(self, *, sweep: bool) -> int:
        """How many addresses a sweep would ask."""
        return sum(network.num_addresses for network in self.networks) if sweep else 0


@dataclass(slots=True)
class Explored:
    """`told`: addresses outside the networks that devices told, and how; nobody asked them."""

    asked: int = 0
    seen: list[Seen] = field(default_factory=list)
    told: dict[str, str] = field(default_factory=dict)
    left_out: int = 0  # beyond `most`


async def explore(seeds: Sequence[str], bounds: Bounds, ask: Ask, *, sweep: bool) -> Explored:
    """Ask the seeds, then what is found of `bounds.networks`: all of it with `sweep`, else what devices tell."""
    found = Explored()
    waiting = deque(dict.fromkeys((*seeds, *(_hosts(bounds.networks) if sweep else ()))))
    known = set(waiting)
    under_way: set[asyncio.Task[Seen | Failure]] = set()
    while waiting or under_way:
        if waiting and found.asked < bounds.most:
            found.asked += 1
            under_way.add(asyncio.create_task(_asked(ask, waiting.popleft())))
            await asyncio.sleep(1 / bounds.rate)
        elif waiting:
            found.left_out += len(waiting)
            waiting.clear()
        done = {task for task in under_way if task.done()}
        if not waiting and not done and under_way:
            done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        under_way -= done
        for seen in _answers(done):
            found.seen.append(seen)
            waiting.extend(_further(seen, bounds, known, found))
    return found


async def _asked(ask: Ask, address: str) -> Seen | Failure:
    return await ask(address)


def _hosts(networks: Iterable[Network]) -> Iterable[str]:
    return (str(host) for network in networks for host in network.hosts())


def _answers(done: Iterable[asyncio.Task[Seen | Failure]]) -> list[Seen]:
    return [result for result in (task.result() for task in done) if isinstance(result, Seen)]


def _further(seen: Seen, bounds: Bounds, known: set[str], found: Explored) -> list[str]:
    """The addresses that it told, were not known, and may be asked."""
    further = []
    for how, address in seen.hints:
        if address in known:
            continue
        if bounds.allow(address):
            known.add(address)
            further.append(address)
        else:
            found.told.setdefault(address, how)
    return further

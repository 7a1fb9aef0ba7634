"""Which addresses an endpoint may lead to, and finding them.

Public addresses may be asked, and those that the settings name. Who asks connects to the address that
was checked here, so that no second answer of a name server leads anywhere else.
"""

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from collectors.model import Failure, Reason

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Lookup = Callable[[str, int], Awaitable[tuple[str, ...]]]
"""Host and port -> its addresses; raises OSError for a name that leads nowhere, NotAskedError where nobody was asked."""

_OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EACCES, errno.EPERM})
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits


class NotAskedError(Exception):
    """This machine could not ask for a name: that says nothing of where it leads."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may lie in private address space."""

    hosts: frozenset[str]
    networks: tuple[Network, ...]

    @classmethod
    def named(cls, texts: Iterable[str]) -> "Allowed":
        """From the setting endpoints.allow: host names, addresses and networks."""
        hosts, networks = set(), []
        for text in texts:
            try:
                networks.append(ip_network(text, strict=False))
            except ValueError:
                hosts.add(text.lower())
        return cls(frozenset(hosts), tuple(networks))

    def permits(self, host: str, address: Address) -> bool:
        """Whether `address`, to which the name `host` led, may be asked."""
        if address.is_multicast or address.is_unspecified:
            return False
        if host.lower() in self.hosts or self._is_named(address):
            return True
        return all(map(_is_public, (address, *_within(address))))

    def _is_named(self, address: Address) -> bool:
        return any(each in network for each in (address, *_within(address)) for network in self.networks)


def _is_public(address: Address) -> bool:
    # Python calls site-local addresses (fec0::/10, RFC 3879) global; routers that know them still carry them inside.
    site_local = isinstance(address, IPv6Address) and address.is_site_local
    return address.is_global and not (address.is_reserved or site_local)


def _within(address: Address) -> Iterator[IPv4Address]:
    """IPv4 addresses to which a gateway would carry what is sent to an IPv6 address."""
    if isinstance(address, IPv4Address):
        return
    yield from (each for each in (address.ipv4_mapped, address.sixtofour) if each)
    if address.teredo:
        yield address.teredo[1]
    if address in _NAT64:
        yield IPv4Address(int(address) & 0xFFFF_FFFF)


async def permitted(host: str, port: int, allowed: Allowed, lookup: Lookup) -> tuple[str, ...] | Failure:
    """Every address of `host`; a Failure of reason FORBIDDEN where one of them may not be asked."""
    try:
        found = await lookup(host, port)
    except NotAskedError as error:
        return Failure(Reason.NO_ROUTE, detail=f"{host}: {error}")
    except OSError as error:
        if error.errno in _OURS and not isinstance(error, socket.gaierror):
            return Failure(Reason.NO_ROUTE, detail=f"{host}: {error.strerror}")
        return Failure(Reason.NAME, detail=f"{host}: {error.strerror or type(error).__name__}")
    except UnicodeError:
        return Failure(Reason.NAME, permanent=True, detail=f"{host[:100]!r} is no host name")
    return checked(host, found, allowed)


def checked(host: str, found: Iterable[str], allowed: Allowed) -> tuple[str, ...] | Failure:
    """`found` as it is, or why nobody may be sent there."""
    addresses = tuple(dict.fromkeys(found))
    for address in addresses:
        if not allowed.permits(host, ip_address(address)):
            return Failure(Reason.FORBIDDEN, permanent=True, detail=f"{host} leads to {address}, which is not public")
    return addresses or Failure(Reason.NAME, detail=f"{host} has no address")


def system_lookup(pool: ThreadPoolExecutor, most: int) -> Lookup:
    """The system's resolver in `pool`, of `most` threads: one that hangs holds up nobody else.

    Nothing ends a lookup: it goes on after who asked has given up. Who asks for the same name meanwhile waits for its
    answer too, so that a name takes one thread. Where every thread waits, others are told NotAskedError at once.
    """
    under_way: dict[tuple[str, int], asyncio.Future[tuple[str, ...]]] = {}

    def over(asked: asyncio.Future[tuple[str, ...]], key: tuple[str, int]) -> None:
        del under_way[key]
        if not asked.cancelled():
            asked.exception()  # perhaps nobody waits for it any more

    async def lookup(host: str, port: int) -> tuple[str, ...]:
        key = host, port
        if key not in under_way:
            if len(under_way) >= most:
                raise NotAskedError(f"{most} lookups of other names are under way")
            asked = under_way[key] = asyncio.get_running_loop().run_in_executor(pool, _addresses, host, port)
            asked.add_done_callback(partial(over, key=key))
        return await asyncio.shield(under_way[key])

    return lookup


def _addresses(host: str, port: int) -> tuple[str, ...]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(str(address[0]).partition("%")[0] for *_, address in found)

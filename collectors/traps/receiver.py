"""The socket for notifications: who may speak, how much is listened to, and what it comes to.

A datagram of a device that isn't known costs a look at its sender's address, one without the device's credential a
look at that: who forges an address takes nothing of what its device may say. The others are decoded one after
another in what is a small part of the time, so that no storm holds up the polls.
"""

import asyncio
import secrets
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import NamedTuple, Never

from collectors.http.addresses import Network
from collectors.snmp.backend import Target
from collectors.snmp.proof import Proof
from collectors.snmp.shape import SECURED, MalformedError
from collectors.traps.damping import Buckets
from collectors.traps.engine import Address, Engine
from collectors.traps.envelope import Envelope, envelope
from collectors.traps.meanings import Catalogue, Meaning, understood

_MOST_WAITING = 2000  # datagrams: some seconds of decoding
_MOST_UNPROVED = 500  # of these that bear no signature yet: an inform's first question, or forged
_MOST_AT_ONCE = 1000  # datagrams that are looked at before it is somebody else's turn
_LONGEST = 65_535  # octets of a datagram
_BUFFER = 4 << 20  # octets that the kernel keeps while nobody reads
_SO_RCVBUFFORCE = 33  # asm-generic/socket.h
_REST = 4  # after each, so many times as long as it took
_ENTERPRISE = (
    b"\x80\x00\x00\x00\x05"  # SnmpEngineID of RFC 3411 section 5: no enterprise, then octets of our own choice
)


@dataclass(frozen=True, slots=True)
class Event:
    """What device number `device` told; `at` is UTC epoch seconds."""

    device: int
    at: float
    meaning: Meaning
    instance: str
    oid: str


@dataclass(slots=True)
class Heard:
    """Datagrams since the start, by what became of them."""

    understood: int = 0
    strangers: int = 0  # from an address that is no device's
    damped: int = 0  # beyond what is listened to
    refused: int = 0  # no notification, or not of the device's own credential


class Known(NamedTuple):
    """Whose notifications are heard. `devices`: numbers by address; `access`: of a device, by its number.

    `relays`: networks from which v1 traps come whose sender is the address that they name themselves.
    """

    devices: Mapping[str, Sequence[int]]
    access: Callable[[int], Target]
    relays: Sequence[Network]
    total: int  # devices of the fleet


class _Waiting(NamedTuple):
    datagram: bytes
    sender: Address
    at: float
    seen: Envelope
    devices: Sequence[int]


class Receiver:
    """Calls `tell` with each event that comes in at `opened`, while `work` runs. `close` gives the socket back."""

    def __init__(
        self, opened: socket.socket, known: Known, catalogue: Catalogue, tell: Callable[[Event], None]
    ) -> None:
        self._socket = opened
        self.heard = Heard()
        self._known, self._catalogue, self._tell = known, catalogue, tell
        self._buckets, self._unproved = Buckets(known.total), Buckets(known.total)
        own = _ENTERPRISE + secrets.token_bytes(8)
        accesses = {known.access(device) for devices in known.devices.values() for device in devices}
        self._engines = {access: Engine(access, own, self._send) for access in accesses}  # now: it takes a while
        self._proofs = {access: Proof(access.usm) for access in accesses if access.usm}
        self._waiting: deque[_Waiting] = deque()
        self._some = asyncio.Event()
        asyncio.get_running_loop().add_reader(opened, self._readable)

    def _readable(self) -> None:
        """Look at what waits, so that a storm doesn't fill the kernel's buffer and crowd the others out."""
        with suppress(BlockingIOError):
            for _ in range(_MOST_AT_ONCE):
                self._look(*self._socket.recvfrom(_LONGEST))

    def _look(self, data: bytes, addr: Address) -> None:
        devices: Sequence[int] = self._known.devices.get(addr[0], ())
        relayed = not devices and self._is_relay(addr[0])
        if not devices and not relayed:
            self.heard.strangers += 1
            return
        try:
            seen = envelope(data)
        except MalformedError:
            self.heard.refused += 1
            return
        if relayed:
            devices = self._known.devices.get(seen.agent, ())
        self._queue(_Waiting(data, (addr[0], addr[1]), time.time(), seen, devices))

    def _queue(self, waiting: _Waiting) -> None:
        devices = [device for device in waiting.devices if self._may_be_of(device, waiting.seen)]
        if not waiting.devices:
            self.heard.strangers += 1
        elif not devices:
            self.heard.refused += 1
        elif not self._has_room(waiting, devices[0]):
            self.heard.damped += 1
        else:
            self._waiting.append(waiting._replace(devices=devices))
            self._some.set()

    def _may_be_of(self, device: int, seen: Envelope) -> bool:
        """By the SNMP version of the device's credential, and by its community."""
        access = self._known.access(device)
        if access.usm is not None or seen.version == SECURED:
            return access.usm is not None and seen.version == SECURED
        return seen.community == access.community.encode()

    def _has_room(self, waiting: _Waiting, device: int) -> bool:
        """Whether it is listened to; what proves nothing yet has a bucket and a part of the queue for itself."""
        now, proof = time.monotonic(), self._proofs.get(self._known.access(device))
        if proof is None or proof.bears(waiting.datagram):
            return len(self._waiting) < _MOST_WAITING and self._buckets.take(device, now)
        return len(self._waiting) < _MOST_UNPROVED and self._unproved.take(device, now)

    async def work(self) -> Never:
        """Decode what waits, until cancelled."""
        while True:
            await self._some.wait()
            began = time.perf_counter()
            self._decode(self._waiting.popleft())
            if not self._waiting:
                self._some.clear()
            await asyncio.sleep(_REST * (time.perf_counter() - began))

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        for engine in self._engines.values():
            engine.close()

    def _is_relay(self, address: str) -> bool:
        return bool(self._known.relays) and any(ip_address(address) in network for network in self._known.relays)

    def _decode(self, waiting: _Waiting) -> None:
        """As each device that it may be from, by that one's credential, until one fits."""
        for device in waiting.devices:
            engine = self._engines[self._known.access(device)]
            told = engine.hear(waiting.datagram, waiting.sender, device, waiting.seen.engine)
            for one in told:
                meaning, instance = understood(self._catalogue, one.oid, one.binds)
                self.heard.understood += 1
                self._tell(Event(device, waiting.at, meaning, instance, one.oid))
            if told:
                return
        self.heard.refused += 1

    def _send(self, message: bytes, address: Address) -> None:
        with suppress(OSError):  # no way to it, or too much at once: who isn't answered sends the inform again
            self._socket.sendto(message, address)


def open_socket(address: str, port: int) -> socket.socket:
    """Raises OSError where this machine may not listen there."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        with suppress(PermissionError):  # more than net.core.rmem_max is for CAP_NET_ADMIN
            opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        opened.bind((address, port))
    except OSError:
        opened.close()
        raise
    return opened

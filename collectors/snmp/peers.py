"""A pysnmp transport with one connected socket for each device.

pysnmp's own UDP transport is one open socket that takes an answer from any address. A connected
socket takes answers from its peer only, and learns of ICMP "port unreachable".
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from pyasn1.error import PyAsn1Error
from pysnmp.carrier.asyncio.base import AbstractAsyncioTransport
from pysnmp.carrier.asyncio.dgram.udp import UdpTransportAddress
from pysnmp.error import PySnmpError
from pysnmp.proto.error import ProtocolError

from collectors.snmp.guard import icmp_error
from collectors.snmp.shape import MalformedError, error_status, message_number, without_counter64

Address = tuple[str, int]
UNDECODABLE = (
    ProtocolError,
    PySnmpError,
    PyAsn1Error,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
)
"""What pysnmp and pyasn1 raise over hostile octets; the plain ones are slips of theirs, seen in fuzzing."""


class Peers(AbstractAsyncioTransport):  # type: ignore[misc]  # pysnmp has no types
    """Transport for one engine; `connect` an address before the engine sends to it."""

    ADDRESS_TYPE = UdpTransportAddress  # a tuple: it serves IPv6 too

    def __init__(self) -> None:
        self._peers: dict[Address, _Peer] = {}

    async def connect(self, address: Address) -> "_Peer":
        """The socket to `address`, shared by calls at the same time; hand it back by `release`.

        Raises OSError where this machine cannot send there.
        """
        peer = self._peers.get(address)
        if peer is None:
            loop = asyncio.get_running_loop()
            _, peer = await loop.create_datagram_endpoint(lambda: _Peer(self, address), remote_addr=address)
            peer = self._peers.setdefault(address, peer)
        peer.users += 1
        return peer

    def release(self, peer: "_Peer") -> None:
        peer.users -= 1
        if not peer.users:
            self._peers.pop(peer.address, None)
            peer.transport.close()

    def send_message(self, message: bytes, address: Address) -> None:
        """pysnmp's hook; a peer that was released meanwhile has nobody waiting for an answer."""
        peer = self._peers.get((address[0], address[1]))
        if peer is not None:
            peer.asked.add(message_number(message))
            peer.transport.sendto(message)

    def close_transport(self) -> None:
        for peer in self._peers.values():
            peer.transport.close()
        self._peers.clear()
        super().close_transport()

    def heard(self, peer: "_Peer", datagram: bytes) -> None:
        """Give a datagram to the engine; what doesn't decode is only noted.

        An answer to what another peer was asked isn't given on: the engine would forget that request.
        """
        try:
            error_status(datagram)
            if message_number(datagram) not in peer.asked:
                return
            peer.messages += 1
            self._callback_function(self, UdpTransportAddress(peer.address), without_counter64(datagram))
        except MalformedError as error:
            peer.garbage = str(error)
        except UNDECODABLE as error:
            peer.garbage = type(error).__name__


@dataclass(eq=False)
class _Peer(asyncio.DatagramProtocol):
    owner: Peers
    address: Address
    users: int = 0
    messages: int = 0  # heard so far, whatever they say
    garbage: str = ""
    asked: set[int] = field(default_factory=set)  # numbers of the messages that were sent to it
    waiting: set["asyncio.Future[Any]"] = field(default_factory=set)
    transport: asyncio.DatagramTransport = field(init=False)

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # typeshed names the base class
        self.transport = transport

    def datagram_received(self, data: bytes, _: Address) -> None:
        self.owner.heard(self, data)

    def error_received(self, exc: Exception) -> None:
        """The kernel reports ICMP errors of this peer: nobody will answer those who wait."""
        number = exc.errno if isinstance(exc, OSError) else None
        for future in self.waiting:
            if not future.done():
                future.set_exception(icmp_error(number or 0))
